/* Evidence files (audit-trail.md 7): one record, proved without showing another. Reading takes any bytes. */
#ifndef TK_TRAIL_EVIDENCE_H
#define TK_TRAIL_EVIDENCE_H

#include "core/base/err.h"
#include "core/trail/anchor.h"

#define EVIDENCE_MAX (64u << 20)

/* Makes the evidence of record `seq` of the log in `folder`. TK_ENOTFOUND: not sealed, or erased. */
int evidence_make(const char *folder, int64_t seq, struct buf *out, struct err *e);

struct evidence_result {
	int64_t seq, segment, tree; /* tree: size of the checkpoint */
	struct slice record;	    /* the record line, in `room` */
	char code[SHORT_CODE_LEN + 1];
	bool anchored, self_attested;
	struct buf room;
};
/* TK_OK: proved, up to the site key; TK_EMALFORMED with the line and what is wrong. site_key NULL: the one
 * that signed the epoch is taken from nowhere, so only its name is known: then *self_attested and the
 * signature of the epoch is not checked. The caller frees out->room. */
int evidence_verify(struct slice bytes, const struct vkey *site_key, const uint8_t *site_public,
		    const struct anchors *anchors, struct evidence_result *out, struct err *e);

#endif
