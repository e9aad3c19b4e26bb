#include "sensor/input/probe.h"

int probe_begin(struct probe *p, int fd)
{
	probe_end(p);
	gen_track_reset(&p->track);
	p->best = -1;
	p->total = 0;
	p->reader = codec_open(fd);
	return p->reader == NULL ? TK_ENOMEM : TK_OK;
}

void probe_end(struct probe *p)
{
	codec_close(p->reader);
	p->reader = NULL;
}

/* The very file that was read to its end before. Compressed files are written once: its beginning
 * is proof enough, and a year of them need not be unpacked at each start. */
static int64_t known_file(const struct probe *p, const struct gen_book *book, const struct gen_query *q,
			  struct sha256 *sha)
{
	for (size_t i = book->n; i-- > 0;) {
		const struct gen_entry *e = &book->list[i];

		if (e->input == q->input && e->g.finished && e->g.ino == q->ino && e->g.dev == q->dev &&
		    (e->owner == GEN_FREE || e->owner == GEN_RETIRED) &&
		    generation_prefix_is(&e->g, slice_of(p->track.prefix, p->track.prefix_n), sha))
			return (int64_t)i;
	}
	return -1;
}

/* Compares with every generation whose position lies in this chunk. */
static void compare(struct probe *p, const struct gen_book *book, const struct gen_query *q,
		    struct sha256 *sha, struct slice chunk)
{
	uint64_t start = p->track.seen_end, end = start + chunk.n;

	for (size_t i = 0; i < book->n; i++) {
		const struct gen_entry *e = &book->list[i];

		if (e->seen.position <= start || e->seen.position > end || !gen_may_be(e, q) ||
		    !gen_better(book, i, p->best) ||
		    !generation_prefix_is(&e->seen, slice_of(p->track.prefix, p->track.prefix_n), sha))
			continue;
		gen_track_position(&p->track, chunk, e->seen.position);
		if (generation_tail_is(&e->seen, slice_of(p->track.tail, p->track.tail_n), sha))
			p->best = (int64_t)i;
	}
}

enum probe_result probe_step(struct probe *p, const struct gen_book *book, const struct gen_query *q,
			     struct sha256 *sha, uint8_t *buf, size_t cap, struct err *e)
{
	bool first = p->total == 0;
	size_t have = 0, n = 0;
	int rc;

	do {
		rc = codec_read(p->reader, buf + have, cap - have, &n, e);
		if (rc == TK_OK)
			have += n;
	} while (rc == TK_OK && have < GENERATION_PREFIX);
	gen_track_begin(&p->track, slice_of(buf, have));
	if (first && have > 0) {
		int64_t known = known_file(p, book, q, sha);

		if (known >= 0) {
			p->best = known;
			p->total = book->list[known].g.position;
			return PROBE_SOUND;
		}
	}
	compare(p, book, q, sha, slice_of(buf, have));
	gen_track_end(&p->track, slice_of(buf, have));
	p->total += have;
	return rc == TK_OK	? PROBE_MORE
	       : rc == TK_EEND	? PROBE_SOUND
	       : rc == TK_AGAIN ? PROBE_CUT
				: PROBE_DAMAGED;
}
