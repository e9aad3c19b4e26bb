#include "sensor/proto/tcp/deliver.h"

/* As far back as a new wait is sorted in among the others; behind that it counts as a little younger than
 * it is. */
#define SORT_STEPS 64

static uint32_t number(const struct streams *s, const struct flow *f, int side)
{
	return 2 * (uint32_t)(f - s->table.flows) + (uint32_t)side;
}

static struct half *half_of(const struct streams *s, uint32_t i)
{
	return &s->table.flows[i / 2].half[i % 2];
}

static struct piece *first_piece(const struct streams *s, const struct half *h)
{
	return h->wait.count == 0 ? NULL : &s->waiting.pieces[h->wait.head];
}

bool deliver_over(const struct flow *f)
{
	return (f->half[0].flags & f->half[1].flags & HALF_FIN) != 0;
}

/* ---- how long it stands still ---- */

/* Bytes wait, or bytes are missing that the other side has. */
static bool stands_still(const struct half *h)
{
	return h->wait.count > 0 || (h->acked > h->next && (h->flags & (HALF_SEEN | HALF_FIN)) == HALF_SEEN);
}

/* How long ago a packet of this time was captured; more than the wait does not matter. */
static uint64_t age_of_packet(const struct streams *s, int64_t ns)
{
	uint64_t age = ns >= s->last ? 0 : (uint64_t)s->last - (uint64_t)ns;

	return age < (uint64_t)STREAM_WAIT_NS ? age : (uint64_t)STREAM_WAIT_NS;
}

static void clock_start(struct streams *s, struct flow *f, int side)
{
	struct half *h = &f->half[side];
	const struct piece *p = first_piece(s, h);
	uint64_t age = p == NULL ? 0 : age_of_packet(s, p->ns);
	uint32_t at = s->still.tail, i = number(s, f, side);
	int steps = SORT_STEPS;

	while (at != 0 && s->mono - half_of(s, at)->since < age && --steps > 0)
		at = s->still_links[at].prev;
	if (at != 0 && s->mono - half_of(s, at)->since < age)
		age = s->mono - half_of(s, at)->since;
	h->since = s->mono - age;
	h->stuck_at = h->next;
	h->flags |= HALF_CLOCK;
	index_list_insert(&s->still, s->still_links, at, i);
}

static void clock_stop(struct streams *s, struct flow *f, int side)
{
	index_list_remove(&s->still, s->still_links, number(s, f, side));
	f->half[side].flags &= (uint8_t)~HALF_CLOCK;
}

/* Keeps the list true to stands_still(); a half that moved and stands again begins a new wait. */
static void clock_set(struct streams *s, struct flow *f, int side)
{
	struct half *h = &f->half[side];
	bool still = stands_still(h);

	if ((h->flags & HALF_CLOCK) != 0) {
		if (still && h->stuck_at == h->next)
			return;
		clock_stop(s, f, side);
	}
	if (still)
		clock_start(s, f, side);
}

/* ---- to the sink ---- */

static void tell_gap(struct streams *s, struct flow *f, int side, uint64_t n, int64_t ns)
{
	struct half *h = &f->half[side];
	struct stream_at at = { ns, (uint32_t)h->next };

	h->next += n;
	h->flags |= HALF_BEGUN;
	losses_add(s->losses, LOSS_STREAM_GAP, 1, n);
	s->sink.gap(s->sink.ctx, f->conn, side, n, &at);
}

/* The piece stands at the half's next number. */
static void tell(struct streams *s, struct flow *f, int side, const struct piece *p, const uint8_t *bytes)
{
	struct half *h = &f->half[side];
	struct stream_at at = { p->ns, (uint32_t)p->seq };

	if (p->kind == PIECE_CUT) {
		tell_gap(s, f, side, p->n, p->ns);
		return;
	}
	h->next += p->n;
	h->flags |= HALF_BEGUN;
	if (p->kind == PIECE_BYTES) {
		s->sink.data(s->sink.ctx, f->conn, side, slice_of(bytes, p->n), &at);
		return;
	}
	h->flags |= HALF_FIN;
	waiting_clear(&s->waiting, &h->wait); /* bytes behind an end are nobody's */
	s->sink.fin(s->sink.ctx, f->conn, side, p->ns);
}

static bool gate_open(const struct flow *f, int side, uint64_t gate)
{
	const struct half *other = &f->half[!side];

	return gate <= other->next || (other->flags & (HALF_SEEN | HALF_FIN)) != HALF_SEEN;
}

static void advance(struct piece *p, const uint8_t **bytes, uint32_t n)
{
	p->seq += n;
	p->n -= n;
	if (p->kind == PIECE_BYTES)
		*bytes += n;
}

