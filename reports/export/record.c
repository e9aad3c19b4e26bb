#include "reports/export/record.h"

#include <string.h>

#include "core/base/safe.h"
#include "reports/export/key_labels.h"
#include "reports/titles.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define CUT "\xe2\x80\xa6"	   /* … */
#define PICO_A_MICRO 1000000
#define NS_A_MS 1000000

/* As the counters have it, but that a call which broke off before its status is an error. */
enum outcome export_outcome(const struct access_event *ev)
{
	if (!ev_known(ev, F_STATUS) && ev_int(ev, F_COMPLETE, 1) == 0)
		return OUT_ERROR;
	return outcome_of(ev_int(ev, F_STATUS, 0));
}

const char *export_outcome_name(enum outcome o)
{
	static const char *const names[] = {
		[OUT_SUCCESSFUL] = "success", [OUT_DENIED] = "denied", [OUT_LIMITED] = "limited",
		[OUT_FAILURE] = "failure",    [OUT_ERROR] = "error",   [OUT_TIMEOUT] = "error",
		[OUT_RESET] = "error",	      [OUT_OTHER] = "unknown",
	};

	return names[o];
}

/* ---- text ---- */

static struct slice since(const struct export_context *x, size_t at)
{
	return slice_of(x->text.p + at, x->text.n - at);
}

struct slice export_clean(struct export_context *x, struct slice text, size_t max)
{
	size_t at = x->text.n;

	while (text.n > 0) {
		uint32_t c = 0;
		size_t n = utf8_take(text, &c);
		bool good = n > 0 && c >= 0x20 && c != 0x7f && c != 0xfffe && c != 0xffff;
		struct slice one = good ? slice_head(text, n) : SLICE(REPLACEMENT);

		if (x->text.n - at + one.n > max) {
			buf_str(&x->text, CUT);
			break;
		}
		buf_add(&x->text, one);
		text = slice_from(text, n > 0 ? n : 1);
	}
	return since(x, at);
}

struct slice export_text(struct export_context *x, const struct access_event *ev, enum field_id f)
{
	size_t at = x->text.n;

	if (!ev_known(ev, f))
		return slice_of(NULL, 0);
	if (event_fields[f].type == FT_STR || event_fields[f].type == FT_LIST)
		return export_clean(x, ev_str(ev, f), EXPORT_TEXT_MAX);
	value_to_text(f, ev_value(ev, f), &x->text);
	return since(x, at);
}

struct slice export_title(struct export_context *x, const struct finding *f, enum lang lang)
{
	size_t at = x->text.n;

	titles_title(x->titles, lang, f, &x->text);
	return export_clean(x, since(x, at), EXPORT_TEXT_MAX);
}

size_t export_techniques(const struct export_context *x, const struct finding *f,
			 char out[TECHNIQUES_MAX][TECHNIQUE_TEXT])
{
	static const char prefix[] = "attack.t";
	const struct rule_info *rule = titles_rule(x->titles, f);
	size_t found = 0;

	for (size_t i = 0; rule != NULL && i < rule->n_tags && found < TECHNIQUES_MAX; i++) {
		const char *id = rule->tags[i] + sizeof prefix - 1;
		size_t digits = strncmp(rule->tags[i], prefix, sizeof prefix - 1) == 0
					? strspn(id, "0123456789.")
					: 0;

		if (digits < 4 || id[digits] != '\0' || digits + 2 > TECHNIQUE_TEXT)
			continue;
		out[found][0] = 'T';
		memcpy(out[found++] + 1, id, digits + 1);
	}
	return found;
}

struct slice export_number(struct export_context *x, int64_t v)
{
	size_t at = x->text.n;

	buf_i64(&x->text, v);
	return since(x, at);
}

struct slice export_message(struct export_context *x, const struct access_event *ev)
{
	struct slice op = export_operation(x, ev), user = export_text(x, ev, F_USER);
	size_t at = x->text.n;

	buf_add(&x->text, op);
	if (op.n > 0 && user.n > 0)
		buf_str(&x->text, " by ");
	buf_add(&x->text, user);
	return since(x, at);
}

struct slice export_leaf(struct export_context *x, const struct export_access *a)
{
	size_t at = x->text.n;

	if (a->leaf != NULL)
		put_base64(&x->text, hash_slice(a->leaf));
	return since(x, at);
}

struct slice export_time(int64_t ns, char out[TIME_TEXT_MAX])
{
	size_t n = time_format_utc(export_ms(ns) * NS_A_MS, out);

	if (n == strlen("2026-11-23T02:24:30Z")) { /* a whole second is written without a fraction */
		memcpy(out + n - 1, ".000Z", 6);
		n += 4;
	}
	return slice_of(out, n);
}

