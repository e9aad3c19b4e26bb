#include "sensor/input/outbox.h"

void outbox_init(struct outbox *o, const struct outbox_line *line, struct batch_writer *w)
{
	*o = (struct outbox){ .line = *line, .w = w };
}

int outbox_open(struct outbox *o, const struct outbox_user *user, struct err *e)
{
	int rc = o->open == NULL ? TK_OK : o->open->flush(o->open->ctx, e);

	if (rc != TK_OK)
		return rc;
	batch_begin(o->w);
	o->open = user;
	return TK_OK;
}

void outbox_discard(struct outbox *o)
{
	o->open = NULL;
}

int outbox_wait(struct outbox *o, struct err *e)
{
	while (o->n == OUTBOX_MAX) {
		int rc = o->line.wait(o->line.ctx, e);

		if (rc != TK_OK)
			return rc;
	}
	return TK_OK;
}

bool outbox_ready(const struct outbox *o, unsigned n)
{
	return o->n + n <= OUTBOX_MAX && (o->line.writable == NULL || o->line.writable(o->line.ctx));
}

int outbox_send(struct outbox *o, const struct outbox_batch *batch, struct batch_head *head, struct err *e)
{
	int rc;

	if (o->n == OUTBOX_MAX)
		return err_set(e, TK_ELIMIT, "too many batches are on their way");
	head->gen = batch->to;
	rc = o->line.send(o->line.ctx, batch_finish(o->w, head), e);
	if (rc != TK_OK)
		return rc;
	o->open = NULL;
	o->sent[(o->first + o->n) % OUTBOX_MAX] = *batch;
	o->n++;
	return TK_OK;
}

int outbox_answer(struct outbox *o, const struct batch_ack *a, struct err *e)
{
	struct outbox_batch sent = o->sent[o->first];

	if (o->n == 0 || a->token != sent.to.token)
		return err_set(e, TK_EMALFORMED, "the recorder answers a batch that was not sent");
	o->first = (o->first + 1) % OUTBOX_MAX;
	o->n--;
	return sent.user->answer(sent.user->ctx, &sent, a, e);
}
