/* Step 8, live heads: what a collector was told of records, also of those that were not sealed then. */
#include <stdlib.h>

#include "core/trail/verify_state.h"

static const struct heads *heads_of(const struct verify *v)
{
	static const struct heads none = { 0 };

	return v->o->anchors == NULL ? &none : &v->o->anchors->heads;
}

/* Heads of another log are told once, and of no use. */
static bool is_ours(struct verify *v, const struct head_anchor *a)
{
	struct place at = NOWHERE;

	if (strcmp(a->said.origin, v->r->origin) == 0)
		return true;
	at.file = a->source;
	if (!v->told_other_heads)
		found(v, FOUND_ANCHOR_ORIGIN, at, "%s", a->said.origin);
	v->told_other_heads = true;
	return false;
}

static void compare(struct verify *v, const struct head_anchor *a, struct place at, const struct hash32 *have)
{
	if (!is_ours(v, a))
		return;
	if (hash_eq(&a->said.h, have))
		v->heads_agree++;
	else
		found(v, FOUND_HEAD_RECORD, at, "%s", a->source);
}

void verify_head_line(struct verify *v, struct place at, const struct hash32 *hash)
{
	const struct heads *h = heads_of(v);

	for (; v->next_head < h->n && h->p[v->next_head].said.seq <= at.seq; v->next_head++)
		if (h->p[v->next_head].said.seq == at.seq)
			compare(v, &h->p[v->next_head], at, hash);
}

void verify_heads_of_gone(struct verify *v, const struct sealed *s)
{
	const struct heads *h = heads_of(v);
	struct place at = in_segment(s->segment, NULL);

	at.seq = s->last_seq;
	for (; v->next_head < h->n && h->p[v->next_head].said.seq <= s->last_seq; v->next_head++)
		if (h->p[v->next_head].said.seq == s->last_seq)
			compare(v, &h->p[v->next_head], at, &s->last_hash);
}

static void check_size(struct verify *v, const struct head_anchor *a)
{
	const struct sealed *s = sealed_at(v, a->said.size - 1);
	struct place at = in_segment(a->said.size - 1, a->source);

	if (s != NULL && s->in_tree && hash_eq(&s->checkpoint, &a->said.checkpoint)) {
		if (a->said.size > v->r->anchored)
			v->r->anchored = a->said.size;
	} else if (verify_rewound(v, a->said.size)) {
		found(v, FOUND_ANCHOR_REWOUND, at, "size %lld", (long long)a->said.size);
	} else if (a->said.size > v->end) {
		if (!verify_sealed_meanwhile(v, a->said.size - 1))
			found(v, FOUND_ANCHOR_LARGER, at, "size %lld, and there are %lld segments",
			      (long long)a->said.size, (long long)v->end);
	} else if (s != NULL && s->in_tree) {
		found(v, FOUND_ANCHOR_ROOT, at, "size %lld", (long long)a->said.size);
	}
}

void verify_heads(struct verify *v)
{
	const struct heads *h = heads_of(v);
	const struct trail_said *before = NULL;
	struct place at = NOWHERE;

	for (size_t i = 0; i < h->n; i++) {
		const struct head_anchor *a = &h->p[i];
		bool same = before != NULL && before->size == a->said.size &&
			    hash_eq(&before->checkpoint, &a->said.checkpoint);

		if (!same && a->said.size > 0 && is_ours(v, a))
			check_size(v, a);
		before = &a->said;
	}
	while (v->next_head < h->n && !is_ours(v, &h->p[v->next_head]))
		v->next_head++;
	if (v->next_head < h->n && !verify_sealed_meanwhile(v, v->end)) {
		at.seq = h->p[v->next_head].said.seq;
		at.file = h->p[v->next_head].source;
		found(v, FOUND_HEAD_BEYOND, at, "from this one on");
	}
	if (v->heads_agree > 0)
		found(v, FOUND_HEAD_AGREES, NOWHERE, "%lld", (long long)v->heads_agree);
}
