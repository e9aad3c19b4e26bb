/* Step 5: the segment files, line by line in one pass. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <zlib.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/trail/verify_state.h"

#define BLOCK (1u << 20)
#define CLOCK_TOLERANCE (5 * 60 * NS_PER_SEC)
#define HEARTBEAT_MAX (6 * 60 * NS_PER_SEC) /* they come every 5 minutes */

struct segment {
	struct verify *v;
	struct sealed *s;
	char file[FILE_LEN + 16];
	struct sha256 *file_hash;
	struct merkle leaves;
	int64_t offset, line_at; /* of the line under way, and of the one before it */
	int64_t seq;		 /* expected next */
	int64_t lines;
	struct hash32 h;      /* expected in the next line */
	bool h_known, broken; /* broken: a line was told as bad, so what follows from it is not told again */
	int64_t ts_ns;	      /* of the last record */
	bool clock_told;      /* there is a clock record */
	struct place back;    /* where the clock went back first; offset -1: nowhere */
	int64_t back_by;
	struct stubs stubs; /* the run under way */
	size_t first_stub;  /* of this segment in v->stubs */
};

static struct place here(const struct segment *g)
{
	return (struct place){ g->s->segment, g->seq, g->offset, g->file };
}

/* ---- records ---- */

static void check_chain(struct segment *g, const struct hash32 *h)
{
	struct place at = here(g);

	if (!g->h_known || hash_eq(&g->h, h))
		return;
	if (g->lines > 0) { /* the line before is what the hash is of */
		at.seq--;
		at.offset = g->line_at;
	}
	if (!g->broken)
		found(g->v, FOUND_RECORD_CHAIN, at,
		      g->lines > 0 ? NULL
				   : "the first line's h is not the last "
				     "line of the segment before");
}

static void check_clock(struct segment *g, const struct record *r)
{
	if (g->ts_ns - r->ts_ns > CLOCK_TOLERANCE && g->back.offset < 0) {
		g->back = here(g);
		g->back_by = (g->ts_ns - r->ts_ns) / NS_PER_SEC;
	}
	g->ts_ns = r->ts_ns;
	g->clock_told |= r->type == RECORD_CLOCK;
}

static void check_heartbeat(struct segment *g, const struct record *r, struct slice line)
{
	struct verify *v = g->v;
	struct slice action;

	if (r->type == RECORD_CLOCK)
		v->last_heartbeat = 0;
	if (r->type != RECORD_CONTROL || !record_string(line, "action", &action))
		return;
	if (slice_is(action, "recording-started") || slice_is(action, "recording-stopped")) {
		v->last_heartbeat = 0;
	} else if (slice_is(action, "heartbeat")) {
		if (v->last_heartbeat != 0 && r->ts_ns - v->last_heartbeat > HEARTBEAT_MAX)
			found(v, FOUND_HEARTBEAT, here(g), "none for %lld s before",
			      (long long)((r->ts_ns - v->last_heartbeat) / NS_PER_SEC));
		v->last_heartbeat = r->ts_ns;
	}
}

static int take_record(struct segment *g, struct slice line)
{
	struct verify *v = g->v;
	struct record_error why;
	struct place at = here(g);
	struct record r;
	int rc = TK_OK;

	if (!record_read(line, &r, &why)) {
		at.offset += (int64_t)why.offset;
		found(v, FOUND_RECORD_FORM, at, "%s", why.why);
		g->broken = true;
		return TK_OK;
	}
	check_chain(g, &r.h);
	if (r.seq != g->seq) {
		found(v, FOUND_RECORD_SEQ, at, "seq %lld, expected %lld", (long long)r.seq,
		      (long long)g->seq);
		g->seq = r.seq;
	}
	check_clock(g, &r);
	check_heartbeat(g, &r, line);
	verify_actor(v, line, here(g));
	if (r.type == RECORD_TYPES)
		found(v, FOUND_RECORD_TYPE, here(g), NULL);
	if (r.type == RECORD_ERASE)
		rc = verify_take_erase(v, &r, line, here(g));
	if (rc == TK_OK && v->o->record != NULL)
		rc = v->o->record(v->o->ctx, g->s->segment, &r, line, v->e);
	g->broken = false;
	return rc;
}

/* ---- stubs ---- */

static int end_stubs(struct segment *g)
{
	struct verify *v = g->v;

	if (g->stubs.last < g->stubs.first)
		return TK_OK;
	if (!verify_grow(v, (void **)&v->stubs, v->n_stubs, &v->cap_stubs, sizeof *v->stubs))
		return TK_ENOMEM;
	v->stubs[v->n_stubs++] = g->stubs;
	g->stubs.last = -1;
	g->stubs.first = 0;
	return TK_OK;
}

static bool take_stub(struct segment *g, struct slice line, struct hash32 *leaf, struct hash32 *hash)
{
	if (!stub_read(line, leaf, hash)) {
		found(g->v, FOUND_STUB_FORM, here(g), NULL);
		g->broken = true;
		return false;
	}
	if (g->stubs.last < g->stubs.first)
		g->stubs = (struct stubs){ .at = (size_t)(g->s - g->v->sealed),
					   .first = g->seq,
					   .offset = g->offset };
	g->stubs.last = g->seq;
	g->v->last_heartbeat = 0;
	g->broken = false;
	return true;
}

