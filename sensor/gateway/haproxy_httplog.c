/* HAProxy `option httplog`, and `option httpslog`, which has the TLS side behind it. The accept date is the
 * start, in local time. https://docs.haproxy.org/2.8/configuration.html#8.2.3
 * What headers were captured, only HAProxy's configuration knows: those are used whose value shows what it
 * is; a name, such as a user's, never does. */
#include "sensor/fields/text.h"
#include "sensor/gateway/layout.h"

#define HEAD                                                                                                 \
	VALUE("", CLIENT, ADDRESS), VALUE(":", CLIENT_PORT, NUMBER), VALUE(" [", START, TIME),               \
		VALUE("] ", NOTHING, WORD), VALUE(" ", NOTHING, WORD), /* frontend, backend/server */        \
		VALUE(" ", NOTHING, NUMBER), VALUE("/", NOTHING, NUMBER),                                    \
		VALUE("/", NOTHING, NUMBER), /* TR Tw Tc */                                                  \
		VALUE("/", TTFB_MS, NUMBER), VALUE("/", DURATION_MS, NUMBER), VALUE(" ", STATUS, NUMBER),    \
		VALUE(" ", RESPONSE_BYTES, NUMBER), VALUE(" ", NOTHING, WORD),                               \
		VALUE(" ", NOTHING, WORD), /* cookies */                                                     \
		VALUE(" ", NOTHING, WORD), VALUE(" ", NOTHING, WORD),                                        \
		VALUE(" ", NOTHING, WORD) /* state, loads */
#define REQUEST(before)                                                                                      \
	VALUE(before, REQUEST_LINE, CELL), VALUE_OR_END("\" ", NOTHING, WORD, "\""),                         \
		VALUE(" ", TLS_NAME, WORD), VALUE("/", TLS_VERSION, WORD), VALUE("/", NOTHING, WORD),        \
		LINE_END("")

static const struct piece plain[] = { HEAD, REQUEST(" \"") };
static const struct piece one_side[] = { HEAD, OWN_VALUE(" {", 1, CELL), REQUEST("} \"") };
static const struct piece both_sides[] = {
	HEAD,
	OWN_VALUE(" {", 1, CELL),
	OWN_VALUE("} {", 2, CELL),
	REQUEST("} \""),
};

static const struct layout layouts[] = {
	{ both_sides, ESCAPES_HASH, 0 },
	{ one_side, ESCAPES_HASH, 0 },
	{ plain, ESCAPES_HASH, 0 },
};

/* ---- captured headers, each "{value|value|...}" ---- */

static bool is_address_list(struct slice s)
{
	struct addr a;

	while (s.n > 0) {
		const uint8_t *comma = memchr(s.p, ',', s.n);
		size_t n = comma == NULL ? s.n : (size_t)(comma - s.p);

		if (!addr_parse_loose(text_trim(slice_head(s, n)), &a))
			return false;
		s = slice_from(s, n + 1);
	}
	return true;
}

/* RFC 2046: the top-level types. */
static bool is_media_type(struct slice s)
{
	static const char *const types[] = { "application/", "audio/", "image/",
					     "multipart/",   "text/",  "video/" };

	for (size_t i = 0; i < COUNT(types); i++)
		if (slice_starts(s, slice_str(types[i])))
			return true;
	return false;
}

static bool has_digit(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			return true;
	return false;
}

/* Begins with PRODUCT/VERSION (RFC 9110 10.1.5); some write a name there and the version behind. */
static bool is_agent(struct slice s)
{
	struct slice rest = s, word = text_word(&rest);
	const uint8_t *slash = word.n == 0 ? NULL : memchr(word.p, '/', word.n);
	size_t n = slash == NULL ? word.n : (size_t)(slash - word.p);

	return n > 0 && n + 1 < word.n && (has_digit(slice_of(slash + 1, 1)) || has_digit(rest));
}

/* One word, long enough, and nothing in it that a number, a list, a path or a cookie has. */
static bool is_id(struct slice s)
{
	bool number = true;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= ' ' || memchr("\"',/;=", s.p[i], 6) != NULL)
			return false;
		number &= has_digit(slice_of(s.p + i, 1));
	}
	return s.n >= 12 && !number;
}

/* A single list may be the answer's: what both sides have tells nothing here. */
static unsigned request_header(struct slice v)
{
	if (is_address_list(v))
		return M_FORWARDED;
	if (slice_starts(v, SLICE("Bearer ")) || slice_starts(v, SLICE("Basic ")))
		return M_KEY;
	if (slice_starts(v, SLICE("http://")) || slice_starts(v, SLICE("https://")))
		return M_REFERRER;
	return is_agent(v) ? M_AGENT : M_NOTHING;
}

static unsigned response_header(struct slice v)
{
	return is_media_type(v) ? M_RESPONSE_TYPE : is_id(v) ? M_REQUEST_ID : M_NOTHING;
}

static void put_captured(const struct layout *l, struct slice list, unsigned (*header)(struct slice),
			 struct scratch *s, struct found *f)
{
	while (list.n > 0) {
		const uint8_t *bar = memchr(list.p, '|', list.n);
		struct slice one = slice_head(list, bar == NULL ? list.n : (size_t)(bar - list.p));
		unsigned what = one.n == 0 ? M_NOTHING : header(one);

		if (what != M_NOTHING)
			layout_put(f, what, 0, layout_undo(l, what, one, s));
		list = slice_from(list, one.n + 1);
	}
}

static const struct layout *match(struct slice line, struct scratch *s, struct found *f)
{
	struct slice own[OWN_MAX];

	for (size_t i = 0; i < COUNT(layouts); i++)
		if (layout_match(&layouts[i], line, s, f, own)) {
			put_captured(&layouts[i], own[1], request_header, s, f);
			put_captured(&layouts[i], own[2], response_header, s, f);
			return &layouts[i];
		}
	return NULL;
}

static int detect(struct slice line)
{
	struct found f;
	const struct layout *l = match(line, NULL, &f);

	return l != NULL && layout_sure(l, &f) ? 80 : 0;
}

static int parse(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	struct found f;
	const struct layout *l = match(line, ctx->scratch, &f);

	return l == NULL ? REJECT_MALFORMED : found_event(&f, l->habits, ctx, ev);
}

const struct log_format format_haproxy_httplog = {
	.name = "haproxy-httplog",
	.doc = "HAProxy `option httplog` and `option httpslog`",
	.detect = detect,
	.parse = parse,
};
