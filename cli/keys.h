/* Between the files of `tochoku keys`. */
#ifndef TK_CLI_KEYS_H
#define TK_CLI_KEYS_H

#include "cli/reading.h"
#include "core/base/json.h"
#include "sensor/recorder/fingerprint.h"
#include "sensor/recorder/request.h"

extern const struct command command_keys;

struct keys_options {
	const char *text[KEY_TEXTS]; /* of the key, as the request has them */
	bool json, seen, all, lost;
	const char *site_key; /* file of the private site key of the trail; NULL: the one in ledger.keys */
	char **words;
	int n_words;
};

/* keys_list.c */
int keys_list(struct cli *cli, struct keys_options *o);
/* keys_change.c */
int keys_adopt(struct cli *cli, struct keys_options *o);
int keys_add(struct cli *cli, struct keys_options *o);
int keys_revoke(struct cli *cli, struct keys_options *o);
int keys_rotate(struct cli *cli, struct keys_options *o);
/* keys_site.c: the key of the audit trail, and the epochs that it signs */
int keys_site(struct cli *cli, struct keys_options *o);
/* keys_import.c */
int keys_import(struct cli *cli, struct keys_options *o);

/* The fingerprint of a key as it is sent, under these fingerprint keys. False: it is no key. */
#define KEY_BYTES_MAX 8192
bool keys_fingerprint(const struct fingerprint_keys *site, struct slice key, char out[FINGERPRINT_TEXT + 1]);
/* {"do":"keys.add","mark":..,"keys":[ : begins the request; texts follow, then keys_send. */
void keys_begin_request(struct json_out *out, const struct fingerprint_keys *site);
/* Closes the request, sends it and tells how many were done. */
int keys_send(const struct config *cfg, struct json_out *out, const struct buf *request, const char *did,
	      bool json);

#endif
