/* Masks: what looks like a credential in free text, and the values of secret-bearing parameters. */
#include "sensor/fields/secret.h"
#include "sensor/fields/text.h"

struct credential {
	const char *prefix;
	uint8_t n, anchor, least;
};

static const struct credential credentials[] = {
#define CREDENTIAL(prefix, anchor, least) { prefix, sizeof(prefix) - 1, anchor, least },
#include "sensor/fields/credentials.def"
#undef CREDENTIAL
};

/* What a byte can be. The scan stops at two bytes in a row of which the first is BEFORE_x and the second x:
 * the anchors of credentials.def behind what stands there in a prefix, and "Be", "Ba" of Bearer and Basic. A
 * unit test checks that every prefix is found. */
#define ANCHOR 1
#define ANCHOR_LETTER 2 /* apart, since words and hex digits are full of these */
#define SCHEME 4
#define PAIR_SHIFT 3
#define BEFORE (ANCHOR << PAIR_SHIFT)
#define BEFORE_LETTER (ANCHOR_LETTER << PAIR_SHIFT)
#define BEFORE_SCHEME (SCHEME << PAIR_SHIFT)
#define PAIRS (ANCHOR | ANCHOR_LETTER | SCHEME)
#define TOKEN 64   /* RFC 6750 2.1 without / + =, which end a token in a URL */
#define WIDE 128   /* those too: behind "Bearer " */
#define HIDES 256  /* %XX may hide any of them */
static const uint16_t kind[256] = {
	['-'] = ANCHOR | TOKEN, ['_'] = ANCHOR | TOKEN, ['z'] = ANCHOR_LETTER | TOKEN,
	['J'] = ANCHOR_LETTER | TOKEN, ['K'] = ANCHOR_LETTER | TOKEN, ['9'] = ANCHOR_LETTER | TOKEN,
	['B'] = BEFORE_SCHEME | TOKEN, ['b'] = BEFORE_SCHEME | TOKEN | BEFORE,
	['.'] = TOKEN, ['~'] = TOKEN, ['/'] = WIDE, ['+'] = WIDE, ['='] = WIDE, ['%'] = HIDES,
	['0'] = TOKEN, ['1'] = TOKEN, ['2'] = TOKEN | BEFORE_LETTER, ['3' ... '7'] = TOKEN,
	['8'] = TOKEN | BEFORE, ['A'] = TOKEN | SCHEME, ['C'] = TOKEN, ['D'] = TOKEN, ['E'] = TOKEN | SCHEME,
	['F' ... 'H'] = TOKEN, ['I'] = TOKEN | BEFORE_LETTER, ['L' ... 'R'] = TOKEN,
	['S'] = TOKEN | BEFORE_LETTER, ['T' ... 'Z'] = TOKEN,
	['a'] = TOKEN | BEFORE | SCHEME, ['c'] = TOKEN, ['d'] = TOKEN, ['e'] = TOKEN | SCHEME,
	['f'] = TOKEN | BEFORE, ['g'] = TOKEN, ['h'] = TOKEN, ['i'] = TOKEN | BEFORE, ['j'] = TOKEN,
	['k'] = TOKEN | BEFORE, ['l' ... 'o'] = TOKEN, ['p'] = TOKEN | BEFORE, ['q'] = TOKEN, ['r'] = TOKEN,
	['s'] = TOKEN | BEFORE, ['t' ... 'v'] = TOKEN, ['w'] = TOKEN | BEFORE, ['x'] = TOKEN | BEFORE,
	['y'] = TOKEN | BEFORE_LETTER,
};

static size_t token_end(struct slice s, size_t i, unsigned kinds)
{
	while (i < s.n && (kind[s.p[i]] & kinds) != 0)
		i++;
	return i;
}

static bool is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* A prefix inside a word is none: "task-force". */
static bool word_begins(struct slice s, size_t i)
{
	return i == 0 || !is_alnum(s.p[i - 1]);
}

static bool credential_at(struct slice s, size_t i, size_t *from, size_t *to)
{
	for (size_t k = 0; k < COUNT(credentials); k++) {
		const struct credential *c = &credentials[k];
		size_t start = i - c->anchor;

		if ((uint8_t)c->prefix[c->anchor] != s.p[i] || i < c->anchor || s.n - start < c->n ||
		    memcmp(s.p + start, c->prefix, c->n) != 0 || !word_begins(s, start))
			continue;
		*from = start;
		*to = token_end(s, start + c->n, TOKEN);
		if (*to - start - c->n >= c->least)
			return true;
	}
	return false;
}

static bool scheme_is(struct slice s, const char *name, size_t n)
{
	if (s.n <= n || (s.p[n] != ' ' && s.p[n] != '+'))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((s.p[i] | 0x20) != name[i])
			return false;
	return true;
}

