#include "rules/pattern.h"

#include "rules/fold.h"

static struct tokens tokens_new(struct arena *a, size_t n)
{
	return (struct tokens){ arena_raw(a, (n == 0 ? 1 : n) * sizeof(uint16_t)), 0 };
}

struct tokens tokens_parse(struct arena *a, struct slice text, bool percent)
{
	struct tokens out = tokens_new(a, text.n);

	for (size_t i = 0; out.t != NULL && i < text.n; i++) {
		uint8_t c = text.p[i], next = i + 1 < text.n ? text.p[i + 1] : 0;
		bool escapes = next == '*' || next == '?' || next == '\\' || (percent && next == '%');

		if (c == '\\' && i + 1 < text.n && escapes)
			out.t[out.n++] = text.p[++i];
		else if (c == '*' && out.n > 0 && out.t[out.n - 1] == TOKEN_ANY)
			continue; /* two in a row are one */
		else
			out.t[out.n++] = c == '*' ? TOKEN_ANY : c == '?' ? TOKEN_ONE :
					 c == '%' && percent ? TOKEN_PERCENT : c;
	}
	return out;
}

struct tokens tokens_join(struct arena *a, struct tokens x, struct tokens y)
{
	struct tokens out = tokens_new(a, x.n + y.n);

	if (out.t == NULL)
		return out;
	if (x.n > 0)
		memcpy(out.t, x.t, x.n * sizeof *x.t);
	if (y.n > 0)
		memcpy(out.t + x.n, y.t, y.n * sizeof *y.t);
	out.n = x.n + y.n;
	return out;
}

struct tokens tokens_open(struct arena *a, struct tokens x, bool front, bool behind)
{
	static uint16_t any[] = { TOKEN_ANY };
	const struct tokens one = { any, 1 };

	if (front && (x.n == 0 || x.t[0] != TOKEN_ANY))
		x = tokens_join(a, one, x);
	if (behind && (x.n == 0 || x.t[x.n - 1] != TOKEN_ANY))
		x = tokens_join(a, x, one);
	return x;
}

struct tokens tokens_bytes(struct arena *a, struct slice bytes)
{
	struct tokens out = tokens_new(a, bytes.n);

	for (size_t i = 0; out.t != NULL && i < bytes.n; i++)
		out.t[out.n++] = bytes.p[i];
	return out;
}

bool tokens_literal(struct arena *a, struct tokens x, struct slice *out)
{
	uint8_t *p = arena_raw(a, x.n + 1);

	for (size_t i = 0; p != NULL && i < x.n; i++) {
		if (x.t[i] > 255 && x.t[i] != TOKEN_PERCENT)
			return false;
		p[i] = x.t[i] == TOKEN_PERCENT ? '%' : (uint8_t)x.t[i];
	}
	if (p != NULL)
		p[x.n] = 0;
	*out = slice_of(p, p == NULL ? 0 : x.n);
	return p != NULL;
}

static bool fold_literal(struct arena *a, bool cased, struct slice *s)
{
	if (cased || fold_is_identity(*s))
		return true;
	uint8_t *p = arena_raw(a, fold_room(s->n));

	if (p == NULL)
		return false;
	*s = slice_of(p, fold_text(*s, p));
	return true;
}

/* Folds the literal bytes between wildcards in place of the tokens. */
static struct tokens fold_tokens(struct arena *a, struct tokens x)
{
	struct tokens out = { NULL, 0 };

	for (size_t i = 0; i < x.n;) {
		size_t j = i;
		struct slice run;
		struct tokens part;

		while (j < x.n && x.t[j] < 256)
			j++;
		if (j == i) {
			part = tokens_part(x, i, i + 1);
			j++;
		} else {
			part = tokens_part(x, i, j);
			if (!tokens_literal(a, part, &run) || !fold_literal(a, false, &run))
				return x;
			part = tokens_bytes(a, run);
		}
		out = tokens_join(a, out, part);
		i = j;
	}
	return out;
}

static bool piece_build(struct arena *a, struct tokens x, struct piece *p)
{
	p->tokens = x;
	for (size_t i = 0; i < x.n; i++) {
		p->shortest++;
		p->longest += x.t[i] == TOKEN_ONE ? 4 : x.t[i] == TOKEN_DASH ? 3 : 1;
	}
	if (!tokens_literal(a, x, &p->literal))
		p->literal = (struct slice){ NULL, 0 };
	return !a->failed;
}

static bool pieces_build(struct arena *a, struct tokens x, struct pattern *out)
{
	size_t max = 1, from = 0;

	for (size_t i = 0; i < x.n; i++)
		max += x.t[i] == TOKEN_ANY;
	out->kind = PATTERN_PIECES;
	out->pieces = arena_alloc(a, max * sizeof *out->pieces);
	for (size_t i = 0; out->pieces != NULL && i <= x.n; i++) {
		if (i < x.n && x.t[i] != TOKEN_ANY)
			continue;
		if (i > from && !piece_build(a, tokens_part(x, from, i), &out->pieces[out->n_pieces++]))
			return false;
		from = i + 1;
	}
	return out->pieces != NULL;
}