/* ---- lines ---- */

static int take_line_of(struct segment *g, struct slice line)
{
	struct hash32 leaf, hash;
	bool stub = line.n > 0 && line.p[0] == '#' && take_stub(g, line, &leaf, &hash);
	int rc = TK_OK;

	if (!stub) {
		if ((rc = end_stubs(g)) == TK_OK && !(line.n > 0 && line.p[0] == '#'))
			rc = take_record(g, line);
		merkle_leaf(g->v->hash, line, &leaf);
		sha256_of(g->v->hash, line, hash.b);
	}
	merkle_add(&g->leaves, g->v->hash, &leaf);
	verify_head_line(g->v, here(g), &hash);
	g->h = hash;
	g->h_known = true;
	g->seq++;
	g->lines++;
	g->line_at = g->offset;
	g->offset += (int64_t)line.n + 1;
	return rc;
}

static int read_block(int fd, gzFile gz, uint8_t *p, size_t *n, const char *file, struct err *e)
{
	ssize_t got = gz != NULL ? gzread(gz, p, BLOCK) : sys_read(fd, p, BLOCK);

	int why = Z_OK;

	*n = got > 0 ? (size_t)got : 0;
	if (got >= 0)
		return TK_OK;
	if (gz != NULL)
		gzerror(gz, &why);
	if (why == Z_MEM_ERROR)
		return err_set(e, TK_ENOMEM, "%s: no memory", file);
	return gz != NULL && why != Z_ERRNO ? err_set(e, TK_EMALFORMED, "%s: damaged gzip", file)
					    : err_sys(e, "%s: cannot read", file);
}

/* A file that is much longer than its manifest says is not read to its end. */
static int read_lines(struct segment *g, int fd, gzFile gz)
{
	struct buf b;
	size_t got = 1;
	int rc = TK_OK;

	buf_init(&b, RECORD_MAX + 3 * BLOCK);
	while (rc == TK_OK && got > 0 && g->offset <= g->s->size + (int64_t)RECORD_MAX) {
		struct slice rest, line;
		uint8_t *p = buf_room(&b, BLOCK);

		if (p == NULL && b.n <= b.max - BLOCK) {
			rc = err_set(g->v->e, TK_ENOMEM, "%s: no memory", g->file);
			break;
		}
		if (p == NULL) {
			found(g->v, FOUND_RECORD_FORM, here(g), "a line longer than 8 MiB");
			break;
		}
		if ((rc = read_block(fd, gz, p, &got, g->file, g->v->e)) != TK_OK)
			break;
		sha256_add(g->file_hash, slice_of(p, got));
		g->v->r->bytes += (int64_t)got;
		b.n += got;
		rest = buf_slice(&b);
		while (rc == TK_OK && take_line(&rest, &line))
			rc = take_line_of(g, line);
		if (rest.n > 0)
			memmove(b.p, b.p + (b.n - rest.n), rest.n);
		b.n = rest.n;
	}
	if (rc == TK_OK && b.n > 0 && got == 0) {
		found(g->v, FOUND_RECORD_FORM, here(g), "the last line has no line feed");
		rc = take_line_of(g, buf_slice(&b));
	}
	buf_free(&b);
	return rc == TK_OK ? end_stubs(g) : rc;
}

/* ---- one file ---- */

static void check_whole(struct segment *g, const struct hash32 *file)
{
	struct verify *v = g->v;
	struct sealed *s = g->s;
	struct place at = in_segment(s->segment, g->file);
	struct hash32 root;

	merkle_root(&g->leaves, v->hash, &root);
	if (g->back.offset >= 0 && !g->clock_told)
		found(v, FOUND_CLOCK_BACK, g->back, "by %lld s", (long long)g->back_by);
	if (g->lines != s->last_seq - s->first_seq + 1)
		found(v, FOUND_SEGMENT_COUNT, at, "%lld records, expected %lld", (long long)g->lines,
		      (long long)(s->last_seq - s->first_seq + 1));
	if (g->lines > 0 && !hash_eq(&g->h, &s->last_hash)) {
		at.seq = g->seq - 1;
		at.offset = g->line_at;
		found(v, FOUND_SEGMENT_LAST, at, NULL);
		at.seq = at.offset = -1;
	}
	if (!hash_eq(&root, &s->leaf_root))
		found(v, FOUND_SEGMENT_ROOT, at, NULL);
	if (v->n_stubs > g->first_stub) { /* then an erase record must bear the file's hash */
		for (size_t i = g->first_stub; i < v->n_stubs; i++)
			v->stubs[i].sha256 = *file;
		return;
	}
	if (g->offset != s->size)
		found(v, FOUND_SEGMENT_SIZE, at, "%lld bytes, expected %lld", (long long)g->offset,
		      (long long)s->size);
	if (!hash_eq(file, &s->sha256))
		found(v, FOUND_SEGMENT_HASH, at, NULL);
}