/* "Bearer abc", "Basic abc": whatever the token looks like. */
static bool scheme_at(struct slice s, size_t i, size_t *from, size_t *to)
{
	struct slice rest = slice_from(s, i);
	size_t n, least;

	if (rest.n < 8)
		return false;
	if (scheme_is(rest, "bearer", 6)) {
		n = 7;
		least = 4;
	} else if (scheme_is(rest, "basic", 5)) {
		n = 6;
		least = 8; /* "Basic auth" is an ordinary phrase */
	} else {
		return false;
	}
	*from = i + n;
	*to = token_end(s, i + n, TOKEN | WIDE);
	return word_begins(s, i) && *to - *from >= least;
}

bool secret_find(struct slice s, size_t i, size_t *from, size_t *to)
{
	size_t start = i;

	for (i += i == 0; i < s.n; i++) {
		unsigned pair = (unsigned)(kind[s.p[i - 1]] >> PAIR_SHIFT) & kind[s.p[i]] & PAIRS;

		if (pair == 0)
			continue;
		if ((pair & SCHEME) != 0 && i > start && scheme_at(s, i - 1, from, to))
			return true;
		if ((pair & ~(unsigned)SCHEME) != 0 && credential_at(s, i, from, to))
			return true;
	}
	return false;
}

static size_t put(uint8_t *out, size_t n, struct slice s)
{
	if (s.p != NULL)
		memcpy(out + n, s.p, s.n);
	return n + s.n;
}

/* Copies with credentials masked; a credential is longer than its mask, so out needs s.n bytes. */
static size_t copy_masked(struct slice s, uint8_t *out)
{
	size_t n = 0, done = 0, from, to;

	while (secret_find(s, done, &from, &to)) {
		n = put(out, n, slice_of(s.p + done, from - done));
		n = put(out, n, SLICE(SECRET_MASK));
		done = to;
	}
	return put(out, n, slice_from(s, done));
}

/* Does %XX hide a credential? Undone in the scratch, which is given back. */
static bool hidden_in(struct slice s, struct scratch *scratch)
{
	size_t mark = scratch->n, from, to;
	uint8_t *plain;
	bool found;

	if (s.n == 0 || memchr(s.p, '%', s.n) == NULL)
		return false;
	plain = scratch_take(scratch, s.n);
	if (plain == NULL)
		return true; /* rather too much masked than too little */
	found = secret_find(slice_of(plain, text_unpercent(s, plain)), 0, &from, &to);
	scratch->n = mark;
	return found;
}

static bool ends_unit(uint8_t c)
{
	return c == '/' || c == '&' || c == '?' || c == '=' || c == ';' || c == '#';
}

/* Units between delimiters that hide a credential in %XX go as a whole; out needs 3 bytes more than s. */
static size_t copy_unhidden(struct slice s, struct scratch *scratch, uint8_t *out)
{
	size_t n = 0;

	while (s.n > 0) {
		size_t u = 0;
		struct slice unit;

		while (u < s.n && !ends_unit(s.p[u]))
			u++;
		unit = slice_head(s, u);
		n = put(out, n, hidden_in(unit, scratch) ? SLICE(SECRET_MASK) : unit);
		n = put(out, n, slice_head(slice_from(s, u), 1));
		s = slice_from(s, u + 1);
	}
	return n;
}

/* What secret_find finds goes first, then what only %XX hides; what is still there then lies across
 * delimiters, and the whole text goes. */
static struct slice mask_thoroughly(struct slice text, struct scratch *s)
{
	size_t from, to, n;
	uint8_t *out;

	if (secret_find(text, 0, &from, &to)) {
		out = scratch_take(s, text.n);
		if (out == NULL)
			return slice_of(NULL, 0);
		n = copy_masked(text, out);
		s->n -= text.n - n;
		text = slice_of(out, n);
	}
	if (!hidden_in(text, s))
		return text;
	out = scratch_take(s, text.n + sizeof SECRET_MASK);
	if (out == NULL)
		return slice_of(NULL, 0);
	n = copy_unhidden(text, s, out);
	s->n -= text.n + sizeof SECRET_MASK - n;
	return hidden_in(slice_of(out, n), s) ? SLICE(SECRET_MASK) : slice_of(out, n);
}

typedef uint8_t bytes16 __attribute__((vector_size(16)));

static inline bool are_hex(const uint8_t *p)
{
	bytes16 v, good;
	uint64_t half[2];

	memcpy(&v, p, sizeof v);
	good = (bytes16)(v - '0' <= 9) | (bytes16)((v | 0x20) - 'a' <= 5) | (bytes16)(v == '-');
	memcpy(half, &good, sizeof half);
	return (half[0] & half[1]) == UINT64_MAX;
}

/* An identifier of 16 to 64 hexadecimal digits and hyphens, as each request has one: every prefix of
 * credentials.def and both schemes have another letter, which a unit test checks. */
static bool is_hex(struct slice s)
{
	if (s.n < 16 || s.n > 64 || !are_hex(s.p + s.n - 16))
		return false;
	for (size_t i = 0; i + 16 < s.n; i += 16)
		if (!are_hex(s.p + i))
			return false;
	return true;
}

