/* Any header of a client certificate, any credential, any cookie list: names lie within what was given, or in
 * the scratch, and a credential never names somebody by a credential. */
#include <stdlib.h>

#include "core/event/wire.h"
#include "sensor/fields/person.h"
#include "sensor/fields/secret.h"
#include "sensor/proto/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool lies_in(struct slice s, struct slice in, const struct scratch *scratch)
{
	return s.n == 0 || (s.p >= in.p && s.p + s.n <= in.p + in.n) ||
	       (s.p >= scratch->p && s.p + s.n <= scratch->p + scratch->cap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t room[SCRATCH_SIZE];
	static struct exchange x;
	static const uint8_t key[32] = { 1 };
	struct scratch s = { room, 0, sizeof room };
	struct parse_context ctx = { .fingerprint_key = slice_of(key, sizeof key), .scratch = &s };
	struct slice in = { data, n < WIRE_STRING_MAX ? n : WIRE_STRING_MAX };
	size_t from, to;

	if (!lies_in(person_of_certificate(in, &s), in, &s))
		abort();
	s.n = 0;
	if (!lies_in(secret_claim(in, &s), in, &s) || secret_find(secret_claim(in, &s), 0, &from, &to))
		abort();
	s.n = 0;
	memset(&x, 0, sizeof x);
	exchange_header(&x, REQUEST, SLICE("cookie"), in, &ctx);
	exchange_header(&x, REQUEST, SLICE("x-forwarded-client-cert"), in, &ctx);
	exchange_header(&x, REQUEST, SLICE("authorization"), in, &ctx);
	return 0;
}
