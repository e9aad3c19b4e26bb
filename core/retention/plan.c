#include "core/retention/plan.h"

#include <stdlib.h>

#include "core/base/zone.h"
#include "core/ledger/erase.h"

#define ALL_CLASSES (1u << KEEP_ACCESS | 1u << KEEP_FINDINGS)

/* ---- the order ---- */

static int add_twin(void *ctx, int64_t seq)
{
	struct planning *p = ctx;

	if (p->n_twins == p->cap_twins) {
		size_t cap = p->cap_twins == 0 ? 256 : 2 * p->cap_twins;
		int64_t *more = realloc(p->twin, cap * sizeof *more);

		if (more == NULL)
			return TK_ENOMEM;
		p->twin = more;
		p->cap_twins = cap;
	}
	p->twin[p->n_twins++] = seq;
	return TK_OK;
}

int planning_open(struct planning *p, const struct config *cfg, const struct erase_order *o, struct ledger *l,
		  int64_t now, struct err *e)
{
	int rc;

	*p = (struct planning){ .cfg = cfg, .order = o, .now = now };
	buf_init(&p->escaped, 1 << 20);
	put_escaped(&p->escaped, o->text);
	if (!name_forms_of(&p->forms, o->user) || p->escaped.failed)
		return err_set(e, TK_ENOMEM, "no memory");
	rc = holds_load(&p->holds, l, e);
	if (rc == TK_OK && o->user.n > 0)
		rc = ledger_twins_of_user(l, o->user, add_twin, p, e);
	return rc;
}

void planning_close(struct planning *p)
{
	holds_free(&p->holds);
	name_forms_free(&p->forms);
	buf_free(&p->escaped);
	free(p->twin);
}

/* ---- records ---- */

struct reading {
	struct planning *p;
	struct segment_plan *out;
	unsigned over; /* classes whose period is over */
	unsigned left; /* classes of which something stays */
	int64_t stubs, lines;
	struct err *e;
};

static int by_number(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static bool is_twin(const struct planning *p, int64_t seq)
{
	return p->n_twins > 0 && bsearch(&seq, p->twin, p->n_twins, sizeof seq, by_number) != NULL;
}

static bool asked(const struct planning *p, struct slice line, const struct record *r)
{
	const struct erase_order *o = p->order;
	int64_t from, to;

	if (o->first >= 0 && (r->seq < o->first || r->seq > o->last))
		return false;
	if (o->user.n > 0 && !line_names(line, &p->forms) && !is_twin(p, r->seq))
		return false;
	if (o->text.n > 0 && !line_holds(line, buf_slice(&p->escaped)))
		return false;
	if (o->from_ns == INT64_MIN && o->to_ns == INT64_MAX)
		return true;
	line_time(line, r, &from, &to);
	return to >= o->from_ns && from < o->to_ns;
}

static int take(struct segment_plan *s, int64_t seq, struct err *e)
{
	struct trail_run *last = s->n_runs == 0 ? NULL : &s->run[s->n_runs - 1];

	if (last != NULL && last->last == seq - 1) {
		last->last = seq;
		return TK_OK;
	}
	if (s->n_runs == s->cap_runs) {
		size_t cap = s->cap_runs == 0 ? 64 : 2 * s->cap_runs;
		struct trail_run *more = realloc(s->run, cap * sizeof *more);

		if (more == NULL)
			return err_set(e, TK_ENOMEM, "no memory");
		s->run = more;
		s->cap_runs = cap;
	}
	s->run[s->n_runs++] = (struct trail_run){ seq, seq };
	return TK_OK;
}

static int judge_line(void *ctx, int64_t seq, struct slice line)
{
	struct reading *g = ctx;
	struct segment_plan *s = g->out;
	struct record_error why;
	enum record_class class;
	struct record r;

	g->lines++;
	if (line.n > 0 && line.p[0] == '#') {
		g->stubs++;
		return TK_OK;
	}
	if (!record_read(line, &r, &why) || r.seq != seq)
		return err_set(g->e, TK_EMALFORMED,
			       "record %lld of the trail is damaged: `tochoku verify` says more",
			       (long long)seq);
	class = record_class_of(r.type);
	if (g->p->order->prune ? !(g->over >> class & 1) : !asked(g->p, line, &r))
		return TK_OK;
	if (class == KEEP_FOREVER || holds_cover(&g->p->holds, line, &r) != 0) {
		s->held += class != KEEP_FOREVER;
		s->kept += class == KEEP_FOREVER;
		g->left |= 1u << class;
		return TK_OK;
	}
	s->records++;
	s->of[r.type]++;
	s->classes |= 1u << class;
	return take(s, seq, g->e);
}

/* ---- a segment ---- */

static unsigned classes_over(const struct planning *p, int64_t closed)
{
	unsigned over = 0;

	for (int c = KEEP_ACCESS; c < RECORD_CLASSES; c++)
		if (retention_over(retention_period(p->cfg, c), closed, p->now))
			over |= 1u << c;
	return over;
}

static bool out_of_reach(const struct planning *p, const struct manifest *m)
{
	const struct erase_order *o = p->order;

	return o->first >= 0 && (o->first > m->last_seq || o->last < m->first_seq);
}

static void begin(struct segment_plan *s)
{
	struct trail_run *run = s->run;
	size_t cap = s->cap_runs;

	*s = (struct segment_plan){ .run = run, .cap_runs = cap };
}

int plan_segment(struct planning *p, const char *folder, int64_t segment, unsigned already,
		 struct segment_plan *out, struct err *e)
{
	struct reading g = { .p = p, .out = out, .e = e };
	int rc;

	begin(out);
	if ((rc = trail_segment_manifest(folder, segment, &out->m, &out->text, e)) != TK_OK)
		return rc;
	g.over = classes_over(p, out->m.closed);
	if (p->order->prune ? (g.over & ~already) == 0 : already == ALL_CLASSES || out_of_reach(p, &out->m))
		return TK_OK;
	out->read = true;
	rc = trail_segment_lines(folder, &out->m, judge_line, &g, e);
	if (rc == TK_ENOTFOUND) { /* it went whole before, or is missing: the verifier tells which */
		out->cleared = ALL_CLASSES;
		return TK_OK;
	}
	out->whole = out->records > 0 && out->records + g.stubs == g.lines;
	out->young = retention_young(p->cfg, out->classes, out->m.closed, p->now);
	if (out->whole)
		out->cleared = ALL_CLASSES;
	else if (p->order->prune)
		out->cleared = g.over & ~g.left;
	return rc;
}

void segment_plan_free(struct segment_plan *s)
{
	free(s->run);
	*s = (struct segment_plan){ 0 };
}
