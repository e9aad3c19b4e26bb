#include "core/event/wire.h"

#include <stdlib.h>

#include "core/base/hash.h"
#include "core/event/varint.h"

#define BATCH_EVENTS_MAX 16384
#define BATCH_BYTES_MAX (2u << 20)
#define SLOTS (2 * WIRE_DEFS_MAX)
#define WRITER_BYTES_MAX (3u << 20) /* of all definitions in force; then they begin anew */
#define READER_BYTES_MAX (8u << 20) /* what a reader bears */
#define CHUNK (256u << 10)
#define NO_DEF UINT32_MAX

/* Records inside a batch: a byte of kind, then its body. Definitions come before the event that first
 * names them, and hold until REC_RESET, over all batches of the connection. */
enum record_kind { REC_DEF = 0x00 /* + part */, REC_EVENT = 0x40, REC_RESET = 0x41 };

const char *reject_name(enum reject_reason r)
{
	static const char *const names[REJECT_COUNT] = {
		[REJECT_MALFORMED] = "malformed",
		[REJECT_TIME] = "time",
		[REJECT_TOO_LONG] = "too_long",
		[REJECT_NUL] = "nul_bytes",
	};

	return r > 0 && r < REJECT_COUNT ? names[r] : "unknown";
}

/* ---- parts ---- */

static void put_bytes(struct buf *out, struct slice s)
{
	if (s.n > WIRE_STRING_MAX)
		s.n = WIRE_STRING_MAX;
	put_varint(out, s.n);
	buf_add(out, s);
}

static void value_encode(enum field_type t, const union value *v, struct buf *out)
{
	switch (t) {
	case FT_TIME:
	case FT_INT:
	case FT_BOOL:
	case FT_MICRO:
		put_zigzag(out, v->i);
		break;
	case FT_STR:
	case FT_LIST:
	case FT_ID:
		put_bytes(out, v->s);
		break;
	case FT_IP:
		buf_add(out, slice_of(v->ip.b, sizeof v->ip.b));
		break;
	}
}

static bool value_decode(enum field_type t, struct slice *in, union value *v)
{
	uint64_t n;

	switch (t) {
	case FT_TIME:
	case FT_INT:
	case FT_BOOL:
	case FT_MICRO:
		return take_zigzag(in, &v->i);
	case FT_STR:
	case FT_LIST:
	case FT_ID:
		if (!take_varint(in, &n) || n > WIRE_STRING_MAX || n > in->n)
			return false;
		v->s = slice_head(*in, (size_t)n);
		*in = slice_from(*in, (size_t)n);
		return true;
	case FT_IP:
		if (in->n < sizeof v->ip.b)
			return false;
		memcpy(v->ip.b, in->p, sizeof v->ip.b);
		*in = slice_from(*in, sizeof v->ip.b);
		return true;
	}
	return false;
}

/* The bits of a part's SENSOR fields. */
static uint32_t sensor_bits(enum part_id id)
{
	uint32_t bits = 0;

	for (enum field_id f = event_parts[id].first; f < part_end(id); f++)
		if (event_fields[f].origin == FO_SENSOR)
			bits |= UINT32_C(1) << event_fields[f].slot;
	return bits;
}

static void part_encode_masked(const struct part *p, enum part_id id, uint32_t mask, struct buf *out)
{
	uint32_t known = p->known & mask;

	put_varint(out, known);
	put_varint(out, p->absent & mask);
	for (uint32_t left = known; left != 0; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctz(left);

		value_encode(event_fields[event_parts[id].first + slot].type, &p->v[slot], out);
	}
}

void part_encode(const struct part *p, enum part_id id, bool sensor_only, struct buf *out)
{
	part_encode_masked(p, id, sensor_only ? sensor_bits(id) : UINT32_MAX, out);
}

int part_decode(struct slice *in, enum part_id id, struct part *out)
{
	uint64_t known, absent;
	unsigned fields = (unsigned)part_end(id) - event_parts[id].first;

	if (!take_varint(in, &known) || !take_varint(in, &absent) || known >> fields != 0 || absent >> fields != 0 ||
	    (known & absent) != 0)
		return TK_EMALFORMED;
	out->known = (uint32_t)known;
	out->absent = (uint32_t)absent;
	for (uint32_t left = out->known; left != 0; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctz(left);

		if (!value_decode(event_fields[event_parts[id].first + slot].type, in, &out->v[slot]))
			return TK_EMALFORMED;
	}
	return TK_OK;
}

