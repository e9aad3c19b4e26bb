/* tochoku prices reprice: recorded calls of a period anew, through the recorder's door. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/prices.h"
#include "cli/reading.h"
#include "core/base/json.h"
#include "core/base/shipped.h"
#include "core/base/sys.h"

#define REQUEST_BYTES (4u << 20) /* what the door takes */

static void put_member(struct json_out *o, const char *key, struct slice value)
{
	json_key(o, key);
	json_str(o, value);
}

/* EXIT_DONE, or told. */
static int put_table(const struct prices_options *o, const struct config *cfg, struct json_out *out)
{
	const char *file = o->file != NULL ? o->file : cfg->prices.table;
	char *shipped = file == NULL ? shipped_path("prices.yml", "sensor/llm/prices.yml") : NULL;
	struct slice text;
	struct err e = { 0 };
	int status = EXIT_DONE;

	if (file == NULL)
		file = shipped;
	if (file == NULL || sys_slurp(file, REQUEST_BYTES, &text, &e) != TK_OK) {
		cli_error("%s",
			  file == NULL ? "the shipped price table was not found: set prices.table" : e.text);
		status = EXIT_INPUT;
	} else {
		put_member(out, "table", text);
		put_member(out, "name", slice_str(file));
		free((void *)(uintptr_t)text.p);
	}
	free(shipped);
	return status;
}

static int make_request(const struct prices_options *o, const struct config *cfg, int64_t from, int64_t to,
			struct buf *request)
{
	struct json_out out = json_out(request);
	int status;

	json_open(&out, '{');
	put_member(&out, "do", SLICE("prices.reprice"));
	json_key(&out, "from");
	json_int(&out, from);
	json_key(&out, "to");
	json_int(&out, to);
	put_member(&out, "reason", slice_str(o->reason));
	status = put_table(o, cfg, &out);
	json_close(&out, '}');
	if (status == EXIT_DONE && request->failed) {
		cli_error("the price table is too large: at most 4 MB with its escapes");
		return EXIT_INPUT;
	}
	return status;
}

struct done {
	struct slice table, before, after;
	int64_t calls, changed, unpriced;
};

static void read_reply(struct slice reply, struct done *d)
{
	const struct {
		const char *key;
		struct slice *text;
		int64_t *number;
	} members[] = {
		{ "table", &d->table, NULL },	       { "before.pico_usd", &d->before, NULL },
		{ "after.pico_usd", &d->after, NULL }, { "calls", NULL, &d->calls },
		{ "changed", NULL, &d->changed },      { "unpriced", NULL, &d->unpriced },
	};
	struct json j;

	json_init(&j, reply);
	for (enum json_type t = json_next(&j); t != JSON_END && t != JSON_ERROR; t = json_next(&j))
		for (size_t i = 0; t == JSON_KEY && i < COUNT(members); i++) {
			if (!slice_is(j.text, members[i].key))
				continue;
			t = json_next(&j);
			if (members[i].text != NULL)
				*members[i].text = j.text;
			else
				json_i64(j.text, members[i].number);
		}
}

/* Digits of pico-USD as USD, to the micro-USD. */
static void put_usd(struct buf *out, struct slice pico)
{
	bool minus = pico.n > 0 && pico.p[0] == '-';
	unsigned __int128 v = 0;

	for (size_t i = minus; i < pico.n; i++)
		v = v * 10 + (unsigned)(pico.p[i] - '0');
	v = (v + 500000) / 1000000;
	buf_fmt(out, "%s%llu.%06llu", minus ? "-" : "", (unsigned long long)(v / 1000000),
		(unsigned long long)(v % 1000000));
}

static int print_done(const struct prices_options *o, struct slice reply)
{
	struct done d = { 0 };
	struct buf out;
	int status;

	buf_init(&out, 1 << 20);
	read_reply(reply, &d);
	if (o->json) {
		buf_add(&out, reply);
		buf_byte(&out, '\n');
	} else {
		buf_fmt(&out, "%lld calls looked at, %lld priced anew by ", (long long)d.calls,
			(long long)d.changed);
		cli_safe(&out, d.table);
		buf_str(&out, ": ");
		put_usd(&out, d.before);
		buf_str(&out, " -> ");
		put_usd(&out, d.after);
		buf_str(&out, " USD\n");
		if (d.unpriced > 0)
			buf_fmt(&out, "%lld have no price there and keep what they had\n",
				(long long)d.unpriced);
	}
	status = cli_write(NULL, buf_slice(&out));
	buf_free(&out);
	return status;
}

static int reprice(struct prices_options *o, const struct config *cfg)
{
	struct price_table *t;
	struct buf request, reply;
	int64_t from, to;
	int status;

	if (!cli_range(&command_prices, o->from, o->to, &from, &to, &status) ||
	    (t = prices_open(o, o->file, &status)) == NULL)
		return status;
	prices_free(t);
	buf_init(&request, REQUEST_BYTES);
	buf_init(&reply, 1 << 20);
	status = make_request(o, cfg, from, to, &request);
	if (status == EXIT_DONE)
		status = cli_request(cfg, buf_slice(&request), &reply);
	if (status == EXIT_DONE)
		status = print_done(o, buf_slice(&reply));
	buf_free(&request);
	buf_free(&reply);
	return status;
}

int prices_reprice(struct prices_options *o)
{
	struct config *cfg;
	int status;

	if (o->word != NULL)
		return cli_usage(&command_prices, "unexpected \"%s\"", o->word);
	if (o->from == NULL || o->to == NULL || o->reason == NULL || o->reason[0] == 0)
		return cli_usage(&command_prices, "prices reprice needs --from, --to and --reason");
	if ((cfg = cli_config(o->cli, true)) == NULL)
		return EXIT_USAGE;
	status = reprice(o, cfg);
	config_free(cfg);
	return status;
}
