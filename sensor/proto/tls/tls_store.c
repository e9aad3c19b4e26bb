#include "sensor/proto/tls/tls_store.h"

#include <stdlib.h>

bool tls_store_init(struct tls_store *s, size_t bytes)
{
	size_t n = bytes / TLS_BLOCK + 1;

	memset(s, 0, sizeof *s);
	if (n >= UINT32_MAX)
		return false;
	s->limit = (uint32_t)n;
	s->blocks = calloc(n + 1, sizeof *s->blocks);
	return s->blocks != NULL;
}

void tls_store_free(struct tls_store *s)
{
	if (s->blocks != NULL)
		explicit_bzero(s->blocks, ((size_t)s->fresh + 1) * sizeof *s->blocks);
	free(s->blocks);
	memset(s, 0, sizeof *s);
}

bool tls_store_has(const struct tls_store *s, const struct tls_chain *c, size_t n)
{
	size_t room = c->last == 0 ? 0 : (size_t)TLS_BLOCK - s->blocks[c->last].n;

	return n <= room || (n - room + TLS_BLOCK - 1) / TLS_BLOCK <= s->limit - s->used;
}

static uint32_t get(struct tls_store *s)
{
	uint32_t i = s->free;

	if (i != 0)
		s->free = s->blocks[i].next;
	else
		i = ++s->fresh;
	s->used++;
	s->blocks[i].next = 0;
	s->blocks[i].n = 0;
	return i;
}

static void append_block(struct tls_store *s, struct tls_chain *c)
{
	uint32_t i = get(s);

	if (c->last == 0)
		c->first = i;
	else
		s->blocks[c->last].next = i;
	c->last = i;
}

void tls_chain_add(struct tls_store *s, struct tls_chain *c, struct slice bytes)
{
	c->n += (uint32_t)bytes.n;
	while (bytes.n > 0) {
		struct tls_block *b;
		size_t n;

		if (c->last == 0 || s->blocks[c->last].n == TLS_BLOCK)
			append_block(s, c);
		b = &s->blocks[c->last];
		n = (size_t)TLS_BLOCK - b->n < bytes.n ? (size_t)TLS_BLOCK - b->n : bytes.n;
		memcpy(b->bytes + b->n, bytes.p, n);
		b->n = (uint16_t)(b->n + n);
		bytes = slice_from(bytes, n);
	}
}

struct slice tls_chain_front(const struct tls_store *s, const struct tls_chain *c)
{
	const struct tls_block *b = &s->blocks[c->first];

	return c->n == 0 ? (struct slice){ NULL, 0 } : slice_of(b->bytes + c->gone, (size_t)b->n - c->gone);
}

static void drop_first(struct tls_store *s, struct tls_chain *c)
{
	uint32_t i = c->first;

	c->first = s->blocks[i].next;
	if (c->first == 0)
		c->last = 0;
	c->gone = 0;
	s->blocks[i].next = s->free;
	s->free = i;
	s->used--;
}

void tls_chain_take(struct tls_store *s, struct tls_chain *c, size_t n, uint8_t *out)
{
	while (n > 0 && c->n > 0) {
		struct slice front = slice_head(tls_chain_front(s, c), n);

		if (out != NULL) {
			memcpy(out, front.p, front.n);
			out += front.n;
		}
		n -= front.n;
		c->n -= (uint32_t)front.n;
		c->gone = (uint16_t)(c->gone + front.n);
		if (c->gone == s->blocks[c->first].n)
			drop_first(s, c);
	}
}

void tls_chain_clear(struct tls_store *s, struct tls_chain *c)
{
	while (c->first != 0)
		drop_first(s, c);
	*c = (struct tls_chain){ .n = 0 };
}
