/* What was odd about the messages of an exchange (anomalies.def), as bits. Pure; any thread. */
#ifndef TK_SENSOR_PROTO_HTTP_ANOMALY_H
#define TK_SENSOR_PROTO_HTTP_ANOMALY_H

#include "core/base/slice.h"

enum anomaly {
#define ANOMALY(id, name, doc) ANOMALY_##id,
#include "sensor/proto/http/anomalies.def"
#undef ANOMALY
	ANOMALY_COUNT
};

#define ANOMALY_BIT(id) (UINT32_C(1) << ANOMALY_##id)

#define ANOMALY_LIST_MAX 512
/* The names, comma-joined, in the table's order. Returns the length. */
size_t anomaly_list(uint32_t bits, uint8_t out[ANOMALY_LIST_MAX]);
/* Does an absolute target (RFC 9112 3.2.2) name another host or port than the Host header? */
bool anomaly_hosts_differ(struct slice target, struct slice host);

#endif
