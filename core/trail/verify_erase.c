/* Step 6: erase records against missing files and stubs (audit-trail.md 6). */
#include <stdlib.h>

#include "core/base/zone.h"
#include "core/trail/verify_state.h"

#define DAY INT64_C(86400)
#define FLOOR_DAYS 365 /* no class is kept for less (audit-requirements.md 4) */

/* "access-5y", "request-30d": how many days it asks to keep; 0: it does not say. */
static int64_t policy_days(struct slice policy)
{
	size_t begin = policy.n;
	int64_t n;
	uint8_t unit;

	if (policy.n < 2)
		return 0;
	unit = policy.p[policy.n - 1];
	while (begin > 1 && policy.p[begin - 2] >= '0' && policy.p[begin - 2] <= '9')
		begin--;
	if (!scalar_number(slice_of(policy.p + begin - 1, policy.n - begin), &n) || n > 1000)
		return 0;
	return unit == 'y' ? n * 365 : unit == 'm' ? n * 30 : unit == 'd' ? n : 0;
}

static bool long_kept(const struct sealed *s, const struct record *r, struct slice line)
{
	struct slice policy = { NULL, 0 };
	int64_t days;

	record_string(line, "policy", &policy);
	days = policy_days(policy);
	return r->ts_ns / NS_PER_SEC - s->closed >= (days > FLOOR_DAYS ? days : FLOOR_DAYS) * DAY;
}

/* What is wrong with the record, or NULL. */
static const char *judge(struct verify *v, const struct record *r, struct slice line,
			 int64_t in_segment_number, struct erasure *out)
{
	struct slice text;
	struct hash32 manifest;
	int64_t segment;
	const struct sealed *s;

	if (!record_number(line, "segment", &segment) || (s = sealed_at(v, segment)) == NULL)
		return "no such segment";
	if (segment >= in_segment_number)
		return "it is not later than the seal of the segment it names";
	if (!record_string(line, "manifest", &text) || !scalar_hex32(text, &manifest) ||
	    !hash_eq(&manifest, &s->manifest))
		return "it names another manifest";
	*out = (struct erasure){ .at = (size_t)(s - v->sealed), .seq = r->seq };
	out->whole = !record_string(line, "scope", &text) || slice_is(text, "whole");
	if (!out->whole && !slice_is(text, "records"))
		return "scope is neither whole nor records";
	if (!record_number(line, "first", &out->first) || !record_number(line, "last", &out->last) ||
	    out->first > out->last || out->first < s->first_seq || out->last > s->last_seq ||
	    (out->whole && (out->first != s->first_seq || out->last != s->last_seq)))
		return "first and last are not records of the segment";
	if (!out->whole && !(record_string(line, "new_sha256", &text) && scalar_hex32(text, &out->sha256)))
		return "new_sha256 is missing";
	if (record_distinct(line, "approved_by") < (long_kept(s, r, line) ? 1 : 2))
		return "it lacks approvals: one, or two people where the records are younger than the policy";
	return NULL;
}

int verify_take_erase(struct verify *v, const struct record *r, struct slice line, struct place at)
{
	struct erasure x;
	const char *why = judge(v, r, line, at.segment, &x);

	if (why != NULL) {
		found(v, FOUND_ERASE_INVALID, at, "%s", why);
		return TK_OK;
	}
	if (!verify_grow(v, (void **)&v->erasure, v->n_erasures, &v->cap_erasures, sizeof *v->erasure))
		return TK_ENOMEM;
	v->erasure[v->n_erasures++] = x;
	return TK_OK;
}

/* ---- at the end ---- */