/* ---- writing ---- */

struct def_slot {
	uint64_t hash;
	uint32_t at, n;      /* the encoded part, inside `defs` */
	uint32_t number;
	uint32_t generation; /* of the definitions; an older one means empty */
};

struct batch_writer {
	struct buf body, rejects, gaps, out, scratch, defs;
	struct def_slot *slots[P_COUNT]; /* [0] is unused: EV is never defined */
	uint32_t mask[P_COUNT], n_defs[P_COUNT];
	uint32_t generation, n_events, n_rejects, n_gaps;
	bool unsent; /* the batch has records and was not finished */
	uint64_t seed;
};

struct batch_writer *batch_writer_new(void)
{
	struct batch_writer *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	buf_init(&w->body, WIRE_FRAME_MAX);
	buf_init(&w->rejects, WIRE_FRAME_MAX);
	buf_init(&w->gaps, WIRE_FRAME_MAX);
	buf_init(&w->out, WIRE_FRAME_MAX);
	buf_init(&w->scratch, WIRE_FRAME_MAX);
	buf_init(&w->defs, WIRE_FRAME_MAX);
	random_bytes(&w->seed, sizeof w->seed);
	for (int p = 0; p < P_COUNT; p++) {
		w->mask[p] = sensor_bits(p);
		if (p != P_EV && (w->slots[p] = calloc(SLOTS, sizeof **w->slots)) == NULL) {
			batch_writer_free(w);
			return NULL;
		}
	}
	w->generation = 1;
	return w;
}

void batch_writer_free(struct batch_writer *w)
{
	if (w == NULL)
		return;
	for (int p = 0; p < P_COUNT; p++)
		free(w->slots[p]);
	buf_free(&w->body);
	buf_free(&w->rejects);
	buf_free(&w->gaps);
	buf_free(&w->out);
	buf_free(&w->scratch);
	buf_free(&w->defs);
	free(w);
}

static void reset_definitions(struct batch_writer *w)
{
	buf_byte(&w->body, REC_RESET);
	buf_clear(&w->defs);
	memset(w->n_defs, 0, sizeof w->n_defs);
	w->generation++;
}

static bool definitions_full(const struct batch_writer *w)
{
	for (int p = P_EV + 1; p < P_COUNT; p++)
		if (w->n_defs[p] >= WIRE_DEFS_MAX)
			return true;
	return w->defs.n >= WRITER_BYTES_MAX;
}

void batch_begin(struct batch_writer *w)
{
	bool lost = w->unsent; /* definitions that the reader never saw */

	buf_clear(&w->body);
	buf_clear(&w->rejects);
	buf_clear(&w->gaps);
	w->n_events = w->n_rejects = w->n_gaps = 0;
	w->unsent = false;
	if (lost)
		reset_definitions(w);
}

uint32_t batch_events(const struct batch_writer *w)
{
	return w->n_events;
}

size_t batch_bytes(const struct batch_writer *w)
{
	return w->body.n + w->rejects.n + w->gaps.n;
}

/* The number of the encoded part in w->scratch, defining it if it is new. */
static uint32_t define(struct batch_writer *w, enum part_id id)
{
	struct slice bytes = buf_slice(&w->scratch);
	uint64_t h = hash64(bytes, w->seed);
	struct def_slot *s;

	for (uint64_t i = h;; i++) {
		s = &w->slots[id][i % SLOTS];
		if (s->generation != w->generation)
			break;
		if (s->hash == h && slice_eq(slice_of(w->defs.p + s->at, s->n), bytes))
			return s->number;
	}
	buf_byte(&w->body, (uint8_t)(REC_DEF + id));
	buf_add(&w->body, bytes);
	*s = (struct def_slot){ h, (uint32_t)w->defs.n, (uint32_t)bytes.n, w->n_defs[id]++, w->generation };
	buf_add(&w->defs, bytes);
	return s->number;
}

static bool has_room(const struct batch_writer *w)
{
	return w->n_events < BATCH_EVENTS_MAX && batch_bytes(w) < BATCH_BYTES_MAX;
}

