/* nginx with `log_format ... escape=json`: one flat JSON object a line, read by members.c. */
#include "sensor/fields/cache.h"
#include "sensor/fields/memo.h"
#include "sensor/fields/secret.h"
#include "sensor/gateway/format.h"
#include "sensor/gateway/members.h"

/* SHAPE is nothing but the quality, exact or unknown, and the stream: the batch knows it by a number. */
static void name_shape(struct parse_cache *c, struct access_event *ev)
{
	int64_t stream = ev_int(ev, F_STREAM, 2);
	size_t i = (size_t)stream * 2 + ev_known(ev, F_QUALITY);

	if (c == NULL)
		return;
	if (c->shape_serial[i] == 0)
		c->shape_serial[i] = part_new_serial();
	ev->part[P_SHAPE]->serial = c->shape_serial[i];
}

/* ---- the parts that recur ---- */

/* False: a piece has escapes. */
static bool add_pieces(struct memo_key *k, const struct found *f, const uint8_t *members, size_t n)
{
	bool plain = true;

	for (size_t i = 0; i < n; i++) {
		if (f->rank[members[i]] == 0)
			continue;
		plain &= !f->escaped[members[i]];
		memo_mark(k, (unsigned)i);
		memo_piece(k, f->text[members[i]]);
	}
	return plain;
}

/* All that found_parts reads, and the key, which is in the event already. False: not to be remembered. */
static bool memo_keys(const struct found *f, const struct access_event *ev, struct memo_key key[MEMO_END])
{
	static const uint8_t where[] = { M_CLIENT, M_FORWARDED, M_PEER };
	static const uint8_t who[] = { M_USER, M_DEPARTMENT };
	static const uint8_t what[] = {
		M_REQUEST_LINE, M_HOST, M_METHOD, M_TARGET, M_RESPONSE_TYPE, M_REQUEST_TYPE, M_MODEL,
		M_MODEL_SERVED, M_PROVIDER, M_OPERATION,
	};
	static const uint8_t how[] = {
		M_REQUEST_LINE, M_VERSION, M_AGENT, M_REFERRER, M_SERVER, M_SERVER_PORT, M_TLS_VERSION,
		M_TLS_NAME,
	};

	for (int p = MEMO_FIRST; p < MEMO_END; p++)
		memo_begin(&key[p], MEMO_JSON);
	memo_piece(&key[P_WHO], ev_str(ev, F_KEY_ID)); /* empty: unknown, or absent */
	if (ev_absent(ev, F_KEY_ID))
		memo_mark(&key[P_WHO], COUNT(who));
	return !found_has(f, M_ARGUMENTS) && add_pieces(&key[P_WHERE], f, where, COUNT(where)) &&
	       add_pieces(&key[P_WHO], f, who, COUNT(who)) &&
	       add_pieces(&key[P_WHAT], f, what, COUNT(what)) && add_pieces(&key[P_HOW], f, how, COUNT(how));
}

/* The dictionary parts but SHAPE, and the query. */
static void set_parts(const struct found *f, const struct parse_context *ctx, struct access_event *ev)
{
	struct memo_key key[MEMO_END];
	bool plain;

	if (f->rank[M_KEY] > 0)
		secret_set_key(ev, found_text(f, M_KEY, ctx), ctx);
	plain = memo_keys(f, ev, key);
	if (plain && memo_recall(ctx->cache, key, ev)) {
		ev_set_absent(ev, F_QUERY);
		return;
	}
	found_parts(f, 0, ctx, ev);
	if (plain && ev_known(ev, F_PATH) && ev_absent(ev, F_QUERY))
		memo_keep(ctx, key, ev);
}

static int parse(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	struct found f;
	int rc;

	if (!members_collect(line, ctx->cache, &f) || (!found_request(&f) && !found_has(&f, M_STATUS)))
		return REJECT_MALFORMED;
	rc = found_times(&f, 0, ctx, ev);
	if (rc != 0)
		return rc;
	set_parts(&f, ctx, ev);
	found_own(&f, ctx, ev);
	found_usage(&f, 0, ctx, ev);
	found_stream(&f, ev);
	name_shape(ctx->cache, ev);
	return 0;
}

/* Other gateways log JSON too; theirs is nested or has names that are not here. Sure is only a line with
 * a time, a client, a status and a place for the request. */
static int detect(struct slice line)
{
	struct found f;
	int64_t ns;

	if (!members_collect(line, NULL, &f) || !found_has(&f, M_CLIENT) || !found_has(&f, M_TIME) ||
	    !found_has(&f, M_STATUS) || (f.rank[M_TARGET] == 0 && f.rank[M_REQUEST_LINE] == 0))
		return 0;
	return log_time(f.text[M_TIME], 0, NULL, &ns) ? 80 : 0;
}

const struct log_format format_nginx_json = {
	.name = "nginx-json",
	.doc = "nginx `log_format ... escape=json`, one flat object a line; member names as nginx_json.def",
	.detect = detect,
	.parse = parse,
};
