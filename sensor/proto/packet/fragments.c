#include "sensor/proto/packet/fragments.h"

#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/index_list.h"
#include "sensor/proto/packet/layer.h"

#define UNIT 8 /* offsets count in it */
#define BLOCKS_MAX ((FRAGMENT_END_MAX + FRAGMENTS_BLOCK) / FRAGMENTS_BLOCK)
#define WORDS (FRAGMENTS_BLOCK / UNIT / 64)

/* The bit table of RFC 791 lies with the bytes it is of. */
struct block {
	uint64_t have[WORDS];  /* units that have come */
	uint64_t begin[WORDS]; /* units that a fragment began with */
	uint8_t bytes[FRAGMENTS_BLOCK];
};

enum state {
	FREE,
	OPEN,    /* waits for more */
	WHOLE,   /* told; its copies may still come */
	DROPPED  /* what still comes of it is given up as well */
};

struct datagram {
	struct addr src, dst;
	uint32_t id, hash, chain; /* next in its bucket, or of the free ones */
	uint8_t protocol;         /* of the fragment at offset 0 once that has come */
	uint8_t state;
	bool first;               /* that one has come */
	uint32_t total;           /* its length; 0: the last fragment has not come */
	uint32_t end;             /* of what has come */
	uint32_t units;           /* that have come */
	uint32_t count, bytes;    /* fragments that have come, and their bytes */
	uint64_t since;           /* mono, when it opened, or was told */
	uint16_t block[BLOCKS_MAX]; /* 0: none yet */
};

struct fragments {
	struct fragments_limits limits;
	struct losses *losses;
	struct datagram *datagrams; /* [0] is nobody */
	struct index_link *links;
	struct index_list open, over; /* the oldest first; `over` are told or dropped */
	uint32_t *buckets;
	struct block *blocks; /* [0] is nobody */
	uint16_t *free_blocks;
	uint8_t *whole;
	uint64_t seed, mono; /* mono adds up the steps of packet time forward: see stream_state.h */
	int64_t last;
	uint32_t mask, free, fresh, n_open;
	uint32_t n_free, fresh_block; /* above the fresh ones no memory was touched yet */
	bool timed;
};

/* ---- birth and end ---- */

static bool make(struct fragments *f)
{
	uint32_t n = f->limits.datagrams, buckets = 1;

	while (buckets < n)
		buckets *= 2;
	f->mask = buckets - 1;
	f->datagrams = calloc((size_t)n + 1, sizeof *f->datagrams);
	f->links = calloc((size_t)n + 1, sizeof *f->links);
	f->buckets = calloc(buckets, sizeof *f->buckets);
	f->blocks = calloc((size_t)f->limits.blocks + 1, sizeof *f->blocks);
	f->free_blocks = calloc(f->limits.blocks, sizeof *f->free_blocks);
	f->whole = calloc(BLOCKS_MAX, FRAGMENTS_BLOCK);
	return f->datagrams != NULL && f->links != NULL && f->buckets != NULL && f->blocks != NULL &&
	       f->free_blocks != NULL && f->whole != NULL && random_bytes(&f->seed, sizeof f->seed);
}

struct fragments *fragments_new(const struct fragments_limits *limits, struct losses *losses)
{
	struct fragments *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->losses = losses;
	f->limits.datagrams = limits->datagrams < 2 ? 2 : limits->datagrams;
	f->limits.blocks = limits->blocks < BLOCKS_MAX ? BLOCKS_MAX : limits->blocks;
	if (f->limits.blocks > UINT16_MAX)
		f->limits.blocks = UINT16_MAX;
	if (make(f))
		return f;
	fragments_free(f);
	return NULL;
}

void fragments_free(struct fragments *f)
{
	if (f == NULL)
		return;
	free(f->datagrams);
	free(f->links);
	free(f->buckets);
	free(f->blocks);
	free(f->free_blocks);
	free(f->whole);
	free(f);
}

/* ---- datagrams ---- */

