/* The files of a sensor: which generation each is, how far it was read, when it is done. Tails follow
 * files as they grow, rotate, are truncated, copied and compressed; an import reads each file once.
 * Nothing is opened here: descriptors are handed in. Time is handed in too, so that tests own it.
 * One thread. */
#ifndef TK_SENSOR_INPUT_TAIL_H
#define TK_SENSOR_INPUT_TAIL_H

#include "sensor/input/batcher.h"
#include "sensor/input/outbox.h"
#include "sensor/options.h"

#define TAIL_STAT_NS (INT64_C(50) * 1000000)   /* a file has no poll: how often its size is asked */
#define TAIL_LAST_LINE_NS (3 * NS_PER_SEC)     /* a rotated file's last line without LF is whole after this */
#define TAIL_FINISH_NS (60 * NS_PER_SEC)       /* a rotated file is finished when idle for this long */
#define TAIL_COPY_NS (10 * NS_PER_SEC)         /* how long a truncated log's copy is waited for */
#define TAIL_BEAT_NS (5 * NS_PER_SEC)          /* "nothing new until now" */

/* What makes events of a capture file. It lives above this room (sensor/capture_import.c): here a capture is
 * bytes. An event is borrowed for the call; what `event` returns ends the reading. */
typedef int (*capture_event)(void *to, const struct access_event *ev, struct err *e);
struct capture_reader {
	void *(*open)(void *ctx); /* NULL: no memory */
	/* The next bytes. TK_EMALFORMED: from there on nothing of the file can be read. */
	int (*read)(void *reader, struct slice chunk, capture_event event, void *to, struct err *e);
	/* No more will come. *cut: the last packet is not whole. */
	int (*end)(void *reader, capture_event event, void *to, struct losses *lost, bool *cut,
		   struct err *e);
	void (*close)(void *reader); /* NULL is legal */
};

struct tail_sink {
	void *ctx;
	const struct capture_reader *captures; /* NULL: a capture file is of no known format */
	void *captures_ctx;
	/* The file is closed here and may be closed by its opener. */
	void (*retired)(void *ctx, const struct role_retired *r);
	/* A message for people, without "tochoku: ". */
	void (*say)(void *ctx, const char *text);
};

struct tails;
/* `mode` is an enum batch_mode. Outbox and batcher are borrowed; they share a writer. NULL: no memory. */
struct tails *tails_new(enum batch_mode mode, const struct tail_sink *sink, struct outbox *outbox,
			struct batcher *batcher);
void tails_free(struct tails *t); /* closes the files that it holds */

/* Inputs come first, numbered 0, 1, … TK_ECONFIG: no such format. */
int tails_input(struct tails *t, const struct role_input *in, struct err *e);
/* A generation that the ledger knows. One of an unknown input is passed over. */
int tails_resume(struct tails *t, struct slice input, struct slice base, const struct generation *g,
		 int64_t mono);
/* Takes the descriptor over, also when it fails. */
int tails_file(struct tails *t, const struct role_file *f, int fd, int64_t mono, int64_t wall, struct err *e);
/* Everything that exists was handed in, and every generation told: reading may begin. */
void tails_ready(struct tails *t, int64_t mono);
/* So many files wait for a descriptor: idle ones are given back. 0: none any more. */
void tails_shortage(struct tails *t, uint32_t waiting);

/* Does a piece of work. *sleep_ns: when to call again if nothing else happens; 0 at once. */
int tails_step(struct tails *t, int64_t mono, int64_t wall, int64_t *sleep_ns, struct err *e);
/* Sends the batch that is being written. After it nothing more is read. */
int tails_flush(struct tails *t, int64_t mono, int64_t wall, struct err *e);
size_t tails_open_files(const struct tails *t);
/* Counts so far; `final` is left false. */
void tails_summary(const struct tails *t, struct role_summary *out);

#endif
