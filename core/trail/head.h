/* The HEAD message: the live head of a trail as a collector is told it, and as it comes back from there
 * (audit-trail.md 5.3, exports.md 8). Pure functions; any thread. */
#ifndef TK_TRAIL_HEAD_H
#define TK_TRAIL_HEAD_H

#include "core/trail/texts.h"

struct trail_said {
	char origin[ORIGIN_MAX + 1];
	int64_t seq;		  /* of the last record; -1: there is none */
	struct hash32 h;	  /* SHA-256 of its line; seq -1: zeros */
	int64_t size;		  /* of the log tree; 0: nothing is sealed yet */
	struct hash32 checkpoint; /* SHA-256 of that checkpoint's text; size 0: zeros */
};

/* Whose message it is, and what its sender's clock is worth. */
struct head_sender {
	const char *host;	   /* RFC 5424 HOSTNAME; other characters than PRINTUSASCII become '_' */
	int64_t enterprise_number; /* 0: our own element is left out */
	int64_t pid, sequence;	   /* sequence: of this sender's messages, from 1 */
	int64_t now_ns;
	struct clock clock;
};
/* One RFC 5424 message without framing: facility 10, severity notice, MSGID HEAD. */
void put_head_message(struct buf *out, const struct head_sender *s, const struct trail_said *said);

/* Is there one in this line? Whatever a collector has put around it does not matter. */
bool head_in_line(struct slice line, struct trail_said *out);
/* Does this file look as if it held such lines? */
bool holds_heads(struct slice text);

#endif
