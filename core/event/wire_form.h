/* The pieces of the wire form that its writers and readers share. Private to core/event. */
#ifndef TK_EVENT_WIRE_FORM_H
#define TK_EVENT_WIRE_FORM_H

#include "core/event/varint.h"
#include "core/event/wire.h"

/* Records inside a batch: a byte of kind, then its body. Definitions come before the event that first
 * names them, and hold until REC_RESET, over all batches of the connection. */
enum record_kind { REC_DEF = 0x00 /* + part */, REC_EVENT = 0x40, REC_RESET = 0x41 };

#define NO_DEF UINT32_MAX

void put_bytes(struct buf *out, struct slice s); /* length, bytes; cut at WIRE_STRING_MAX */
bool take_bytes(struct slice *in, struct slice *out);
bool take_hash(struct slice *in, uint8_t out[16]);
bool take_u32(struct slice *in, uint32_t *out);
void put_generation(struct buf *out, const struct generation *g);
bool take_generation(struct slice *in, struct generation *g);

/* The bits of a part's SENSOR fields. */
uint32_t sensor_bits(enum part_id id);
/* part_encode of the fields in `mask` alone. */
void part_encode_masked(const struct part *p, enum part_id id, uint32_t mask, struct buf *out);

#endif
