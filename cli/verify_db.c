#include "cli/verify_db.h"

#include <stdio.h>

#include "core/ledger/backup.h"
#include "core/ledger/trail_rows.h"
#include "core/trail/copy.h"
#include "core/trail/reader.h"

#define TELL_MAX 100 /* findings of one kind; the rest is counted alone */

struct comparing {
	const struct verify_options *o;
	struct verify_result *r;
	struct trail_reader *lines;
	struct renderer *renderer;
	struct buf line;
	int64_t end;  /* seq behind the last sealed record */
	int64_t next; /* seq of the row that must come next */
	int64_t told;
	int64_t behind; /* records before the ledger's first one, which were in one that was set aside; 0:
			   none */
	bool met;	/* a row */
};

static void tell(struct comparing *c, enum trail_finding_id id, int64_t seq, const char *detail)
{
	if (c->told++ < TELL_MAX)
		trail_tell(c->o, c->r, id, seq, detail);
}

/* The row as a line, with what the trail alone knows of it: the hash before and the nonce. */
static bool same(struct comparing *c, const struct trail_row *row, struct slice line)
{
	struct record_head head = { .seq = row->seq - 1, .ts_ns = row->ts_ns, .type = row->type };
	struct record_error why;
	struct record record;
	struct slice nonce;

	if (!record_read(line, &record, &why) || !record_string(line, "n", &nonce) ||
	    !base64url_16_read(nonce, head.nonce))
		return false;
	head.h = record.h;
	buf_clear(&c->line);
	if (row->ev != NULL)
		put_access_record(c->renderer, &c->line, &head, row->ev);
	else
		put_record(c->renderer, &c->line, &head, row->body);
	return !c->line.failed && slice_eq(buf_slice(&c->line), line);
}

/* The trail's records before `seq` that no row was met for: each must be erased, or is missing here. *there:
 * the record of that number is in the trail. */
static int catch_up(struct comparing *c, int64_t seq, struct trail_line *line, bool *there, struct err *e)
{
	int rc;

	*there = false;
	while ((rc = trail_reader_next(c->lines, c->next, line, e)) == TK_OK) {
		bool stub = line->text.n > 0 && line->text.p[0] == '#';

		c->next = line->seq + 1;
		if (line->seq >= seq) {
			*there = line->seq == seq && !stub;
			return TK_OK;
		}
		if (!stub)
			tell(c, FOUND_LEDGER_LACKS, line->seq, NULL);
	}
	return rc == TK_EEND ? TK_OK : rc;
}

/* A ledger begins in the middle of a trail only with the record of why; that one is sealed as any other. */
static bool begins_behind(const struct comparing *c, const struct trail_row *row)
{
	static const char action[] = "\"action\":\"ledger-set-aside\"";

	return row->seq == c->behind + 1 && row->ev == NULL && strcmp(row->type, "control") == 0 &&
	       memmem(row->body.p, row->body.n, action, sizeof action - 1) != NULL;
}

static int compare(void *ctx, const struct trail_row *row, struct err *e)
{
	struct comparing *c = ctx;
	struct trail_line line;
	int64_t seq = row->seq - 1;
	bool there;
	int rc;

	if (!c->met && c->behind > 0 && begins_behind(c, row))
		c->next = c->behind;
	c->met = true;
	if (seq >= c->end)
		return TK_EEND; /* not sealed yet: the chain of transactions guards it */
	if (seq < c->next) { /* the trail has no line of that number */
		tell(c, FOUND_LEDGER_ERASED, seq, NULL);
		return TK_OK;
	}
	if ((rc = catch_up(c, seq, &line, &there, e)) != TK_OK)
		return rc;
	if (!there)
		tell(c, FOUND_LEDGER_ERASED, seq, NULL);
	else if (!same(c, row, line.text))
		tell(c, FOUND_LEDGER_ROW, seq, row->type);
	return TK_OK;
}

static int compare_rows(struct comparing *c, struct ledger_reader *reader, struct err *e)
{
	struct ledger_facts facts;
	struct trail_line line;
	int64_t sealed = trail_sealed(c->o->folder), closed, last = -1;
	bool there;
	int rc = TK_OK;

	if (sealed > 0)
		rc = trail_segment_end(c->o->folder, sealed - 1, &closed, &last, e);
	c->end = last + 1;
	if (rc == TK_OK && (rc = ledger_facts(reader, &facts, e)) == TK_OK)
		c->behind = facts.behind;
	if (rc == TK_OK)
		rc = trail_reader_open(&c->lines, c->o->folder, c->end, e);
	if (rc == TK_OK)
		rc = ledger_trail_rows(reader, 0, compare, c, e);
	if (rc == TK_OK || rc == TK_EEND)
		rc = catch_up(c, c->end, &line, &there, e);
	return rc;
}

/* What a check of the ledger alone says: a no is a finding. */
static int judge(struct comparing *c, int rc, enum trail_finding_id id, struct err *e)
{
	if (rc != TK_EMALFORMED && rc != TK_EDAMAGED)
		return rc;
	trail_tell(c->o, c->r, id, -1, e->text);
	*e = (struct err){ 0 };
	return TK_OK;
}

int verify_db(const struct verify_options *o, const char *ledger, struct verify_result *r, struct err *e)
{
	struct comparing c = { .o = o, .r = r, .renderer = renderer_new() };
	struct ledger_reader *reader = NULL;
	int64_t n;
	int rc = ledger_reader_open(&reader, ledger, e);

	buf_init(&c.line, RECORD_MAX + 65536);
	if (rc == TK_OK && c.renderer == NULL)
		rc = err_set(e, TK_ENOMEM, "no memory");
	if (rc == TK_OK)
		rc = judge(&c, ledger_check(reader, e), FOUND_LEDGER_PAGES, e);
	if (rc == TK_OK)
		rc = judge(&c, ledger_check_schema(reader, e), FOUND_LEDGER_SCHEMA, e);
	if (rc == TK_OK)
		rc = judge(&c, ledger_verify(reader, &n, e), FOUND_LEDGER_CHAIN, e);
	if (rc == TK_OK)
		rc = judge(&c, compare_rows(&c, reader, e), FOUND_LEDGER_ROW, e);
	trail_reader_close(c.lines);
	renderer_free(c.renderer);
	buf_free(&c.line);
	ledger_reader_close(reader);
	return rc;
}