static int read_file(struct segment *g, int fd, bool compressed)
{
	struct hash32 file;
	gzFile gz = NULL;
	int rc;

	if (compressed) {
		int copy = dup(fd);

		if (copy < 0 || (gz = gzdopen(copy, "rb")) == NULL) {
			sys_close(copy);
			return err_set(g->v->e, TK_ENOMEM, "no memory");
		}
	}
	if ((g->file_hash = sha256_new()) == NULL) {
		rc = err_set(g->v->e, TK_ENOMEM, "no memory");
	} else {
		rc = read_lines(g, fd, gz);
		sha256_end(g->file_hash, file.b);
		if (rc == TK_EMALFORMED && compressed) {
			found(g->v, FOUND_SEGMENT_KIND, in_segment(g->s->segment, g->file), "damaged gzip");
			rc = TK_OK;
		}
		if (rc == TK_OK)
			check_whole(g, &file);
	}
	if (gz != NULL)
		gzclose(gz);
	sha256_free(g->file_hash);
	return rc;
}

static int verify_segment(struct verify *v, struct sealed *s, const struct sealed *before)
{
	struct segment g = { .v = v,
			     .s = s,
			     .seq = s->first_seq,
			     .stubs = { .last = -1 },
			     .back = NOWHERE,
			     .first_stub = v->n_stubs };
	struct err e = { 0 };
	bool compressed = false;
	int fd, rc;

	if (s->segment == 0 && v->n_epochs > 0)
		g.h = v->epoch[0].hash;
	else if (before != NULL && s->follows)
		g.h = before->last_hash;
	g.h_known = (s->segment == 0 && v->n_epochs > 0) || (before != NULL && s->follows);
	snprintf(g.file, sizeof g.file, "segments/%s", s->file);
	rc = file_open_below(v->folder, g.file, &fd, &e);
	if (rc == TK_ENOTFOUND) {
		compressed = true;
		snprintf(g.file, sizeof g.file, "segments/%s.gz", s->file);
		rc = file_open_below(v->folder, g.file, &fd, &e);
	}
	if (rc == TK_ENOTFOUND) {
		s->gone = true;
		v->last_heartbeat = 0;
		verify_heads_of_gone(v, s);
		return TK_OK;
	}
	if (rc == TK_EMALFORMED) {
		found(v, FOUND_SEGMENT_KIND, in_segment(s->segment, g.file), "%s", e.text);
		return TK_OK;
	}
	if (rc != TK_OK)
		return err_set(v->e, rc, "%s/%s", v->o->folder, e.text);
	rc = read_file(&g, fd, compressed);
	sys_close(fd);
	return rc;
}

int verify_segments(struct verify *v)
{
	int rc = TK_OK;

	for (size_t i = 0; i < v->n_sealed && rc == TK_OK; i++)
		rc = verify_segment(v, &v->sealed[i], i == 0 ? NULL : &v->sealed[i - 1]);
	return rc;
}

/* ---- what is not sealed yet ---- */

/* The records behind the last seal: their chain must go on from it. One that is under way while we read, or a
 * last line that is not whole, is no finding. */
int verify_open_segment(struct verify *v)
{
	const struct sealed *last = v->n_sealed == 0 ? NULL : &v->sealed[v->n_sealed - 1];
	int64_t seq = last == NULL ? 0 : last->last_seq + 1;
	struct hash32 h = last == NULL ? (struct hash32){ 0 } : last->last_hash;
	struct place at = in_segment(v->end, "open.jsonl");
	struct record_error why;
	struct slice rest, line;
	struct record r;
	struct buf b;
	struct err e;
	int rc;

	buf_init(&b, 96u << 20);
	rc = file_read_below(v->folder, "open.jsonl", 80u << 20, &b, &e);
	if (last == NULL && v->n_epochs > 0)
		h = v->epoch[0].hash;
	rest = buf_slice(&b);
	at.offset = 0;
	while (rc == TK_OK && take_line(&rest, &line)) {
		at.seq = seq;
		if (!record_read(line, &r, &why)) {
			found(v, FOUND_RECORD_FORM, at, "%s", why.why);
			break;
		}
		if (r.seq != seq || !hash_eq(&r.h, &h)) {
			if (at.offset == 0 && r.seq != seq)
				break; /* sealed meanwhile, or a moment ago */
			found(v, FOUND_RECORD_CHAIN, at, "records that are not sealed yet");
			break;
		}
		sha256_of(v->hash, line, h.b);
		verify_head_line(v, at, &h);
		verify_actor(v, line, at);
		seq++;
		v->r->unsealed++;
		at.offset += (int64_t)line.n + 1;
	}
	buf_free(&b);
	if (verify_unable(v, rc, e.text))
		return v->unable;
	v->r->next_seq = seq;
	if (v->r->unsealed > 0)
		found(v, FOUND_UNSEALED, in_segment(v->end, "open.jsonl"), "%lld", (long long)v->r->unsealed);
	return TK_OK;
}
