/* Lines into batches: parses a line, adds the event or the reject to the batch being written, counts.
 * No allocation per line. One thread. */
#ifndef TK_SENSOR_INPUT_BATCHER_H
#define TK_SENSOR_INPUT_BATCHER_H

#include "core/base/hash.h"
#include "core/event/wire.h"
#include "sensor/gateway/format.h"
#include "sensor/input/lines.h"

/* A batch of this many bytes is sent: long enough that its head and its transaction cost nothing, short
 * enough that both processes work at once: what may be on its way is more than one transaction. */
#define BATCH_FLUSH_BYTES (512u << 10)
#define BATCH_FLUSH_NS (100 * 1000000) /* a live event waits no longer than this */

struct line_counts {
	uint64_t events, rejected;
};

struct batcher {
	struct batch_writer *w;
	struct sha256 *sha;
	struct parse_context ctx;  /* key and networks are borrowed from the options */
	struct scratch scratch;
	struct flat_event event;
	struct line_counts total;
	uint64_t file;             /* whose lines these are: for on_reject */
	/* Told of each rejected line; NULL: nobody. */
	void (*on_reject)(void *arg, uint64_t file, const struct reject *r);
	void *on_reject_arg;
};

/* TK_ENOMEM. `key` and `proxies` must outlive it. */
int batcher_init(struct batcher *b, struct slice key, const struct cidr *proxies, size_t n_proxies);
void batcher_free(struct batcher *b);
/* TK_ELIMIT: the batch is full, nothing was added; send it and call again. */
int batcher_line(struct batcher *b, const struct log_format *format, const struct line *line,
		 struct line_counts *file);

#endif
