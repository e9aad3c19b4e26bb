/* Any text, URL, target, header: what is masked holds no credential any more, and fits the event. */
#include <stdlib.h>

#include "core/event/wire.h"
#include "sensor/fields/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t room[SCRATCH_SIZE];
	static struct flat_event fe;
	static const uint8_t key[32] = { 1 };
	struct scratch s = { room, 0, sizeof room };
	struct parse_context ctx = { .fingerprint_key = slice_of(key, sizeof key), .scratch = &s };
	struct slice in = { data, n < WIRE_STRING_MAX ? n : WIRE_STRING_MAX };
	size_t from, to;

	if (secret_find(secret_mask_text(in, &s), 0, &from, &to))
		abort();
	s.n = 0;
	if (secret_mask_url(in, &s).n > 3 * in.n + 8)
		abort();
	s.n = 0;
	flat_event_reset(&fe);
	secret_set_key(&fe.ev, in, &ctx);
	secret_set_target(&fe.ev, in, &ctx);
	if (secret_find(ev_str(&fe.ev, F_PATH), 0, &from, &to) || secret_find(ev_str(&fe.ev, F_QUERY), 0,
	  &from, &to))
		abort();
	return 0;
}
