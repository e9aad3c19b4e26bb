/* Envoy's default format string, and Istio's, which has more behind the flags and at the end. START_TIME is
 * the start, the upstream's service time reaches to its headers. Values are written as they came, quotation
 * marks too. https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage */
#include "sensor/gateway/layout.h"

#define TO_FLAGS                                                                                             \
	VALUE("[", START, TIME), VALUE("] \"", REQUEST_LINE, TEXT), VALUE("\" ", STATUS, NUMBER),            \
		VALUE(" ", NOTHING, WORD)
#define FROM_BYTES(before)                                                                                   \
	VALUE(before, REQUEST_BYTES, NUMBER), VALUE(" ", RESPONSE_BYTES, NUMBER),                            \
		VALUE(" ", DURATION_MS, NUMBER), VALUE(" ", TTFB_MS, NUMBER), OWN_VALUE(" \"", 1, TEXT),     \
		VALUE("\" \"", AGENT, TEXT), VALUE("\" \"", REQUEST_ID, WORD), VALUE("\" \"", HOST, WORD),   \
		VALUE("\" \"", NOTHING, WORD)

static const struct piece envoy[] = { TO_FLAGS, FROM_BYTES(" "), LINE_END("\"") };

static const struct piece istio[] = {
	TO_FLAGS,
	VALUE(" ", NOTHING, WORD),   /* response code details */
	VALUE(" ", NOTHING, WORD),   /* connection termination details */
	VALUE(" \"", NOTHING, TEXT), /* upstream transport failure reason */
	FROM_BYTES("\" "),
	VALUE("\" ", NOTHING, WORD), /* upstream cluster */
	VALUE(" ", NOTHING, WORD),   /* upstream local address */
	VALUE(" ", NOTHING, WORD),   /* downstream local address */
	VALUE(" ", PEER, WORD),
	VALUE(" ", TLS_NAME, WORD),
	VALUE(" ", NOTHING, WORD), /* route */
	LINE_END(""),
};

static const struct layout layouts[] = { { envoy, ESCAPES_NONE, 0 }, { istio, ESCAPES_NONE, 0 } };

/* Envoy appends the address that it saw to X-Forwarded-For: that is the peer, what stands before it is the
 * list that the peer brought. */
static void put_addresses(struct found *f, struct slice forwarded)
{
	const uint8_t *comma = forwarded.n == 0 ? NULL : memrchr(forwarded.p, ',', forwarded.n);
	size_t n = comma == NULL ? 0 : (size_t)(comma - forwarded.p);

	layout_put(f, M_CLIENT, 0, comma == NULL ? forwarded : slice_from(forwarded, n + 1));
	layout_put(f, M_FORWARDED, 0, slice_head(forwarded, n));
}

static const struct layout *match(struct slice line, struct found *f)
{
	struct slice own[OWN_MAX];

	for (size_t i = 0; i < COUNT(layouts); i++)
		if (layout_match(&layouts[i], line, NULL, f, own)) {
			put_addresses(f, own[1]);
			return &layouts[i];
		}
	return NULL;
}

static int detect(struct slice line)
{
	struct found f;
	const struct layout *l = match(line, &f);

	return l != NULL && (layout_sure(l, &f) || !found_has(&f, M_CLIENT)) ? 80 : 0;
}

static int parse(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	struct found f;
	const struct layout *l = match(line, &f);

	return l == NULL ? REJECT_MALFORMED : found_event(&f, l->habits, ctx, ev);
}

const struct log_format format_envoy_default = {
	.name = "envoy-default",
	.doc = "Envoy's default text format, and Istio's",
	.detect = detect,
	.parse = parse,
};
