#include "sensor/llm/aws_events.h"

#define MESSAGE_MAX (16u << 20)
#define HEADERS_MAX (128u << 10)

enum { HEADERS, PAYLOAD, CHECKSUM };

void aws_events_init(struct aws_events *a, const struct aws_events_sink *sink)
{
	*a = (struct aws_events){ .sink = *sink };
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* CRC-32 as in Ethernet; of eight bytes, so without a table. */
static uint32_t crc32_of(const uint8_t *p, size_t n)
{
	uint32_t crc = ~UINT32_C(0);

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (UINT32_C(0xedb88320) & -(crc & 1));
	}
	return ~crc;
}

static void begin_message(struct aws_events *a)
{
	uint32_t total = be32(a->prelude), headers = be32(a->prelude + 4);

	if (be32(a->prelude + 8) != crc32_of(a->prelude, 8) || total > MESSAGE_MAX || headers > HEADERS_MAX ||
	    total < sizeof a->prelude + headers + 4) {
		a->broken = true;
		return;
	}
	a->left[HEADERS] = headers;
	a->left[PAYLOAD] = total - (uint32_t)sizeof a->prelude - headers - 4;
	a->left[CHECKSUM] = 4;
}

static size_t take_prelude(struct aws_events *a, struct slice bytes)
{
	size_t n = sizeof a->prelude - a->n;

	if (n > bytes.n)
		n = bytes.n;
	memcpy(a->prelude + a->n, bytes.p, n);
	a->n += (uint8_t)n;
	if (a->n == sizeof a->prelude)
		begin_message(a);
	return n;
}

static size_t take_part(struct aws_events *a, int part, struct slice bytes)
{
	size_t n = bytes.n < a->left[part] ? bytes.n : a->left[part];

	a->left[part] -= (uint32_t)n;
	if (part == PAYLOAD)
		a->sink.data(a->sink.ctx, slice_head(bytes, n));
	if (part == CHECKSUM && a->left[part] == 0) {
		a->n = 0;
		a->sink.over(a->sink.ctx);
	}
	return n;
}

void aws_events_push(struct aws_events *a, struct slice bytes)
{
	while (bytes.n > 0 && !a->broken) {
		int part = HEADERS;
		size_t n;

		while (part < CHECKSUM && a->left[part] == 0)
			part++;
		n = a->n < sizeof a->prelude ? take_prelude(a, bytes) : take_part(a, part, bytes);
		bytes = slice_from(bytes, n);
	}
}
