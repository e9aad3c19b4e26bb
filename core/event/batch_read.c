/* Batches back into events: the recorder's side of the wire form. */
#include <stdlib.h>

#include "core/event/wire_form.h"

#define READER_BYTES_MAX (8u << 20) /* of all definitions: more than a writer keeps in force */
#define CHUNK (256u << 10)

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
	uint32_t rejects_left, losses_left, events_left;
	uint32_t n_defs[P_COUNT], resets;
	/* made once at their bound: growing would move what events point to */
	struct definition *defs[P_COUNT];
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

int batch_open(struct batch_reader *r, struct slice payload, struct batch_head *head, struct err *e)
{
	struct slice in = payload;

	*head = (struct batch_head){ 0 };
	if (!take_byte(&in, &head->mode) || !take_byte(&in, &head->flags) || !take_zigzag(&in, &head->now) ||
	    !take_bytes(&in, &head->input) || !take_bytes(&in, &head->path) ||
	    !take_varint(&in, &head->from) || !take_generation(&in, &head->gen) ||
	    !take_u32(&in, &head->n_events) || !take_u32(&in, &head->n_rejects) ||
	    !take_u32(&in, &head->n_losses) || (head->mode != BATCH_TAIL && head->mode != BATCH_IMPORT) ||
	    head->from > head->gen.position)
		return err_set(e, TK_EMALFORMED, "batch: head is not valid");
	r->in = in;
	r->events_left = head->n_events;
	r->rejects_left = head->n_rejects;
	r->losses_left = head->n_losses;
	r->nothing.known = r->nothing.absent = 0;
	return TK_OK;
}

int batch_next_reject(struct batch_reader *r, struct reject *out)
{
	if (r->rejects_left == 0)
		return TK_EEND;
	r->rejects_left--;
	if (!take_varint(&r->in, &out->offset) || !take_varint(&r->in, &out->line) ||
	    !take_byte(&r->in, &out->reason) || !take_hash(&r->in, out->digest) ||
	    out->reason >= REJECT_COUNT || out->offset > INT64_MAX || out->line > INT64_MAX)
		return TK_EMALFORMED;
	return TK_OK;
}

int batch_next_loss(struct batch_reader *r, struct loss *out)
{
	if (r->losses_left == 0)
		return TK_EEND;
	r->losses_left--;
	if (!take_byte(&r->in, &out->reason) || !take_varint(&r->in, &out->n) ||
	    !take_varint(&r->in, &out->bytes) || out->reason == LOSS_NONE || out->reason >= LOSS_COUNT ||
	    out->n > INT64_MAX || out->bytes > INT64_MAX)
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
	return r->events_left == 0 && r->in.n == 0 ? TK_EEND
						   : err_set(e, TK_EMALFORMED, "batch: unknown record");
}
