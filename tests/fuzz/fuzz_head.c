/* A collector's line with a HEAD message in it, or whatever else: what is read is written again and read the
 * same. */
#include <stdlib.h>

#include "core/trail/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trail_said said, again;
	struct buf b;

	if (!head_in_line(slice_of(data, size), &said))
		return 0;
	buf_init(&b, 16384);
	put_head_message(&b,
			 &(struct head_sender){ .host = said.origin, .enterprise_number = 1, .sequence = 1 },
			 &said);
	if (!head_in_line(buf_slice(&b), &again) || again.seq != said.seq || again.size != said.size ||
	    !hash_eq(&again.h, &said.h) || !hash_eq(&again.checkpoint, &said.checkpoint))
		abort();
	buf_free(&b);
	return 0;
}
