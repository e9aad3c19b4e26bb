/* The wire form: how a sensor hands events and input positions to the recorder.
 * Dictionary parts are defined once a connection and then named by number, so a reader must see every batch
 * of its writer, in order, also those that it discards. Frames on the socket: u32 little-endian length, u8
 * type, payload. Both ends are the same binary; the reader still checks every byte, since the writer has met
 * strangers' bytes. */
#ifndef TK_EVENT_WIRE_H
#define TK_EVENT_WIRE_H

#include "core/base/buf.h"
#include "core/event/event.h"
#include "core/event/loss.h"

#define WIRE_FRAME_MAX (4u << 20)
#define WIRE_DEFS_MAX 4096   /* definitions of one part in force; then all begin anew */
#define WIRE_STRING_MAX 8192 /* longer strings are cut by the parser before they get here */

enum frame_type {
	FRAME_BATCH = 1,  /* sensor -> recorder: batch_head, rejects, losses, events */
	FRAME_ACK = 2,    /* recorder -> sensor: struct batch_ack */
	FRAME_RESUME = 3, /* recorder -> sensor at the start: every known generation of a tailed input */
	FRAME_READY = 4,  /* recorder -> sensor: the RESUME frames are complete */
	FRAME_REQUEST = 5, FRAME_REPLY = 6, /* control socket: one JSON object each way */
	FRAME_COUNT
};

/* Identity of one generation of a file (its bytes from creation to rotation or truncation) and how
 * far it was read. Offsets count plain bytes, after decompression.
 * A capture's session is one too, with dev = ino = 0: position counts its events, line is how many
 * exchanges were under way at the batch's end, and it is finished when its sensor stopped in order. */
struct generation {
	uint64_t token;         /* random, chosen by the sensor that first met it; 0: none */
	uint64_t dev, ino;      /* where it was last seen; 0 when unknown */
	uint64_t position;      /* bytes read and committed */
	uint64_t line;          /* lines read and committed */
	uint32_t prefix_len;    /* the first bytes, at most GENERATION_PREFIX */
	uint32_t tail_len;      /* the bytes just before position, at most GENERATION_TAIL */
	uint8_t prefix_hash[16], tail_hash[16]; /* SHA-256, first half */
	bool finished;          /* rotated away and read to its end */
};
#define GENERATION_PREFIX 1024
#define GENERATION_TAIL 1024

enum batch_mode {
	BATCH_TAIL = 1,  /* positions hold; each line at a new position is a new event */
	BATCH_IMPORT = 2 /* seen bytes add nothing; identical lines count within the file */
};

enum batch_flag {
	BATCH_CAUGHT_UP = 1, /* the input was at its end at `now`: coverage reaches to then */
	BATCH_FILE_END = 2,  /* import: the last batch of this file */
	BATCH_FIRST = 4,     /* import: the first batch of this file */
	BATCH_LIVE = 8,      /* capture: what passes unseen is gone, so events do not tell what was watched */
	BATCH_BEGINS = 16    /* capture: between the batch before and this one nothing was watched */
};

enum reject_reason { /* names in wire.c; a row of the coverage table each */
	REJECT_MALFORMED = 1, /* the line is not of the format */
	REJECT_TIME,          /* no time, or one that does not exist */
	REJECT_TOO_LONG,      /* over the line limit: skipped to its end */
	REJECT_NUL,           /* holds NUL bytes */
	REJECT_OTHER,         /* a record of this log, but of no call */
	REJECT_COUNT
};
const char *reject_name(enum reject_reason r);

struct reject {
	uint64_t offset, line; /* where the line begins; line counted from 1 */
	uint8_t reason;        /* enum reject_reason */
	uint8_t digest[16];    /* of the line: its bytes are not kept, they may hold a key */
};

struct batch_head {
	uint8_t mode, flags;
	int64_t now;            /* ns, the sensor's clock */
	struct slice input;     /* name; empty: import, to be recognised by the recorder */
	struct slice path;      /* for people and messages */
	uint64_t from;          /* position this batch continues at */
	struct generation gen;  /* its state at the end of the batch: gen.position is `to` */
	uint32_t n_events, n_rejects, n_losses;
};

/* ---- writing (sensor) ---- */
struct batch_writer;
struct batch_writer *batch_writer_new(void); /* NULL: no memory */
void batch_writer_free(struct batch_writer *w);
void batch_begin(struct batch_writer *w);
/* The event's FO_SENSOR fields and its digest are copied. TK_ELIMIT: full, send it first. */
int batch_add(struct batch_writer *w, const struct access_event *ev);
int batch_add_reject(struct batch_writer *w, const struct reject *r);
int batch_add_loss(struct batch_writer *w, const struct loss *l);
size_t batch_bytes(const struct batch_writer *w);
/* The payload of a FRAME_BATCH; n_* of the head are filled in. Borrowed until the next begin. */
struct slice batch_finish(struct batch_writer *w, struct batch_head *head);

/* ---- reading (recorder) ---- */
struct batch_reader;
struct batch_reader *batch_reader_new(void);
void batch_reader_free(struct batch_reader *r);
/* Borrows the payload until the next open. TK_EMALFORMED with text. */
int batch_open(struct batch_reader *r, struct slice payload, struct batch_head *head, struct err *e);
/* TK_OK; TK_EEND after the last. */
int batch_next_reject(struct batch_reader *r, struct reject *out);
int batch_next_loss(struct batch_reader *r, struct loss *out);
/* The next event. Its EV part is the reader's, valid until the next call; dictionary parts point to the
 * definitions, whose numbers (below WIRE_DEFS_MAX) are in def[] (UINT32_MAX: no such part). The caller may
 * add to a part what it knows. Numbers and parts hold until batch_resets changes. */
int batch_next(struct batch_reader *r, struct access_event *ev, uint32_t def[P_COUNT], struct err *e);
uint32_t batch_resets(const struct batch_reader *r);
/* The definition as it came, without what the caller added. */
struct part *batch_redefine(struct batch_reader *r, enum part_id id, uint32_t number);

/* Encodes the known and absent fields of a part; decode points strings into `in`.
 * `sensor_only` leaves RECORDER fields out. Also the dictionary's key form. */
void part_encode(const struct part *p, enum part_id id, bool sensor_only, struct buf *out);
int part_decode(struct slice *in, enum part_id id, struct part *out);

/* ---- answers and generations ---- */
struct batch_ack {
	uint64_t token;
	uint64_t position;   /* committed now; differs from the batch's end when it was discarded */
	bool discarded;      /* `from` was not the committed position: resume at `position` */
	uint32_t new_events, duplicates;
};
void ack_encode(const struct batch_ack *a, struct buf *out);
int ack_decode(struct slice in, struct batch_ack *a);
void resume_encode(struct slice input, struct slice path, const struct generation *g, struct buf *out);
int resume_decode(struct slice in, struct slice *input, struct slice *path, struct generation *g);

/* Frames over a stream socket. frame_recv: TK_OK, TK_AGAIN (non-blocking: not whole yet), TK_EEND,
 * TK_EMALFORMED, TK_EIO. The payload is borrowed until the next call. */
struct frame_reader {
	struct buf in;
	size_t taken;
};
void frame_reader_init(struct frame_reader *f);
void frame_reader_free(struct frame_reader *f);
int frame_recv(struct frame_reader *f, int fd, enum frame_type *type, struct slice *payload, struct err *e);
int frame_send(int fd, enum frame_type type, struct slice payload, struct err *e);

#endif