static bool is_quick(const struct pattern *p)
{
	if (p->cased || (p->kind != PATTERN_EQUAL && p->kind != PATTERN_START))
		return false;
	for (size_t i = 0; i < p->literal.n; i++)
		if (p->literal.p[i] >= 0x80)
			return false;
	return true;
}

struct pattern pattern_equal(struct slice literal, bool cased)
{
	struct pattern p = { .kind = PATTERN_EQUAL, .cased = cased, .literal = literal };

	p.quick = is_quick(&p);
	return p;
}

bool pattern_build(struct arena *a, struct tokens x, bool cased, struct pattern *out)
{
	*out = (struct pattern){ .cased = cased };
	for (size_t i = 0; i < x.n; i++)
		if (x.t[i] == TOKEN_PERCENT)
			x.t[i] = '%';
	/* either way a copy: the tokens given are of the document, the pattern is of the set */
	x = cased ? tokens_join(a, (struct tokens){ NULL, 0 }, x) : fold_tokens(a, x);
	if (a->failed)
		return false;
	out->open_front = x.n > 0 && x.t[0] == TOKEN_ANY;
	out->open_behind = x.n > 0 && x.t[x.n - 1] == TOKEN_ANY;
	if (x.n == 1 && out->open_front) {
		out->kind = PATTERN_ALL;
		return true;
	}
	if (tokens_literal(a, tokens_part(x, out->open_front, x.n - out->open_behind), &out->literal)) {
		out->kind = out->open_front ? (out->open_behind ? PATTERN_INSIDE : PATTERN_END) :
			    out->open_behind ? PATTERN_START : PATTERN_EQUAL;
		out->quick = is_quick(out);
		return true;
	}
	return !a->failed && pieces_build(a, x, out);
}

/* Bytes that the piece covers at the front of s, or SIZE_MAX. */
static size_t piece_at(const struct piece *p, struct slice s)
{
	size_t k = 0;

	for (size_t i = 0; i < p->tokens.n; i++) {
		uint16_t t = p->tokens.t[i];
		uint32_t code;

		if (k >= s.n)
			return SIZE_MAX;
		if (t < 256) {
			if (s.p[k++] != t)
				return SIZE_MAX;
			continue;
		}
		k += utf8_unit(slice_from(s, k), &code);
		if (t == TOKEN_DASH && code != '-' && code != '/' && (code < 0x2013 || code > 0x2015))
			return SIZE_MAX;
	}
	return k;
}

/* First place at or behind `at` where the piece is found; *end is behind it. */
static bool piece_find(const struct piece *p, struct slice s, size_t at, size_t *end)
{
	if (p->literal.p != NULL) {
		const uint8_t *hit = at > s.n ? NULL : memmem(s.p + at, s.n - at, p->literal.p, p->literal.n);

		*end = hit == NULL ? 0 : (size_t)(hit - s.p) + p->literal.n;
		return hit != NULL;
	}
	while (at + p->shortest <= s.n) {
		size_t n = piece_at(p, slice_from(s, at));
		uint32_t code;

		if (n != SIZE_MAX) {
			*end = at + n;
			return true;
		}
		at += utf8_unit(slice_from(s, at), &code);
	}
	return false;
}

/* The piece must end where s ends, and begin at or behind `at`. */
static bool piece_ends(const struct piece *p, struct slice s, size_t at)
{
	size_t from = s.n > p->longest ? s.n - p->longest : 0;

	if (from < at)
		from = at;
	for (; from + p->shortest <= s.n; from++)
		if ((from == at || (s.p[from] & 0xC0) != 0x80) &&
		    piece_at(p, slice_from(s, from)) == s.n - from)
			return true;
	return false;
}

static bool pieces_match(const struct pattern *p, struct slice s)
{
	size_t at = 0, i = 0, n = p->n_pieces;

	if (!p->open_front) {
		at = piece_at(&p->pieces[0], s);
		if (at == SIZE_MAX)
			return false;
		i = 1;
		if (n == 1 && !p->open_behind)
			return at == s.n;
	}
	for (; i + !p->open_behind < n; i++)
		if (!piece_find(&p->pieces[i], s, at, &at))
			return false;
	return p->open_behind || i >= n || piece_ends(&p->pieces[i], s, at);
}

int pattern_quick(const struct pattern *p, struct slice text)
{
	size_t n = p->literal.n;

	for (size_t i = 0; i < n; i++) {
		uint8_t c = i < text.n ? text.p[i] : 0;

		if (c >= 0x80)
			return -1; /* it may fold to an ASCII letter: U+212A is k */
		if (i >= text.n || ((uint8_t)(c - 'A') < 26 ? c | 32 : c) != p->literal.p[i])
			return 0;
	}
	return p->kind == PATTERN_START || text.n == n;
}

bool pattern_match(const struct pattern *p, struct slice text)
{
	switch (p->kind) {
	case PATTERN_ALL:
		return true;
	case PATTERN_EQUAL:
		return slice_eq(text, p->literal);
	case PATTERN_START:
		return slice_starts(text, p->literal);
	case PATTERN_END:
		return slice_ends(text, p->literal);
	case PATTERN_INSIDE:
		return p->literal.n == 0 || (text.n >= p->literal.n &&
					     memmem(text.p, text.n, p->literal.p, p->literal.n) != NULL);
	default:
		return pieces_match(p, text.p == NULL ? slice_of("", 0) : text);
	}
}
