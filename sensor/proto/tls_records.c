#include "sensor/proto/tls_records.h"

#define HANDSHAKE 22
#define FIRST_TYPE 20 /* change cipher spec, alert, handshake, application data */
#define LAST_TYPE 23
#define RECORD_MAX (16384 + 2048) /* RFC 5246 6.2.3 */

static bool is_record_head(const uint8_t *p)
{
	return p[0] >= FIRST_TYPE && p[0] <= LAST_TYPE && p[1] == 3 && p[2] <= 4;
}

bool tls_records_begin(struct slice bytes, bool from_start)
{
	if (from_start)
		return bytes.n > 0 && bytes.p[0] == HANDSHAKE && (bytes.n == 1 || bytes.p[1] == 3);
	return bytes.n >= 5 && is_record_head(bytes.p) && (bytes.p[3] << 8 | bytes.p[4]) <= RECORD_MAX;
}

uint64_t tls_records_count(struct tls_records *t, struct slice bytes)
{
	uint64_t n = 0;

	while (bytes.n > 0 && !t->lost) {
		size_t skip = t->left < bytes.n ? t->left : bytes.n;

		bytes = slice_from(bytes, skip);
		t->left -= (uint32_t)skip;
		while (bytes.n > 0 && t->left == 0 && t->head_n < sizeof t->head) {
			t->head[t->head_n++] = bytes.p[0];
			bytes = slice_from(bytes, 1);
		}
		if (t->head_n < sizeof t->head)
			continue;
		t->head_n = 0;
		t->left = (uint32_t)(t->head[3] << 8 | t->head[4]);
		t->lost = !is_record_head(t->head) || t->left > RECORD_MAX;
		n += !t->lost;
	}
	return n;
}
