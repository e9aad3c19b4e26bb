/* Keys reduced to fingerprints. */
#include "sensor/fields/secret.h"

#include "core/base/base64.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "sensor/fields/cache.h"
#include "sensor/fields/text.h"

#define SUBJECT_SOURCE_MAX 4096 /* base64 of a JWT's payload; more is not read */

/* Both alphabets of RFC 4648. */
static int any_digit(uint8_t c)
{
	return base64_digit(c == '-' ? '+' : c == '_' ? '/' : c);
}

struct slice secret_base64(struct slice in, size_t max, struct scratch *s)
{
	uint32_t bits = 0;
	int have = 0;
	size_t n = 0;
	uint8_t *out;

	while (in.n > 0 && in.p[in.n - 1] == '=')
		in.n--;
	out = in.n == 0 || in.n > max ? NULL : scratch_take(s, in.n);
	if (out == NULL)
		return slice_of(NULL, 0);
	for (size_t i = 0; i < in.n; i++) {
		int v = any_digit(in.p[i]);

		if (v < 0)
			return slice_of(NULL, 0);
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (uint8_t)(bits >> have);
		}
	}
	return slice_of(out, n);
}

/* Who a JWT claims to be: the person, else the application that asked (llm-usage.md 7). Not verified: that is
 * the gateway's work. */
static struct slice claimed_subject(struct slice payload, struct scratch *s)
{
	static const char *const claims[] = {
		"sub", "preferred_username", "upn", "email", "azp", "appid", "client_id",
	};
	struct slice found[COUNT(claims)] = { { NULL, 0 } };
	struct json j;
	enum json_type t;

	json_init(&j, payload);
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return slice_of(NULL, 0);
	while ((t = json_next(&j)) == JSON_KEY) {
		size_t k = 0;

		while (k < COUNT(claims) && !slice_is(j.text, claims[k]))
			k++;
		if (k == COUNT(claims)) {
			if (!json_skip(&j))
				return slice_of(NULL, 0);
			continue;
		}
		t = json_next(&j);
		if (t == JSON_STRING)
			found[k] = j.text;
		else if (t == JSON_OBJECT_BEGIN || t == JSON_ARRAY_BEGIN || t == JSON_ERROR)
			return slice_of(NULL, 0);
	}
	for (size_t k = 0; k < COUNT(claims) && t != JSON_ERROR; k++) {
		uint8_t *out = found[k].n == 0 ? NULL : scratch_take(s, found[k].n);
		size_t n = out == NULL ? SIZE_MAX : json_unescape(found[k], out);

		if (n != SIZE_MAX && n > 0)
			return slice_of(out, n);
	}
	return slice_of(NULL, 0);
}

/* The token changes hourly, its subject does not. Empty: not a JWT after all. */
static struct slice jwt_subject(struct slice token, struct scratch *s)
{
	const uint8_t *dot = memchr(token.p, '.', token.n), *end;
	struct slice rest;

	if (dot == NULL)
		return slice_of(NULL, 0);
	rest = slice_from(token, (size_t)(dot - token.p) + 1);
	end = rest.n == 0 ? NULL : memchr(rest.p, '.', rest.n);
	if (end == NULL)
		return slice_of(NULL, 0);
	return claimed_subject(secret_base64(slice_head(rest, (size_t)(end - rest.p)), SUBJECT_SOURCE_MAX, s),
			       s);
}

/* The user of "user:password"; of ":key" the key, which then is all that there is. */
static struct slice basic_user(struct slice token, struct scratch *s, bool *named)
{
	struct slice pair = secret_base64(token, SUBJECT_SOURCE_MAX, s);
	const uint8_t *colon = pair.n == 0 ? NULL : memchr(pair.p, ':', pair.n);
	size_t n = colon == NULL ? 0 : (size_t)(colon - pair.p);

	*named = n > 0 && n + 1 < pair.n; /* a user without password is a key (RFC 7617 has none for that) */
	return colon == NULL ? slice_of(NULL, 0) : n > 0 ? slice_head(pair, n) : slice_from(pair, 1);
}

/* "Credential=AKIA.../date/region/service/aws4_request, ...": the access key id. */
static struct slice signer(struct slice rest)
{
	static const char word[] = "Credential=";
	const uint8_t *at = rest.n == 0 ? NULL : memmem(rest.p, rest.n, word, sizeof word - 1);
	size_t n = 0;

	if (at == NULL)
		return slice_of(NULL, 0);
	rest = slice_from(rest, (size_t)(at - rest.p) + sizeof word - 1);
	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != ',' && rest.p[n] != ' ')
		n++;
	return slice_head(rest, n);
}

