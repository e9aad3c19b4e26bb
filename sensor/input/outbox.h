/* Batches on their way to the recorder, and the answers that are awaited. One connection has one writer,
 * since definitions hold over its batches; so one batch is open at a time: who opens one has the other's sent
 * first. One thread. */
#ifndef TK_SENSOR_INPUT_OUTBOX_H
#define TK_SENSOR_INPUT_OUTBOX_H

#include "core/event/wire.h"

#define OUTBOX_MAX 16 /* batches sent and not answered: then files are not read on */

/* The connection. */
struct outbox_line {
	void *ctx;
	int (*send)(void *ctx, struct slice payload, struct err *e);
	/* Returns once another answer was handed to outbox_answer. */
	int (*wait)(void *ctx, struct err *e);
	/* May a small batch be sent without waiting for the recorder to read? NULL: always. */
	bool (*writable)(void *ctx);
};

struct outbox_batch;
/* Who writes batches. */
struct outbox_user {
	void *ctx;
	/* Sends the batch that is open, or throws it away. */
	int (*flush)(void *ctx, struct err *e);
	/* An answer to its oldest batch that has none. */
	int (*answer)(void *ctx, const struct outbox_batch *sent, const struct batch_ack *a, struct err *e);
};

struct outbox_batch {
	const struct outbox_user *user;
	struct generation to;
	size_t entry; /* the user's own, as is the next */
	uint64_t tag;
};

struct outbox {
	struct outbox_line line;
	struct batch_writer *w;		/* borrowed */
	const struct outbox_user *open; /* whose batch is being written; NULL: nobody's */
	struct outbox_batch sent[OUTBOX_MAX];
	unsigned first, n;
};

void outbox_init(struct outbox *o, const struct outbox_line *line, struct batch_writer *w);
/* Begins a batch of this user, after whatever was open was sent. */
int outbox_open(struct outbox *o, const struct outbox_user *user, struct err *e);
/* The open batch is thrown away. */
void outbox_discard(struct outbox *o);
/* Until there is room for one more batch. Answers come in meanwhile. */
int outbox_wait(struct outbox *o, struct err *e);
/* Is there room for `n` more batches, and does the recorder read? */
bool outbox_ready(const struct outbox *o, unsigned n);
/* Sends the open batch; there must be room. head->gen is batch->to. */
int outbox_send(struct outbox *o, const struct outbox_batch *batch, struct batch_head *head, struct err *e);
/* TK_EMALFORMED: it answers no batch. */
int outbox_answer(struct outbox *o, const struct batch_ack *a, struct err *e);

#endif
