/* Events into batches: the sensor's side of the wire form. */
#include <stdlib.h>

#include "core/base/hash.h"
#include "core/event/wire_form.h"

#define BATCH_EVENTS_MAX 16384
#define BATCH_BYTES_MAX (2u << 20)
#define SLOTS (2 * WIRE_DEFS_MAX)
#define SHARED 4096 /* shared parts of one kind whose numbers are remembered */
#define WRITER_BYTES_MAX (3u << 20) /* of all definitions in force; then they begin anew */

struct def_slot {
	uint64_t hash;
	uint32_t at, n;      /* the encoded part, inside `defs` */
	uint32_t number;
	uint32_t generation; /* of the definitions; an older one means empty */
};

/* The number of a part with a serial. */
struct shared {
	uint64_t serial;
	uint32_t number, generation;
};

struct batch_writer {
	struct buf body, rejects, losses, out, scratch, defs;
	struct def_slot *slots[P_COUNT]; /* [0] is unused: EV is never defined */
	struct shared *shared[P_COUNT];
	const struct def_slot *last[P_COUNT]; /* the definition of the event before: often the same again */
	uint32_t mask[P_COUNT], n_defs[P_COUNT];
	uint32_t generation, n_events, n_rejects, n_losses;
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
	buf_init(&w->losses, WIRE_FRAME_MAX);
	buf_init(&w->out, WIRE_FRAME_MAX);
	buf_init(&w->scratch, WIRE_FRAME_MAX);
	buf_init(&w->defs, WIRE_FRAME_MAX);
	random_bytes(&w->seed, sizeof w->seed);
	for (int p = 0; p < P_COUNT; p++) {
		w->mask[p] = sensor_bits(p);
		if (p == P_EV)
			continue;
		w->slots[p] = calloc(SLOTS, sizeof **w->slots);
		w->shared[p] = calloc(SHARED, sizeof **w->shared);
		if (w->slots[p] == NULL || w->shared[p] == NULL) {
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
	for (int p = 0; p < P_COUNT; p++) {
		free(w->slots[p]);
		free(w->shared[p]);
	}
	buf_free(&w->body);
	buf_free(&w->rejects);
	buf_free(&w->losses);
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
	buf_clear(&w->losses);
	w->n_events = w->n_rejects = w->n_losses = 0;
	w->unsent = false;
	if (lost)
		reset_definitions(w);
}

size_t batch_bytes(const struct batch_writer *w)
{
	return w->body.n + w->rejects.n + w->losses.n;
}

static bool defines(const struct batch_writer *w, const struct def_slot *s, struct slice bytes)
{
	return s->generation == w->generation && slice_eq(slice_of(w->defs.p + s->at, s->n), bytes);
}

/* The number of the encoded part in w->scratch, defined if it is new. */
static uint32_t define(struct batch_writer *w, enum part_id id)
{
	struct slice bytes = buf_slice(&w->scratch);
	struct def_slot *s;
	uint64_t h;

	if (w->last[id] != NULL && defines(w, w->last[id], bytes))
		return w->last[id]->number;
	h = hash64(bytes, w->seed);
	for (uint64_t i = h;; i++) {
		s = &w->slots[id][i % SLOTS];
		if (s->generation != w->generation || (s->hash == h && defines(w, s, bytes)))
			break;
	}
	w->last[id] = s;
	if (s->generation == w->generation)
		return s->number;
	buf_byte(&w->body, (uint8_t)(REC_DEF + id));
	buf_add(&w->body, bytes);
	*s = (struct def_slot){ h, (uint32_t)w->defs.n, (uint32_t)bytes.n, w->n_defs[id]++, w->generation };
	buf_add(&w->defs, bytes);
	return s->number;
}

static uint32_t number_of(struct batch_writer *w, enum part_id id, const struct part *p)
{
	struct shared *s = &w->shared[id][p->serial % SHARED];

	if (((p->known | p->absent) & w->mask[id]) == 0)
		return NO_DEF;
	if (p->serial != 0 && s->serial == p->serial && s->generation == w->generation)
		return s->number;
	buf_clear(&w->scratch);
	part_encode_masked(p, id, w->mask[id], &w->scratch);
	*s = (struct shared){ p->serial, define(w, id), w->generation };
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
	for (int p = P_EV + 1; p < P_COUNT; p++)
		number[p] = number_of(w, p, ev->part[p]);
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

int batch_add_loss(struct batch_writer *w, const struct loss *l)
{
	if (batch_bytes(w) >= BATCH_BYTES_MAX)
		return TK_ELIMIT;
	buf_byte(&w->losses, l->reason);
	put_varint(&w->losses, l->n);
	put_varint(&w->losses, l->bytes);
	w->n_losses++;
	return w->losses.failed ? TK_ENOMEM : TK_OK;
}

struct slice batch_finish(struct batch_writer *w, struct batch_head *head)
{
	head->n_events = w->n_events;
	head->n_rejects = w->n_rejects;
	head->n_losses = w->n_losses;
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
	put_varint(&w->out, head->n_losses);
	buf_add(&w->out, buf_slice(&w->rejects));
	buf_add(&w->out, buf_slice(&w->losses));
	buf_add(&w->out, buf_slice(&w->body));
	w->unsent = false;
	return buf_slice(&w->out);
}