/* RFC 7616 3.4: username="...", somewhere in the list. */
static struct slice digest_user(struct slice rest)
{
	static const char word[] = "username=\"";
	const uint8_t *at = rest.n == 0 ? NULL : memmem(rest.p, rest.n, word, sizeof word - 1), *end;

	if (at == NULL)
		return slice_of(NULL, 0);
	rest = slice_from(rest, (size_t)(at - rest.p) + sizeof word - 1);
	end = rest.n == 0 ? NULL : memchr(rest.p, '"', rest.n);
	return end == NULL ? slice_of(NULL, 0) : slice_head(rest, (size_t)(end - rest.p));
}

enum scheme { SCHEME_NONE, SCHEME_TOKEN, SCHEME_BASIC, SCHEME_SIGNED, SCHEME_DIGEST, SCHEME_ONCE };

static bool word_is(struct slice word, const char *name)
{
	size_t n = strlen(name);

	if (word.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((word.p[i] | 0x20) != (name[i] | 0x20))
			return false;
	return true;
}

static enum scheme scheme_of(struct slice word)
{
	static const struct {
		const char *word;
		enum scheme scheme;
	} schemes[] = {
		{ "bearer", SCHEME_TOKEN },
		{ "token", SCHEME_TOKEN },
		{ "apikey", SCHEME_TOKEN },
		{ "api-key", SCHEME_TOKEN },
		{ "key", SCHEME_TOKEN },
		{ "dpop", SCHEME_TOKEN },
		{ "jwt", SCHEME_TOKEN },
		{ "oauth", SCHEME_TOKEN },
		{ "basic", SCHEME_BASIC },
		{ "digest", SCHEME_DIGEST },
		{ "negotiate", SCHEME_ONCE },
		{ "ntlm", SCHEME_ONCE },
		{ "AWS4-HMAC-SHA256", SCHEME_SIGNED },
		{ "AWS4-ECDSA-P256-SHA256", SCHEME_SIGNED },
		{ "GOOG4-HMAC-SHA256", SCHEME_SIGNED },
		{ "GOOG4-RSA-SHA256", SCHEME_SIGNED },
	};

	for (size_t i = 0; i < COUNT(schemes); i++)
		if (word_is(word, schemes[i].word))
			return schemes[i].scheme;
	return SCHEME_NONE;
}

/* What is found in a credential header. */
struct credential_parts {
	struct slice secret; /* what is fingerprinted */
	struct slice claim;  /* whom it names */
	bool once;	     /* good for one connection: it tells nobody from anybody */
};

static struct credential_parts take_apart(struct slice value, struct scratch *s)
{
	struct credential_parts c = { 0 };
	struct slice word, rest;
	bool named = true;
	enum scheme scheme;

	value = rest = text_trim(value);
	word = text_word(&rest);
	scheme = scheme_of(word);
	if (rest.n == 0 && (word_is(word, "none") || word_is(word, "bearer") || word_is(word, "basic")))
		return c;
	if (rest.n == 0)
		scheme = SCHEME_NONE;
	rest = scheme == SCHEME_NONE ? value : text_trim(rest); /* the name of a credential may hold blanks */
	c.secret = rest;
	if (scheme == SCHEME_SIGNED)
		c.secret = signer(rest);
	else if (scheme == SCHEME_DIGEST)
		c.claim = digest_user(rest);
	else if (scheme == SCHEME_BASIC)
		c.claim = basic_user(rest, s, &named);
	c.once = scheme == SCHEME_ONCE || (scheme == SCHEME_DIGEST && c.claim.n == 0);
	if (c.claim.n == 0 && slice_starts(rest, SLICE("eyJ")))
		c.claim = jwt_subject(rest, s);
	if (c.claim.n > 0)
		c.secret = c.claim; /* the token changes hourly, its subject does not */
	if (!named)
		c.claim = slice_of(NULL, 0);
	return c;
}

struct slice secret_part(struct slice value, struct scratch *s)
{
	return take_apart(value, s).secret;
}

struct slice secret_claim(struct slice value, struct scratch *s)
{
	struct slice claim = take_apart(value, s).claim;
	size_t from, to;

	return secret_find(claim, 0, &from, &to) ? slice_of(NULL, 0) : claim;
}

/* What gateways write in place of a header that they will not show: there was one, not which. */
static bool is_blanked(struct slice s)
{
	static const char *const words[] = {
		"REDACTED", "[REDACTED]", "<REDACTED>", "(REDACTED)", "MASKED", "[MASKED]",
		"[FILTERED]", "HIDDEN",
	};
	size_t n = 0;

	for (size_t i = 0; i < COUNT(words); i++)
		if (word_is(s, words[i]))
			return true;
	while (n < s.n && (s.p[n] == '*' || s.p[n] == 'x' || s.p[n] == 'X' || s.p[n] == '.'))
		n++;
	return n == s.n && n >= 3;
}

static void set_fingerprint(struct access_event *ev, const uint8_t bytes[FINGERPRINT_BYTES],
			    struct scratch *s)
{
	char hex[2 * FINGERPRINT_BYTES + 1];
	uint8_t *out = scratch_take(s, sizeof hex - 1);

	if (out == NULL)
		return;
	hex_encode(slice_of(bytes, FINGERPRINT_BYTES), hex);
	memcpy(out, hex, sizeof hex - 1);
	ev_set_str(ev, F_KEY_ID, slice_of(out, sizeof hex - 1));
}

/* The scratch is as full behind it as before. */
static enum key_state examine(struct slice value, const struct parse_context *ctx,
			      uint8_t fingerprint[FINGERPRINT_BYTES])
{
	size_t mark = ctx->scratch->n;
	struct credential_parts c = take_apart(value, ctx->scratch);
	enum key_state state = KEY_UNKNOWN;

	if (c.secret.n == 0)
		state = KEY_ABSENT;
	else if (!c.once && !is_blanked(c.secret) &&
		 fingerprint_make(ctx->fingerprint_key, c.secret, fingerprint))
		state = KEY_FINGERPRINT;
	ctx->scratch->n = mark;
	return state;
}

/* The entry of that tag, or a free one in its place, at the front. */
static struct cached_key *find_key(struct cached_key *set, const uint64_t tag[2])
{
	for (size_t i = 0; i < CACHE_KEY_WAYS; i++)
		if (set[i].tag[0] == tag[0] && (set[i].tag[1] & ~UINT64_C(3)) == tag[1])
			return &set[i];
	memmove(set + 1, set, (CACHE_KEY_WAYS - 1) * sizeof *set);
	set[0] = (struct cached_key){ .tag = { tag[0], tag[1] | KEY_NONE } };
	return &set[0];
}

/* examine() for a value met before. Where its scratch could run out, the answer is not one for all lines. */
static enum key_state recall(struct slice value, const struct parse_context *ctx,
			     uint8_t fingerprint[FINGERPRINT_BYTES])
{
	struct parse_cache *c = ctx->cache;
	struct cached_key *k;
	uint64_t tag[2];

	if (c == NULL || ctx->fingerprint_key.n == 0 ||
	    ctx->scratch->cap - ctx->scratch->n < 2 * SUBJECT_SOURCE_MAX)
		return examine(value, ctx, fingerprint);
	tag[0] = hash64(value, c->seed[0]);
	tag[1] = hash64(value, c->seed[1]) & ~UINT64_C(3);
	k = find_key(c->key + (tag[0] & (CACHE_KEYS / CACHE_KEY_WAYS - 1)) * CACHE_KEY_WAYS, tag);
	if ((k->tag[1] & 3) == KEY_NONE)
		k->tag[1] |= examine(value, ctx, k->fingerprint);
	memcpy(fingerprint, k->fingerprint, FINGERPRINT_BYTES);
	return (enum key_state)(k->tag[1] & 3);
}

/* Credentials that name somebody are not in the cache: it holds nothing but fingerprints. */
static bool may_claim(struct slice value)
{
	struct slice rest = value, word = text_word(&rest);
	enum scheme scheme = scheme_of(word);

	return scheme == SCHEME_BASIC || scheme == SCHEME_DIGEST || slice_starts(word, SLICE("eyJ")) ||
	       slice_starts(text_trim(rest), SLICE("eyJ"));
}

static void set_claim(struct access_event *ev, struct slice value, const struct parse_context *ctx)
{
	struct slice claim = secret_claim(value, ctx->scratch);

	if (claim.n == 0 || text_none(claim))
		return;
	set_text(ev, F_USER, claim, ctx);
	if (ctx->cache != NULL) /* a name in place of a credential may have the same fingerprint */
		ctx->cache->claimed = true;
}

void secret_set_key(struct access_event *ev, struct slice value, const struct parse_context *ctx)
{
	uint8_t fingerprint[FINGERPRINT_BYTES] = { 0 };
	enum key_state state;

	value = text_trim(value);
	state = text_none(value) ? KEY_ABSENT : recall(value, ctx, fingerprint);
	if (state == KEY_ABSENT)
		ev_set_absent(ev, F_KEY_ID);
	else if (state == KEY_FINGERPRINT)
		set_fingerprint(ev, fingerprint, ctx->scratch);
	if (!ev_known(ev, F_USER) && may_claim(value))
		set_claim(ev, value, ctx);
}
