/* What the files of `decode` share. */
#ifndef TK_CLI_DECODE_H
#define TK_CLI_DECODE_H

#include "cli/command.h"
#include "cli/decode_order.h"
#include "core/base/addr.h"
#include "core/base/hash.h"
#include "sensor/gateway/format.h"
#include "sensor/input/codec.h"
#include "sensor/llm/price.h"
#include "sensor/proto/tls/key_log.h"

struct seen_digest;

struct decoder {
	const char *format_name; /* as given, or NULL: auto */
	const struct log_format *given;
	const char *prices_file; /* as given, or NULL: no cost */
	const char *keylog_file; /* as given, or NULL */
	struct key_log *keys;	 /* of that file and of the captures */
	struct price_table *prices;
	struct order order;
	struct sha256 *sha;
	struct parse_cache *cache;
	struct cidr loopback[2];
	struct scratch scratch;
	struct flat_event event;
	struct seen_digest *seen;
	uint32_t clock;
	uint8_t *chunk;
};
#define DECODE_SECRETS 65536 /* TLS connections whose secrets are known at a time */
#define DECODE_CHUNK (256u << 10)

bool decode_logs_init(struct decoder *d); /* false: no memory */
struct parse_context decode_context(struct decoder *d);
/* Gives the event its id and input, prices it, and hands it to the order. */
void decode_event(struct decoder *d, struct access_event *ev, uint32_t ordinal);

/* The next chunk, as much as the buffer holds: a pipe's small pieces tell as much. */
int decode_chunk(struct codec_reader *r, uint8_t *out, size_t *n, struct err *e);
/* One file each; `first` lies in d->chunk. EXIT_DONE or, told on standard error, EXIT_INPUT. */
int decode_logs(struct decoder *d, const char *name, struct codec_reader *r, struct slice first);
int decode_capture(struct decoder *d, const char *name, struct codec_reader *r, struct slice first);

#endif
