/* Elastic Common Schema 9.4, flat dotted keys, one object a line (exports.md 5). */
#include "core/base/version.h"
#include "core/base/hash.h"
#include "reports/export/record.h"

extern const struct export_format export_ecs;

struct mapped {
	const char *name;
	enum field_id field;
};

/* Names that ECS shares with the event, or has others for. */
static const struct mapped plain[] = {
	{ "source.ip", F_SOURCE_IP },
	{ "source.port", F_SOURCE_PORT },
	{ "source.bytes", F_REQUEST_BYTES },
	{ "source.geo.country_iso_code", F_COUNTRY },
	{ "source.as.number", F_AS_NUMBER },
	{ "source.as.organization.name", F_AS_ORG },
	{ "network.protocol", F_PROTOCOL },
	{ "destination.ip", F_DESTINATION_IP },
	{ "destination.port", F_DESTINATION_PORT },
	{ "destination.bytes", F_RESPONSE_BYTES },
	{ "user.id", F_USER },
	{ "user.full_name", F_FULL_NAME },
	{ "group.name", F_DEPARTMENT },
	{ "http.request.method", F_METHOD },
	{ "http.request.id", F_REQUEST_ID },
	{ "http.response.status_code", F_STATUS },
	{ "http.version", F_HTTP_VERSION },
	{ "url.path", F_PATH },
	{ "url.domain", F_DOMAIN },
	{ "user_agent.original", F_USER_AGENT },
	{ "tls.version", F_TLS_VERSION },
	{ "tls.client.ja3", F_JA3 },
	{ "gen_ai.operation.name", F_OPERATION },
	{ "gen_ai.request.model", F_REQUEST_MODEL },
	{ "gen_ai.response.model", F_RESPONSE_MODEL },
	{ "gen_ai.response.id", F_RESPONSE_ID },
	{ "gen_ai.usage.input_tokens", F_INPUT_TOKENS },
	{ "gen_ai.usage.output_tokens", F_OUTPUT_TOKENS },
};

/* labels.*: keywords, so numbers and truths are text. */
static const struct mapped labels[] = {
	{ "key", F_KEY_ID },
	{ "key_state", F_KEY_STATE },
	{ "zone", F_ZONE },
	{ "threat_list", F_THREAT_LIST },
	{ "function", F_FUNCTION },
	{ "calendar_day", F_CAL_DAY },
	{ "holiday", F_CAL_HOLIDAY },
	{ "off_hours", F_OFF_HOURS },
	{ "after_holiday", F_AFTER_HOLIDAY },
	{ "covered", F_COVERED },
	{ "input", F_INPUT },
	{ "usage_quality", F_QUALITY },
	{ "stream", F_STREAM },
	{ "complete", F_COMPLETE },
	{ "twin", F_TWIN },
	{ "anomaly", F_ANOMALY },
	{ "peer_ip", F_PEER_IP },
	{ "server_name", F_SERVER_NAME },
	{ "ja4", F_JA4 },
};

static void put_list(struct json_out *o, const char *key, const char *const *words, size_t n)
{
	json_key(o, key);
	json_open(o, '[');
	for (size_t i = 0; i < n; i++)
		json_str(o, slice_str(words[i]));
	json_close(o, ']');
}

static void put_texts(struct json_out *o, const char *key, struct slice a, struct slice b)
{
	if (a.n + b.n == 0)
		return;
	json_key(o, key);
	json_open(o, '[');
	if (a.n > 0)
		json_str(o, a);
	if (b.n > 0 && !slice_eq(a, b))
		json_str(o, b);
	json_close(o, ']');
}

/* user.roles: the ledger's list, comma-joined. */
static void put_roles(struct export_context *x, struct json_out *o, const struct access_event *ev)
{
	struct slice roles = export_text(x, ev, F_ROLES);

	if (roles.n == 0)
		return;
	json_key(o, "user.roles");
	json_open(o, '[');
	while (roles.n > 0) {
		const uint8_t *comma = memchr(roles.p, ',', roles.n);
		size_t n = comma == NULL ? roles.n : (size_t)(comma - roles.p);

		json_str(o, slice_head(roles, n));
		roles = slice_from(roles, n + (comma != NULL));
	}
	json_close(o, ']');
}

static void put_times(struct json_out *o, int64_t at_ns, int64_t recorded_ns)
{
	char text[TIME_TEXT_MAX];

	put_text(o, "@timestamp", export_time(at_ns, text));
	put_constant(o, "ecs.version", "9.4.0");
	if (recorded_ns != 0)
		put_text(o, "event.created", export_time(recorded_ns, text));
}

/* The site's offset at that time: "+09:00". */
static void put_zone(struct json_out *o, int64_t at_ns)
{
	char text[TIME_TEXT_MAX];
	size_t n = time_format_local(at_ns, text);

	put_text(o, "event.timezone",
		 n > 6 && text[n - 1] != 'Z' ? slice_of(text + n - 6, 6) : SLICE("+00:00"));
}

static void put_classes(struct json_out *o, const struct export_access *a)
{
	static const char *const category[] = { "api", "web", "authentication" };
	bool denied = a->outcome == OUT_DENIED, good = a->outcome == OUT_SUCCESSFUL;
	const char *type[] = { "access", denied ? "denied" : good ? "allowed" : "error" };

	put_constant(o, "event.kind", "event");
	put_list(o, "event.category", category, denied ? 3 : 2);
	put_list(o, "event.type", type, a->outcome == OUT_OTHER ? 1 : 2);
	put_constant(o, "event.outcome", good ? "success" : a->outcome == OUT_OTHER ? "unknown" : "failure");
}

