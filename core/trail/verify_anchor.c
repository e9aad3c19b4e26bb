/* Steps 7 and 8: time stamps, and what others hold. */
#include <stdio.h>

#include "core/trail/stamp.h"
#include "core/trail/verify_state.h"

#define STAMP_MAX 65536

/* ---- time stamps ---- */

static void check_stamp(struct verify *v, const struct sealed *s, struct slice reply, const char *file)
{
	char note[64];
	struct place at = in_segment(s->segment, file);
	struct err e = { 0 };
	int64_t stamped = 0;
	int rc;

	snprintf(note, sizeof note, "notes/checkpoint-%06lld.note", (long long)s->segment + 1);
	rc = file_read_below(v->folder, note, NOTE_MAX, &v->note, &e);
	if (rc != TK_OK) {
		verify_unable(v, rc, e.text);
		return; /* told already */
	}
	switch (stamp_verify(reply, buf_slice(&v->note), v->o->tsa_ca, v->o->now, &stamped, &e)) {
	case STAMP_OTHER_DATA:
		found(v, FOUND_STAMP_DATA, at, NULL);
		break;
	case STAMP_INVALID:
		found(v, FOUND_STAMP_INVALID, at, "%s", e.text);
		break;
	case STAMP_UNCHECKED:
		found(v, FOUND_STAMP_UNCHECKED, at, NULL);
		break;
	case STAMP_GOOD:
		if (stamped < s->closed)
			found(v, FOUND_STAMP_EARLY, at, "by %lld s", (long long)(s->closed - stamped));
		break;
	}
}

int verify_stamps(struct verify *v)
{
	struct buf reply;

	buf_init(&reply, STAMP_MAX + 8192);
	for (size_t i = 0; i < v->n_sealed; i++) {
		char file[64];
		struct err e = { 0 };
		int rc;

		snprintf(file, sizeof file, "notes/checkpoint-%06lld.tsr",
			 (long long)v->sealed[i].segment + 1);
		rc = file_read_below(v->folder, file, STAMP_MAX, &reply, &e);
		if (rc == TK_OK)
			check_stamp(v, &v->sealed[i], buf_slice(&reply), file);
		else if (rc != TK_ENOTFOUND && !verify_unable(v, rc, e.text))
			found(v, FOUND_NOTE_KIND, in_segment(v->sealed[i].segment, file), "%s", e.text);
	}
	buf_free(&reply);
	return v->unable;
}

/* ---- anchors ---- */

static void agrees(struct verify *v, int64_t size)
{
	if (size > v->r->anchored)
		v->r->anchored = size;
}

/* A recovery that begins below the anchor's size: what the anchor saw was left behind. */
bool verify_rewound(const struct verify *v, int64_t size)
{
	for (size_t i = 0; i < v->n_epochs; i++)
		if (v->epoch[i].e.reason == EPOCH_RECOVER && v->epoch[i].e.start_segment < size)
			return true;
	return false;
}

static void check_code(struct verify *v, const struct anchor *a)
{
	for (size_t i = 0; i < v->n_sealed; i++) {
		char code[SHORT_CODE_LEN + 1];

		short_code(&v->sealed[i].checkpoint, code);
		if (v->sealed[i].in_tree && strcmp(code, a->code) == 0) {
			agrees(v, v->sealed[i].segment + 1);
			return;
		}
	}
	found(v, FOUND_CODE_UNKNOWN, NOWHERE, "%s", a->code);
}