int batch_add(struct batch_writer *w, const struct access_event *ev)
{
	uint32_t number[P_COUNT];

	if (!has_room(w))
		return TK_ELIMIT;
	w->unsent = true;
	if (definitions_full(w)) /* between events, so that all definitions of one are of one kind */
		reset_definitions(w);
	for (int p = P_EV + 1; p < P_COUNT; p++) {
		number[p] = NO_DEF;
		if (((ev->part[p]->known | ev->part[p]->absent) & w->mask[p]) == 0)
			continue;
		buf_clear(&w->scratch);
		part_encode_masked(ev->part[p], p, w->mask[p], &w->scratch);
		number[p] = define(w, p);
	}
	buf_byte(&w->body, REC_EVENT);
	buf_add(&w->body, slice_of(ev->digest, sizeof ev->digest));
	for (int p = P_EV + 1; p < P_COUNT; p++)
		put_varint(&w->body, number[p] == NO_DEF ? 0 : (uint64_t)number[p] + 1);
	part_encode_masked(ev->part[P_EV], P_EV, w->mask[P_EV], &w->body);
	w->n_events++;
	return w->body.failed || w->defs.failed ? TK_ENOMEM : TK_OK;
}

int batch_add_reject(struct batch_writer *w, const struct reject *r)
{
	if (batch_bytes(w) >= BATCH_BYTES_MAX)
		return TK_ELIMIT;
	put_varint(&w->rejects, r->offset);
	put_varint(&w->rejects, r->line);
	buf_byte(&w->rejects, r->reason);
	buf_add(&w->rejects, slice_of(r->digest, sizeof r->digest));
	w->n_rejects++;
	return w->rejects.failed ? TK_ENOMEM : TK_OK;
}

int batch_add_gap(struct batch_writer *w, const struct gap *g)
{
	if (batch_bytes(w) >= BATCH_BYTES_MAX)
		return TK_ELIMIT;
	put_varint(&w->gaps, g->offset);
	put_varint(&w->gaps, g->bytes);
	w->n_gaps++;
	return w->gaps.failed ? TK_ENOMEM : TK_OK;
}

static void put_generation(struct buf *out, const struct generation *g)
{
	put_varint(out, g->token);
	put_varint(out, g->dev);
	put_varint(out, g->ino);
	put_varint(out, g->position);
	put_varint(out, g->line);
	put_varint(out, g->prefix_len);
	put_varint(out, g->tail_len);
	buf_add(out, slice_of(g->prefix_hash, sizeof g->prefix_hash));
	buf_add(out, slice_of(g->tail_hash, sizeof g->tail_hash));
	buf_byte(out, g->finished);
}

struct slice batch_finish(struct batch_writer *w, struct batch_head *head)
{
	head->n_events = w->n_events;
	head->n_rejects = w->n_rejects;
	head->n_gaps = w->n_gaps;
	buf_clear(&w->out);
	buf_byte(&w->out, head->mode);
	buf_byte(&w->out, head->flags);
	put_zigzag(&w->out, head->now);
	put_bytes(&w->out, head->input);
	put_bytes(&w->out, head->path);
	put_varint(&w->out, head->from);
	put_generation(&w->out, &head->gen);
	put_varint(&w->out, head->n_events);
	put_varint(&w->out, head->n_rejects);
	put_varint(&w->out, head->n_gaps);
	buf_add(&w->out, buf_slice(&w->rejects));
	buf_add(&w->out, buf_slice(&w->gaps));
	buf_add(&w->out, buf_slice(&w->body));
	w->unsent = false;
	return buf_slice(&w->out);
}

/* ---- reading ---- */

struct chunk {
	struct chunk *next;
	size_t n, cap;
	uint8_t bytes[];
};

struct definition {
	struct part part;
	struct slice bytes; /* as it came, in a chunk */
};

struct batch_reader {
	struct slice in;
	uint32_t rejects_left, gaps_left, events_left;
	uint32_t n_defs[P_COUNT], resets;
	struct definition *defs[P_COUNT]; /* made once at their bound: growing would move what events point to */
	struct chunk *chunks;
	size_t bytes;
	struct part own, nothing; /* the EV part; a part of which nothing is known */
};

struct batch_reader *batch_reader_new(void)
{
	return calloc(1, sizeof(struct batch_reader));
}

static void forget_definitions(struct batch_reader *r)
{
	while (r->chunks != NULL) {
		struct chunk *next = r->chunks->next;

		free(r->chunks);
		r->chunks = next;
	}
	r->bytes = 0;
	memset(r->n_defs, 0, sizeof r->n_defs);
	r->resets++;
}

