#include "rules/alternatives.h"

#include <stdio.h>

#include "rules/fold.h"

#define DASHES_MAX 8
#define SPELLINGS_MAX 625

void alternatives_init(struct alternatives *a, struct arena *arena)
{
	*a = (struct alternatives){ .arena = arena };
	a->tail = &a->first;
}

void alternatives_add(struct alternatives *a, struct tokens t)
{
	struct alternative *x = arena_alloc(a->arena, sizeof *x);

	if (x == NULL)
		return;
	x->tokens = t;
	*a->tail = x;
	a->tail = &x->next;
	a->n++;
}

static bool refuse(struct alternatives *a, const char *text)
{
	snprintf(a->error, sizeof a->error, "%s", text);
	return false;
}

static bool too_many(struct alternatives *a)
{
	snprintf(a->error, sizeof a->error, "a value stands for more than %d texts", ALTERNATIVES_MAX);
	return false;
}

bool alternatives_open(struct alternatives *a, bool front, bool behind)
{
	for (struct alternative *x = a->first; x != NULL; x = x->next)
		x->tokens = tokens_open(a->arena, x->tokens, front, behind);
	return true;
}

/* ---- windash ---- */

static bool word_token(uint16_t t)
{
	return t < 256 && (t >= 0x80 || t == '_' || (t >= '0' && t <= '9') ||
			   (uint16_t)((t | 32) - 'a') < 26);
}

/* D-WINDASH: only where the dash begins a word. One token stands for all spellings. */
bool alternatives_windash(struct alternatives *a)
{
	for (struct alternative *x = a->first; x != NULL; x = x->next) {
		struct tokens t = tokens_join(a->arena, x->tokens, (struct tokens){ NULL, 0 });
		size_t dashes = 0;

		for (size_t i = 0; t.t != NULL && i + 1 < t.n; i++) {
			if ((t.t[i] != '-' && t.t[i] != '/') || (i > 0 && word_token(t.t[i - 1])) ||
			    !word_token(t.t[i + 1]))
				continue;
			t.t[i] = TOKEN_DASH;
			if (++dashes > DASHES_MAX)
				return refuse(a, "windash: more than 8 dashes in one value");
		}
		x->tokens = t;
	}
	return true;
}

/* Before an encoding every spelling must be written out. */
static bool spell_dashes(struct alternatives *out, struct tokens t)
{
	static const char *const spelling[] = { "-", "/", "\xE2\x80\x93", "\xE2\x80\x94", "\xE2\x80\x95" };
	size_t i = 0;

	while (i < t.n && t.t[i] != TOKEN_DASH)
		i++;
	if (i == t.n) {
		alternatives_add(out, t);
		return out->n <= SPELLINGS_MAX;
	}
	for (size_t k = 0; k < COUNT(spelling); k++) {
		struct tokens front = tokens_join(out->arena, tokens_part(t, 0, i),
						  tokens_bytes(out->arena, slice_str(spelling[k])));

		if (!spell_dashes(out, tokens_join(out->arena, front, tokens_part(t, i + 1, t.n))))
			return false;
	}
	return true;
}

/* ---- encodings ---- */

static struct slice base64(struct arena *a, struct slice in)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t *p = arena_raw(a, (in.n + 2) / 3 * 4 + 1);
	size_t n = 0;

	for (size_t i = 0; p != NULL && i < in.n; i += 3) {
		size_t left = in.n - i;
		uint32_t v = (uint32_t)in.p[i] << 16 | (left > 1 ? (uint32_t)in.p[i + 1] << 8 : 0) |
			     (left > 2 ? in.p[i + 2] : 0);

		p[n++] = (uint8_t)digit[v >> 18];
		p[n++] = (uint8_t)digit[v >> 12 & 63];
		p[n++] = left > 1 ? (uint8_t)digit[v >> 6 & 63] : '=';
		p[n++] = left > 2 ? (uint8_t)digit[v & 63] : '=';
	}
	return slice_of(p, n);
}

static void add_offsets(struct alternatives *out, struct slice text)
{
	static const uint8_t skip[] = { 0, 2, 3 }, cut[] = { 0, 3, 2 };

	for (size_t shift = 0; shift < 3; shift++) {
		uint8_t *p = arena_alloc(out->arena, text.n + 3);

		if (p == NULL)
			return;
		memcpy(p + shift, text.p, text.n);
		struct slice e = base64(out->arena, slice_of(p, text.n + shift));
		size_t end = cut[(text.n + shift) % 3];

		if (e.n <= skip[shift] + end) /* nothing stable is left */
			continue;
		e = slice_of(e.p + skip[shift], e.n - skip[shift] - end);
		alternatives_add(out, tokens_bytes(out->arena, e));
	}
}

static void put16(struct tokens *t, uint32_t unit, bool big)
{
	t->t[t->n++] = (uint16_t)(big ? unit >> 8 : unit & 255);
	t->t[t->n++] = (uint16_t)(big ? unit & 255 : unit >> 8);
}

static struct tokens utf16(struct arena *a, struct tokens t, enum encode how)
{
	struct tokens out = { arena_raw(a, (t.n + 1) * 4 * sizeof(uint16_t)), 0 };
	bool big = how == ENCODE_UTF16BE;

