/* Writing record lines. The members of an access record are those of the event, in the order of their names,
 * which is known when the program starts; any other body is read, sorted and written. */
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/zone.h"
#include "core/trail/record.h"

void put_ts(struct buf *out, int64_t ns)
{
	char text[TIME_TEXT_MAX];
	size_t n = time_format_utc(ns, text);

	if (n == 20) {
		memcpy(text + 19, ".000Z", 5);
		n = 24;
	}
	buf_add(out, slice_of(text, n));
}

/* ---- the head ---- */

static const char *const head_keys[] = { "h", "n", "seq", "ts", "type", "v" };

static void put_head_member(struct buf *out, const struct record_head *h, size_t i)
{
	buf_byte(out, '"');
	buf_str(out, head_keys[i]);
	buf_str(out, "\":");
	if (i == 2 || i == 5) {
		buf_i64(out, i == 2 ? h->seq : 1);
		return;
	}
	buf_byte(out, '"');
	if (i == 0)
		put_hex(out, hash_slice(&h->h));
	else if (i == 1)
		put_base64url(out, slice_of(h->nonce, sizeof h->nonce));
	else if (i == 3)
		put_ts(out, h->ts_ns);
	else
		buf_str(out, h->type);
	buf_byte(out, '"');
}

/* ---- access records ---- */

struct member {
	struct slice key;
	size_t at, n; /* "key":value in the work buffer */
};

struct renderer {
	int16_t order[F_COUNT + COUNT(head_keys)]; /* fields from 0, members of the head from F_COUNT */
	struct buf work, keys;
	struct member *member;
	size_t n_members, cap;
	bool failed, starved; /* the body is no JSON object as it must be; there was no memory */
};

static const char *order_key(int16_t i)
{
	return i < F_COUNT ? event_fields[i].name : head_keys[i - F_COUNT];
}

static int by_order(const void *a, const void *b)
{
	return strcmp(order_key(*(const int16_t *)a), order_key(*(const int16_t *)b));
}

struct renderer *renderer_new(void)
{
	struct renderer *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	for (int16_t i = 0; i < (int16_t)COUNT(r->order); i++)
		r->order[i] = i;
	qsort(r->order, COUNT(r->order), sizeof r->order[0], by_order);
	buf_init(&r->work, 8 * RECORD_MAX);
	buf_init(&r->keys, 5 * RECORD_MAX);
	return r;
}

void renderer_free(struct renderer *r)
{
	if (r == NULL)
		return;
	buf_free(&r->work);
	buf_free(&r->keys);
	free(r->member);
	free(r);
}

static void put_number(struct buf *out, struct slice text)
{
	bool minus = text.n > 0 && text.p[0] == '-';
	int64_t v;
	bool canonical = scalar_number(slice_from(text, minus), &v) && !(minus && v == 0);

	if (!canonical)
		buf_byte(out, '"');
	buf_add(out, text);
	if (!canonical)
		buf_byte(out, '"');
}

static void put_field(struct buf *out, enum field_id f, const union value *v)
{
	struct buf digits = { 0 };

	if (event_fields[f].type != FT_INT || (v->i < INT64_C(1) << 53 && v->i > -(INT64_C(1) << 53))) {
		value_to_json(f, v, out);
		return;
	}
	buf_init(&digits, 32);
	buf_i64(&digits, v->i);
	out->failed |= digits.failed;
	put_number(out, buf_slice(&digits));
	buf_free(&digits);
}

void put_access_record(struct renderer *r, struct buf *out, const struct record_head *h,
		       const struct access_event *ev)
{
	char separator = '{';

	for (size_t i = 0; i < COUNT(r->order); i++) {
		int16_t at = r->order[i];

		if (at == F_QUERY || (at < F_COUNT && !ev_known(ev, at)))
			continue;
		buf_byte(out, (uint8_t)separator);
		separator = ',';
		if (at >= F_COUNT) {
			put_head_member(out, h, (size_t)(at - F_COUNT));
			continue;
		}
		buf_byte(out, '"');
		buf_str(out, event_fields[at].name);
		buf_str(out, "\":");
		put_field(out, at, ev_value(ev, at));
	}
	buf_byte(out, '}');
}

/* ---- any other body ---- */

static bool member_add(struct renderer *r, struct member m)
{
	if (r->n_members == r->cap) {
		size_t cap = r->cap == 0 ? 64 : r->cap * 2;
		struct member *p = realloc(r->member, cap * sizeof *p);

		if (p == NULL) {
			r->starved = true;
			return false;
		}
		r->member = p;
		r->cap = cap;
	}
	r->member[r->n_members++] = m;
	return true;
}

static int by_key(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int c = slice_cmp(x->key, y->key);

	return c != 0 ? c : (x->at > y->at) - (x->at < y->at);
}

/* The undone text of a key or string, in r->keys; its place there stays while the record is made. */
static struct slice undone(struct renderer *r, struct slice raw)
{
	uint8_t *p = buf_room(&r->keys, raw.n + 1);
	size_t n = p == NULL ? SIZE_MAX : json_unescape(raw, p);

	if (n == SIZE_MAX) {
		r->failed = true;
		return slice_of(NULL, 0);
	}
	return slice_of(p, n);
}

/* A key's text as it is written, in r->keys. */
static struct slice plain_key(struct renderer *r, struct slice raw)
{
	struct slice key = undone(r, raw);
	size_t begin = r->keys.n += key.n;