void batch_reader_free(struct batch_reader *r)
{
	if (r == NULL)
		return;
	forget_definitions(r);
	for (int p = 0; p < P_COUNT; p++)
		free(r->defs[p]);
	free(r);
}

uint32_t batch_resets(const struct batch_reader *r)
{
	return r->resets;
}

struct part *batch_redefine(struct batch_reader *r, enum part_id id, uint32_t number)
{
	struct definition *d = &r->defs[id][number];
	struct slice in = d->bytes;

	part_decode(&in, id, &d->part); /* it decoded before */
	return &d->part;
}

/* A copy that lives as long as the definitions. NULL: over the bound, or no memory. */
static const uint8_t *keep_bytes(struct batch_reader *r, struct slice s)
{
	struct chunk *c = r->chunks;

	if (s.n > READER_BYTES_MAX - r->bytes)
		return NULL;
	if (c == NULL || c->cap - c->n < s.n) {
		size_t cap = s.n > CHUNK ? s.n : CHUNK;

		if ((c = malloc(sizeof *c + cap)) == NULL)
			return NULL;
		*c = (struct chunk){ .next = r->chunks, .cap = cap };
		r->chunks = c;
	}
	memcpy(c->bytes + c->n, s.p, s.n);
	c->n += s.n;
	r->bytes += s.n;
	return c->bytes + c->n - s.n;
}

static bool take_bytes(struct slice *in, struct slice *out)
{
	uint64_t n;

	if (!take_varint(in, &n) || n > WIRE_STRING_MAX || n > in->n)
		return false;
	*out = slice_head(*in, (size_t)n);
	*in = slice_from(*in, (size_t)n);
	return true;
}

static bool take_hash(struct slice *in, uint8_t out[16])
{
	if (in->n < 16)
		return false;
	memcpy(out, in->p, 16);
	*in = slice_from(*in, 16);
	return true;
}

