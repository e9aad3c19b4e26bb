#include "core/ledger/packed.h"

#include "core/event/varint.h"

#define SUMS (sizeof(struct sums) / sizeof(int64_t)) /* a run of int64_t, as sums.def makes it */
_Static_assert(SUMS <= 32, "the mask has 32 bits");

void entry_write(const struct counter_entry *c, struct buf *out)
{
	uint8_t *p = buf_room(out, (NAME_COUNT + 1 + SUMS) * VARINT_MAX);
	int64_t sum[SUMS];
	uint32_t mask = 0;

	if (p == NULL)
		return;
	memcpy(sum, &c->sums, sizeof sum);
	for (int i = 0; i < NAME_COUNT; i++)
		p += varint_write(p, c->name[i]);
	for (size_t i = 0; i < SUMS; i++)
		mask |= (uint32_t)(sum[i] != 0) << i;
	p += varint_write(p, mask);
	for (uint32_t left = mask; left != 0; left &= left - 1)
		p += varint_write(p, zigzag(sum[__builtin_ctz(left)]));
	out->n = (size_t)(p - out->p);
}

bool entry_read(struct slice *in, struct counter_entry *c)
{
	struct slice rest = *in;
	int64_t sum[SUMS] = { 0 };
	uint64_t v;

	for (int i = 0; i < NAME_COUNT; i++) {
		if (!take_varint(&rest, &v) || v > UINT32_MAX)
			return false;
		c->name[i] = (uint32_t)v;
	}
	if (!take_varint(&rest, &v) || v >> SUMS != 0)
		return false;
	for (uint32_t left = (uint32_t)v; left != 0; left &= left - 1)
		if (!take_zigzag(&rest, &sum[__builtin_ctz(left)]))
			return false;
	memcpy(&c->sums, sum, sizeof sum);
	*in = rest;
	return true;
}

int entry_order(const struct counter_entry *a, const struct counter_entry *b)
{
	for (int i = 0; i < NAME_COUNT; i++)
		if (a->name[i] != b->name[i])
			return a->name[i] < b->name[i] ? -1 : 1;
	return 0;
}