static void check_anchor(struct verify *v, const struct anchor *a)
{
	const struct sealed *s = sealed_at(v, a->size - 1);
	struct place at = in_segment(a->size - 1, a->source);

	if (a->code[0] != '\0')
		check_code(v, a);
	else if (a->origin[0] != '\0' && strcmp(a->origin, v->r->origin) != 0)
		found(v, FOUND_ANCHOR_ORIGIN, at, "%s", a->origin);
	else if (s != NULL && s->in_tree && hash_eq(&s->root, &a->root))
		agrees(v, a->size);
	else if (verify_rewound(v, a->size))
		found(v, FOUND_ANCHOR_REWOUND, at, "size %lld", (long long)a->size);
	else if (a->size > v->end)
		found(v, FOUND_ANCHOR_LARGER, at, "size %lld, and there are %lld segments",
		      (long long)a->size, (long long)v->end);
	else if (s != NULL && s->in_tree)
		found(v, FOUND_ANCHOR_ROOT, at, "size %lld", (long long)a->size);
}

/* A checkpoint that a witness cosigned is one that it has seen. */
static void check_witness(struct verify *v, const struct vkey *k)
{
	for (size_t i = 0; i < v->n_sealed; i++) {
		struct place at = in_segment(v->sealed[i].segment, NULL);
		struct note n;
		char file[64];
		const char *why;
		struct err e = { 0 };
		int rc;

		snprintf(file, sizeof file, "notes/checkpoint-%06lld.note",
			 (long long)v->sealed[i].segment + 1);
		at.file = file;
		rc = file_read_below(v->folder, file, NOTE_MAX, &v->note, &e);
		verify_unable(v, rc, e.text);
		if (rc != TK_OK || !note_read(buf_slice(&v->note), &n, &why))
			continue;
		switch (note_signed_by(&n, k)) {
		case NOTE_GOOD:
			if (v->sealed[i].in_tree)
				agrees(v, v->sealed[i].segment + 1);
			break;
		case NOTE_BAD:
			found(v, FOUND_WITNESS, at, "%s", k->name);
			break;
		case NOTE_UNCHECKED:
			verify_unable(v, TK_ENOMEM, "no memory for a signature");
			break;
		case NOTE_UNSIGNED:
			break;
		}
	}
}

/* The log's own table proves nothing, since whoever changes the log changes it too; but it must agree. A row
 * that came while we looked is of a seal that came too. */
static void check_own_table(struct verify *v)
{
	struct anchors own = { 0 };
	struct place at = NOWHERE;
	struct buf b;
	struct err e = { 0 };
	int line, rc;

	buf_init(&b, 64u << 20);
	at.file = "anchors.tsv";
	rc = file_read_below(v->folder, at.file, 60u << 20, &b, &e);
	if (!verify_unable(v, rc, e.text) && rc == TK_OK &&
	    !anchors_read_table(&own, buf_slice(&b), at.file, &line) &&
	    !(line == 0 && verify_unable(v, TK_ENOMEM, "no memory for anchors")))
		found(v, FOUND_NOTE_FORM, at, "line %d", line);
	for (size_t i = 0; i < own.n; i++) {
		const struct sealed *s = sealed_at(v, own.p[i].size - 1);

		at.segment = own.p[i].size - 1;
		if (s != NULL && s->in_tree && !hash_eq(&s->root, &own.p[i].root))
			found(v, FOUND_FORK, at, "size %lld", (long long)own.p[i].size);
		else if (own.p[i].size > v->end && !verify_sealed_meanwhile(v, at.segment))
			found(v, FOUND_ROLLBACK, at, "size %lld, and there are %lld segments",
			      (long long)own.p[i].size, (long long)v->end);
	}
	anchors_free(&own);
	buf_free(&b);
}

int verify_anchors(struct verify *v)
{
	const struct anchors *a = v->o->anchors;

	check_own_table(v);
	for (size_t i = 0; a != NULL && i < a->n; i++)
		check_anchor(v, &a->p[i]);
	for (size_t i = 0; a != NULL && i < a->n_witnesses; i++)
		check_witness(v, &a->witness[i]);
	if (v->unable == TK_OK && v->r->anchored > 0)
		found(v, FOUND_ANCHOR_AGREES, in_segment(v->r->anchored - 1, NULL), "up to size %lld",
		      (long long)v->r->anchored);
	return v->unable;
}
