#include "sensor/gateway/members.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "core/base/json.h"
#include "sensor/fields/cache.h"
#include "sensor/fields/secret.h"
#include "sensor/fields/text.h"

struct row {
	const char *name;
	uint8_t n, member, rank;
};

static const struct row rows[] = {
#define MEMBER(name, what, rank) { name, sizeof(name) - 1, M_##what, rank },
#include "sensor/gateway/nginx_json.def"
#undef MEMBER
};
_Static_assert(COUNT(rows) < 251, "the index of parse_cache holds a row in a byte");

static bool row_is(const struct row *r, struct slice name)
{
	return r->n == name.n && r->name[0] == (char)name.p[0] && memcmp(r->name, name.p, name.n) == 0;
}

static size_t name_hash(struct slice s)
{
	return (s.n * 131 + s.p[0] * 31u + s.p[s.n / 2] * 17u + s.p[s.n - 1] * 7u) & (CACHE_MEMBERS - 1);
}

static void build_index(struct parse_cache *c)
{
	memset(c->member, 0, sizeof c->member);
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t h = name_hash(slice_of(rows[i].name, rows[i].n));

		while (c->member[h] != 0)
			h = (h + 1) & (CACHE_MEMBERS - 1);
		c->member[h] = (uint8_t)(i + 1);
	}
	c->members_ready = true;
}

static const struct row *find_row(struct parse_cache *c, struct slice name)
{
	if (name.n == 0)
		return NULL;
	if (c == NULL) {
		for (size_t i = 0; i < COUNT(rows); i++)
			if (row_is(&rows[i], name))
				return &rows[i];
		return NULL;
	}
	if (!c->members_ready)
		build_index(c);
	for (size_t h = name_hash(name); c->member[h] != 0; h = (h + 1) & (CACHE_MEMBERS - 1))
		if (row_is(&rows[c->member[h] - 1], name))
			return &rows[c->member[h] - 1];
	return NULL;
}

static inline void keep_value(struct found *f, const struct row *r, struct slice text, bool escaped)
{
	uint8_t rank = text_none(text) ? 1 : r->rank + 1;

	if (f->rank[r->member] >= rank)
		return;
	f->rank[r->member] = rank;
	f->text[r->member] = text;
	f->escaped[r->member] = escaped;
}

/* Any JSON. */
static bool collect_any(struct slice line, struct parse_cache *cache, struct found *f)
{
	struct json j;
	enum json_type t;

	json_init(&j, line);
	if (line.n == 0 || line.p[0] != '{' || json_next(&j) != JSON_OBJECT_BEGIN)
		return false;
	while ((t = json_next(&j)) == JSON_KEY) {
		const struct row *r = find_row(cache, j.text);

		if (r == NULL) {
			if (!json_skip(&j))
				return false;
			continue;
		}
		t = json_next(&j);
		if (t == JSON_STRING || t == JSON_NUMBER)
			keep_value(f, r, j.text, t == JSON_STRING && j.escaped);
		else if (t == JSON_TRUE || t == JSON_FALSE)
			keep_value(f, r, t == JSON_TRUE ? SLICE("true") : SLICE("false"), false);
		else if (t == JSON_OBJECT_BEGIN || t == JSON_ARRAY_BEGIN) /* pass to the end of this depth */
			for (uint8_t depth = j.depth; j.depth >= depth && t != JSON_ERROR;)
				t = json_next(&j);
		if (t == JSON_ERROR)
			return false;
	}
	return t == JSON_OBJECT_END && json_next(&j) == JSON_END;
}

/* ---- the usual line ----
 * A log writes the same members in the same order, line after line, without blanks: the next name is guessed
 * from the line before by its bytes `"name":`. Whatever is not as plain as that goes to collect_any, which
 * also has the last word on what is malformed. */

static inline bool same_bytes(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t x, y;
	uint32_t u, v;

	if (n < 8) { /* two words that overlap; a quoted name with its colon has four bytes at least */
		memcpy(&u, a, 4);
		memcpy(&v, b, 4);
		if (u != v)
			return false;
		memcpy(&u, a + n - 4, 4);
		memcpy(&v, b + n - 4, 4);
		return u == v;
	}
	for (size_t i = 0; i + 8 < n; i += 8) {
		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		if (x != y)
			return false;
	}
	memcpy(&x, a + n - 8, 8);
	memcpy(&y, b + n - 8, 8);
	return x == y;
}

