/* Private to sensor/syslogs*.c. */
#ifndef TK_SENSOR_SYSLOGS_STATE_H
#define TK_SENSOR_SYSLOGS_STATE_H

#include "core/base/zone.h"
#include "core/event/loss.h"
#include "sensor/syslogs.h"

#define WINDOW (128u << 10)		  /* bytes of a connection that are looked at together */
#define FLUSH_BYTES (64u << 10)		  /* a batch that goes into the socket's buffer at once */
#define FLUSH_NS (INT64_C(100) * 1000000) /* a line waits no longer than this */
#define UNFINISHED_MAX 4096

struct syslog_input {
	struct syslogs *owner;
	char *name, *path; /* path: where it listens */
	bool tcp, open;
	int fd; /* of datagrams; else -1 */
	const struct log_format *format; /* NULL: by content, none met yet */
	const struct log_format *own;	 /* of a header line, or by configuration; to be closed */
	bool by_content, told;
	bool begins, drained, readable;
	uint32_t overflow; /* the kernel's count of what it dropped, as told */
	struct generation session; /* as it will be after the open batch; position counts lines */
	uint64_t from, lines;	   /* its position before that; lines met */
	int64_t sent_at;
	struct losses losses;
	struct line_counts counts;
};

struct connection {
	int fd;
	uint32_t input;
	uint64_t id;
	char *path; /* who it is */
	uint64_t taken; /* bytes that are out of the kernel */
	uint64_t base;	/* position 0 of the generation is there */
	struct generation gen; /* position: what was sent, and is not taken yet while `busy` */
	uint64_t skip;	 /* bytes behind the position that belong to a message that was too long */
	bool skip_line;	 /* and all up to the next line end */
	bool busy;	 /* a batch is on its way */
	bool readable, ended, finished;
	size_t seen;	 /* bytes that waited when there was no whole message in them; 0: look */
	int64_t wait_until;
};

struct unfinished {
	uint32_t input;
	struct generation g;
};

struct syslogs {
	struct outbox *outbox;
	struct outbox_user user;
	struct batcher *batcher;
	struct syslogs_sink sink;
	struct syslog_input inputs[SYSLOG_MAX];
	size_t n;
	struct connection *connections[SYSLOG_CONNECTIONS_MAX];
	size_t n_connections;
	struct unfinished *unfinished;
	size_t n_unfinished;
	struct syslog_input *pending; /* whose datagrams are in the open batch */
	int64_t pending_since, mono, wall;
	bool may_wait; /* at the end */
	uint8_t *buf;  /* WINDOW bytes */
};

/* syslogs.c */
bool syslogs_can_send(const struct syslogs *s, unsigned n);
/* One message of an input into the open batch; TK_ELIMIT: it is full. */
int syslogs_line(struct syslogs *s, struct syslog_input *in, const struct line *line, struct err *e);

/* syslogs_tcp.c */
/* The generation's position in bytes of the connection. */
static inline uint64_t connection_at(const struct connection *c)
{
	return c->base + c->gen.position;
}
int connection_step(struct syslogs *s, struct connection *c, bool *busy, struct err *e);
/* An answer to its batch. True: it is over and gone. */
bool connection_answer(struct syslogs *s, struct connection *c, const struct outbox_batch *sent,
		       const struct batch_ack *a);
/* The ledger goes on at this position of the connection. */
void connection_resume(struct connection *c, const struct generation *g);
void connection_free(struct connection *c); /* NULL is legal */

#endif
