/* Evidence files: any bytes are verified or refused. */
#include "core/trail/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct evidence_result r;
	struct err e = { 0 };

	evidence_verify(slice_of(p, n), NULL, NULL, NULL, &r, &e);
	buf_free(&r.room);
	return 0;
}
