/* The site's fingerprint key: a file in ledger.keys, and the ledger's memory of which one it was. A rotation
 * adds a key to the file's chain (core/base/fingerprint.h); the ledger then links every fingerprint that it
 * has to what it became. No start goes on with a file that is not the ledger's: all keys would be unknown. */
#ifndef TK_SENSOR_RECORDER_FINGERPRINT_H
#define TK_SENSOR_RECORDER_FINGERPRINT_H

#include "core/base/fingerprint.h"
#include "core/config/config.h"
#include "core/ledger/ledger.h"

/* Wiped by whoever holds it. */
struct fingerprint_keys {
	uint8_t bytes[FINGERPRINT_KEYS_MAX * FINGERPRINT_KEY_BYTES];
	size_t n; /* bytes */
};

static inline struct slice fingerprint_chain(const struct fingerprint_keys *k)
{
	return slice_of(k->bytes, k->n);
}

/* Reads the file; `create` makes one (0400) where there is none. TK_ECONFIG: it is not the ledger's, or there
 * is none and the ledger holds fingerprints of one; the text says what to do. */
int fingerprint_keys(const struct config *cfg, bool create, struct fingerprint_keys *out, struct err *e);
/* The file as it is, whosever it may be. */
int fingerprint_read(const struct config *cfg, struct fingerprint_keys *out, struct err *e);

/* What the ledger remembers of a chain: a fingerprint of a fixed text, 16 hex digits and a NUL. */
bool fingerprint_mark(struct slice chain, char out[FINGERPRINT_TEXT + 1]);

/* Is the file the ledger's? A ledger that knows of none takes it; one that knows an earlier link of the chain
 * (a rotation, or a ledger restored from before it) links its fingerprints to the new ones. *linked: how
 * many, -1: nothing was to be done. TK_ECONFIG: it is another key, or an older chain; the text says what to
 * do. Begins a transaction where something is to be written; the caller commits. */
int fingerprint_settle(struct ledger *l, const struct fingerprint_keys *k, const char *folder,
		       int64_t *linked, struct err *e);
/* The file was lost, a new one made: keys registered so far are marked so. */
int fingerprint_lose(struct ledger *l, const struct fingerprint_keys *k, int64_t *lost, struct err *e);

/* A new link at the file's end; what was there stays. TK_ELIMIT after 63 of them. */
int fingerprint_add_link(const struct config *cfg, struct err *e);
/* A new file in place of one that is lost. TK_ECONFIG: it is there. */
int fingerprint_begin_anew(const struct config *cfg, struct err *e);

#endif