static uint32_t number(const struct fragments *f, const struct datagram *d)
{
	return (uint32_t)(d - f->datagrams);
}

/* In IPv6 the protocol is no part of a datagram's name. */
static uint8_t name_protocol(const struct fragment *frag)
{
	return addr_is_v4(&frag->src) ? frag->protocol : 0;
}

static uint32_t hash_name(const struct fragments *f, const struct fragment *frag)
{
	uint8_t in[37];

	memcpy(in, &frag->src, 16);
	memcpy(in + 16, &frag->dst, 16);
	memcpy(in + 32, &frag->id, 4);
	in[36] = name_protocol(frag);
	return (uint32_t)hash64(slice_of(in, sizeof in), f->seed);
}

static struct datagram *find(struct fragments *f, const struct fragment *frag, uint32_t hash)
{
	for (uint32_t i = f->buckets[hash & f->mask]; i != 0; i = f->datagrams[i].chain) {
		struct datagram *d = &f->datagrams[i];

		if (d->hash == hash && d->id == frag->id && addr_eq(&d->src, &frag->src) &&
		    addr_eq(&d->dst, &frag->dst) &&
		    (!addr_is_v4(&d->src) || d->protocol == frag->protocol))
			return d;
	}
	return NULL;
}

static void give_blocks_back(struct fragments *f, struct datagram *d)
{
	for (size_t i = 0; i < BLOCKS_MAX; i++)
		if (d->block[i] != 0)
			f->free_blocks[f->n_free++] = d->block[i];
	memset(d->block, 0, sizeof d->block);
}

/* From open to told or dropped. */
static void settle(struct fragments *f, struct datagram *d, enum state how)
{
	uint32_t i = number(f, d);

	give_blocks_back(f, d);
	index_list_remove(&f->open, f->links, i);
	index_list_append(&f->over, f->links, i);
	f->n_open--;
	d->state = how;
	d->since = f->mono;
}

/* Forgets it, settled ones alone. */
static void forget(struct fragments *f, struct datagram *d)
{
	uint32_t i = number(f, d), *at = &f->buckets[d->hash & f->mask];

	while (*at != i)
		at = &f->datagrams[*at].chain;
	*at = d->chain;
	index_list_remove(&f->over, f->links, i);
	d->chain = f->free;
	d->state = FREE;
	f->free = i;
}

/* Whether TCP may have been in it: of UDP the first fragment's ports tell. */
static bool of_interest(const struct fragments *f, const struct datagram *d)
{
	struct slice start = slice_of(f->blocks[d->block[0]].bytes, d->end);

	return tunnel_may_hold_tcp(d->protocol, slice_head(start, d->first ? UNIT : 0));
}

static void drop(struct fragments *f, struct datagram *d)
{
	if (of_interest(f, d))
		losses_add(f->losses, LOSS_FRAGMENT, d->count, d->bytes);
	settle(f, d, DROPPED);
}

static void give_up(struct fragments *f, struct datagram *d)
{
	drop(f, d);
	forget(f, d);
}

/* Another than `keep` makes room. */
static void evict(struct fragments *f, const struct datagram *keep)
{
	uint32_t i = f->open.head;

	if (keep != NULL && i == number(f, keep))
		i = f->links[i].next;
	give_up(f, &f->datagrams[i]);
}

static struct datagram *add(struct fragments *f, const struct fragment *frag, uint32_t hash)
{
	struct datagram *d;
	uint32_t i, *bucket = &f->buckets[hash & f->mask];

	if (f->free == 0 && f->fresh == f->limits.datagrams) {
		if (f->over.head != 0)
			forget(f, &f->datagrams[f->over.head]);
		else
			evict(f, NULL);
	}
	i = f->free != 0 ? f->free : ++f->fresh;
	d = &f->datagrams[i];
	if (f->free != 0)
		f->free = d->chain;
	memset(d, 0, sizeof *d);
	d->src = frag->src;
	d->dst = frag->dst;
	d->id = frag->id;
	d->protocol = frag->protocol;
	d->hash = hash;
	d->chain = *bucket;
	*bucket = i;
	d->state = OPEN;
	d->since = f->mono;
	index_list_append(&f->open, f->links, i);
	f->n_open++;
	return d;
}

