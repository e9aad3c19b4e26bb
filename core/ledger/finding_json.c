#include "core/ledger/finding_json.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/zone.h"

static void put_time(struct json_out *o, const char *key, int64_t ns)
{
	char text[TIME_TEXT_MAX];

	json_key(o, key);
	json_str(o, slice_of(text, time_format_utc(ns, text)));
}

static void put_str(struct json_out *o, const char *key, struct slice v)
{
	if (v.n == 0)
		return;
	json_key(o, key);
	json_str(o, v);
}

static void put_flag(struct json_out *o, const char *key, bool v)
{
	if (!v)
		return;
	json_key(o, key);
	json_bool(o, true);
}

static void put_events(struct json_out *o, const struct finding *f)
{
	char hex[33];

	json_key(o, "events");
	json_open(o, '[');
	for (size_t i = 0; i < f->n_events; i++) {
		hex_encode(slice_of(f->events[i], 16), hex);
		json_str(o, slice_of(hex, 32));
	}
	json_close(o, ']');
}

void finding_split_reason(struct finding *f)
{
	const uint8_t *nl = f->reason.n == 0 ? NULL : memchr(f->reason.p, '\n', f->reason.n);
	size_t at = nl == NULL ? f->reason.n : (size_t)(nl - f->reason.p);

	if (nl == NULL)
		return;
	f->reason_ja = slice_from(f->reason, at + 1);
	f->reason.n = at;
}

void finding_json(struct buf *out, const struct finding *f)
{
	struct json_out o = json_out(out);
	struct slice entity = f->entity_json;

	json_open(&o, '{');
	json_key(&o, "id");
	json_int(&o, f->id);
	put_str(&o, "rule.id", f->rule_id);
	put_str(&o, "rule.name", f->rule_name.n > 0 ? f->rule_name : f->rule_id);
	put_str(&o, "rule.author", f->author);
	put_str(&o, "level", f->level);
	put_str(&o, "status", f->status);
	put_time(&o, "first", f->first_ns);
	put_time(&o, "last", f->last_ns);
	json_key(&o, "count");
	json_int(&o, f->count);
	put_str(&o, "reason", f->reason);
	put_str(&o, "reason.ja", f->reason_ja);
	put_events(&o, f);
	put_flag(&o, "provisional", f->provisional);
	put_flag(&o, "withdrawn", f->withdrawn);
	/* the subject's fields, flat: the members of its object */
	if (entity.n > 2 && entity.p[0] == '{' && entity.p[entity.n - 1] == '}') {
		buf_byte(out, ',');
		buf_add(out, slice_of(entity.p + 1, entity.n - 2));
	}
	json_close(&o, '}');
}