/* One look at each byte and no turn taken on the way, for the text that nearly all text is. */
static bool is_harmless(struct slice s)
{
	unsigned last = 0, now, all = 0;

	if (is_hex(s))
		return true;
	for (size_t i = 0; i < s.n; i++, last = now) {
		now = kind[s.p[i]];
		all |= (last >> PAIR_SHIFT & now & PAIRS) | (now & HIDES);
	}
	return all == 0;
}

struct slice secret_mask_text(struct slice text, struct scratch *s)
{
	return is_harmless(text) ? text : mask_thoroughly(text, s);
}

/* ---- parameters ---- */

#define NAME_MAX_NORMAL 64

/* Lower case, %XX undone, without - _ . and brackets: api_key, API-Key and apikey are one name. */
static struct slice normal_name(struct slice name, uint8_t out[NAME_MAX_NORMAL])
{
	uint8_t plain[NAME_MAX_NORMAL];
	size_t n = 0, k;

	if (name.n > NAME_MAX_NORMAL) /* the end says what it is: x-my-long-...-api-key */
		name = slice_from(name, name.n - NAME_MAX_NORMAL);
	k = text_unpercent(name, plain);
	for (size_t i = 0; i < k; i++) {
		uint8_t c = plain[i];

		if (c == '-' || c == '_' || c == '.' || c == '[' || c == ']' || c == ' ' || c == '+')
			continue;
		out[n++] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
	}
	return slice_of(out, n);
}

static bool in_list(struct slice name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_is(name, list[i]))
			return true;
	return false;
}

static bool has_ending(struct slice name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_ends(name, slice_str(list[i])))
			return true;
	return false;
}

enum parameter secret_parameter(struct slice name)
{
	static const char *const key_endings[] = { "key", "token", "authorization", "apikeyid" };
	static const char *const secret_endings[] = {
		"secret", "password", "passwd", "signature", "credential", "credentials", "assertion", "jwt",
	};
	static const char *const keys[] = { "auth", "bearer" };
	static const char *const secrets[] = { "sig", "pass", "pwd", "code", "session", "sessionid", "sid" };
	static const char *const prompts[] = {
		"prompt", "prompts", "message", "messages", "input", "inputs", "question", "text", "content",
		"contents", "instructions", "system",
	};
	uint8_t room[NAME_MAX_NORMAL];
	struct slice n = normal_name(name, room);

	if (in_list(n, keys, COUNT(keys)) || has_ending(n, key_endings, COUNT(key_endings)))
		return PARAMETER_KEY;
	if (in_list(n, secrets, COUNT(secrets)) || has_ending(n, secret_endings, COUNT(secret_endings)))
		return PARAMETER_SECRET;
	return in_list(n, prompts, COUNT(prompts)) ? PARAMETER_PROMPT : PARAMETER_PLAIN;
}

bool secret_bearing_name(struct slice parameter)
{
	enum parameter p = secret_parameter(parameter);

	return p == PARAMETER_KEY || p == PARAMETER_SECRET;
}

bool secret_next_parameter(struct slice *query, struct slice *name, struct slice *value,
			   struct slice *separator)
{
	size_t n = 0, eq;

	if (query->n == 0)
		return false;
	while (n < query->n && query->p[n] != '&' && query->p[n] != ';')
		n++;
	*name = slice_head(*query, n);
	*separator = slice_head(slice_from(*query, n), 1);
	*query = slice_from(*query, n + 1);
	for (eq = 0; eq < name->n && name->p[eq] != '='; eq++)
		;
	*value = slice_from(*name, eq + 1);
	*name = slice_head(*name, eq == name->n ? eq : eq + 1); /* with its '=' */
	return true;
}

static struct slice without_equals(struct slice name)
{
	return name.n > 0 && name.p[name.n - 1] == '=' ? slice_head(name, name.n - 1) : name;
}

struct slice secret_mask_query(struct slice query, bool prompts, struct scratch *s)
{
	struct slice rest = query, name, value, separator;
	size_t cap = query.n + 4, n = 0, mark = s->n;
	uint8_t *out;

	for (size_t i = 0; i < query.n; i++)
		cap += query.p[i] == '&' || query.p[i] == ';' ? 4 : 0; /* "x" becomes "***" */
	out = scratch_take(s, cap);
	if (out == NULL)
		return slice_of(NULL, 0);
	while (secret_next_parameter(&rest, &name, &value, &separator)) {
		enum parameter what = secret_parameter(without_equals(name));

		n = put(out, n, secret_mask_text(name, s));
		if (value.n > 0 && (what == PARAMETER_KEY || what == PARAMETER_SECRET))
			n = put(out, n, SLICE(SECRET_MASK));
		else if (value.n > 0 && prompts && what == PARAMETER_PROMPT)
			n = put(out, n, SLICE(PROMPT_MASK));
		else
			n = put(out, n, secret_mask_text(value, s));
		n = put(out, n, separator);
		s->n = mark + cap;
	}
	if (n == query.n && memcmp(out, query.p, n) == 0) {
		s->n = mark;
		return secret_mask_text(query, s);
	}
	s->n = mark + n;
	return secret_mask_text(slice_of(out, n), s); /* a name and its value together may look like one */
}
