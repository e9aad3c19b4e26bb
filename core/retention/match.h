/* Which records name a person, or lie in a time. A record is its line of the trail. */
#ifndef TK_RETENTION_MATCH_H
#define TK_RETENTION_MATCH_H

#include "core/base/buf.h"
#include "core/trail/record.h"

/* What a name looks like in record lines: as a whole value, and as one in a text that is itself JSON. */
struct name_forms {
	struct buf value, nested;
};
bool name_forms_of(struct name_forms *f, struct slice name); /* false: no memory; free in any case */
void name_forms_free(struct name_forms *f);
bool line_names(struct slice line, const struct name_forms *f);
/* `text` as it stands inside a JSON string. */
void put_escaped(struct buf *out, struct slice text);
bool line_holds(struct slice line, struct slice escaped);
/* What it tells of: a call its start, a finding its first to last event, others when they were recorded. UTC
 * ns. */
void line_time(struct slice line, const struct record *r, int64_t *from_ns, int64_t *to_ns);

#endif