	for (size_t i = 0; i < key.n; i++) {
		uint8_t c = key.p[i];

		if (c > 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%')
			buf_byte(&r->keys, c);
		else
			buf_fmt(&r->keys, "%%%02X", c);
	}
	return slice_of(r->keys.p + begin, r->keys.n - begin);
}

static bool put_value(struct renderer *r, struct json *j, enum json_type t, int depth);

/* Puts the members from number `base` on, sorted, where their texts lie now. */
static void put_sorted(struct renderer *r, size_t base, size_t begin)
{
	size_t end = r->work.n;
	const struct member *last = NULL;

	qsort(r->member + base, r->n_members - base, sizeof r->member[0], by_key);
	buf_byte(&r->work, '{');
	for (size_t i = base; i < r->n_members; i++) {
		const struct member *m = &r->member[i];
		uint8_t *to;

		if (last != NULL && slice_eq(last->key, m->key))
			continue;
		if (last != NULL)
			buf_byte(&r->work, ',');
		last = m;
		if ((to = buf_room(&r->work, m->n)) == NULL)
			break;
		memcpy(to, r->work.p + m->at, m->n);
		r->work.n += m->n;
	}
	buf_byte(&r->work, '}');
	r->n_members = base;
	if (r->work.failed)
		return;
	memmove(r->work.p + begin, r->work.p + end, r->work.n - end);
	r->work.n -= end - begin;
}

static bool put_member(struct renderer *r, struct json *j, int depth)
{
	struct member m = { .key = plain_key(r, j->text), .at = r->work.n };

	json_put_string(&r->work, m.key);
	buf_byte(&r->work, ':');
	if (!put_value(r, j, json_next(j), depth))
		return false;
	m.n = r->work.n - m.at;
	return member_add(r, m);
}

static bool put_object(struct renderer *r, struct json *j, int depth)
{
	size_t base = r->n_members, begin = r->work.n;
	enum json_type t;

	while ((t = json_next(j)) == JSON_KEY)
		if (!put_member(r, j, depth))
			return false;
	if (t == JSON_OBJECT_END)
		put_sorted(r, base, begin);
	return t == JSON_OBJECT_END;
}

static bool put_array(struct renderer *r, struct json *j, int depth)
{
	enum json_type t;
	bool comma = false;

	buf_byte(&r->work, '[');
	while ((t = json_next(j)) != JSON_ARRAY_END) {
		if (comma)
			buf_byte(&r->work, ',');
		comma = true;
		if (!put_value(r, j, t, depth))
			return false;
	}
	buf_byte(&r->work, ']');
	return true;
}

static bool put_value(struct renderer *r, struct json *j, enum json_type t, int depth)
{
	if (depth > RECORD_DEPTH || r->failed)
		return false;
	switch (t) {
	case JSON_OBJECT_BEGIN:
		return put_object(r, j, depth + 1);
	case JSON_ARRAY_BEGIN:
		return put_array(r, j, depth + 1);
	case JSON_STRING:
		json_put_string(&r->work, undone(r, j->text));
		return true;
	case JSON_NUMBER:
		put_number(&r->work, j->text);
		return true;
	case JSON_TRUE:
		buf_str(&r->work, "true");
		return true;
	case JSON_FALSE:
		buf_str(&r->work, "false");
		return true;
	case JSON_NULL:
		buf_str(&r->work, "null");
		return true;
	default:
		return false;
	}
}

/* The head's members stand first in the work buffer, so that they win over ones of the same name. */
static void put_head(struct renderer *r, const struct record_head *h)
{
	for (size_t i = 0; i < COUNT(head_keys); i++) {
		struct member m = { .key = slice_str(head_keys[i]), .at = r->work.n };

		put_head_member(&r->work, h, i);
		m.n = r->work.n - m.at;
		member_add(r, m);
	}
}

static void begin_record(struct renderer *r, const struct record_head *h, size_t room)
{
	buf_clear(&r->work);
	buf_clear(&r->keys);
	buf_room(&r->keys, 4 * room + 16); /* once, so that slices into it stay */
	r->n_members = 0;
	r->failed = r->starved = false;
	put_head(r, h);
}

static bool put_body(struct renderer *r, struct slice body)
{
	struct json j;
	enum json_type t;

	json_init(&j, body);
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return false;
	while ((t = json_next(&j)) == JSON_KEY)
		if (!put_member(r, &j, 1))
			return false;
	return t == JSON_OBJECT_END && json_next(&j) == JSON_END && !r->work.failed && !r->failed;
}

static bool starved(const struct renderer *r)
{
	return r->work.failed || r->keys.failed || r->starved;
}

void put_record(struct renderer *r, struct buf *out, const struct record_head *h, struct slice body)
{
	begin_record(r, h, body.n);
	if (!put_body(r, body) && !starved(r)) { /* a lack of memory is not to decide how a record looks */
		struct member m = { .key = SLICE("body") };

		begin_record(r, h, body.n);
		m.at = r->work.n;
		buf_str(&r->work, "\"body\":");
		json_put_string(&r->work, body);
		m.n = r->work.n - m.at;
		member_add(r, m);
	}
	put_sorted(r, 0, 0);
	if (starved(r) || r->failed)
		out->failed = true;
	buf_add(out, buf_slice(&r->work));
}
