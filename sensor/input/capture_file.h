/* Capture files: pcap (both byte orders, micro- and nanoseconds) and pcapng (section, interface, enhanced,
 * simple and the old packet blocks; several interfaces and time resolutions; other blocks are passed over). A
 * pure pull parser over chunks, as lines.h is for logs: pipes and cut-off files are read as far as they are
 * sound. All memory is taken at birth. One thread. */
#ifndef TK_SENSOR_INPUT_CAPTURE_FILE_H
#define TK_SENSOR_INPUT_CAPTURE_FILE_H

#include "core/base/err.h"
#include "sensor/input/packet.h"

#define CAPTURE_PACKET_MAX (1u << 20) /* a longer one is no packet: the file is damaged there */

/* Do these first bytes (4 are enough) begin a capture file? */
bool capture_file_is(struct slice head);

struct capture_file;
struct capture_file *capture_file_new(void); /* NULL: no memory */
void capture_file_free(struct capture_file *c);
/* The next bytes of the file; borrowed until the next feed. Everything before must have been taken. */
void capture_file_feed(struct capture_file *c, struct slice chunk);
/* TK_OK; TK_AGAIN: needs the next chunk (what is left of this one is kept); TK_EMALFORMED with text and byte
 * offset: nothing more can be read of this file. A pcapng packet that names no known interface has link type
 * UINT32_MAX; it and a simple packet, which has no time, take the time of the packet before. */
int capture_file_next(struct capture_file *c, struct packet *p, struct err *e);
/* Where the secrets go that a pcapng file brings along (decryption secrets blocks, NSS key log text): called
 * from capture_file_next, before the packets behind them. */
void capture_file_secrets(struct capture_file *c, void (*secrets)(void *ctx, struct slice key_log),
			  void *ctx);
/* Bytes of an incomplete packet or block that are left when the file ends: more than 0 is a cut-off file.
 * 0 after TK_EMALFORMED. */
size_t capture_file_rest(const struct capture_file *c);

#endif
