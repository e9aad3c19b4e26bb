/* Counts TLS records (RFC 8446 5.1) in one direction of a connection that cannot be read, in any pieces: so that a
 * report can say "there is traffic, and it is encrypted". Pure but for the struct. */
#ifndef TK_SENSOR_PROTO_TLS_RECORDS_H
#define TK_SENSOR_PROTO_TLS_RECORDS_H

#include "core/base/slice.h"

struct tls_records {
	uint8_t head[5], head_n;
	bool lost;        /* what came is no record: nothing more is counted */
	uint32_t left;    /* of the record under way */
};

/* Do these first bytes of a direction begin a record? At the beginning of a connection one byte is enough. */
bool tls_records_begin(struct slice bytes, bool from_start);
/* The records that begin in these bytes. */
uint64_t tls_records_count(struct tls_records *t, struct slice bytes);

#endif