int64_t export_ms(int64_t ns)
{
	return ns / NS_A_MS - (ns % NS_A_MS < 0);
}

bool export_micro_usd(const struct access_event *ev, int64_t *micro)
{
	int64_t pico = ev_int(ev, F_COST, 0);

	*micro = pico / PICO_A_MICRO + (pico % PICO_A_MICRO >= PICO_A_MICRO / 2);
	return ev_known(ev, F_COST);
}

bool export_known_true(const struct access_event *ev, enum field_id f)
{
	return ev_int(ev, f, 0) != 0;
}

/* ---- what a record is about ---- */

/* The member of the finding's subject, cleaned; empty: none. */
static struct slice subject(struct export_context *x, const struct finding *f, const char *field)
{
	struct json j;
	enum json_type t;
	bool wanted = false;

	json_init(&j, f->entity_json);
	while ((t = json_next(&j)) != JSON_END && t != JSON_ERROR) {
		uint8_t *room;
		size_t n;

		if (t == JSON_KEY)
			wanted = slice_is(j.text, field);
		if (t != JSON_STRING || !wanted)
			continue;
		room = buf_room(&x->text, j.text.n);
		n = room == NULL ? SIZE_MAX : json_unescape(j.text, room);
		if (n == SIZE_MAX)
			break;
		x->text.n += n;
		return export_clean(x, slice_of(room, n), EXPORT_TEXT_MAX);
	}
	return slice_of(NULL, 0);
}

void export_finding_of(struct export_context *x, const struct finding *f, struct export_finding *out)
{
	*out = (struct export_finding){ .f = f, .level = LEVEL_INFORMATIONAL };
	level_parse(f->level, &out->level);
	out->id = export_number(x, f->id);
	out->user = subject(x, f, event_fields[F_USER].name);
	out->key = subject(x, f, event_fields[F_KEY_ID].name);
	out->ip = subject(x, f, event_fields[F_SOURCE_IP].name);
	out->country = subject(x, f, event_fields[F_COUNTRY].name);
}

struct slice export_server(struct export_context *x, const struct access_event *ev, bool *is_name)
{
	struct slice host = export_text(x, ev, F_DOMAIN);

	if (host.n == 0)
		host = export_text(x, ev, F_SERVER_NAME);
	*is_name = host.n > 0;
	return host.n > 0 ? host : export_text(x, ev, F_DESTINATION_IP);
}

struct slice export_operation(struct export_context *x, const struct access_event *ev)
{
	struct slice protocol = ev_str(ev, F_PROTOCOL);

	if (ev_known(ev, F_OPERATION))
		return export_text(x, ev, F_OPERATION);
	return slice_is(protocol, "tls") || slice_is(protocol, "quic") ? SLICE("connection") : SLICE("call");
}

bool export_leaves(const struct export_context *x, const struct access_event *ev)
{
	struct slice provider = ev_str(ev, F_PROVIDER);

	for (size_t i = 0; i < x->cfg->export.n_inside_providers; i++)
		if (slice_is(provider, x->cfg->export.inside_providers[i]))
			return false;
	return true;
}

struct slice export_key_label(const struct export_context *x, struct slice fingerprint)
{
	return key_labels_find(x->keys, fingerprint);
}

/* ---- JSON ---- */

void put_text(struct json_out *o, const char *key, struct slice text)
{
	if (text.n == 0)
		return;
	json_key(o, key);
	json_str(o, text);
}

void put_int(struct json_out *o, const char *key, int64_t v)
{
	json_key(o, key);
	json_int(o, v);
}

void put_constant(struct json_out *o, const char *key, const char *text)
{
	put_text(o, key, slice_str(text));
}

void put_field(struct export_context *x, struct json_out *o, const char *key, const struct access_event *ev,
	       enum field_id f)
{
	if (!ev_known(ev, f))
		return;
	if (event_fields[f].type == FT_INT) {
		put_int(o, key, ev_int(ev, f, 0));
	} else if (event_fields[f].type == FT_BOOL) {
		json_key(o, key);
		json_bool(o, export_known_true(ev, f));
	} else {
		put_text(o, key, export_text(x, ev, f));
	}
}

/* url.query is never exported: it may hold a patient's name. */
void put_event(struct json_out *o, const struct access_event *ev)
{
	for (enum field_id f = 0; f < F_COUNT; f++) {
		if (f == F_QUERY || !ev_known(ev, f))
			continue;
		json_key(o, event_fields[f].name);
		value_to_json(f, ev_value(ev, f), o->b);
		o->comma = true;
	}
}
