/* The key log of a capture: files that grow, read as they do. A file that was truncated is read from its
 * beginning; one that another took the place of is read on until the next one comes, since whoever writes
 * changes over later than the name. What holds secrets is wiped. One thread. */
#ifndef TK_SENSOR_CAPTURE_KEYS_H
#define TK_SENSOR_CAPTURE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "sensor/proto/tls/key_log.h"

#define CAPTURE_KEYS_STEP (1u << 20) /* bytes that one step reads */

struct capture_keys;
/* So many connections' secrets, about 400 bytes each; memory is touched as they come. NULL: no memory. */
struct capture_keys *capture_keys_new(uint32_t connections);
void capture_keys_free(struct capture_keys *k); /* and its files */
/* The file that is the key log now. Takes the descriptor over. */
void capture_keys_file(struct capture_keys *k, int fd);
/* Reads what is new. True: there is more. */
bool capture_keys_step(struct capture_keys *k);
/* Lent to the tap; not to be fed by others. */
struct key_log *capture_keys_log(struct capture_keys *k);

#endif
