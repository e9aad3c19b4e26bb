/* What the supervisor (or an import) tells the sensor, and what the sensor answers: one packet of the
 * role channel each. Encoders append to a buf, decoders borrow the packet; both ends are the same
 * binary, and the reader still checks every byte. Pure but for the three channel calls; one thread. */
#ifndef TK_SENSOR_OPTIONS_H
#define TK_SENSOR_OPTIONS_H

#include "core/base/addr.h"
#include "core/base/buf.h"
#include "core/event/wire.h"
#include "sensor/fields/person.h"
#include "sensor/fields/secret.h"
#include "sensor/roles.h"

#define OPTIONS_PROXIES_MAX 2500
#define OPTIONS_WANTED_BYTES 16384 /* names and patterns */

struct sensor_options {
	uint8_t mode;                 /* enum batch_mode: tail for ever, or import each file once */
	char zone[64];                /* IANA name: log times without a zone are in it */
	uint8_t fingerprint_key[FINGERPRINT_KEYS_MAX *
				FINGERPRINT_KEY_BYTES]; /* a chain: sensor/fields/secret.h */
	size_t fingerprint_n;				/* its bytes */
	struct cidr *trusted_proxies; /* malloc'ed by the decoder; sensor_options_clear */
	uint32_t n_trusted_proxies;
	struct wanted_headers wanted; /* its texts are in wanted_text, so this struct does not move */
	uint8_t wanted_text[OPTIONS_WANTED_BYTES];
	size_t wanted_n;
};

struct role_input {
	uint32_t number;
	struct slice name, format;    /* format: a name, a pattern or "auto". An import's name may be empty */
};

struct role_file {
	uint64_t id;                  /* chosen by the opener, never used twice on one channel */
	uint32_t input;
	uint64_t dev, ino, size;
	int64_t mtime;                /* ns */
	bool is_base;                 /* it is what the configured path names now; else a rotated sibling */
	bool compressed;              /* by its name: read through a codec, which looks at the content */
	struct slice path, base;      /* where it was opened; the configured path that it belongs to */
};

enum retired_status {
	RETIRED_DONE,	 /* read to its end, committed */
	RETIRED_PARKED,	 /* idle and given back for want of descriptors: hand it in again when it changes */
	RETIRED_UNKNOWN, /* import: no known format */
	RETIRED_DAMAGED, /* what was sound in it was read */
	RETIRED_UNREADABLE,
	RETIRED_STATUS_COUNT
};
struct role_retired {
	uint64_t id;
	uint8_t status;
	uint64_t size;                /* as the sensor last saw it: a later change is news */
	int64_t mtime;
	uint64_t lines, events, rejected; /* of this file in this process */
};

struct role_summary {
	bool final;
	uint64_t bytes_in;            /* bytes of the files as they are, compressed or not, read so far */
	uint64_t lines, events, rejected; /* lines = events + rejected */
	uint64_t new_events, duplicates;  /* as the recorder answered */
};

struct role_rejected {
	uint64_t id, line;            /* the file; lines are counted from 1 */
	uint8_t reason;               /* enum reject_reason */
};

struct role_capture_input {
	uint32_t number;
	struct slice name, interface;
	bool keylog;                  /* it has a key log, now or later */
};

struct role_capture {
	uint64_t id;                  /* chosen by the opener, never used twice on one channel */
	uint32_t input;
	uint32_t link_type, block_size, n_blocks;
};

struct role_capture_state {
	uint32_t input;
	bool gone;                    /* what was handed in for it will give nothing more */
	uint64_t drops;               /* by the card, since the last message */
};

struct role_syslog_input {
	uint32_t number;
	bool tcp;
	struct slice name, format;    /* as of a role_input */
};

/* A socket of datagrams, with its descriptor; one that listens, without; or a connection to it, with its own.
 */
struct role_syslog_socket {
	uint32_t input;
	bool begins; /* nobody listened there until now: of a sensor before nothing is left */
	uint64_t connection;          /* random, never 0; 0: no connection */
	uint64_t taken;               /* bytes of the connection that were taken out of it before */
	uint64_t refused;             /* connections refused since the last message, as too many were open */
	struct slice path;            /* who it is, or where it listens: for people */
};

void options_encode(const struct sensor_options *o, struct buf *out);
int options_decode(struct slice in, struct sensor_options *o);
/* Frees and wipes the key. */
void sensor_options_clear(struct sensor_options *o);
void role_input_encode(const struct role_input *i, struct buf *out);
int role_input_decode(struct slice in, struct role_input *i);
void role_file_encode(const struct role_file *f, struct buf *out);
int role_file_decode(struct slice in, struct role_file *f);
void role_retired_encode(const struct role_retired *r, struct buf *out);
int role_retired_decode(struct slice in, struct role_retired *r);
void role_summary_encode(const struct role_summary *s, struct buf *out);
int role_summary_decode(struct slice in, struct role_summary *s);
void role_rejected_encode(const struct role_rejected *r, struct buf *out);
int role_rejected_decode(struct slice in, struct role_rejected *r);
void role_shortage_encode(uint32_t waiting, struct buf *out);
int role_shortage_decode(struct slice in, uint32_t *waiting);
void role_capture_input_encode(const struct role_capture_input *i, struct buf *out);
int role_capture_input_decode(struct slice in, struct role_capture_input *i);
void role_capture_encode(const struct role_capture *r, struct buf *out);
int role_capture_decode(struct slice in, struct role_capture *r);
void role_capture_state_encode(const struct role_capture_state *s, struct buf *out);
int role_capture_state_decode(struct slice in, struct role_capture_state *s);
void role_capture_lost_encode(uint64_t id, struct buf *out);
int role_capture_lost_decode(struct slice in, uint64_t *id);
void role_keylog_encode(uint32_t input, struct buf *out);
int role_keylog_decode(struct slice in, uint32_t *input);

void role_syslog_input_encode(const struct role_syslog_input *i, struct buf *out);
int role_syslog_input_decode(struct slice in, struct role_syslog_input *i);
void role_syslog_socket_encode(const struct role_syslog_socket *s, struct buf *out);
int role_syslog_socket_decode(struct slice in, struct role_syslog_socket *s);
void role_syslog_done_encode(uint64_t connection, struct buf *out);
int role_syslog_done_decode(struct slice in, uint64_t *connection);

/* Fills the options of a sensor from the configuration. TK_ELIMIT, TK_EIO; clear them after. */
int options_from_config(const struct config *cfg, enum batch_mode mode, struct sensor_options *o,
			struct err *e);

/* One packet out, with a descriptor beside it or -1. TK_EEND when the peer is gone. role_send waits for
 * room; role_try_send says TK_AGAIN where the channel does not block. */
int role_send(int channel, struct slice packet, int fd, struct err *e);
int role_try_send(int channel, struct slice packet, int fd, struct err *e);
/* A packet that is its type alone. */
int role_send_type(int channel, enum role_message type, int fd, struct err *e);
/* One packet in. *fd is -1 or the caller's to close. TK_AGAIN on a channel that would block; TK_EEND. */
int role_recv(int channel, uint8_t packet[ROLE_MESSAGE_MAX], struct slice *in, int *fd, struct err *e);

/* "tochoku: TEXT" to standard error, what is untrusted in it made harmless for a terminal. */
void role_say(const char *fmt, ...) TK_PRINTF(1, 2);

#endif
