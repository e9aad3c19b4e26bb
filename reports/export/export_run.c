/* One export: records in their order through a format, then the trailer over every byte before it. */
#include <iconv.h>

#include "core/base/hash.h"
#include "core/ledger/recorded.h"
#include "core/trail/merkle.h"
#include "core/trail/reader.h"
#include "core/trail/record.h"
#include "reports/export/key_labels.h"
#include "reports/export/record.h"
#include "reports/titles.h"

#define BLOCK 65536
#define OUT_MAX (8u << 20)
#define TEXT_ROOM (256u << 10) /* of one record: every field at its longest, several times */
#define GETA "\x81\xac"	       /* 〓 in CP932 */

struct export_job {
	const struct export_format *format;
	struct export_context x;
	const struct export_sink *sink;
	struct ledger_recorded *recorded;
	const struct export_trail *trail;
	struct trail_reader *lines; /* NULL: not needed, or no trail */
	struct sha256 *hash, *leaf_hash;
	iconv_t cp932;
	struct buf out, encoded;
	struct err *e;
	struct export_result *result;
	int64_t numbered, first_seq, last_seq, replaced, absent;
};

/* Appends `in` in CP932. */
static void encode(struct export_job *j, struct slice in)
{
	char *from = (char *)(uintptr_t)in.p;
	size_t left = in.n;

	while (left > 0) {
		size_t room = 2 * left + 2;
		char *at = (char *)buf_room(&j->encoded, room), *to = at;

		if (at == NULL)
			return;
		if (iconv(j->cp932, &from, &left, &to, &room) == (size_t)-1) {
			memcpy(to, GETA, 2);
			to += 2;
			j->replaced++;
			do { /* one character, all its bytes */
				from++;
				left--;
			} while (left > 0 && ((uint8_t)*from & 0xc0) == 0x80);
		}
		j->encoded.n += (size_t)(to - at);
	}
}

static int put(struct export_job *j, struct slice bytes)
{
	sha256_add(j->hash, bytes);
	return j->sink->put(j->sink->ctx, bytes, j->e);
}

static int flush(struct export_job *j)
{
	int rc;

	if (j->x.choice.cp932) {
		buf_clear(&j->encoded);
		encode(j, buf_slice(&j->out));
	}
	if (j->out.failed || j->x.text.failed || j->encoded.failed)
		return err_set(j->e, TK_ENOMEM, "out of memory");
	rc = put(j, buf_slice(j->x.choice.cp932 ? &j->encoded : &j->out));
	buf_clear(&j->out);
	return rc;
}

/* One with a place in the trail was put out. */
static int numbered(struct export_job *j, int64_t seq)
{
	if (j->numbered++ == 0)
		j->first_seq = seq;
	j->last_seq = seq;
	j->result->count++;
	return j->x.text.failed || j->out.n >= BLOCK ? flush(j) : TK_OK;
}

/* *known: the trail has the record, or what is left of it. */
static int find_leaf(struct export_job *j, int64_t seq, struct hash32 *leaf, bool *known)
{
	struct trail_line line;
	struct hash32 hash;
	int rc = j->lines == NULL ? TK_EEND : trail_reader_next(j->lines, seq, &line, j->e);

	*known = rc == TK_OK && line.seq == seq;
	if (*known && line.text.n > 0 && line.text.p[0] == '#')
		*known = stub_read(line.text, leaf, &hash);
	else if (*known)
		merkle_leaf(j->leaf_hash, line.text, leaf);
	return rc == TK_EEND ? TK_OK : rc;
}

static int put_access(void *ctx, int64_t row, const struct access_event *ev)
{
	struct export_job *j = ctx;
	struct export_access a = { .seq = row - 1, .ev = ev, .outcome = export_outcome(ev) };
	struct hash32 leaf;
	bool known;
	int rc = ledger_recorded_at(j->recorded, row, &a.recorded_ns, j->e);

	if (rc == TK_OK)
		rc = find_leaf(j, a.seq, &leaf, &known);
	if (rc != TK_OK)
		return rc;
	a.leaf = known ? &leaf : NULL;
	buf_clear(&j->x.text);
	j->format->access(&j->x, &a, &j->out);
	return numbered(j, a.seq);
}

static void put_finding(void *ctx, const struct finding *f)
{
	struct export_job *j = ctx;
	struct export_finding out;

	buf_clear(&j->x.text);
	export_finding_of(&j->x, f, &out);
	j->format->finding(&j->x, &out, &j->out);
	j->result->count++;
}

/* The first record that can be of the period: one is recorded after it began, unless it is a call whose clock
 * was ahead, and where calls are the ledger knows. */
static int begin_lines(struct export_job *j, struct ledger_reader *r, int64_t from_ns, int64_t to_ns,
		       int64_t *seq)
{
	int64_t row = INT64_MAX;
	int rc = ledger_first_seq(r, from_ns, to_ns, &row, j->e);

	*seq = trail_seq_at(j->trail->folder, from_ns / NS_PER_SEC - (from_ns % NS_PER_SEC < 0));
	if (row != INT64_MAX && row - 1 < *seq)
		*seq = row - 1;
	return rc;
}