static int by_segment(const void *a, const void *b)
{
	const struct erasure *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* The first one of a segment, in order; behind them all where there is none. */
static size_t first_of(const struct verify *v, size_t at)
{
	size_t low = 0, high = v->n_erasures;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->erasure[middle].at < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void judge_missing(struct verify *v, size_t at)
{
	const struct sealed *s = &v->sealed[at];
	struct place p = in_segment(s->segment, s->file);

	for (size_t i = first_of(v, at); i < v->n_erasures && v->erasure[i].at == at; i++)
		if (v->erasure[i].whole) {
			v->r->erased_records += s->last_seq - s->first_seq + 1;
			found(v, FOUND_ERASED, p, "records %lld to %lld, by record %lld",
			      (long long)s->first_seq, (long long)s->last_seq, (long long)v->erasure[i].seq);
			return;
		}
	p.seq = s->first_seq;
	found(v, FOUND_SEGMENT_MISSING, p, "records %lld to %lld", (long long)s->first_seq,
	      (long long)s->last_seq);
}

/* The first of the run's records that no erase record covers; behind its last one: all are covered. */
static int64_t uncovered(const struct verify *v, const struct stubs *t)
{
	int64_t next = t->first;
	bool more = true;

	while (more && next <= t->last) {
		more = false;
		for (size_t i = first_of(v, t->at); i < v->n_erasures && v->erasure[i].at == t->at; i++) {
			const struct erasure *x = &v->erasure[i];

			if (x->first <= next && x->last >= next) {
				next = x->last + 1;
				more = true;
			}
		}
	}
	return next;
}

static bool hash_declared(const struct verify *v, const struct stubs *t)
{
	for (size_t i = first_of(v, t->at); i < v->n_erasures && v->erasure[i].at == t->at; i++)
		if (!v->erasure[i].whole &&
		    hash_eq(&v->erasure[i].sha256, &t->sha256))
			return true;
	return false;
}

/* The runs of one file: what is declared is told once, what is not, each. */
static void judge_stubs(struct verify *v, const struct stubs *t, size_t n)
{
	const struct sealed *s = &v->sealed[t->at];
	struct place p = in_segment(s->segment, s->file);
	int64_t erased = 0, last = 0;

	if (!hash_declared(v, t))
		found(v, FOUND_SEGMENT_HASH, p,
		      "no erase record bears the SHA-256 of the file with its stubs");
	for (const struct stubs *end = t + n; t < end; t++) {
		int64_t open = uncovered(v, t);

		if (open <= t->last) {
			found(v, FOUND_STUB_UNDECLARED,
			      (struct place){ s->segment, open, t->offset, s->file }, "records %lld to %lld",
			      (long long)open, (long long)t->last);
			continue;
		}
		if (erased == 0)
			p = (struct place){ s->segment, t->first, t->offset, s->file };
		erased += t->last - t->first + 1;
		last = t->last;
	}
	v->r->erased_records += erased;
	if (erased == 0)
		return;
	if (erased == last - p.seq + 1)
		found(v, FOUND_ERASED, p, "records %lld to %lld", (long long)p.seq, (long long)last);
	else
		found(v, FOUND_ERASED, p, "%lld of the records %lld to %lld", (long long)erased,
		      (long long)p.seq, (long long)last);
}

void verify_erasures(struct verify *v)
{
	size_t n;

	if (v->n_erasures > 1)
		qsort(v->erasure, v->n_erasures, sizeof *v->erasure, by_segment);
	for (size_t i = 0; i < v->n_sealed; i++)
		if (v->sealed[i].gone && v->sealed[i].segment >= v->o->first_segment)
			judge_missing(v, i);
	for (size_t i = 0; i < v->n_stubs; i += n) {
		n = 1;
		while (i + n < v->n_stubs && v->stubs[i + n].at == v->stubs[i].at)
			n++;
		judge_stubs(v, &v->stubs[i], n);
	}
	for (size_t i = 0; i < v->n_erasures; i++) {
		const struct erasure *x = &v->erasure[i];

		if (x->whole && !v->sealed[x->at].gone)
			found(v, FOUND_ERASE_PENDING,
			      in_segment(v->sealed[x->at].segment, v->sealed[x->at].file), "by record %lld",
			      (long long)x->seq);
	}
}