/* Keeps the name at the beginning of `rest` as the guess for the next line. */
static bool learn(struct parse_cache *c, struct cached_name *name, struct slice rest)
{
	const struct row *row;
	bool escaped;
	size_t end, from, to;

	if (rest.n == 0 || rest.p[0] != '"')
		return false;
	end = json_string_end(rest, 1, &escaped);
	if (end == SIZE_MAX || escaped || end < 2 || end + 2 > sizeof name->text || end + 1 >= rest.n ||
	    rest.p[end + 1] != ':')
		return false;
	row = find_row(c, slice_of(rest.p + 1, end - 1));
	if (row == NULL && secret_find(slice_of(rest.p + 1, end - 1), 0, &from, &to))
		return false; /* a secret is never kept, whatever it is doing here */
	memcpy(name->text, rest.p, end + 2);
	name->n = (uint8_t)(end + 2);
	name->row = row == NULL ? 0 : (uint8_t)(row - rows + 1);
	return true;
}

/* Position behind the number at `at`; 0: not one of digits with at most a sign and a fraction. */
static size_t plain_number(struct slice s, size_t at)
{
	size_t from, n;

	if (s.p[at] == '-')
		at++;
	for (from = at; at < s.n && s.p[at] >= '0' && s.p[at] <= '9'; at++)
		;
	n = at - from;
	if (n == 0 || (n > 1 && s.p[from] == '0') || at == s.n)
		return 0;
	if (s.p[at] != '.')
		return at;
	for (from = ++at; at < s.n && s.p[at] >= '0' && s.p[at] <= '9'; at++)
		;
	return at == from ? 0 : at;
}

/* Position behind "true", "false", "null" at `at`; 0: another. */
static size_t plain_word(struct slice s, size_t at)
{
	struct slice rest = slice_from(s, at);

	if (slice_starts(rest, SLICE("true")) || slice_starts(rest, SLICE("null")))
		return at + 4;
	return slice_starts(rest, SLICE("false")) ? at + 5 : 0;
}

/* Takes the value at `at`, which is in the line. Position behind it; 0: not plain. */
static size_t take_plain(struct slice line, size_t at, const struct row *row, struct found *f)
{
	uint8_t first = line.p[at];
	bool escaped = false;
	size_t end;

	if (first == '"') {
		end = json_string_end(line, ++at, &escaped);
		if (end == SIZE_MAX)
			return 0;
		if (row != NULL)
			keep_value(f, row, slice_of(line.p + at, end - at), escaped);
		return end + 1;
	}
	end = first <= '9' ? plain_number(line, at) : plain_word(line, at);
	if (row != NULL && end != 0 && first != 'n')
		keep_value(f, row, slice_of(line.p + at, end - at), false);
	return end;
}

/* False: no plain line, or none at all. */
static bool collect_plain(struct slice line, struct parse_cache *c, struct found *f)
{
	size_t at = 1;

	for (size_t i = 0; i < COUNT(c->name) && at < line.n; i++) {
		struct cached_name *name = &c->name[i];

		if (name->n == 0 || line.n - at < name->n || !same_bytes(name->text, line.p + at, name->n))
			if (!learn(c, name, slice_from(line, at)))
				return false;
		at += name->n;
		if (at >= line.n)
			return false;
		at = take_plain(line, at, name->row == 0 ? NULL : &rows[name->row - 1], f);
		if (at == 0 || at >= line.n)
			return false;
		if (line.p[at] == '}')
			return at + 1 == line.n;
		if (line.p[at++] != ',')
			return false;
	}
	return false;
}

/* ---- the same where a processor can list a line's quotation marks at once ---- */

#ifdef __x86_64__
#define LISTED_LINE 4096
#define QUOTES_MAX (4 * CACHE_NAMES)
#define QUOTES_USUAL 12 /* of 64 bytes */

/* The places of the quotation marks, and twice the line's end. False: too many of them, or the line has
 * backslashes or controls, so that they do not tell the strings. */
