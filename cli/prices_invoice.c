/* tochoku prices invoice: what the provider billed for a month, beside what was worked out (reports.md 6). */
#include <inttypes.h>
#include <stdio.h>

#include "cli/prices.h"
#include "cli/reading.h"
#include "core/base/json.h"
#include "core/base/zone.h"

#define PICO_DIGITS 12
#define ASKS_PERCENT 5 /* a larger difference needs a reason */

struct month {
	char name[8];	  /* 2026-11 */
	int64_t from, to; /* UTC seconds, of buckets */
};

static bool read_month(const char *text, struct month *m)
{
	char first[12];
	struct date d, next;

	snprintf(first, sizeof first, "%.7s-01", text);
	if (strlen(text) != 7 || !date_parse(slice_str(first), &d))
		return false;
	next = (struct date){ d.year + (d.month == 12), (uint8_t)(d.month % 12 + 1), 1 };
	snprintf(m->name, sizeof m->name, "%s", text);
	m->from = zone_day_start(date_to_days(d));
	m->to = zone_day_start(date_to_days(next));
	return true;
}

struct found {
	__int128 cost;
	int64_t unpriced;
};

static void add(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	struct found *f = ctx;

	(void)name;
	(void)bucket;
	f->cost += s->cost_pico;
	f->unpriced += s->unpriced;
}

/* Positive: more was billed than worked out. Of what was billed. */
static bool differs_much(int64_t billed, __int128 cost)
{
	__int128 more = billed - cost;

	return (more < 0 ? -more : more) * 100 > (__int128)billed * ASKS_PERCENT;
}

static void put_usd(struct buf *out, __int128 pico)
{
	bool minus = pico < 0;
	__int128 cents = ((minus ? -pico : pico) + INT64_C(5000000000)) / INT64_C(10000000000);

	buf_fmt(out, "%s%" PRId64 ".%02d", minus ? "-" : "", (int64_t)(cents / 100), (int)(cents % 100));
}

static int send(const struct prices_options *o, const struct config *cfg, const struct month *m,
		int64_t billed, const struct found *f)
{
	struct buf request, reply, text;
	struct json_out out;
	char number[32];
	int status;

	buf_init(&request, 65536);
	buf_init(&reply, 65536);
	buf_init(&text, 256);
	out = json_out(&request);
	json_open(&out, '{');
	json_key(&out, "do");
	json_str(&out, SLICE("prices.invoice"));
	json_key(&out, "month");
	json_str(&out, slice_str(m->name));
	json_key(&out, "pico_usd");
	snprintf(number, sizeof number, "%" PRId64, billed);
	json_str(&out, slice_str(number));
	json_key(&out, "computed.pico_usd");
	snprintf(number, sizeof number, "%" PRId64, f->cost > INT64_MAX ? INT64_MAX : (int64_t)f->cost);
	json_str(&out, slice_str(number));
	if (o->reason != NULL) {
		json_key(&out, "reason");
		json_str(&out, slice_str(o->reason));
	}
	json_close(&out, '}');
	status = cli_request(cfg, buf_slice(&request), &reply);
	if (status == EXIT_DONE) {
		buf_fmt(&text, "%s: billed ", m->name);
		put_usd(&text, billed);
		buf_str(&text, " USD, worked out ");
		put_usd(&text, f->cost);
		buf_str(&text, " USD, difference ");
		put_usd(&text, billed - f->cost);
		buf_fmt(&text, " USD, %" PRId64 " calls not priced\n", f->unpriced);
		status = o->json ? cli_write(NULL, buf_slice(&request)) : cli_write(NULL, buf_slice(&text));
	}
	buf_free(&request);
	buf_free(&reply);
	buf_free(&text);
	return status;
}

static int note(const struct prices_options *o, const struct config *cfg, struct ledger_reader *r,
		int64_t billed)
{
	struct found f = { 0 };
	struct buf text;
	struct month m;
	struct err e;

	if (!read_month(o->month, &m))
		return cli_usage(&command_prices, "--month is a month as 2026-11, not \"%s\"", o->month);
	if (ledger_sums(r, m.from, m.to, BY_BUCKET, add, &f, &e) != TK_OK) {
		cli_error("%s", e.text);
		return EXIT_INPUT;
	}
	if (!differs_much(billed, f.cost) || (o->reason != NULL && o->reason[0] != 0))
		return send(o, cfg, &m, billed, &f);
	buf_init(&text, 256);
	put_usd(&text, f.cost);
	cli_error("%s: %s USD were worked out, more than %d %% otherwise than the invoice: say why with "
		  "--reason",
		  m.name, buf_cstr(&text), ASKS_PERCENT);
	buf_free(&text);
	return EXIT_NO;
}

int prices_invoice(struct prices_options *o)
{
	struct ledger_reader *r;
	struct config *cfg;
	int64_t billed;
	int status;

	if (o->word != NULL)
		return cli_usage(&command_prices, "unexpected \"%s\"", o->word);
	if (o->month == NULL || o->usd == NULL)
		return cli_usage(&command_prices, "prices invoice needs --month and --usd");
	if (!json_decimal(slice_str(o->usd), PICO_DIGITS, &billed) || billed < 0)
		return cli_usage(&command_prices, "--usd is an amount as 1234.56, not \"%s\"", o->usd);
	if ((status = cli_open_ledger(o->cli, &cfg, &r)) != EXIT_DONE)
		return status;
	status = note(o, cfg, r, billed);
	ledger_reader_close(r);
	config_free(cfg);
	return status;
}