static bool take_u32(struct slice *in, uint32_t *out)
{
	uint64_t v;

	if (!take_varint(in, &v) || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool take_generation(struct slice *in, struct generation *g)
{
	uint8_t finished;
	bool good = take_varint(in, &g->token) && take_varint(in, &g->dev) && take_varint(in, &g->ino) &&
		    take_varint(in, &g->position) && take_varint(in, &g->line) && take_u32(in, &g->prefix_len) &&
		    take_u32(in, &g->tail_len) && take_hash(in, g->prefix_hash) && take_hash(in, g->tail_hash) &&
		    take_byte(in, &finished);

	if (good)
		g->finished = finished != 0;
	return good && g->prefix_len <= GENERATION_PREFIX && g->tail_len <= GENERATION_TAIL &&
	       g->position <= INT64_MAX && g->line <= INT64_MAX;
}

int batch_open(struct batch_reader *r, struct slice payload, struct batch_head *head, struct err *e)
{
	struct slice in = payload;

	*head = (struct batch_head){ 0 };
	if (!take_byte(&in, &head->mode) || !take_byte(&in, &head->flags) || !take_zigzag(&in, &head->now) ||
	    !take_bytes(&in, &head->input) || !take_bytes(&in, &head->path) || !take_varint(&in, &head->from) ||
	    !take_generation(&in, &head->gen) || !take_u32(&in, &head->n_events) ||
	    !take_u32(&in, &head->n_rejects) || !take_u32(&in, &head->n_gaps) ||
	    (head->mode != BATCH_TAIL && head->mode != BATCH_IMPORT) || head->from > head->gen.position)
		return err_set(e, TK_EMALFORMED, "batch: head is not valid");
	r->in = in;
	r->events_left = head->n_events;
	r->rejects_left = head->n_rejects;
	r->gaps_left = head->n_gaps;
	r->nothing.known = r->nothing.absent = 0;
	return TK_OK;
}

int batch_next_reject(struct batch_reader *r, struct reject *out)
{
	if (r->rejects_left == 0)
		return TK_EEND;
	r->rejects_left--;
	if (!take_varint(&r->in, &out->offset) || !take_varint(&r->in, &out->line) ||
	    !take_byte(&r->in, &out->reason) || !take_hash(&r->in, out->digest) || out->reason >= REJECT_COUNT ||
	    out->offset > INT64_MAX || out->line > INT64_MAX)
		return TK_EMALFORMED;
	return TK_OK;
}

int batch_next_gap(struct batch_reader *r, struct gap *out)
{
	if (r->gaps_left == 0)
		return TK_EEND;
	r->gaps_left--;
	if (!take_varint(&r->in, &out->offset) || !take_varint(&r->in, &out->bytes) || out->offset > INT64_MAX ||
	    out->bytes > INT64_MAX)
		return TK_EMALFORMED;
	return TK_OK;
}

static int read_def(struct batch_reader *r, enum part_id id, struct err *e)
{
	struct slice rest = r->in;
	struct definition *d;

	if (r->n_defs[id] >= WIRE_DEFS_MAX)
		return err_set(e, TK_EMALFORMED, "batch: too many definitions");
	if (r->defs[id] == NULL && (r->defs[id] = malloc(WIRE_DEFS_MAX * sizeof **r->defs)) == NULL)
		return err_set(e, TK_ENOMEM, "batch: no memory for definitions");
	d = &r->defs[id][r->n_defs[id]];
	if (part_decode(&rest, id, &d->part) != TK_OK)
		return err_set(e, TK_EMALFORMED, "batch: definition is not valid");
	d->bytes = slice_head(r->in, r->in.n - rest.n);
	r->in = rest;
	if ((d->bytes.p = keep_bytes(r, d->bytes)) == NULL)
		return err_set(e, TK_EMALFORMED, "batch: definitions are too large");
	batch_redefine(r, id, r->n_defs[id]++);
	return TK_OK;
}

static int read_event(struct batch_reader *r, struct access_event *ev, uint32_t def[P_COUNT], struct err *e)
{
	if (!take_hash(&r->in, ev->digest))
		return err_set(e, TK_EMALFORMED, "batch: event is cut off");
	for (int p = P_EV + 1; p < P_COUNT; p++) {
		uint64_t v;

		if (!take_varint(&r->in, &v) || v > r->n_defs[p])
			return err_set(e, TK_EMALFORMED, "batch: event names no definition");
		def[p] = v == 0 ? NO_DEF : (uint32_t)(v - 1);
		ev->part[p] = v == 0 ? &r->nothing : &r->defs[p][v - 1].part;
	}
	def[P_EV] = NO_DEF;
	ev->part[P_EV] = &r->own;
	if (part_decode(&r->in, P_EV, &r->own) != TK_OK)
		return err_set(e, TK_EMALFORMED, "batch: event is not valid");
	return TK_OK;
}

int batch_next(struct batch_reader *r, struct access_event *ev, uint32_t def[P_COUNT], struct err *e)
{
	uint8_t kind;
	int rc;

	while (take_byte(&r->in, &kind)) {
		if (kind == REC_EVENT && r->events_left > 0) {
			r->events_left--;
			return read_event(r, ev, def, e);
		}
		if (kind == REC_RESET) {
			forget_definitions(r);
			continue;
		}
		if (kind <= P_EV || kind >= P_COUNT)
			break;
		if ((rc = read_def(r, kind, e)) != TK_OK)
			return rc;
	}
	return r->events_left == 0 && r->in.n == 0 ? TK_EEND : err_set(e, TK_EMALFORMED, "batch: unknown record");
}

/* ---- answers and generations ---- */

void ack_encode(const struct batch_ack *a, struct buf *out)
{
	put_varint(out, a->token);
	put_varint(out, a->position);
	buf_byte(out, a->discarded);
	put_varint(out, a->new_events);
	put_varint(out, a->duplicates);
}

int ack_decode(struct slice in, struct batch_ack *a)
{
	uint8_t discarded;

	if (!take_varint(&in, &a->token) || !take_varint(&in, &a->position) || !take_byte(&in, &discarded) ||
	    !take_u32(&in, &a->new_events) || !take_u32(&in, &a->duplicates))
		return TK_EMALFORMED;
	a->discarded = discarded != 0;
	return TK_OK;
}

void resume_encode(struct slice input, struct slice path, const struct generation *g, struct buf *out)
{
	put_bytes(out, input);
	put_bytes(out, path);
	put_generation(out, g);
}

int resume_decode(struct slice in, struct slice *input, struct slice *path, struct generation *g)
{
	return take_bytes(&in, input) && take_bytes(&in, path) && take_generation(&in, g) ? TK_OK : TK_EMALFORMED;
}
