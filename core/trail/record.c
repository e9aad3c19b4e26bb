#include "core/trail/record.h"

#include "core/base/json.h"
#include "core/base/safe.h"
#include "core/base/zone.h"

static const char *const type_names[] = {
#define RECORD_TYPE(id, name, class, doc) name,
#include "core/trail/types.def"
#undef RECORD_TYPE
};

const char *record_type_name(enum record_type t)
{
	return type_names[t];
}

enum record_type record_type_of(struct slice name)
{
	int t = 0;

	while (t < RECORD_TYPES && !slice_is(name, type_names[t]))
		t++;
	return t;
}

enum record_class record_class_of(enum record_type t)
{
	static const enum record_class classes[] = {
#define RECORD_TYPE(id, name, class, doc) KEEP_##class,
#include "core/trail/types.def"
#undef RECORD_TYPE
	};

	return t < RECORD_TYPES ? classes[t] : KEEP_FOREVER;
}

/* ---- the one canonical spelling ---- */

struct canonical {
	const uint8_t *p;
	size_t n, at;
	const char *why;
};

static bool refuse(struct canonical *c, const char *why)
{
	if (c->why == NULL)
		c->why = why;
	return false;
}

static bool take(struct canonical *c, uint8_t byte)
{
	if (c->at == c->n || c->p[c->at] != byte)
		return false;
	c->at++;
	return true;
}

/* Behind a backslash: only what RFC 8785 3.2.2.2 itself would write. */
static bool take_escape(struct canonical *c)
{
	uint8_t kind = c->at < c->n ? c->p[c->at] : 0;

	if (kind != 'u') {
		if (kind == 0 || memchr("\"\\bfnrt", kind, 7) == NULL)
			return false;
		c->at++;
		return true;
	}
	if (c->n - c->at < 5 || memcmp(c->p + c->at + 1, "00", 2) != 0)
		return false;
	for (size_t i = 3; i < 5; i++) {
		uint8_t d = c->p[c->at + i];

		if (!(d >= '0' && d <= (i == 3 ? '1' : '9')) && !(i == 4 && d >= 'a' && d <= 'f'))
			return false;
	}
	if (c->p[c->at + 3] == '0' && memchr("89acd", c->p[c->at + 4], 5) != NULL)
		return false; /* these have a short form */
	c->at += 5;
	return true;
}

#define ONES UINT64_C(0x0101010101010101)
#define TOPS UINT64_C(0x8080808080808080)

/* Passes over ASCII that stands for itself, eight bytes at a time where there are. */
static size_t plain_run(const uint8_t *p, size_t n)
{
	size_t i = 0;
	uint64_t w;

	for (; n - i >= 8; i += 8) {
		uint64_t quote, slash;

		memcpy(&w, p + i, 8);
		quote = w ^ (ONES * '"');
		slash = w ^ (ONES * '\\');
		if (((w | (quote - ONES) | (slash - ONES) | (w - ONES * 0x20)) & TOPS) != 0)
			break;
	}
	while (i < n && p[i] >= 0x20 && p[i] < 0x80 && p[i] != '"' && p[i] != '\\')
		i++;
	return i;
}

static bool take_string(struct canonical *c)
{
	uint32_t character;

	if (!take(c, '"'))
		return refuse(c, "a string was expected");
	for (;;) {
		size_t n;

		c->at += plain_run(c->p + c->at, c->n - c->at);
		if (c->at == c->n)
			return refuse(c, "a string has no end");
		if (take(c, '"'))
			return true;
		if (take(c, '\\')) {
			if (!take_escape(c))
				return refuse(c, "an escape that canonical JSON does not write");
			continue;
		}
		if (c->p[c->at] < 0x20)
			return refuse(c, "a control character in a string");
		n = utf8_take(slice_of(c->p + c->at, c->n - c->at), &character);
		if (n == 0)
			return refuse(c, "bytes that are not UTF-8");
		c->at += n;
	}
}

static bool take_integer(struct canonical *c)
{
	bool minus = take(c, '-');
	size_t begin = c->at;
	int64_t v;

	while (c->at < c->n && c->p[c->at] >= '0' && c->p[c->at] <= '9')
		c->at++;
	if (!scalar_number(slice_of(c->p + begin, c->at - begin), &v) || (minus && v == 0))
		return refuse(c, "a number that is no integer within 2^53 - 1 in its one spelling");
	if (c->at < c->n && (c->p[c->at] == '.' || c->p[c->at] == 'e' || c->p[c->at] == 'E'))
		return refuse(c, "a float");
	return true;
}

static bool take_value(struct canonical *c, int depth);

/* Keys are ASCII without escapes, in ascending order, so none comes twice. */
static bool take_key(struct canonical *c, struct slice *last)
{
	size_t begin = c->at + 1;
	struct slice key;

	if (!take_string(c))
		return false;
	key = slice_of(c->p + begin, c->at - 1 - begin);
	if (plain_run(key.p, key.n) != key.n)
		return refuse(c, "a key that is not plain ASCII");
	if (last->p != NULL && slice_cmp(*last, key) >= 0)
		return refuse(c, slice_eq(*last, key) ? "a key that comes twice" : "keys out of order");
	*last = key;
	return take(c, ':') || refuse(c, "a colon was expected");
}

static bool take_members(struct canonical *c, int depth)
{
	struct slice last = { NULL, 0 };

	if (take(c, '}'))
		return true;
	do
		if (!take_key(c, &last) || !take_value(c, depth))
			return false;
	while (take(c, ','));
	return take(c, '}') || refuse(c, "a comma or the end of an object was expected");
}

