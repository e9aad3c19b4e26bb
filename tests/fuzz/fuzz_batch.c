/* The recorder's reading of batches: two in a row on one connection, and the small frames. */
#include "core/event/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_batch(struct batch_reader *r, struct slice payload)
{
	struct batch_head head;
	struct access_event ev;
	struct reject reject;
	struct loss loss;
	uint32_t def[P_COUNT];
	struct err e;

	if (batch_open(r, payload, &head, &e) != TK_OK)
		return;
	while (batch_next_reject(r, &reject) == TK_OK)
		;
	while (batch_next_loss(r, &loss) == TK_OK)
		;
	while (batch_next(r, &ev, def, &e) == TK_OK)
		if (def[P_WHAT] != UINT32_MAX)
			batch_redefine(r, P_WHAT, def[P_WHAT]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct batch_reader *r = batch_reader_new();
	struct slice in = slice_of(data, size), input, path;
	struct generation g;
	struct batch_ack ack;

	read_batch(r, slice_head(in, size / 2));
	read_batch(r, slice_from(in, size / 2));
	ack_decode(in, &ack);
	resume_decode(in, &input, &path, &g);
	batch_reader_free(r);
	return 0;
}
