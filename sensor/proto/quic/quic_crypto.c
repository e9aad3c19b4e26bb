#include "sensor/proto/quic/quic_crypto.h"

#include <stdlib.h>

struct quic_block {
	uint32_t next; /* of the free ones */
	uint64_t have[QUIC_BLOCK / 64];
	uint8_t bytes[QUIC_BLOCK];
};

bool quic_blocks_init(struct quic_blocks *b, uint32_t blocks)
{
	memset(b, 0, sizeof *b);
	b->limit = blocks;
	b->of = calloc((size_t)blocks + 1, sizeof *b->of);
	return b->of != NULL;
}

void quic_blocks_free(struct quic_blocks *b)
{
	free(b->of);
}

static uint32_t get(struct quic_blocks *b)
{
	uint32_t i = b->free;

	if (i != 0)
		b->free = b->of[i].next;
	else if (b->fresh < b->limit)
		i = ++b->fresh;
	else
		return 0;
	memset(b->of[i].have, 0, sizeof b->of[i].have);
	b->used++;
	return i;
}

static void put(struct quic_block *block, uint32_t at, struct slice data)
{
	for (size_t i = 0; i < data.n; i++, at++) {
		uint64_t bit = UINT64_C(1) << at % 64, *have = &block->have[at / 64];

		if ((*have & bit) == 0)
			block->bytes[at] = data.p[i];
		*have |= bit;
	}
}

static void move_on(const struct quic_blocks *b, struct quic_crypto *c)
{
	while (c->ready < QUIC_CRYPTO_MAX) {
		uint32_t at = c->ready % QUIC_BLOCK, i = c->block[c->ready / QUIC_BLOCK];

		if (i == 0 || (b->of[i].have[at / 64] >> at % 64 & 1) == 0)
			return;
		c->ready++;
	}
}

bool quic_crypto_add(struct quic_blocks *b, struct quic_crypto *c, uint64_t offset, struct slice data)
{
	bool room = true;

	while (room && data.n > 0 && offset < QUIC_CRYPTO_MAX) {
		uint32_t at = (uint32_t)offset % QUIC_BLOCK, *i = &c->block[offset / QUIC_BLOCK];
		struct slice piece = slice_head(data, QUIC_BLOCK - at);

		if (*i == 0)
			*i = get(b);
		room = *i != 0;
		if (room)
			put(&b->of[*i], at, piece);
		offset += piece.n;
		data = slice_from(data, piece.n);
	}
	move_on(b, c);
	return room;
}

void quic_crypto_copy(const struct quic_blocks *b, const struct quic_crypto *c, uint8_t *out, size_t n)
{
	for (size_t at = 0; at < n; at += QUIC_BLOCK) {
		size_t piece = n - at < QUIC_BLOCK ? n - at : QUIC_BLOCK;

		memcpy(out + at, b->of[c->block[at / QUIC_BLOCK]].bytes, piece);
	}
}

bool quic_crypto_holds(const struct quic_crypto *c)
{
	for (size_t i = 0; i < QUIC_BLOCKS_EACH; i++)
		if (c->block[i] != 0)
			return true;
	return false;
}

void quic_crypto_drop(struct quic_blocks *b, struct quic_crypto *c)
{
	for (size_t i = 0; i < QUIC_BLOCKS_EACH; i++) {
		if (c->block[i] == 0)
			continue;
		b->of[c->block[i]].next = b->free;
		b->free = c->block[i];
		b->used--;
	}
	memset(c, 0, sizeof *c);
}