static bool take_elements(struct canonical *c, int depth)
{
	if (take(c, ']'))
		return true;
	do
		if (!take_value(c, depth))
			return false;
	while (take(c, ','));
	return take(c, ']') || refuse(c, "a comma or the end of an array was expected");
}

static bool take_word(struct canonical *c, const char *word)
{
	size_t n = strlen(word);

	if (c->n - c->at < n || memcmp(c->p + c->at, word, n) != 0)
		return refuse(c, "a value was expected");
	c->at += n;
	return true;
}

static bool take_value(struct canonical *c, int depth)
{
	if (depth > RECORD_DEPTH)
		return refuse(c, "nested too deep");
	switch (c->at < c->n ? c->p[c->at] : 0) {
	case '{':
		c->at++;
		return take_members(c, depth + 1);
	case '[':
		c->at++;
		return take_elements(c, depth + 1);
	case '"':
		return take_string(c);
	case 't':
		return take_word(c, "true");
	case 'f':
		return take_word(c, "false");
	case 'n':
		return take_word(c, "null");
	default:
		return take_integer(c);
	}
}

/* ---- the members that every record has ---- */

static bool read_ts(struct slice text, int64_t *ns)
{
	return text.n >= 24 && text.n <= 30 && text.p[10] == 'T' && text.p[19] == '.' &&
	       text.p[text.n - 1] == 'Z' && time_parse_rfc3339(text, false, ns);
}

enum head_member { M_H, M_N, M_SEQ, M_TS, M_TYPE, M_V, M_COUNT };
static const char *const head_keys[] = { "h", "n", "seq", "ts", "type", "v" };

static bool read_member(enum head_member m, struct slice value, struct record *out)
{
	struct slice text =
		value.n >= 2 && value.p[0] == '"' ? slice_of(value.p + 1, value.n - 2) : slice_of(NULL, 0);

	switch (m) {
	case M_H:
		return scalar_hex32(text, &out->h);
	case M_N:
		return is_base64url_16(text);
	case M_SEQ:
		return scalar_number(value, &out->seq);
	case M_TS:
		return read_ts(text, &out->ts_ns);
	case M_TYPE:
		out->type = record_type_of(text);
		return text.n > 0;
	case M_V:
		return slice_is(value, "1");
	case M_COUNT:
		break;
	}
	return false;
}

static bool take_record(struct canonical *c, struct record *out)
{
	static const char *const missing[] = {
		"h is missing or no hash",
		"n is missing or not 16 bytes",
		"seq is missing or no number",
		"ts is missing or no time in UTC with 3 to 9 digits",
		"type is missing",
		"v is missing or not 1",
	};
	struct slice last = { NULL, 0 };
	int next = 0; /* of the members of the head, which come in their own order */

	if (!take(c, '{'))
		return refuse(c, "a record is a JSON object");
	do {
		size_t begin;

		if (!take_key(c, &last))
			return false;
		begin = c->at;
		if (!take_value(c, 1))
			return false;
		if (next == M_COUNT || !slice_is(last, head_keys[next]))
			continue;
		if (!read_member(next, slice_of(c->p + begin, c->at - begin), out)) {
			c->at = begin;
			return refuse(c, missing[next]);
		}
		next++;
	} while (take(c, ','));
	if (!take(c, '}'))
		return refuse(c, "a comma or the end of an object was expected");
	if (next < M_COUNT)
		return refuse(c, missing[next]);
	return c->at == c->n || refuse(c, "something follows the object");
}

bool record_read(struct slice line, struct record *out, struct record_error *why)
{
	struct canonical c = { .p = line.p, .n = line.n };
	bool good = line.n <= RECORD_MAX ? take_record(&c, out) : refuse(&c, "a line longer than 8 MiB");

	*why = (struct record_error){ c.why, c.at };
	return good;
}

/* ---- single members ---- */

static enum json_type find(struct slice line, const char *key, struct json *j)
{
	json_init(j, line);
	if (json_next(j) != JSON_OBJECT_BEGIN)
		return JSON_ERROR;
	while (json_next(j) == JSON_KEY) {
		if (slice_is(j->text, key))
			return json_next(j);
		if (!json_skip(j))
			break;
	}
	return JSON_ERROR;
}

bool record_string(struct slice line, const char *key, struct slice *out)
{
	struct json j;

	if (find(line, key, &j) != JSON_STRING)
		return false;
	*out = j.text;
	return true;
}

bool record_number(struct slice line, const char *key, int64_t *out)
{
	struct json j;

	return find(line, key, &j) == JSON_NUMBER && scalar_number(j.text, out);
}

size_t record_distinct(struct slice line, const char *key)
{
	struct slice seen[16];
	struct json j;
	size_t n = 0;

	if (find(line, key, &j) != JSON_ARRAY_BEGIN)
		return 0;
	while (n < COUNT(seen) && json_next(&j) == JSON_STRING) {
		size_t i = 0;

		while (i < n && !slice_eq(seen[i], j.text))
			i++;
		if (i == n && j.text.n > 0)
			seen[n++] = j.text;
	}
	return n;
}

/* ---- stubs ---- */

bool stub_read(struct slice line, struct hash32 *leaf, struct hash32 *hash)
{
	return line.n == 2 + 44 + 1 + 64 && line.p[0] == '#' && line.p[1] == ' ' && line.p[46] == ' ' &&
	       scalar_base64_32(slice_of(line.p + 2, 44), leaf) &&
	       scalar_hex32(slice_of(line.p + 47, 64), hash);
}

void put_stub(struct buf *out, const struct hash32 *leaf, const struct hash32 *hash)
{
	buf_str(out, "# ");
	put_base64(out, hash_slice(leaf));
	buf_byte(out, ' ');
	put_hex(out, hash_slice(hash));
}
