/* What stream.c and deliver.c share. */
#ifndef TK_SENSOR_PROTO_TCP_STREAM_STATE_H
#define TK_SENSOR_PROTO_TCP_STREAM_STATE_H

#include "sensor/proto/tcp/flow_table.h"

struct streams {
	struct stream_limits limits;
	struct stream_sink sink;
	struct losses *losses;
	struct flow_table table;
	struct waiting waiting;
	/* Directions that stand still, the longest first. Number of a direction: 2 * number of its flow +
	 * side. */
	struct index_list still;
	struct index_link *still_links;
	/* Packet time may jump (the next file, a clock that is set): `last` follows it, `mono` adds up its
	 * steps forward, and everything that lasts is measured by that. */
	int64_t last;
	uint64_t mono;
	bool timed;
};

/* The connection is over: what waits is delivered, close is told. */
void stream_close(struct streams *s, struct flow *f, enum stream_end how, int64_t ns);

#endif
