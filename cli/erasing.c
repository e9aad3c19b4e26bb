#include "cli/erasing.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/reading.h"
#include "core/retention/policy.h"

#define CARRY_OUT_RECORDS 500000 /* so many are written before they are carried out: one sealing each */

static void put_list(struct asking *a, const struct erasing_order *o)
{
	json_key(&a->o, "approved_by");
	json_open(&a->o, '[');
	for (size_t i = 0; i < o->n_approvers; i++)
		json_str(&a->o, slice_str(o->approver[i]));
	json_close(&a->o, ']');
}

static void put_number(struct asking *a, const char *key, int64_t v)
{
	json_key(&a->o, key);
	json_int(&a->o, v);
}

/* One piece, from a segment on; *next: where the next begins, -1: that was all. */
static int piece(const struct erasing_order *o, bool preview, int64_t *next, struct erasing_sums *sums)
{
	char what[32];
	struct asking a;
	int64_t count;
	int status;

	snprintf(what, sizeof what, "maintain.%s", o->verb);
	asking_begin(&a, what);
	asking_text(&a, "preview", preview ? "yes" : NULL);
	asking_text(&a, "user", o->user);
	asking_text(&a, "text", o->text);
	asking_text(&a, "why", o->why);
	asking_text(&a, "reference", o->reference);
	asking_text(&a, "reason", o->reason);
	asking_text(&a, "accept_short", o->accept_short ? "yes" : NULL);
	if (o->first >= 0) {
		put_number(&a, "first", o->first);
		put_number(&a, "last", o->last);
	}
	if (o->from_ns != INT64_MIN)
		asking_time(&a, "from", o->from_ns);
	if (o->to_ns != INT64_MAX)
		asking_time(&a, "to", o->to_ns);
	put_number(&a, "segment", *next);
	put_list(&a, o);
	if ((status = asking_send(&a, o->cfg, &count)) == EXIT_DONE) {
		*next = asking_number(&a, "next");
		sums->records += count;
		sums->segments += asking_number(&a, "segments");
		sums->whole += asking_number(&a, "whole");
		sums->held += asking_number(&a, "held");
		sums->kept += asking_number(&a, "kept");
		sums->two += asking_number(&a, "two");
		for (int i = 0; i < RECORD_TYPES; i++)
			sums->of[i] += asking_number(&a, record_type_name(i));
	}
	asking_end(&a);
	return status;
}

static int carry_out(const struct erasing_order *o, const struct erasing_sums *sums)
{
	struct asking a;
	int64_t count;
	int status;

	asking_begin(&a, "maintain.carry-out");
	if (sums != NULL) {
		asking_text(&a, "run", o->verb);
		put_number(&a, "records", sums->records);
		put_number(&a, "segments", sums->segments);
		put_number(&a, "held", sums->held);
	}
	status = asking_send(&a, o->cfg, &count);
	asking_end(&a);
	return status;
}

int erasing_finish(const struct erasing_order *o)
{
	return carry_out(o, NULL);
}

int erasing_preview(const struct erasing_order *o, struct erasing_sums *out)
{
	int64_t next = 0;
	int status = EXIT_DONE;

	*out = (struct erasing_sums){ 0 };
	while (next >= 0 && status == EXIT_DONE)
		status = piece(o, true, &next, out);
	return status;
}

int erasing_run(const struct erasing_order *o, struct erasing_sums *out)
{
	int64_t next = 0, carried = 0;
	int status = EXIT_DONE;

	*out = (struct erasing_sums){ 0 };
	while (next >= 0 && status == EXIT_DONE) {
		status = piece(o, false, &next, out);
		if (status == EXIT_DONE && out->records - carried >= CARRY_OUT_RECORDS && next >= 0) {
			status = carry_out(o, NULL);
			carried = out->records;
		}
	}
	return status == EXIT_DONE ? carry_out(o, out) : status;
}

/* ---- telling ---- */

static void tell_json(const struct erasing_order *o, const struct erasing_sums *s, bool done)
{
	printf("{\"%s\":%s,\"records\":%" PRId64 ",\"segments\":%" PRId64 ",\"whole\":%" PRId64
	       ",\"held\":%" PRId64 ",\"kept\":%" PRId64 ",\"two_approvals\":%" PRId64 ",\"done\":%s",
	       "order", o->verb[0] == 'p' ? "\"prune\"" : "\"erase\"", s->records, s->segments, s->whole,
	       s->held, s->kept, s->two, done ? "true" : "false");
	for (int i = 0; i < RECORD_TYPES; i++)
		if (s->of[i] > 0)
			printf(",\"records.%s\":%" PRId64, record_type_name(i), s->of[i]);
	printf("}\n");
}

static void tell_period(const char *ja, const char *en, bool is_ja, struct cfg_period p)
{
	struct buf text;

	buf_init(&text, 64);
	put_period(&text, p);
	printf("  %s %s\n", is_ja ? ja : en, buf_cstr(&text));
	buf_free(&text);
}

void erasing_tell(const struct erasing_order *o, const struct erasing_sums *s, bool done)
{
	bool ja = strcmp(o->cfg->site.language, "en") != 0;

	if (o->json) {
		tell_json(o, s, done);
		return;
	}
	if (o->verb[0] == 'p') {
		printf(ja ? "保存期間 (%s)\n" : "Kept (%s)\n", o->cfg->retention.profile);
		tell_period("アクセス", "calls", ja, retention_period(o->cfg, KEEP_ACCESS));
		tell_period("検出・判断・インシデント", "findings, decisions, incidents", ja,
			    retention_period(o->cfg, KEEP_FINDINGS));
		tell_period("報告書（紙とファイル。保管は人が行う）",
			    "reports (paper and files, kept by people)", ja, retention_reports(o->cfg));
	}
	if (done)
		printf(ja ? "消去しました: %" PRId64 " 件（%" PRId64 " 区間、うち区間全体 %" PRId64 "）\n"
			  : "Erased: %" PRId64 " records in %" PRId64 " segments, %" PRId64
			    " of them whole\n",
		       s->records, s->segments, s->whole);
	else
		printf(ja ? "消去の対象: %" PRId64 " 件（%" PRId64 " 区間、うち区間全体 %" PRId64 "）\n"
			  : "To be erased: %" PRId64 " records in %" PRId64 " segments, %" PRId64
			    " of them whole\n",
		       s->records, s->segments, s->whole);
	for (int i = 0; i < RECORD_TYPES; i++)
		if (s->of[i] > 0)
			printf("  %-12s %" PRId64 "\n", record_type_name(i), s->of[i]);
	if (s->held > 0)
		printf(ja ? "保全（リーガルホールド）により残る: %" PRId64 " 件\n"
			  : "Stay under a legal hold: %" PRId64 " records\n",
		       s->held);
	if (s->kept > 0)
		printf(ja ? "種類により永久に残る（制御・消去・保全・鍵など）: %" PRId64 " 件\n"
			  : "Stay for ever by their type (control, erase, hold, key): %" PRId64 " records\n",
		       s->kept);
	if (s->two > 0 && !done)
		printf(ja ? "承認者2名が必要（期間内または1年未満）: %" PRId64 " 件\n"
			  : "Need two people's approval (younger than their period or a year): %" PRId64
			    " records\n",
		       s->two);
}
