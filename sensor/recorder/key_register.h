/* The registered keys, of the configuration and of the ledger, as the recorder knows them at each event:
 * found by fingerprint, of this fingerprint key or of an earlier link of its chain. One thread. */
#ifndef TK_SENSOR_RECORDER_KEY_REGISTER_H
#define TK_SENSOR_RECORDER_KEY_REGISTER_H

#include "core/config/config.h"
#include "core/ledger/ledger.h"

struct registered_key {
	uint8_t fingerprint[FINGERPRINT_TEXT]; /* its hex digits */
	struct slice id, user, owner, department, kind;
	struct slice models, paths; /* patterns, comma-joined; empty: all */
	/* UTC ns. INT64_MIN: always was; INT64_MAX: never is */
	int64_t issued_ns; /* INT64_MIN: not known */
	int64_t from_ns;   /* INT64_MIN: from ever */
	int64_t expires_ns, revoked_ns;
};

struct key_register;
/* `chain`: the fingerprint keys (core/base/fingerprint.h), copied. Of a key in both the configuration's entry
 * counts. NULL with `e` set. */
struct key_register *key_register_new(const struct config *cfg, struct ledger *l, struct slice chain,
				      struct err *e);
void key_register_free(struct key_register *r);
size_t key_register_count(const struct key_register *r);
/* NULL: it is not registered. */
const struct registered_key *key_register_find(struct key_register *r, struct slice fingerprint);
/* At that instant. *varies: another instant may have another. */
const char *registered_key_state(const struct registered_key *k, int64_t at_ns, bool *varies);

#endif
