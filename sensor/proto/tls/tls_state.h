/* What the parts of the TLS reader share. Private to tls*.c. */
#ifndef TK_SENSOR_PROTO_TLS_TLS_STATE_H
#define TK_SENSOR_PROTO_TLS_TLS_STATE_H

#include "core/base/index_list.h"
#include "sensor/proto/tls/tls.h"
#include "sensor/proto/tls/tls_bytes.h"
#include "sensor/proto/tls/tls_seal.h"
#include "sensor/proto/tls/tls_store.h"

#define TLS_1_0 0x0301
#define TLS_1_2 0x0303
#define TLS_1_3 0x0304

enum tls_side { TLS_CLIENT, TLS_SERVER };

enum tls_type { /* of a record (RFC 8446 5.1) */
	TLS_CHANGE_CIPHER_SPEC = 20,
	TLS_ALERT,
	TLS_HANDSHAKE,
	TLS_APPLICATION_DATA,
	TLS_HEARTBEAT
};

/* Which keys a direction uses. */
enum tls_epoch {
	TLS_EPOCH_NONE,
	TLS_EPOCH_EARLY,
	TLS_EPOCH_HANDSHAKE,
	TLS_EPOCH_TRAFFIC,  /* TLS 1.3 */
	TLS_EPOCH_SECURED   /* TLS 1.2 and before */
};

struct tls_message { /* the handshake message under way */
	uint8_t head[4], head_n;
	bool keep;           /* its body is put together */
	uint32_t left;       /* of its body */
	struct tls_chain body;
};

struct tls_half { /* one direction */
	/* The record under way. */
	uint8_t head[TLS_RECORD_HEAD], head_n;
	bool begun;          /* its head was looked at: its payload is put together */
	bool sealed_record;  /* it is encrypted */
	struct tls_chain payload;
	uint32_t skip;       /* bytes of a record that is passed over */
	struct tls_at at;
	/* Its keys. */
	uint8_t epoch;       /* of `seal` */
	uint8_t wanted;      /* of the next record */
	bool lost;           /* the next record must be looked for */
	bool unsure;         /* `seq` is the least that the next number can be */
	bool dead;           /* given up */
	bool early_skip;     /* 0-RTT records without a secret come before those of the handshake */
	bool owed;           /* something may be missing, and was not told */
	bool ended, refused;
	uint32_t attempts;
	uint64_t seq;
	struct tls_seal seal;
	uint8_t secret[TLS_HASH_MAX]; /* TLS 1.3: what the keys were made of */
	struct tls_message message;
};

enum tls_wait { TLS_WAIT_NONE, TLS_WAIT_SECRET, TLS_WAIT_SERVER };

enum tls_early { /* 0-RTT (RFC 8446 4.2.10) */
	TLS_EARLY_NONE,
	TLS_EARLY_OFFERED,
	TLS_EARLY_TAKEN,  /* or believed so, where the server's answer is missing */
	TLS_EARLY_REFUSED /* nobody reads it, and the client may say it again */
};

struct tls_kept { /* the head of something that waits */
	uint8_t kind;   /* 0: nothing */
	uint64_t order; /* among what waits of both sides */
	struct stream_at at;
	uint64_t n;
};

struct tls {
	struct tls_pool *pool;
	struct key_log *keys;
	const struct tls_sink *sink; /* of the call under way */
	struct tls_half half[2];
	struct tls_counts counts;
	/* The handshake. */
	bool have_hello, have_choice;
	uint8_t early;       /* enum tls_early */
	uint8_t client_random[TLS_RANDOM];
	struct tls_choice choice;
	/* What waits. */
	uint8_t wait;        /* enum tls_wait */
	bool sealed;
	bool listed;         /* among those that wait */
	uint64_t asked;      /* the key log's version when it was last asked */
	uint64_t order;      /* of what is kept next */
	struct tls_chain kept[2];
	struct tls_kept current[2]; /* the one under way; its bytes are the chain's first */
	/* The bytes that are being read. */
	struct slice piece;
	struct stream_at piece_at;
};

struct tls_pool {
	struct tls *all;         /* from 1 */
	struct index_link *links;
	struct index_list waiting; /* those that keep something, the one since the longest first */
	uint32_t *free, n_free, n;
	struct tls_ciphers ciphers;
	struct tls_seal probe;   /* for keys that are only tried */
	struct tls_store store;
	bool making_room;
	uint8_t *record, *plain, *message;
};

/* ---- tls.c ---- */
/* Makes room for n more bytes in the chain, at the cost of the connection that waits the longest. False:
 * there is none. */
bool tls_make_room(struct tls_pool *p, const struct tls_chain *c, size_t n);

/* ---- tls_record.c ---- */
/* How many bytes were taken: all, unless the connection now has to wait, or has just stopped waiting for the
 * server. */
size_t tls_record_feed(struct tls *t, int side, struct slice in);
void tls_record_gap(struct tls *t, int side, uint64_t bytes);
void tls_record_end(struct tls *t, int side);

/* ---- tls_protect.c ---- */
enum tls_ready { TLS_READY, TLS_NOT_YET, TLS_NEVER };
/* Can the next record of this direction be opened? */
enum tls_ready tls_protect_ready(struct tls *t, int side);
bool tls_protect_open(struct tls *t, int side, struct slice payload, struct tls_opened *o);
/* A record was not opened, and why does not matter; `end`: what is known of its end. */
void tls_protect_missed(struct tls *t, int side, size_t payload, struct slice end);
/* So much plaintext is missing, or 0. */
void tls_protect_gap(struct tls *t, int side, uint64_t bytes);
/* A sealed connection's secrets may have come. */
void tls_protect_unseal(struct tls *t);

/* ---- tls_keys.c ---- */
/* Keys of an epoch; `secret` has room for TLS_HASH_MAX bytes. */
enum tls_ready tls_keys_of(struct tls *t, int side, enum tls_epoch e, struct tls_keys *k, uint8_t *secret);
/* The keys after those made of `secret`, which becomes the next one (RFC 8446 7.2). */
void tls_keys_update(const struct tls *t, struct tls_keys *k, uint8_t *secret);
bool tls_keys_has(struct tls *t, enum key_log_label label);

/* ---- tls_handshake.c ---- */
void tls_handshake(struct tls *t, int side, struct slice bytes);
/* Bytes of the handshake are missing. */
void tls_handshake_lost(struct tls *t, int side);
void tls_handshake_alert(struct tls *t, int side, struct slice bytes);
void tls_handshake_end(struct tls *t, int side);

static inline bool tls_is_1_3(const struct tls *t)
{
	return t->have_choice && t->choice.version >= TLS_1_3;
}

/* Something of this side is missing: perhaps its answer to 0-RTT. */
static inline void tls_early_lost(struct tls *t, int side)
{
	if (side == TLS_SERVER && t->early == TLS_EARLY_OFFERED && tls_is_1_3(t))
		t->early = TLS_EARLY_TAKEN;
}

/* Has it been said which keys the client's records use? */
static inline bool tls_server_answered(const struct tls *t)
{
	return t->have_choice && (t->early != TLS_EARLY_OFFERED || !tls_is_1_3(t));
}

#endif