	if (out.t != NULL && how == ENCODE_UTF16)
		put16(&out, 0xFEFF, false);
	for (size_t i = 0; out.t != NULL && i < t.n;) {
		uint8_t bytes[4];
		size_t n = 0;
		uint32_t code;

		if (t.t[i] > 255 && t.t[i] != TOKEN_PERCENT) {
			out.t[out.n++] = t.t[i++];
			continue;
		}
		while (n < 4 && i + n < t.n && (t.t[i + n] < 256 || t.t[i + n] == TOKEN_PERCENT)) {
			bytes[n] = t.t[i + n] == TOKEN_PERCENT ? '%' : (uint8_t)t.t[i + n];
			n++;
		}
		i += utf8_unit(slice_of(bytes, n), &code);
		if (code >= 0x10000) {
			put16(&out, 0xD800 + ((code - 0x10000) >> 10), big);
			put16(&out, 0xDC00 + ((code - 0x10000) & 0x3FF), big);
		} else {
			put16(&out, code, big);
		}
	}
	return out;
}

static bool encode_one(struct alternatives *out, struct tokens t, enum encode how)
{
	struct slice text;

	if (how >= ENCODE_UTF16LE) {
		alternatives_add(out, utf16(out->arena, t, how));
		return true;
	}
	if (!tokens_literal(out->arena, t, &text))
		return refuse(out, "base64 takes no wildcards: put it before contains, and escape * and ?");
	if (how == ENCODE_BASE64)
		alternatives_add(out, tokens_bytes(out->arena, base64(out->arena, text)));
	else
		add_offsets(out, text);
	return true;
}

bool alternatives_encode(struct alternatives *a, enum encode how)
{
	struct alternatives spelt, out;

	alternatives_init(&spelt, a->arena);
	alternatives_init(&out, a->arena);
	for (struct alternative *x = a->first; x != NULL; x = x->next)
		if (!spell_dashes(&spelt, x->tokens))
			return refuse(a, "windash before an encoding: too many spellings, at most 4 dashes");
	for (struct alternative *x = spelt.first; x != NULL; x = x->next)
		if (!encode_one(&out, x->tokens, how))
			return refuse(a, out.error);
	*a = out;
	if (a->first == NULL)
		a->tail = &a->first;
	return true;
}

/* ---- expand ---- */

/* The next %name% at or behind `at`: *from at its first percent sign, *to behind its last. */
static bool placeholder(struct tokens t, size_t at, size_t *from, size_t *to)
{
	for (size_t i = at; i < t.n; i++) {
		size_t j = i + 1;

		if (t.t[i] != TOKEN_PERCENT)
			continue;
		while (j < t.n && (word_token(t.t[j]) || t.t[j] == '-' || t.t[j] == '.'))
			j++;
		if (j > i + 1 && j < t.n && t.t[j] == TOKEN_PERCENT) {
			*from = i;
			*to = j + 1;
			return true;
		}
	}
	return false;
}

static bool unknown_list(struct alternatives *a, const struct rule_list *list, struct slice name)
{
	if (list == NULL)
		snprintf(a->error, sizeof a->error,
			 "there is no list '%.*s' (rules.lists or networks.lists of the configuration, or --lists)",
			 (int)name.n, (const char *)name.p);
	else
		snprintf(a->error, sizeof a->error, "the list '%s' cannot be read: %.180s", list->name,
			 list->problem.text);
	return false;
}

static bool expand_one(struct alternatives *a, struct alternatives *out, struct tokens t,
		       struct rule_lists *lists)
{
	size_t from, to;
	struct slice name;

	if (!placeholder(t, 0, &from, &to)) {
		alternatives_add(out, t);
		return out->n <= ALTERNATIVES_MAX || too_many(a);
	}
	if (!tokens_literal(a->arena, tokens_part(t, from + 1, to - 1), &name))
		return refuse(a, "no memory");
	struct rule_list *list = lists_get(lists, name);

	if (list == NULL || list->problem.code != TK_OK)
		return unknown_list(a, list, name);
	for (const struct list_value *v = list->values; v != NULL; v = v->next) {
		struct tokens front = tokens_join(a->arena, tokens_part(t, 0, from),
						  tokens_parse(a->arena, v->text, false));

		if (!expand_one(a, out, tokens_join(a->arena, front, tokens_part(t, to, t.n)), lists))
			return false;
	}
	return true;
}

bool alternatives_expand(struct alternatives *a, struct rule_lists *lists)
{
	struct alternatives out;

	alternatives_init(&out, a->arena);
	for (struct alternative *x = a->first; x != NULL; x = x->next)
		if (!expand_one(a, &out, x->tokens, lists))
			return false;
	*a = out;
	if (a->first == NULL)
		a->tail = &a->first;
	return true;
}

bool alternatives_shipped(struct slice text, struct rule_lists *lists)
{
	const struct rule_list *list;

	if (text.n < 3 || text.p[0] != '%' || text.p[text.n - 1] != '%')
		return false;
	list = lists_get(lists, slice_of(text.p + 1, text.n - 2));
	return list != NULL && list->shipped;
}
