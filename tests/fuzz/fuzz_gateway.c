/* Any bytes as a log line, in a frame or not, in every format: no crash, no read past the line. */
#include "sensor/gateway/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t room[SCRATCH_SIZE];
	static struct flat_event fe;
	static struct parse_cache *cache;
	static const uint8_t key[32] = { 1 };
	static const struct cidr everything = { .bits = 0 };
	struct scratch scratch = { room, 0, sizeof room };
	struct slice line = { data, n };

	if (cache == NULL)
		cache = parse_cache_new();
	log_format_detect_sample(line);
	for (size_t i = 0; log_format_at(i) != NULL; i++) {
		struct parse_context ctx = { .fingerprint_key = slice_of(key, sizeof key),
					     .cache = i % 2 ? cache : NULL,
					     .trusted_proxies = &everything,
					     .n_trusted_proxies = 1,
					     .scratch = &scratch };
		struct buf out;

		if (log_format_parse(log_format_at(i), line, &ctx, &fe) != 0)
			continue;
		buf_init(&out, 1 << 20);
		event_to_json(&fe.ev, &out);
		buf_free(&out);
	}
	return 0;
}