/* Delivers the first piece that waits. It may begin before what is next where a SYN moved the beginning. */
static void tell_first(struct streams *s, struct flow *f, int side)
{
	struct half *h = &f->half[side];
	struct piece p = *first_piece(s, h);
	const uint8_t *bytes = waiting_bytes(&s->waiting, h->wait.head).p;
	uint64_t old = h->next - p.seq;

	/* back to the pool first: its bytes stay as they are until something else is inserted */
	waiting_pop(&s->waiting, &h->wait);
	if (old >= p.n)
		return;
	advance(&p, &bytes, (uint32_t)old);
	tell(s, f, side, &p, bytes);
}

/* Filler is of the stream where its side goes on behind it, or the other has just that. */
static bool is_believed(const struct streams *s, const struct half *h, const struct piece *p)
{
	while (p->filler && h->acked != piece_end(p)) {
		if (p->next == 0 || s->waiting.pieces[p->next].seq != piece_end(p))
			return false;
		p = &s->waiting.pieces[p->next];
	}
	return true;
}

static bool move_half(struct streams *s, struct flow *f, int side)
{
	const struct half *h = &f->half[side];
	const struct piece *p;
	bool moved = false;

	while ((p = first_piece(s, h)) != NULL && p->seq <= h->next && gate_open(f, side, p->gate) &&
	       is_believed(s, h, p)) {
		tell_first(s, f, side);
		moved = true;
	}
	return moved;
}

/* Each half may open the other's gates. */
static void move(struct streams *s, struct flow *f)
{
	bool moved;

	if ((f->half[0].wait.count | f->half[1].wait.count) == 0)
		return;
	do {
		moved = move_half(s, f, 0);
		moved = move_half(s, f, 1) || moved;
	} while (moved);
}

void deliver_settle(struct streams *s, struct flow *f)
{
	move(s, f);
	clock_set(s, f, 0);
	clock_set(s, f, 1);
}

/* A hole may be of several turns: over as much of it as the other side's bytes wait for, which come in
 * between. */
static void skip_hole(struct streams *s, struct flow *f, int side, uint64_t end, int64_t ns)
{
	struct half *h = &f->half[side];
	const struct piece *other = first_piece(s, &f->half[!side]);

	if (other != NULL && other->seq <= f->half[!side].next && other->gate > h->next && other->gate < end)
		end = other->gate;
	tell_gap(s, f, side, end - h->next, ns);
}

/* A half that stands still goes one step on: over its hole, or through a gate that does not open; or without
 * filler that nothing came behind. */
static void force(struct streams *s, struct flow *f, int side)
{
	struct half *h = &f->half[side];
	const struct piece *p = first_piece(s, h);

	if (p == NULL)
		skip_hole(s, f, side, h->acked, s->last);
	else if (!is_believed(s, h, p))
		waiting_pop(&s->waiting, &h->wait);
	else if (p->seq > h->next)
		skip_hole(s, f, side, p->seq, p->ns);
	else
		tell_first(s, f, side);
	deliver_settle(s, f);
}

static bool is_gated(const struct streams *s, const struct flow *f, int side)
{
	const struct piece *p = first_piece(s, &f->half[side]);

	return p != NULL && !gate_open(f, side, p->gate);
}

static bool has_hole(const struct streams *s, const struct flow *f, int side)
{
	const struct piece *p = first_piece(s, &f->half[side]);

	return p != NULL && p->seq > f->half[side].next;
}

/* Which half must move for the other to go on: one whose bytes wait for the other is not it; where both do,
 * one that waits behind a hole, which waits for nobody; else the one that stands the longest. */
static int stuck_side(const struct streams *s, const struct flow *f)
{
	const struct half *h = f->half;

	if (((h[0].flags & h[1].flags) & HALF_CLOCK) == 0)
		return (h[0].flags & HALF_CLOCK) != 0 ? 0 : 1;
	if (is_gated(s, f, 0) != is_gated(s, f, 1))
		return is_gated(s, f, 0) ? 1 : 0;
	if (is_gated(s, f, 0) && has_hole(s, f, 0) != has_hole(s, f, 1))
		return has_hole(s, f, 0) ? 0 : 1;
	return s->mono - h[0].since >= s->mono - h[1].since ? 0 : 1;
}

void deliver_overdue(struct streams *s)
{
	uint32_t i;

	while ((i = s->still.head) != 0 && s->mono - half_of(s, i)->since >= (uint64_t)STREAM_WAIT_NS) {
		struct flow *f = &s->table.flows[i / 2];

		force(s, f, stuck_side(s, f));
		if (deliver_over(f))
			stream_close(s, f, STREAM_FIN, s->last);
	}
}

