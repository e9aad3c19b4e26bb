/* Any bytes are a price table or a list of complaints; one that loads can be asked, written, and read again
 * with the same answers. */
#include <stdlib.h>

#include "sensor/llm/price.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define NOVEMBER INT64_C(1795132800000000000)

/* A call whose models are bytes of the input. */
static void make(struct flat_event *fe, struct slice in)
{
	static const char *const tiers[] = { "", "flex", "priority", "batch" };
	size_t at = in.n > 0 ? in.p[0] % in.n : 0;

	flat_event_reset(fe);
	ev_set_int(&fe->ev, F_TIMESTAMP, NOVEMBER);
	ev_set_str(&fe->ev, F_PROVIDER, SLICE("openai"));
	ev_set_str(&fe->ev, F_RESPONSE_MODEL, slice_head(slice_from(in, at), 3));
	ev_set_str(&fe->ev, F_REQUEST_MODEL, SLICE("a-20250514"));
	ev_set_str(&fe->ev, F_SERVICE_TIER, slice_str(tiers[in.n % 4]));
	ev_set_int(&fe->ev, F_INPUT_TOKENS, in.n % 3 == 0 ? INT64_MAX : (int64_t)in.n * 1000);
	ev_set_int(&fe->ev, F_OUTPUT_TOKENS, (int64_t)in.n);
	ev_set_int(&fe->ev, F_CACHE_READ_TOKENS, in.n > 1 ? in.p[1] : 0);
	ev_set_int(&fe->ev, F_CACHE_WRITE_TOKENS, INT64_MIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = { data, n };
	struct buf problems, yaml;
	struct price_table *t, *again;
	struct flat_event fe;
	int64_t pico = 0, same = 0;

	buf_init(&problems, 1 << 20);
	buf_init(&yaml, 64 << 20);
	t = prices_parse(in, "fuzz", &problems);
	if (t == NULL && problems.n == 0)
		abort();
	if (t != NULL) {
		enum price_result r;

		make(&fe, in);
		r = price_event(t, &fe.ev, &pico);
		prices_to_yaml(t, INT64_MIN, "fuzz", &yaml);
		buf_clear(&problems);
		again = prices_count(t) == 0 ? NULL : prices_parse(buf_slice(&yaml), "again", &problems);
		if (again != NULL && (price_event(again, &fe.ev, &same) != r || pico != same))
			abort();
		prices_free(again);
	}
	prices_free(t);
	buf_free(&yaml);
	buf_free(&problems);
	return 0;
}
