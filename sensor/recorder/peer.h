/* Who is connected to the recorder: the sensor, an import, commands that ask. One thread. */
#ifndef TK_SENSOR_RECORDER_PEER_H
#define TK_SENSOR_RECORDER_PEER_H

#include "core/event/wire.h"
#include "core/ledger/ledger.h"
#include "sensor/recorder/intake.h"

#define PEERS 16
#define ACKS 64 /* batches that a peer may wait for an answer to; more than a sensor has on its way */

enum peer_kind { PEER_FREE, PEER_ASKING /* control socket, requests */, PEER_SENSOR, PEER_IMPORT };

struct peer {
	enum peer_kind kind;
	int fd;
	struct frame_reader in;
	bool more; /* what was read may hold another frame: poll does not know of it */
	struct stream stream;
	struct batch_ack acks[ACKS]; /* to be sent after the commit */
	struct batch_taken taken[ACKS]; /* of what they answer, while it is not committed */
	size_t n_acks;
	bool ungreeted; /* a sensor that waits until the ledger can be read */
	char actor[256];
};

/* Takes the descriptor. NULL: all places are taken, and it is closed. */
struct peer *peer_add(struct peer peers[PEERS], int fd, enum peer_kind kind);
void peer_drop(struct peer *p);
/* The peer is going to send batches: tells a sensor every known generation, then that it may begin. */
int peer_greet(struct peer *p, struct ledger *l, struct err *e);
/* Answers what was committed. A peer that went is found by its next read. */
void peer_send_acks(struct peer *p);

#endif