void deliver_rest(struct streams *s, struct flow *f)
{
	/* nothing can come any more that filler would be in the way of */
	for (int side = 0; side < 2; side++)
		for (uint32_t i = f->half[side].wait.head; i != 0; i = s->waiting.pieces[i].next)
			s->waiting.pieces[i].filler = false;
	deliver_settle(s, f);
	while (((f->half[0].flags | f->half[1].flags) & HALF_CLOCK) != 0)
		force(s, f, stuck_side(s, f));
}

/* ---- what comes in ---- */

/* Makes room for a piece by giving up a wait: of its own connection when its half holds too much, else the
 * longest. */
static void make_room(struct streams *s, struct flow *f, int side, const struct piece *p)
{
	struct half *h = &f->half[side];
	const struct piece *first = first_piece(s, h);
	struct flow *victim = h->wait.count >= s->limits.half_blocks ? f : &s->table.flows[s->still.head / 2];
	int stuck = stuck_side(s, victim);

	losses_add(s->losses, LOSS_SEGMENT_LIMIT, 1, 0);
	if (victim != f || stuck != side || (first != NULL && first->seq < p->seq)) {
		force(s, victim, stuck);
		if (victim != f && deliver_over(victim))
			stream_close(s, victim, STREAM_FIN, s->last);
		return;
	}
	/* the piece is itself the first of those that wait: it is the one to go on */
	if (!gate_open(f, side, p->gate))
		force(s, f, !side);
	else
		tell_gap(s, f, side, p->seq - h->next, p->ns);
}

/* The beginning of the piece waits already, as piece `at`: that copy stays. Returns how many numbers that
 * is. */
static uint32_t covered(struct streams *s, uint32_t at, const struct piece *p, const uint8_t *bytes)
{
	struct piece *old = &s->waiting.pieces[at];
	uint64_t end = piece_end(old), skip = p->seq - old->seq, differ = 0;
	uint32_t n;

	if (at == 0 || end <= p->seq)
		return 0;
	n = end - p->seq < p->n ? (uint32_t)(end - p->seq) : p->n;
	if (old->kind == PIECE_BYTES && p->kind == PIECE_BYTES) {
		const uint8_t *kept = waiting_bytes(&s->waiting, at).p + skip;

		for (uint32_t i = 0; i < n; i++)
			differ += kept[i] != bytes[i];
		if (differ > 0 && old->filler) {
			waiting_replace(&s->waiting, at, (uint32_t)skip, slice_of(bytes, n));
			differ = 0;
		}
	}
	if (differ > 0)
		losses_add(s->losses, LOSS_OVERLAP, 1, differ);
	/* sent before and captured after: its sender had seen less */
	if (skip == 0 && n == old->n && p->gate < old->gate)
		old->gate = p->gate;
	return n;
}

/* The first numbers of the piece are new: delivers or keeps some of them, and returns how many. */
static uint32_t place(struct streams *s, struct flow *f, int side, uint32_t *at, const struct piece *p,
		      const uint8_t *bytes)
{
	struct half *h = &f->half[side];
	uint32_t next = *at == 0 ? h->wait.head : s->waiting.pieces[*at].next;
	bool room = h->wait.count < s->limits.half_blocks && !waiting_full(&s->waiting);
	struct piece part = *p;

	if (next != 0 && s->waiting.pieces[next].seq - p->seq < p->n)
		part.n = (uint32_t)(s->waiting.pieces[next].seq - p->seq);
	if (p->seq == h->next && gate_open(f, side, p->gate) && (!p->filler || !room)) {
		tell(s, f, side, &part, bytes);
		return part.n;
	}
	if (!room) {
		make_room(s, f, side, p);
		*at = 0;
		return 0;
	}
	if (part.kind == PIECE_BYTES && part.n > STREAM_BLOCK)
		part.n = STREAM_BLOCK;
	*at = waiting_insert(&s->waiting, &h->wait, *at, &part, bytes);
	clock_set(s, f, side);
	return part.n;
}

void deliver_piece(struct streams *s, struct flow *f, int side, struct piece p, const uint8_t *bytes)
{
	struct half *h = &f->half[side];
	uint32_t at = 0;

	while (p.n > 0 && (h->flags & HALF_FIN) == 0) {
		uint32_t n;

		if (p.seq < h->next) { /* delivered already */
			n = h->next - p.seq < p.n ? (uint32_t)(h->next - p.seq) : p.n;
		} else {
			at = waiting_before(&s->waiting, &h->wait, at, p.seq);
			n = covered(s, at, &p, bytes);
			if (n == 0)
				n = place(s, f, side, &at, &p, bytes);
		}
		advance(&p, &bytes, n);
	}
}
