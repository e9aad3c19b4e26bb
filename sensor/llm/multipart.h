/* multipart/form-data (RFC 7578) fed in any pieces: small text parts are told by name; files are passed over.
 * Bounded, without allocation; bears anything. Pure; one thread. */
#ifndef TK_SENSOR_LLM_MULTIPART_H
#define TK_SENSOR_LLM_MULTIPART_H

#include "core/base/slice.h"

#define MULTIPART_BOUNDARY_MAX 70 /* RFC 2046 5.1.1 */
#define MULTIPART_NAME_MAX 32
#define MULTIPART_VALUE_MAX 128 /* longer values are told cut */

/* A part whose end was seen. Borrowed for the call. */
typedef void multipart_told(void *ctx, struct slice name, struct slice value);

struct multipart {
	multipart_told *tell;
	void *ctx;
	uint8_t delimiter[4 + MULTIPART_BOUNDARY_MAX]; /* CR LF "--" boundary */
	uint8_t delimiter_n, matched;                  /* `matched` bytes of it have been seen, */
	uint8_t assumed;                               /* or as many are taken for seen at a beginning */
	uint8_t state;
	uint8_t name[MULTIPART_NAME_MAX], name_n; /* name_n 0: the part is not told */
	uint8_t value_n, value[MULTIPART_VALUE_MAX];
	uint16_t line_n;
	uint8_t line[256]; /* of a part's header; what is longer is not looked at */
};

/* The boundary comes from the media type's parameters: "multipart/form-data; boundary=...". False: it is
 * another media type, or has no boundary that can be. */
bool multipart_init(struct multipart *m, struct slice media_type, multipart_told *tell, void *ctx);
void multipart_push(struct multipart *m, struct slice bytes);

#endif
