/* Short coded bodies wait until they are whole and are then decoded at once, which costs a third of decoding
 * them piece by piece as packets bring them. Only what is sound and stays far below the caps is taken from
 * here: all else goes the usual way afterwards, which alone says what of a cut or damaged body came out. */
#include <stdlib.h>

#include "sensor/proto/http/content_parts.h"

#define BODIES 256u	      /* that wait at a time */
#define CODED_MAX (32u << 10) /* bytes of one */
#define RATIO_MAX 64u	      /* decoded over coded bytes: more looks like a bomb */

struct content_whole {
	struct content_tools tools;
	uint32_t n, free_n;
	uint32_t *free;
	uint8_t (*coded)[CODED_MAX];
	uint8_t plain[CONTENT_WHOLE_MAX];
};

struct content_whole *content_whole_new(uint32_t bodies)
{
	struct content_whole *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	w->n = bodies < BODIES ? bodies : BODIES;
	w->free = calloc(w->n + 1, sizeof *w->free);
	w->coded = calloc(w->n + 1, sizeof *w->coded);
	w->tools = (struct content_tools){ libdeflate_alloc_decompressor(), ZSTD_createDCtx() };
	if (w->free == NULL || w->coded == NULL || w->tools.deflate == NULL || w->tools.zstd == NULL) {
		content_whole_free(w);
		return NULL;
	}
	while (w->free_n < w->n) {
		w->free[w->free_n] = w->n - 1 - w->free_n;
		w->free_n++;
	}
	return w;
}

void content_whole_free(struct content_whole *w)
{
	if (w == NULL)
		return;
	if (w->tools.deflate != NULL)
		libdeflate_free_decompressor(w->tools.deflate);
	ZSTD_freeDCtx(w->tools.zstd);
	free(w->free);
	free(w->coded);
	free(w);
}

void content_whole_take(struct content_whole *w, struct content_wait *wait)
{
	*wait = (struct content_wait){ .waits = w->free_n > 0 };
	if (wait->waits)
		wait->place = (uint16_t)w->free[--w->free_n];
}

bool content_whole_add(struct content_whole *w, struct content_wait *wait, struct slice bytes)
{
	if (bytes.n > CODED_MAX - wait->n)
		return false;
	memcpy(w->coded[wait->place] + wait->n, bytes.p, bytes.n);
	wait->n += (uint16_t)bytes.n;
	return true;
}

struct slice content_whole_give(struct content_whole *w, struct content_wait *wait)
{
	w->free[w->free_n++] = wait->place;
	wait->waits = false;
	return slice_of(w->coded[wait->place], wait->n);
}

bool content_whole_decode(struct content_whole *w, const struct content_coding *coding, struct slice coded,
			  struct slice *plain)
{
	struct content_room room = { w->plain, sizeof w->plain };

	if (!coding->whole(&w->tools, coded, &room))
		return false;
	*plain = slice_of(room.p, room.n);
	return true;
}
