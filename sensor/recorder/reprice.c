#include "sensor/recorder/reprice.h"

#include <stdio.h>

#include "core/base/hash.h"
#include "core/base/zone.h"
#include "sensor/llm/price.h"

#define PROBLEMS_BYTES (1u << 20)

static bool price(void *ctx, const struct access_event *ev, int64_t *pico_usd)
{
	return price_event(ctx, ev, pico_usd) == PRICE_OK;
}

static void put_time(struct json_out *o, const char *key, int64_t ns)
{
	char text[TIME_TEXT_MAX];

	json_key(o, key);
	json_str(o, slice_of(text, time_format_utc(ns, text)));
}

/* Digits in quotes: more than 2^53 is not unusual. */
static void put_money(struct json_out *o, const char *key, __int128 pico)
{
	char text[48], *p = text + sizeof text;
	unsigned __int128 left = pico < 0 ? -(unsigned __int128)pico : (unsigned __int128)pico;

	do
		*--p = (char)('0' + (int)(left % 10));
	while ((left /= 10) > 0);
	if (pico < 0)
		*--p = '-';
	json_key(o, key);
	json_str(o, slice_of(p, (size_t)(text + sizeof text - p)));
}

static void put_hash(struct json_out *o, const char *key, const uint8_t hash[32])
{
	char hex[65];

	hex_encode(slice_of(hash, 32), hex);
	json_key(o, key);
	json_str(o, slice_of(hex, 64));
}

static void put_done(struct json_out *o, const struct price_table *t, const struct repriced *done)
{
	json_key(o, "table");
	json_str(o, slice_str(prices_name(t)));
	json_key(o, "calls");
	json_int(o, done->calls);
	json_key(o, "changed");
	json_int(o, done->changed);
	json_key(o, "unpriced");
	json_int(o, done->untold);
	put_money(o, "before.pico_usd", done->before);
	put_money(o, "after.pico_usd", done->after);
}

/* Who, why, over which calls, from which table to which figures. */
static int put_record(struct ledger *l, const struct reprice_order *order, int64_t now_ns,
		      const struct price_table *t, const struct repriced *done, struct err *e)
{
	struct sha256 *sha = sha256_new();
	uint8_t hash[32];
	struct buf b;
	struct json_out o;
	int rc;

	if (sha == NULL)
		return err_set(e, TK_ENOMEM, "no memory");
	sha256_of(sha, order->table, hash);
	sha256_free(sha);
	buf_init(&b, 1 << 20);
	o = json_out(&b);
	json_open(&o, '{');
	json_key(&o, "action");
	json_str(&o, SLICE("prices.reprice"));
	json_key(&o, "actor");
	json_str(&o, order->actor);
	json_key(&o, "reason");
	json_str(&o, order->reason);
	put_time(&o, "from", order->from_ns);
	put_time(&o, "to", order->to_ns);
	put_done(&o, t, done);
	put_hash(&o, "table.sha256", hash);
	put_hash(&o, "changes.sha256", done->digest);
	json_close(&o, '}');
	rc = ledger_record(l, "entry", now_ns, buf_slice(&b), e);
	buf_free(&b);
	return rc;
}

int reprice_run(struct ledger *l, const struct reprice_order *order, int64_t now_ns, struct json_out *reply,
		const char **refusal, int64_t *changed, struct err *e)
{
	struct price_table *t = NULL;
	struct repriced done;
	struct buf problems;
	char name[256];
	int rc = TK_OK;

	snprintf(name, sizeof name, "%.*s", (int)order->name.n, (const char *)order->name.p);
	buf_init(&problems, PROBLEMS_BYTES);
	if (order->reason.n == 0)
		*refusal = "pricing anew needs a reason";
	else if (order->from_ns >= order->to_ns)
		*refusal = "the period is empty: `from` must lie before `to`";
	else if ((t = prices_parse(order->table, name, &problems)) == NULL)
		*refusal = "the price table is wrong: see `tochoku prices check`";
	if (t != NULL)
		rc = ledger_reprice(l, order->from_ns, order->to_ns, price, t, &done, e);
	if (t != NULL && rc == TK_OK)
		rc = put_record(l, order, now_ns, t, &done, e);
	if (t != NULL && rc == TK_OK) {
		put_done(reply, t, &done);
		*changed = done.changed;
	}
	prices_free(t);
	buf_free(&problems);
	return rc;
}
