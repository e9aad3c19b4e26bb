#include "sensor/recorder/peer.h"

#include <fcntl.h>
#include <stdio.h>

#include "core/base/sys.h"

struct peer *peer_add(struct peer peers[PEERS], int fd, enum peer_kind kind)
{
	for (int i = 0; i < PEERS; i++) {
		struct peer *p = &peers[i];

		if (p->kind != PEER_FREE)
			continue;
		*p = (struct peer){ .kind = kind, .fd = fd };
		frame_reader_init(&p->in);
		snprintf(p->actor, sizeof p->actor, "tochoku");
		fcntl(fd, F_SETFL, O_NONBLOCK);
		return p;
	}
	sys_close(fd);
	return NULL;
}

void peer_drop(struct peer *p)
{
	sys_close(p->fd);
	frame_reader_free(&p->in);
	stream_free(&p->stream);
	p->kind = PEER_FREE;
}

static int send_generation(void *ctx, struct slice input, struct slice path, const struct generation *g)
{
	struct peer *p = ctx;
	struct buf b;
	struct err lost = { 0 };

	buf_init(&b, 65536);
	resume_encode(input, path, g, &b);
	frame_send(p->fd, FRAME_RESUME, buf_slice(&b), &lost);
	buf_free(&b);
	return TK_OK;
}

int peer_greet(struct peer *p, struct ledger *l, struct err *e)
{
	struct err lost = { 0 };
	int rc = stream_init(&p->stream);

	if (rc != TK_OK)
		return err_set(e, rc, "no memory for batches");
	rc = p->kind == PEER_SENSOR ? ledger_generations(l, send_generation, p, e) : TK_OK;
	frame_send(p->fd, FRAME_READY, slice_of(NULL, 0), &lost);
	return rc;
}

void peer_send_acks(struct peer *p)
{
	struct err lost = { 0 };
	struct buf b;

	buf_init(&b, 1024);
	for (size_t i = 0; i < p->n_acks; i++) {
		buf_clear(&b);
		ack_encode(&p->acks[i], &b);
		if (frame_send(p->fd, FRAME_ACK, buf_slice(&b), &lost) != TK_OK)
			break; /* its next read tells */
	}
	p->n_acks = 0;
	buf_free(&b);
}
