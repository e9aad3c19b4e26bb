/* The members of a nested JSON log line, by what they say: a format's rows name paths, and one walk over the
 * line collects what stands there. Bounded, allocates nothing.
 *
 * A path is member names joined by dots; a name may have dots itself ("gen_ai.request.model" is one member or
 * three). The elements of an array are met under the array's own path, of several the last one counts, and
 * under their number ("tries.0.ip"). A list of {"key": K, "value": V}, as OTLP/JSON writes attributes, is
 * read as the object {K: V}. A string that holds a JSON object is looked into where rows name what is inside.
 */
#ifndef TK_SENSOR_GATEWAY_PATHS_H
#define TK_SENSOR_GATEWAY_PATHS_H

#include "sensor/gateway/found.h"

#define PATHS_MAX 192 /* rows of a format */

struct path_row {
	const char *path;
	uint8_t n;	/* its length */
	uint8_t member; /* enum member, or M_COUNT + a mark's number */
	uint8_t rank;	/* of several rows that say the same the highest that is not empty counts */
};

/* clang-format off */
/* PATH("a.b", what, rank), as rows of a struct path_row[]; ranks from 1 on. */
#define PATH(path, what, rank) \
	{ path, sizeof(path) - 1, M_##what, (rank) * sizeof(char[(rank) > 0 ? 1 : -1]) }
/* That there is such a member, whatever it holds, is mark number i < 8: what tells formats apart. */
#define MARK(path, i) { path, sizeof(path) - 1, M_COUNT + (i), 0 }
/* clang-format on */

struct paths {
	const struct path_row *row;
	size_t n;
	bool fold; /* names differ in nothing but case */
};

/* Reads one object. False: not one JSON object, or something behind it. Without a scratch strings are not
 * looked into. */
bool paths_collect(const struct paths *p, struct slice line, struct scratch *scratch, struct found *f,
		   uint8_t *marks);

#endif