/* ---- units ---- */

static bool bit(const uint64_t *words, uint32_t unit)
{
	unit %= FRAGMENTS_BLOCK / UNIT;
	return (words[unit / 64] >> unit % 64 & 1) != 0;
}

static void set_bit(uint64_t *words, uint32_t unit)
{
	unit %= FRAGMENTS_BLOCK / UNIT;
	words[unit / 64] |= UINT64_C(1) << unit % 64;
}

/* The block that holds a unit; block 0, which is empty, where there is none. */
static struct block *block_of(const struct fragments *f, const struct datagram *d, uint32_t unit)
{
	return &f->blocks[unit * UNIT / FRAGMENTS_BLOCK < BLOCKS_MAX ?
			  d->block[unit * UNIT / FRAGMENTS_BLOCK] : 0];
}

static uint8_t *bytes_of(struct block *b, uint32_t unit)
{
	return b->bytes + unit * UNIT % FRAGMENTS_BLOCK;
}

static struct block *get_block(struct fragments *f, struct datagram *d, uint32_t unit)
{
	uint16_t *at = &d->block[unit * UNIT / FRAGMENTS_BLOCK];
	struct block *b;

	if (*at == 0) {
		while (f->n_free == 0 && f->fresh_block == f->limits.blocks)
			evict(f, d);
		*at = f->n_free > 0 ? f->free_blocks[--f->n_free] : (uint16_t)++f->fresh_block;
		b = &f->blocks[*at];
		memset(b->have, 0, sizeof b->have);
		memset(b->begin, 0, sizeof b->begin);
	}
	return &f->blocks[*at];
}

static uint32_t end_of(const struct fragment *frag)
{
	return frag->offset + (uint32_t)frag->bytes.n;
}

/* What of a fragment was there already. */
struct overlap {
	uint32_t units, differ; /* units there, and bytes of them that are not the same */
	bool copy;              /* a fragment with exactly these bounds and bytes is there */
};

static struct overlap compare(const struct fragments *f, const struct datagram *d,
			      const struct fragment *frag)
{
	uint32_t first = frag->offset / UNIT, end = (end_of(frag) + UNIT - 1) / UNIT;
	struct overlap o = { .copy = bit(block_of(f, d, first)->begin, first) };

	for (uint32_t u = first; u < end; u++) {
		struct block *b = block_of(f, d, u);
		uint32_t at = (u - first) * UNIT, n = (uint32_t)frag->bytes.n - at;

		if (!bit(b->have, u))
			continue;
		n = n < UNIT ? n : UNIT;
		o.units++;
		o.copy = o.copy && (u == first || !bit(b->begin, u));
		if (memcmp(bytes_of(b, u), frag->bytes.p + at, n) != 0)
			o.differ += n;
	}
	o.copy = o.copy && o.units == end - first && o.differ == 0 &&
		 (!bit(block_of(f, d, end)->have, end) || bit(block_of(f, d, end)->begin, end));
	return o;
}

/* What was there stays. */
static void put(struct fragments *f, struct datagram *d, const struct fragment *frag)
{
	uint32_t first = frag->offset / UNIT, end = (end_of(frag) + UNIT - 1) / UNIT;

	for (uint32_t u = first; u < end; u++) {
		struct block *b = get_block(f, d, u);
		uint32_t at = (u - first) * UNIT, n = (uint32_t)frag->bytes.n - at;

		if (bit(b->have, u))
			continue;
		memcpy(bytes_of(b, u), frag->bytes.p + at, n < UNIT ? n : UNIT);
		set_bit(b->have, u);
		if (u == first)
			set_bit(b->begin, u);
		d->units++;
	}
}

