/* tochoku duty assume, register, facts: what the monthly review is told. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/asking.h"
#include "cli/duty.h"
#include "core/base/columns.h"
#include "core/base/sys.h"
#include "core/review/facts.h"

#define FACTS_MAX (16u << 20)

static int send(struct cli *cli, struct asking *a, const struct duty_options *o, const char *did)
{
	struct config *cfg = cli_config(cli, true);
	struct buf out;
	int64_t n;
	int status = cfg == NULL ? EXIT_USAGE : asking_send(a, cfg, &n);

	buf_init(&out, 4096);
	if (status == EXIT_DONE) {
		if (o->json) {
			struct json_out j = json_out(&out);

			json_open(&j, '{');
			json_key(&j, "action");
			json_str(&j, slice_str(did));
			json_key(&j, "name");
			json_str(&j, slice_str(o->words[0]));
			json_close(&j, '}');
		} else {
			buf_fmt(&out, "%s: ", did);
			cli_safe(&out, slice_str(o->words[0]));
			buf_byte(&out, ' ');
			cli_safe(&out, slice_str(o->words[1]));
		}
		buf_byte(&out, '\n');
		status = cli_write(NULL, buf_slice(&out));
	}
	buf_free(&out);
	config_free(cfg);
	return status;
}

int duty_assume(struct cli *cli, struct duty_options *o)
{
	struct config *cfg;
	struct asking a;
	char today[11];
	int status;

	if (o->n_words != 2)
		return cli_usage(&command_duty, "duty assume needs a name and a value");
	if ((cfg = cli_config(cli, true)) == NULL) /* sets the zone of today */
		return EXIT_USAGE;
	config_free(cfg);
	date_format(date_from_days(zone_day_of(sys_now_ns() / NS_PER_SEC)), today);
	asking_begin(&a, "duty.assume");
	asking_text(&a, "name", o->words[0]);
	asking_text(&a, "function", o->function);
	asking_text(&a, "value", o->words[1]);
	asking_text(&a, "low", o->low != NULL ? o->low : o->words[1]);
	asking_text(&a, "high", o->high != NULL ? o->high : o->words[1]);
	asking_text(&a, "source", o->source);
	asking_text(&a, "from", o->from != NULL ? o->from : today);
	asking_text(&a, "text", o->text);
	status = send(cli, &a, o, "assumed");
	asking_end(&a);
	return status;
}

int duty_register(struct cli *cli, struct duty_options *o)
{
	struct asking a;
	int status;

	if (o->n_words != 2)
		return cli_usage(&command_duty,
				 "duty register needs a register and the entry's number or name");
	asking_begin(&a, "duty.register");
	asking_text(&a, "register", o->words[0]);
	asking_text(&a, "key", o->words[1]);
	asking_text(&a, "title", o->title);
	asking_text(&a, "owner", o->owner);
	asking_text(&a, "due", o->due);
	asking_text(&a, "state", o->state);
	asking_text(&a, "text", o->text);
	status = send(cli, &a, o, "registered");
	asking_end(&a);
	return status;
}

/* ---- facts ---- */

static void put(struct json_out *o, const char *key, struct slice v)
{
	if (v.n == 0)
		return;
	json_key(o, key);
	json_str(o, v);
}

static void put_assumed(struct buf *out, enum assumption a, const struct assumed *v, bool json)
{
	static const char *const keys[] = { "value", "low", "high", "source", "from", "function" };
	struct json_out o = json_out(out);

	if (json) {
		json_open(&o, '{');
		put(&o, "assumption", slice_str(assumption_infos[a].name));
		for (size_t i = 0; i < COUNT(keys); i++)
			put(&o, keys[i], journal_get(v->entry, keys[i]));
		put(&o, "actor", v->entry->actor);
		json_close(&o, '}');
	} else {
		columns_pad(out, slice_str(assumption_infos[a].name), 18);
		columns_pad(out, v->function, 16);
		for (size_t i = 0; i < 3; i++)
			columns_pad(out, journal_get(v->entry, keys[i]), 12);
		cli_safe(out, v->from);
		buf_str(out, "  ");
		cli_safe(out, v->entry->actor);
		buf_str(out, "  ");
		cli_safe(out, v->source);
	}
	buf_byte(out, '\n');
}

/* Each version that holds today, functions in the order in which they were named. */
static void put_assumptions(struct buf *out, const struct journal *j, struct slice today, bool json)
{
	for (size_t i = 0; i < j->n; i++) {
		const struct journal_entry *e = j->p[i];
		struct assumed v;

		if (!slice_is(e->action, "duty.assume"))
			continue;
		for (int a = 0; a < ASSUMPTIONS; a++) {
			if (!slice_is(journal_get(e, "name"), assumption_infos[a].name))
				continue;
			fact_assumed(j, a, journal_get(e, "function"), today, &v);
			if (v.entry == e)
				put_assumed(out, a, &v, json);
		}
	}
}

static void put_row(struct buf *out, enum fact_register which, const struct register_row *r, bool json)
{
	struct json_out o = json_out(out);

	if (json) {
		json_open(&o, '{');
		put(&o, "register", slice_str(register_infos[which].name));
		put(&o, "key", r->key);
		put(&o, "title", r->title);
		put(&o, "owner", r->owner);
		put(&o, "due", r->due);
		put(&o, "state", r->state);
		put(&o, "text", r->text);
		json_key(&o, "changes");
		json_int(&o, r->changes);
		json_close(&o, '}');
	} else {
		columns_pad(out, slice_str(register_infos[which].name), 18);
		columns_pad(out, r->key, 16);
		columns_pad(out, r->state, 10);
		columns_pad(out, r->due, 12);
		columns_pad(out, r->owner, 16);
		cli_safe(out, r->title);
	}
	buf_byte(out, '\n');
}

static bool put_registers(struct buf *out, const struct journal *j, bool json)
{
	for (int which = 0; which < REGISTERS; which++) {
		struct register_row *rows;
		size_t n;

		if (!fact_register(j, which, INT64_MAX, &rows, &n))
			return false;
		for (size_t i = 0; i < n; i++)
			put_row(out, which, &rows[i], json);
		free(rows);
	}
	return true;
}

int duty_facts(struct cli *cli, struct duty_options *o)
{
	struct ledger_reader *r;
	struct config *cfg;
	struct journal j;
	struct buf out;
	struct err e;
	char today[11];
	int status;

	if (o->n_words > 0)
		return cli_usage(&command_duty, "unexpected \"%s\"", o->words[0]);
	if ((status = cli_open_ledger(cli, &cfg, &r)) != EXIT_DONE)
		return status;
	buf_init(&out, FACTS_MAX);
	date_format(date_from_days(zone_day_of(sys_now_ns() / NS_PER_SEC)), today);
	if (journal_read(&j, r, &e) != TK_OK) {
		cli_error("%s", e.text);
		status = EXIT_INPUT;
	} else {
		put_assumptions(&out, &j, slice_str(today), o->json);
		out.failed |= !put_registers(&out, &j, o->json);
		status = cli_write(NULL, buf_slice(&out));
	}
	journal_free(&j);
	buf_free(&out);
	ledger_reader_close(r);
	cli_log_used(cfg, "duty facts", INT64_MIN, INT64_MAX, 1);
	config_free(cfg);
	return status;
}
