#include "sensor/gateway/paths.h"

#include "core/base/json.h"
#include "sensor/fields/text.h"

#define WORDS (PATHS_MAX / 64)

/* Some of the rows. */
struct rows {
	uint64_t bit[WORDS];
};

/* Where in the line the walk stands: the rows whose path ends here, and those that go on behind `at` bytes.
 */
struct place {
	struct rows end, on;
	size_t at;
};

struct walk {
	const struct paths *p;
	struct scratch *scratch;
	struct found *f;
	uint8_t *marks;
	bool inside; /* a string: none within a string is looked into */
};

static bool any(const struct rows *r)
{
	uint64_t all = 0;

	for (size_t i = 0; i < WORDS; i++)
		all |= r->bit[i];
	return all != 0;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool same(const char *a, struct slice b, bool fold)
{
	if (!fold)
		return memcmp(a, b.p, b.n) == 0;
	for (size_t i = 0; i < b.n; i++)
		if (lower((uint8_t)a[i]) != lower(b.p[i]))
			return false;
	return true;
}

/* Goes from a place to the member of that name there. False: no row is about it. */
static bool enter(const struct walk *w, const struct place *from, struct slice name, struct place *to)
{
	*to = (struct place){ .at = from->at + name.n + 1 };
	for (size_t i = 0; name.n > 0 && i < w->p->n; i++) {
		const struct path_row *r = &w->p->row[i];
		uint64_t bit = UINT64_C(1) << i % 64;

		if (!(from->on.bit[i / 64] & bit) || r->n < from->at + name.n ||
		    !same(r->path + from->at, name, w->p->fold))
			continue;
		if (r->n == from->at + name.n)
			to->end.bit[i / 64] |= bit;
		else if (r->path[from->at + name.n] == '.')
			to->on.bit[i / 64] |= bit;
	}
	return any(&to->end) || any(&to->on);
}

static void keep_one(struct walk *w, const struct path_row *r, struct slice text, bool escaped, bool value)
{
	struct found *f = w->f;
	uint8_t rank = text_none(text) ? 1 : r->rank + 1;

	if (r->member >= M_COUNT) {
		*w->marks |= (uint8_t)(1 << (r->member - M_COUNT));
		return;
	}
	if (!value || f->rank[r->member] > rank)
		return;
	f->rank[r->member] = rank;
	f->text[r->member] = text;
	f->escaped[r->member] = escaped;
}

/* `value`: the text is one; else only marks are made. */
static void keep(struct walk *w, const struct rows *end, struct slice text, bool escaped, bool value)
{
	for (size_t k = 0; k < WORDS; k++)
		for (uint64_t left = end->bit[k]; left != 0; left &= left - 1)
			keep_one(w, &w->p->row[64 * k + (size_t)__builtin_ctzll(left)], text, escaped, value);
}

/* Passes to the end of the object or array that has just begun. */
static bool pass(struct json *j)
{
	uint8_t depth = j->depth;

	while (j->depth >= depth)
		if (json_next(j) == JSON_ERROR)
			return false;
	return true;
}

static bool walk_value(struct walk *w, struct json *j, enum json_type t, const struct place *here);

static bool walk_object(struct walk *w, struct json *j, const struct place *here)
{
	enum json_type t;
	struct place there;

	while ((t = json_next(j)) == JSON_KEY) {
		if (!enter(w, here, j->text, &there)) {
			if (!json_skip(j))
				return false;
		} else if (!walk_value(w, j, json_next(j), &there)) {
			return false;
		}
	}
	return t == JSON_OBJECT_END;
}

/* OTLP's AnyValue: {"intValue": "47"}; arrays and lists within are no values. */
static void keep_any_value(struct walk *w, struct json v, const struct rows *end)
{
	enum json_type t = json_next(&v);

	if (t == JSON_OBJECT_BEGIN)
		t = json_next(&v) == JSON_KEY ? json_next(&v) : JSON_ERROR;
	if (t == JSON_TRUE || t == JSON_FALSE)
		keep(w, end, t == JSON_TRUE ? SLICE("true") : SLICE("false"), false, true);
	else
		keep(w, end, v.text, t == JSON_STRING && v.escaped, t == JSON_STRING || t == JSON_NUMBER);
}

/* Behind the '{' of an array's element: is it {"key": K, "value": V}? Then V is taken as member K. */
static bool take_pair(struct walk *w, struct json j, const struct place *here)
{
	struct slice key = { NULL, 0 };
	struct place there;
	struct json value = j;
	bool has_value = false;
	enum json_type t;

	while ((t = json_next(&j)) == JSON_KEY) {
		if (slice_is(j.text, "key")) {
			if (json_next(&j) != JSON_STRING)
				return false;
			key = j.text;
			continue;
		}
		has_value |= slice_is(j.text, "value");
		if (slice_is(j.text, "value"))
			value = j;
		if (!json_skip(&j))
			return false;
	}
	if (t != JSON_OBJECT_END || key.n == 0 || !has_value)
		return false;
	if (enter(w, here, key, &there))
		keep_any_value(w, value, &there.end);
	return true;
}

static bool walk_array(struct walk *w, struct json *j, const struct place *here)
{
	enum json_type t;

	for (unsigned i = 0; (t = json_next(j)) != JSON_ARRAY_END; i++) {
		struct place there;
		char name[12];
		size_t n = 0;

		if (t == JSON_ERROR)
			return false;
		if (t == JSON_OBJECT_BEGIN && any(&here->on) && take_pair(w, *j, here)) {
			if (!pass(j))
				return false;
			continue;
		}
		for (unsigned k = i; n == 0 || k > 0; k /= 10)
			name[sizeof name - ++n] = (char)('0' + k % 10);
		if (!enter(w, here, slice_of((const uint8_t *)name + sizeof name - n, n), &there))
			there = *here;
		if (!walk_value(w, j, t, &there))
			return false;
	}
	return true;
}

/* JSON in a string: what is not JSON in there is a string and no fault of the line. */
static void look_inside(struct walk *w, struct slice text, bool escaped, const struct place *here)
{
	struct walk in = *w;
	struct json j;
	uint8_t *out;
	size_t n;

	if (w->inside || w->scratch == NULL || !any(&here->on) || text.n == 0 || text.p[0] != '{')
		return;
	if (escaped) {
		out = scratch_take(w->scratch, text.n);
		n = out == NULL ? SIZE_MAX : json_unescape(text, out);
		if (n == SIZE_MAX)
			return;
		text = slice_of(out, n);
	}
	in.inside = true;
	json_init(&j, text);
	if (json_skip(&j) && json_next(&j) == JSON_END) {
		json_init(&j, text);
		json_next(&j);
		walk_object(&in, &j, here);
	}
}

/* The value that begins with this token. */
static bool walk_value(struct walk *w, struct json *j, enum json_type t, const struct place *here)
{
	bool scalar = t == JSON_STRING || t == JSON_NUMBER || t == JSON_TRUE || t == JSON_FALSE;
	struct slice text = j->text;

	if (t == JSON_ERROR)
		return false;
	if (t == JSON_TRUE || t == JSON_FALSE)
		text = t == JSON_TRUE ? SLICE("true") : SLICE("false");
	keep(w, &here->end, text, t == JSON_STRING && j->escaped, scalar);
	if (t == JSON_OBJECT_BEGIN)
		return any(&here->on) ? walk_object(w, j, here) : pass(j);
	if (t == JSON_ARRAY_BEGIN)
		return walk_array(w, j, here);
	if (t == JSON_STRING)
		look_inside(w, text, j->escaped, here);
	return true;
}

bool paths_collect(const struct paths *p, struct slice line, struct scratch *scratch, struct found *f,
		   uint8_t *marks)
{
	struct walk w = { .p = p, .scratch = scratch, .f = f, .marks = marks };
	struct place root = { .at = 0 };
	struct json j;

	memset(f->rank, 0, sizeof f->rank);
	*marks = 0;
	for (size_t i = 0; i < p->n; i++)
		root.on.bit[i / 64] |= UINT64_C(1) << i % 64;
	json_init(&j, line);
	return line.n > 0 && json_next(&j) == JSON_OBJECT_BEGIN && walk_object(&w, &j, &root) &&
	       json_next(&j) == JSON_END;
}
