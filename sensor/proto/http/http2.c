/* The pool of connections, and HPACK. Representations (RFC 7541 6) are followed here byte by byte and
 * handed on to nghttp2's inflater, but for those that point to an entry which was never seen: an indexed
 * field is left out, and a name is replaced by a placeholder that nobody sends. So the inflater never
 * fails on what is merely unknown. */
#include "sensor/proto/http/http2.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#include "sensor/proto/http/http2_parts.h"

/* ---- memory of the inflaters, within a budget ---- */

struct http2_pool {
	size_t memory, held;
	uint32_t first_free; /* number + 1; 0: none */
	uint32_t n,
		touched; /* connections from `touched` on were never used: their memory costs nothing yet */
	nghttp2_mem mem;
	struct http2 *connections;
};

union block { /* in front of what the inflater gets */
	size_t n;
	max_align_t align;
};

static void *budget_realloc(void *old, size_t n, void *user)
{
	struct http2_pool *p = user;
	union block *was = old == NULL ? NULL : (union block *)old - 1, *b;
	size_t had = was == NULL ? 0 : was->n;

	if (n > p->memory || sizeof *b + n > p->memory - (p->held - had))
		return NULL;
	b = realloc(was, sizeof *b + n);
	if (b == NULL)
		return NULL;
	b->n = sizeof *b + n;
	p->held += b->n - had;
	return b + 1;
}

static void *budget_malloc(size_t n, void *user)
{
	return budget_realloc(NULL, n, user);
}

static void *budget_calloc(size_t n, size_t size, void *user)
{
	size_t bytes;
	void *p = __builtin_mul_overflow(n, size, &bytes) ? NULL : budget_malloc(bytes, user);

	if (p != NULL)
		memset(p, 0, bytes);
	return p;
}

static void budget_free(void *old, void *user)
{
	struct http2_pool *p = user;

	if (old == NULL)
		return;
	p->held -= ((union block *)old - 1)->n;
	free((union block *)old - 1);
}

/* ---- connections ---- */

struct http2_pool *http2_pool_new(uint32_t connections, size_t memory)
{
	struct http2_pool *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->memory = memory;
	p->mem = (nghttp2_mem){ p, budget_malloc, budget_free, budget_calloc, budget_realloc };
	p->connections = calloc(connections == 0 ? 1 : connections, sizeof *p->connections);
	if (p->connections == NULL) {
		free(p);
		return NULL;
	}
	p->n = connections;
	return p;
}

void http2_pool_free(struct http2_pool *p)
{
	if (p == NULL)
		return;
	free(p->connections);
	free(p);
}

size_t http2_pool_memory(const struct http2_pool *p)
{
	return p->held;
}

static void side_open(struct http2_side *s, enum http2_state state)
{
	memset(s, 0, sizeof *s);
	s->state = (uint8_t)state;
	s->max_frame = H2_MAX_FRAME;
	if (state == H2_RESYNC)
		http2_sync_begin(s);
}

struct http2 *http2_open(struct http2_pool *p, enum http2_begin how)
{
	struct http2 *h;

	if (p->first_free != 0) {
		h = &p->connections[p->first_free - 1];
		p->first_free = h->next_free;
	} else if (p->touched < p->n) {
		h = &p->connections[p->touched++];
	} else {
		return NULL;
	}
	h->pool = p;
	h->n = h->clock = 0;
	memset(h->low, 0, sizeof h->low);
	memset(h->high, 0, sizeof h->high);
	side_open(&h->side[REQUEST], how == HTTP2_MIDWAY ? H2_RESYNC : H2_AT_PREFACE);
	side_open(&h->side[RESPONSE], how == HTTP2_MIDWAY ? H2_RESYNC : H2_AT_HEADER);
	if (how == HTTP2_UPGRADED) {
		http2_add_stream(h, 1, H2_S_HEAD | H2_S_ENDED);
		h->low[1] = h->high[1] = 1;
	}
	return h;
}

void http2_close(struct http2 *h)
{
	struct http2_pool *p;

	if (h == NULL)
		return;
	p = h->pool;
	for (int d = 0; d < 2; d++)
		http2_fields_reset(&h->side[d].fields);
	h->next_free = p->first_free;
	p->first_free = (uint32_t)(h - p->connections) + 1;
}

/* ---- HPACK ---- */

enum fields_state { F_INDEX, F_NAME_LENGTH, F_NAME, F_VALUE_LENGTH, F_VALUE };

#define PLACEHOLDER 0x01 /* a name of one byte, which no field may have (RFC 9113 8.2.1) */

void http2_fields_reset(struct http2_fields *f)
{
	if (f->hd != NULL)
		nghttp2_hd_inflate_del(f->hd);
	memset(f, 0, sizeof *f);
}

bool http2_fields_end(struct http2_fields *f)
{
	bool between = f->state == F_INDEX && f->raw_n == 0;

	return between && (f->hd == NULL || nghttp2_hd_inflate_end_headers(f->hd) == 0);
}