/* The trail's own lines. What was erased is counted: nobody can say whether it would be chosen. */
static int put_lines(struct export_job *j, struct ledger_reader *reader, int64_t from_ns, int64_t to_ns)
{
	struct trail_line line;
	struct record_error why;
	struct record r;
	int64_t first;
	int rc = begin_lines(j, reader, from_ns, to_ns, &first);

	if (rc != TK_OK)
		return rc;
	while ((rc = trail_reader_next(j->lines, first, &line, j->e)) == TK_OK) {
		if (line.text.n > 0 && line.text.p[0] == '#') {
			j->absent++;
			continue;
		}
		if (!record_read(line.text, &r, &why) || r.seq != line.seq)
			return err_set(j->e, TK_EMALFORMED,
				       "record %lld of the trail is damaged: tochoku verify says more",
				       (long long)line.seq);
		if (!j->format->chosen(&r, line.text, from_ns, to_ns))
			continue;
		buf_add(&j->out, line.text);
		buf_byte(&j->out, '\n');
		if ((rc = numbered(j, line.seq)) != TK_OK)
			return rc;
	}
	j->absent += trail_reader_gone(j->lines);
	return rc == TK_EEND ? TK_OK : rc;
}

/* ---- the trailer ---- */

static void trailer_members(struct export_job *j, struct buf *out)
{
	struct json_out o = json_out(out);

	json_open(&o, '{');
	put_constant(&o, "trailer", j->format->name);
	put_int(&o, "count", j->result->count);
	if (j->numbered > 0) {
		put_int(&o, "first_seq", j->first_seq);
		put_int(&o, "last_seq", j->last_seq);
	}
	if (j->x.choice.cp932)
		put_int(&o, "replaced_characters", j->replaced);
	if (j->absent > 0)
		put_int(&o, "absent_records", j->absent);
	put_constant(&o, "sha256", j->result->sha256);
	if (j->trail->folder != NULL)
		put_constant(&o, "origin", j->trail->origin);
	if (j->trail->folder != NULL && j->trail->size > 0) {
		put_int(&o, "checkpoint_size", j->trail->size);
		put_constant(&o, "checkpoint", j->trail->checkpoint);
	}
	json_close(&o, '}');
}

static int put_trailer(struct export_job *j)
{
	uint8_t digest[32];

	sha256_end(j->hash, digest);
	hex_encode(slice_of(digest, sizeof digest), j->result->sha256);
	if (j->format->trailer == TRAILER_NONE)
		return TK_OK;
	if (j->format->trailer == TRAILER_XML)
		buf_str(&j->out, "<!-- ");
	if (j->format->trailer == TRAILER_HASH)
		buf_str(&j->out, "# ");
	trailer_members(j, &j->out);
	buf_str(&j->out, j->format->trailer == TRAILER_XML ? " -->\n" : "\n");
	return j->sink->put(j->sink->ctx, buf_slice(&j->out), j->e);
}

/* ---- the whole ---- */

static int run(struct export_job *j, struct ledger_reader *r, int64_t from_ns, int64_t to_ns)
{
	int rc;

	if (j->format->header != NULL)
		j->format->header(&j->x, &j->out);
	if (j->format->chosen != NULL)
		rc = put_lines(j, r, from_ns, to_ns);
	else
		rc = ledger_events(r, from_ns, to_ns, false, put_access, j, j->e);
	if (rc == TK_OK && j->format->finding != NULL)
		rc = ledger_findings(r, from_ns, to_ns, false, put_finding, j, j->e);
	if (rc == TK_OK)
		rc = flush(j);
	return rc == TK_OK ? put_trailer(j) : rc;
}

static int prepare(struct export_job *j, const struct config *cfg, const struct export_choice *choice,
		   struct ledger_reader *r)
{
	j->x.cfg = cfg;
	j->x.choice = *choice;
	buf_init(&j->out, OUT_MAX);
	buf_init(&j->encoded, 2 * OUT_MAX);
	buf_init(&j->x.text, TEXT_ROOM);
	if (buf_room(&j->x.text, TEXT_ROOM) == NULL || (j->hash = sha256_new()) == NULL ||
	    (j->leaf_hash = sha256_new()) == NULL)
		return err_set(j->e, TK_ENOMEM, "out of memory");
	sha256_begin(j->hash);
	if (choice->cp932 && (j->cp932 = iconv_open("CP932", "UTF-8")) == (iconv_t)-1)
		return err_set(j->e, TK_ECONFIG, "this system has no CP932 (glibc's gconv modules)");
	if ((j->x.keys = key_labels_load(r, j->e)) == NULL)
		return j->e->code;
	j->x.titles = titles_load(cfg);
	if (j->format->chosen != NULL && j->trail->folder == NULL)
		return err_set(j->e, TK_ENOTFOUND, "there is no trail that the records could come from");
	if ((j->format->chosen != NULL || j->format->leaf) && j->trail->folder != NULL &&
	    trail_reader_open(&j->lines, j->trail->folder, j->trail->end, j->e) != TK_OK)
		return j->e->code;
	return ledger_recorded_open(&j->recorded, r, j->e);
}

static void release(struct export_job *j)
{
	if (j->cp932 != (iconv_t)-1)
		iconv_close(j->cp932);
	trail_reader_close(j->lines);
	ledger_recorded_close(j->recorded);
	key_labels_free(j->x.keys);
	titles_free(j->x.titles);
	buf_free(&j->out);
	buf_free(&j->encoded);
	buf_free(&j->x.text);
	sha256_free(j->hash);
	sha256_free(j->leaf_hash);
}

int export_run(const struct export_format *f, const struct config *cfg, const struct export_choice *choice,
	       struct ledger_reader *r, const struct export_trail *trail, int64_t from_ns, int64_t to_ns,
	       const struct export_sink *sink, struct export_result *out, struct err *e)
{
	struct export_job j = {
		.format = f, .sink = sink, .cp932 = (iconv_t)-1, .trail = trail, .result = out, .e = e
	};
	int rc;

	*out = (struct export_result){ 0 };
	rc = prepare(&j, cfg, choice, r);
	if (rc == TK_OK)
		rc = run(&j, r, from_ns, to_ns);
	release(&j);
	return rc;
}