static void put_observer(const struct export_context *x, struct json_out *o)
{
	put_constant(o, "event.module", "tochoku");
	put_constant(o, "organization.id", x->cfg->site.name);
	put_constant(o, "observer.type", "sensor");
	put_constant(o, "observer.vendor", "tochoku project");
	put_constant(o, "observer.product", "tochoku");
	put_constant(o, "observer.version", TK_VERSION);
	put_constant(o, "observer.name", x->cfg->site.sensor);
}

static void put_labels(struct export_context *x, struct json_out *o, const struct access_event *ev)
{
	int64_t micro;

	json_key(o, "labels");
	json_open(o, '{');
	for (size_t i = 0; i < COUNT(labels); i++)
		put_text(o, labels[i].name, export_text(x, ev, labels[i].field));
	if (ev_known(ev, F_TTFB))
		put_text(o, "ttfb_ms", export_number(x, export_ms(ev_int(ev, F_TTFB, 0))));
	if (export_micro_usd(ev, &micro))
		put_text(o, "cost_micro_usd", export_number(x, micro));
	json_close(o, '}');
}

static void access(struct export_context *x, const struct export_access *a, struct buf *out)
{
	const struct access_event *ev = a->ev;
	struct json_out o = json_out(out);
	struct slice host;
	char hex[65];
	bool is_name;

	json_open(&o, '{');
	put_times(&o, ev_int(ev, F_TIMESTAMP, 0), a->recorded_ns);
	put_classes(&o, a);
	put_text(&o, "message", export_message(x, ev));
	put_text(&o, "event.action", export_operation(x, ev));
	put_text(&o, "event.id", export_text(x, ev, F_EVENT_ID));
	put_int(&o, "event.sequence", a->seq);
	if (a->leaf != NULL) {
		hex_encode(hash_slice(a->leaf), hex);
		put_constant(&o, "event.hash", hex);
	}
	put_field(x, &o, "event.duration", ev, F_DURATION);
	put_zone(&o, ev_int(ev, F_TIMESTAMP, 0));
	put_constant(&o, "event.dataset", "tochoku.access");
	for (size_t i = 0; i < COUNT(plain); i++)
		put_field(x, &o, plain[i].name, ev, plain[i].field);
	put_field(x, &o, x->choice.gen_ai_provider ? "gen_ai.provider.name" : "gen_ai.system", ev,
		  F_PROVIDER);
	put_roles(x, &o, ev);
	host = export_server(x, ev, &is_name);
	if (is_name)
		put_text(&o, "destination.domain", host);
	if (ev_known(ev, F_ZONE))
		put_constant(&o, "network.direction",
			     slice_is(ev_str(ev, F_ZONE), "external") ? "inbound" : "internal");
	put_observer(x, &o);
	put_labels(x, &o, ev);
	put_texts(&o, "related.ip", export_text(x, ev, F_SOURCE_IP), export_text(x, ev, F_DESTINATION_IP));
	put_texts(&o, "related.user", export_text(x, ev, F_USER), slice_of(NULL, 0));
	json_close(&o, '}');
	buf_byte(out, '\n');
}

static void put_techniques(struct export_context *x, struct json_out *o, const struct finding *f)
{
	char ids[TECHNIQUES_MAX][TECHNIQUE_TEXT];
	const char *list[TECHNIQUES_MAX];
	size_t n = export_techniques(x, f, ids);

	for (size_t i = 0; i < n; i++)
		list[i] = ids[i];
	if (n == 0)
		return;
	put_constant(o, "threat.framework", "MITRE ATT&CK");
	put_list(o, "threat.technique.id", list, n);
}

static void finding(struct export_context *x, const struct export_finding *f, struct buf *out)
{
	static const char *const category[] = { "intrusion_detection" }, *const type[] = { "indicator" };
	struct json_out o = json_out(out);
	char text[TIME_TEXT_MAX];

	json_open(&o, '{');
	put_times(&o, f->f->first_ns, 0);
	put_text(&o, "message", export_clean(x, f->f->reason, EXPORT_TEXT_MAX));
	put_constant(&o, "event.kind", "alert");
	put_list(&o, "event.category", category, 1);
	put_list(&o, "event.type", type, 1);
	put_constant(&o, "event.outcome", "unknown");
	put_text(&o, "event.id", f->id);
	put_int(&o, "event.severity", f->level + 1);
	put_text(&o, "event.start", export_time(f->f->first_ns, text));
	put_text(&o, "event.end", export_time(f->f->last_ns, text));
	put_zone(&o, f->f->first_ns);
	put_constant(&o, "event.dataset", "tochoku.finding");
	put_text(&o, "source.ip", f->ip);
	put_text(&o, "source.geo.country_iso_code", f->country);
	put_text(&o, "user.id", f->user);
	put_text(&o, "rule.id", export_clean(x, f->f->rule_id, EXPORT_TEXT_MAX));
	put_text(&o, "rule.name", export_title(x, f->f, LANG_EN));
	put_techniques(x, &o, f->f);
	put_observer(x, &o);
	json_key(&o, "labels");
	json_open(&o, '{');
	put_text(&o, "key", f->key);
	put_text(&o, "status", f->f->status);
	put_text(&o, "count", export_number(x, f->f->count));
	put_text(&o, "rule_author", export_clean(x, f->f->author, EXPORT_TEXT_MAX));
	json_close(&o, '}');
	put_texts(&o, "related.ip", f->ip, slice_of(NULL, 0));
	put_texts(&o, "related.user", f->user, slice_of(NULL, 0));
	json_close(&o, '}');
	buf_byte(out, '\n');
}

const struct export_format export_ecs = {
	.name = "ecs",
	.doc = "Elastic Common Schema 9.4, flat JSON lines",
	.trailer = TRAILER_JSON,
	.leaf = true,
	.access = access,
	.finding = finding,
};
