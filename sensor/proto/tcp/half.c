#include "sensor/proto/tcp/half.h"

/* High enough that nothing that is subtracted goes below 0. */
#define BASE (UINT64_C(1) << 62)

void half_begin(struct half *h, uint32_t seq, uint8_t why)
{
	h->next = (h->flags & HALF_KNOWN) != 0 ? half_place(h, seq) : BASE + seq;
	h->first = seq;
	if (h->acked < h->next || h->acked - h->next > HALF_FAR)
		h->acked = h->next;
	h->flags = (uint8_t)((h->flags & ~(HALF_SYN | HALF_GUESS)) | HALF_KNOWN | why);
}

void half_begin_earlier(struct half *h, uint32_t seq)
{
	int32_t back = (int32_t)(h->first - seq);

	if ((h->flags & (HALF_GUESS | HALF_BEGUN)) == HALF_GUESS && back > 0 && back <= HALF_FAR &&
	    half_place(h, seq) < h->next)
		h->next = half_place(h, seq); /* `first` stays, and so bounds how far back this goes */
}

uint64_t half_acked(struct half *h, uint32_t ack)
{
	uint64_t to;

	if ((h->flags & HALF_KNOWN) == 0)
		half_begin(h, ack, 0);
	half_begin_earlier(h, ack);
	to = half_place(h, ack);
	if (to <= h->next || (h->flags & HALF_FIN) != 0)
		return 0;
	if (to - h->next > HALF_FAR) {
		/* a direction that is not captured goes its way unseen */
		if ((h->flags & HALF_SEEN) == 0)
			half_begin(h, ack, 0);
		return 0;
	}
	if (to > h->acked)
		h->acked = to;
	return to;
}

bool half_plausible(const struct half *h, uint32_t seq)
{
	uint64_t to = half_place(h, seq);

	return (h->flags & HALF_KNOWN) == 0 || (to > h->next ? to - h->next : h->next - to) <= HALF_FAR;
}
