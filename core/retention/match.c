#include "core/retention/match.h"

#include "core/base/json.h"
#include "core/base/zone.h"

#define NAME_MAX_BYTES 65536

void put_escaped(struct buf *out, struct slice text)
{
	size_t at = out->n;

	json_put_string(out, text);
	if (out->failed || out->n < at + 2)
		return;
	memmove(out->p + at, out->p + at + 1, out->n - at - 2);
	out->n -= 2;
}

bool name_forms_of(struct name_forms *f, struct slice name)
{
	buf_init(&f->value, NAME_MAX_BYTES);
	buf_init(&f->nested, 2 * NAME_MAX_BYTES);
	json_put_string(&f->value, name);
	put_escaped(&f->nested, buf_slice(&f->value));
	return !f->value.failed && !f->nested.failed;
}

void name_forms_free(struct name_forms *f)
{
	buf_free(&f->value);
	buf_free(&f->nested);
}

bool line_holds(struct slice line, struct slice escaped)
{
	return escaped.n > 0 && memmem(line.p, line.n, escaped.p, escaped.n) != NULL;
}

bool line_names(struct slice line, const struct name_forms *f)
{
	return line_holds(line, buf_slice(&f->value)) || line_holds(line, buf_slice(&f->nested));
}

static bool time_of(struct slice line, const char *key, int64_t *ns)
{
	struct slice text;

	return record_string(line, key, &text) && time_parse_rfc3339(text, false, ns);
}

void line_time(struct slice line, const struct record *r, int64_t *from_ns, int64_t *to_ns)
{
	*from_ns = *to_ns = r->ts_ns;
	if (r->type == RECORD_ACCESS && time_of(line, "@timestamp", from_ns))
		*to_ns = *from_ns;
	else if (r->type == RECORD_FINDING && time_of(line, "first", from_ns) &&
		 !time_of(line, "last", to_ns))
		*to_ns = *from_ns;
}
