/* Secrets of TLS connections, as clients and servers write them into an NSS key log (SSLKEYLOGFILE;
 * draft-ietf-tls-keylogfile), by the client's random. All memory is taken at birth; when full, the
 * connection that was asked for or written about the longest ago is forgotten. What is forgotten is wiped.
 * One thread. */
#ifndef TK_SENSOR_PROTO_TLS_KEY_LOG_H
#define TK_SENSOR_PROTO_TLS_KEY_LOG_H

#include "core/base/slice.h"

#define KEY_LOG_RANDOM 32
#define KEY_LOG_SECRET_MAX 48

enum key_log_label {
#define LABEL(id, name, min, max) KEY_LOG_##id,
#include "sensor/proto/tls/key_log_labels.def"
#undef LABEL
	KEY_LOG_LABELS
};

/* A source of lines: a file that grows, the secrets blocks of a capture. Zeroed before its first bytes. */
struct key_log_source {
	char line[512];  /* the unfinished one: may hold a secret */
	size_t n;        /* more than the line can hold: it is passed over */
};

struct key_log;
struct key_log *key_log_new(uint32_t connections); /* at least 1; NULL: no memory */
void key_log_free(struct key_log *k);
/* The next bytes of a source, in any pieces. */
void key_log_feed(struct key_log *k, struct key_log_source *from, struct slice bytes);
/* The source is over, its last line too. It is wiped, and may begin anew. */
void key_log_end(struct key_log *k, struct key_log_source *from);

/* The secret; empty when the log does not have it. Borrowed until the next feed. */
struct slice key_log_secret(struct key_log *k, const uint8_t random[KEY_LOG_RANDOM],
			    enum key_log_label label);
/* Grows with every secret that is added: who looked in vain need not look again before it did. */
uint64_t key_log_version(const struct key_log *k);
uint64_t key_log_bad_lines(const struct key_log *k); /* neither comment nor sound line */
uint64_t key_log_forgotten(const struct key_log *k); /* connections, for want of room */
uint32_t key_log_count(const struct key_log *k);     /* connections known */

#endif