__attribute__((target("avx2,bmi,popcnt"))) static bool list_quotes(struct slice line, uint16_t *place)
{
	__m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\'), low = _mm256_set1_epi8(0x1f);
	__m256i other = _mm256_setzero_si256();
	uint8_t last[64];
	size_t n = 0;

	for (size_t at = 0; at < line.n; at += 64) {
		const uint8_t *p = line.p + at;
		size_t k = n;
		uint64_t bits;
		__m256i a, b;

		if (line.n - at < sizeof last) {
			memset(last, ' ', sizeof last);
			p = memcpy(last, p, line.n - at);
		}
		a = _mm256_loadu_si256((const __m256i *)(const void *)p);
		b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
		bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, quote)) |
		       (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, quote)) << 32;
		other = _mm256_or_si256(other, _mm256_cmpeq_epi8(_mm256_min_epu8(a, low), a));
		other = _mm256_or_si256(other, _mm256_cmpeq_epi8(_mm256_min_epu8(b, low), b));
		other = _mm256_or_si256(other, _mm256_cmpeq_epi8(a, slash));
		other = _mm256_or_si256(other, _mm256_cmpeq_epi8(b, slash));
		n += (size_t)__builtin_popcountll(bits);
		if (n > QUOTES_MAX)
			return false;
		/* without asking how many there are: the answer is hard to foresee */
		for (int i = 0; i < QUOTES_USUAL; i++, bits &= bits - 1)
			place[k++] = (uint16_t)(at + _tzcnt_u64(bits));
		for (; bits != 0; bits &= bits - 1)
			place[k++] = (uint16_t)(at + _tzcnt_u64(bits));
	}
	place[n] = place[n + 1] = (uint16_t)line.n;
	return _mm256_testz_si256(other, other);
}

/* Whether the n bytes at `at` are a number as plain_number takes it. */
static inline bool is_number(struct slice s, size_t at, size_t n)
{
	unsigned rest;
	__m128i v;

	if (n == 0 || n > 16 || s.n - at < 16 || s.p[at] == '-' || (n > 1 && s.p[at] == '0'))
		return n > 0 && plain_number(s, at) == at + n;
	v = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)(s.p + at)), _mm_set1_epi8('0'));
	rest = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(9)), v));
	rest = ~rest & ((1u << n) - 1);
	if (rest == 0)
		return true;
	return (rest & (rest - 1)) == 0 && rest != 1 && rest >> (n - 1) == 0 &&
	       s.p[at + (unsigned)__builtin_ctz(rest)] == '.';
}

/* Whether `n` bytes at p begin with the name. */
static inline bool is_name(const struct cached_name *name, const uint8_t *p, size_t n)
{
	__m128i a, b;
	unsigned same;

	if (name->n == 0 || n < name->n)
		return false;
	if (name->n > 16 || n < 16)
		return same_bytes(name->text, p, name->n);
	a = _mm_loadu_si128((const __m128i *)(const void *)name->text);
	b = _mm_loadu_si128((const __m128i *)(const void *)p);
	same = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(a, b));
	return (~same & ((1u << name->n) - 1)) == 0;
}

/* As collect_plain. */
static bool collect_listed(struct slice line, struct parse_cache *c, struct found *f)
{
	uint16_t place[QUOTES_MAX + 64 + 2];
	const uint16_t *next = place; /* the first at or behind `at` */
	size_t at = 1, end;

	if (!list_quotes(line, place))
		return false;
	for (struct cached_name *name = c->name; name < c->name + COUNT(c->name) && at < line.n; name++) {
		const struct row *row;

		if (!is_name(name, line.p + at, line.n - at) && !learn(c, name, slice_from(line, at)))
			return false;
		at += name->n;
		next += 2;
		if (at >= line.n)
			return false;
		row = name->row == 0 ? NULL : &rows[name->row - 1];
		if (line.p[at] == '"') {
			end = next[1];
			if (row != NULL)
				keep_value(f, row, slice_of(line.p + at + 1, end - at - 1), false);
			at = end + 1;
			next += 2;
		} else {
			end = *next - 1u; /* a comma before the next name, or the brace */
			if (end > at && is_number(line, at, end - at)) {
				if (row != NULL)
					keep_value(f, row, slice_of(line.p + at, end - at), false);
				at = end;
			} else if ((at = take_plain(line, at, row, f)) == 0) {
				return false;
			}
		}
		if (at >= line.n)
			return false;
		if (line.p[at] == '}')
			return at + 1 == line.n;
		if (line.p[at++] != ',')
			return false;
	}
	return false;
}

static bool collect_usual(struct slice line, struct parse_cache *c, struct found *f)
{
	if (line.n <= LISTED_LINE && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	    __builtin_cpu_supports("popcnt")) {
		if (collect_listed(line, c, f))
			return true;
		memset(f->rank, 0, sizeof f->rank);
	}
	return collect_plain(line, c, f);
}
#else
#define collect_usual collect_plain
#endif

bool members_collect(struct slice line, struct parse_cache *cache, struct found *f)
{
	memset(f->rank, 0, sizeof f->rank);
	if (cache != NULL && line.n > 0 && line.p[0] == '{') {
		if (collect_usual(line, cache, f))
			return true;
		memset(f->rank, 0, sizeof f->rank);
	}
	return collect_any(line, cache, f);
}
