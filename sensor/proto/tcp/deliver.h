/* The order in which a connection's pieces reach the sink: at their place, behind what their sender had
 * seen of the other direction, and what is missing for how long. */
#ifndef TK_SENSOR_PROTO_TCP_DELIVER_H
#define TK_SENSOR_PROTO_TCP_DELIVER_H

#include "sensor/proto/tcp/stream_state.h"

/* A piece came from `side`: as much of it as is new is delivered or waits. Bytes are borrowed for the
 * call. What waits elsewhere may be given up to make room, and connections other than this may end by it. */
void deliver_piece(struct streams *s, struct flow *f, int side, struct piece p, const uint8_t *bytes);
/* After pieces and acknowledgements: whatever can move moves, and the clocks of what stands still are set. */
void deliver_settle(struct streams *s, struct flow *f);
/* Waits no more: what stands still for STREAM_WAIT_NS moves on. Connections may end by it. */
void deliver_overdue(struct streams *s);
/* The connection ends: everything is delivered, holes as gaps. Nothing of it waits after that. */
void deliver_rest(struct streams *s, struct flow *f);
bool deliver_over(const struct flow *f); /* both sides have ended */

#endif