/* Does it say of the datagram's end something else than what came before? */
static bool other_end(const struct datagram *d, const struct fragment *frag)
{
	uint32_t end = end_of(frag);

	if (d->total != 0)
		return frag->more ? end >= d->total : end != d->total;
	return !frag->more && end <= d->end;
}

/* ---- fragments ---- */

/* False: the fragment is not taken. */
static bool take(struct fragments *f, struct datagram *d, const struct fragment *frag)
{
	struct overlap o = compare(f, d, frag);
	bool bad = other_end(d, frag), v4 = addr_is_v4(&d->src);

	if (!v4 && !(o.copy && !bad) && (o.units > 0 || bad)) {
		d->count++;
		d->bytes += (uint32_t)frag->bytes.n;
		drop(f, d);
		return false;
	}
	if ((bad || o.differ > 0) && of_interest(f, d))
		losses_add(f->losses, LOSS_OVERLAP, 1, bad ? frag->bytes.n : o.differ);
	if (bad || o.copy)
		return false;
	put(f, d, frag);
	d->count++;
	d->bytes += (uint32_t)frag->bytes.n;
	d->end = end_of(frag) > d->end ? end_of(frag) : d->end;
	if (!frag->more)
		d->total = end_of(frag);
	if (frag->offset == 0 && !d->first) {
		d->first = true;
		d->protocol = frag->protocol;
	}
	return true;
}

static void tell(struct fragments *f, struct datagram *d, struct fragment *whole)
{
	for (uint32_t at = 0; at < d->total; at += FRAGMENTS_BLOCK) {
		uint32_t n = d->total - at;

		memcpy(f->whole + at, f->blocks[d->block[at / FRAGMENTS_BLOCK]].bytes,
		       n < FRAGMENTS_BLOCK ? n : FRAGMENTS_BLOCK);
	}
	*whole = (struct fragment){ .src = d->src, .dst = d->dst, .id = d->id, .protocol = d->protocol };
	whole->bytes = slice_of(f->whole, d->total);
	settle(f, d, WHOLE);
}

bool fragments_add(struct fragments *f, const struct fragment *frag, int64_t ns, struct fragment *whole)
{
	uint32_t hash = hash_name(f, frag);
	struct datagram *d;

	fragments_time(f, ns);
	d = find(f, frag, hash);
	if (d != NULL && d->state == WHOLE && f->mono - d->since > FRAGMENTS_ECHO_NS) {
		forget(f, d); /* the number is used again */
		d = NULL;
	}
	if (d == NULL)
		d = add(f, frag, hash);
	if (d->state == DROPPED && tunnel_may_hold_tcp(d->protocol, slice_of(NULL, 0)))
		losses_add(f->losses, LOSS_FRAGMENT, 1, frag->bytes.n);
	if (d->state != OPEN || !take(f, d, frag) || d->total == 0 || d->units * UNIT < d->total)
		return false;
	tell(f, d, whole);
	return true;
}

void fragments_time(struct fragments *f, int64_t ns)
{
	if (f->timed && ns > f->last)
		f->mono += (uint64_t)ns - (uint64_t)f->last;
	f->last = ns;
	f->timed = true;
	while (f->open.head != 0 && f->mono - f->datagrams[f->open.head].since > FRAGMENTS_WAIT_NS)
		give_up(f, &f->datagrams[f->open.head]);
	while (f->over.head != 0 && f->mono - f->datagrams[f->over.head].since > FRAGMENTS_WAIT_NS)
		forget(f, &f->datagrams[f->over.head]);
}

void fragments_finish(struct fragments *f)
{
	while (f->open.head != 0)
		give_up(f, &f->datagrams[f->open.head]);
	while (f->over.head != 0)
		forget(f, &f->datagrams[f->over.head]);
}

size_t fragments_waiting(const struct fragments *f)
{
	return f->n_open;
}

size_t fragments_blocks(const struct fragments *f)
{
	return f->fresh_block - f->n_free;
}