static bool inflater_there(const struct http2_run *r, struct http2_fields *f)
{
	return f->hd != NULL || (nghttp2_hd_inflate_new2(&f->hd, &r->h->pool->mem) == 0 &&
				 nghttp2_hd_inflate_change_table_size(f->hd, HTTP2_TABLE_MAX) == 0);
}

static bool inflate(const struct http2_run *r, struct slice bytes)
{
	int flags = NGHTTP2_HD_INFLATE_EMIT;

	while (bytes.n > 0 || (flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
		nghttp2_nv nv;
		ssize_t used;

		flags = 0;
		used = nghttp2_hd_inflate_hd2(r->side->fields.hd, &nv, &flags, bytes.p, bytes.n, 0);
		if (used < 0)
			return false;
		bytes = slice_from(bytes, (size_t)used);
		if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0)
			continue;
		if (nv.namelen == 1 && nv.name[0] == PLACEHOLDER)
			nv.namelen = 0;
		if (!http2_field(r, slice_of(nv.name, nv.namelen), slice_of(nv.value, nv.valuelen)))
			return false;
	}
	return true;
}

/* One more byte of an integer (RFC 7541 5.1): 1 it is complete, 0 it goes on, -1 it is larger than any
 * that serves. */
static int integer(struct http2_fields *f, uint8_t c, uint32_t mask)
{
	if (f->raw_n == 5)
		return -1;
	f->raw[f->raw_n++] = c;
	if (f->raw_n == 1) {
		f->number = c & mask;
		return f->number < mask;
	}
	f->number += (c & 127u) << (7 * (f->raw_n - 2));
	return c < 128;
}

static uint32_t index_mask(uint8_t op)
{
	return (op & 0x80) != 0 ? 0x7f : (op & 0x40) != 0 ? 0x3f : (op & 0x20) != 0 ? 0x1f : 0x0f;
}

static bool is_known(const struct http2_fields *f)
{
	return f->number <= nghttp2_hd_inflate_get_num_table_entries(f->hd);
}

/* The index of a representation is complete, or the new size of the table. */
static bool index_read(const struct http2_run *r, struct http2_fields *f)
{
	static const uint8_t largest[] = { 0x3f, 0xe1, 0xff, 0x03 }; /* HTTP2_TABLE_MAX */
	struct slice raw = slice_of(f->raw, f->raw_n);
	uint8_t named[3] = { f->op & 0xf0, 1, PLACEHOLDER };

	if ((f->op & 0xe0) == 0x20)
		return inflate(r, f->number > HTTP2_TABLE_MAX ? slice_of(largest, sizeof largest) : raw);
	if ((f->op & 0x80) != 0) {
		return is_known(f) ? inflate(r, raw) : http2_field(r, slice_of(NULL, 0), slice_of(NULL, 0));
	}
	f->state = f->number == 0 ? F_NAME_LENGTH : F_VALUE_LENGTH;
	if (is_known(f))
		return inflate(r, raw);
	if ((f->op & 0x40) != 0)
		named[0] = 0x40;
	return inflate(r, slice_of(named, sizeof named));
}

static bool length_read(const struct http2_run *r, struct http2_fields *f)
{
	if (f->state == F_NAME_LENGTH)
		f->state = f->number == 0 ? F_VALUE_LENGTH : F_NAME;
	else
		f->state = f->number == 0 ? F_INDEX : F_VALUE;
	f->left = f->number;
	return inflate(r, slice_of(f->raw, f->raw_n));
}

static bool integer_step(const struct http2_run *r, struct http2_fields *f, uint8_t c)
{
	bool index = f->state == F_INDEX, good;
	int done;

	if (index && f->raw_n == 0)
		f->op = c;
	done = integer(f, c, index ? index_mask(f->op) : 0x7f);
	if (done != 1)
		return done == 0;
	good = index ? index_read(r, f) : length_read(r, f);
	f->raw_n = 0;
	return good;
}

static bool text_step(const struct http2_run *r, struct http2_fields *f, struct slice *bytes)
{
	struct slice some = slice_head(*bytes, f->left);

	*bytes = slice_from(*bytes, some.n);
	f->left -= (uint32_t)some.n;
	if (f->left == 0)
		f->state = f->state == F_NAME ? F_VALUE_LENGTH : F_INDEX;
	return inflate(r, some);
}

bool http2_fields_data(const struct http2_run *r, struct slice bytes)
{
	struct http2_fields *f = &r->side->fields;
	bool good = inflater_there(r, f);

	while (good && bytes.n > 0) {
		if (f->state == F_NAME || f->state == F_VALUE) {
			good = text_step(r, f, &bytes);
		} else {
			good = integer_step(r, f, bytes.p[0]);
			bytes = slice_from(bytes, 1);
		}
	}
	return good;
}
