/* Captures that the generator makes (tests/lib/capture_make.h), its choices out of the input: what is said,
 * how it travels, which packets are missing or damaged. Where all of it arrives each call is told, once and
 * whole; else there is no crash, nothing is left under way, and no call is told whole twice. */
#include "tests/lib/capture_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct made_way way_of(struct choice *c)
{
	static const uint32_t often[] = { 0, 0, 2, 5, 20 };

	return (struct made_way){
		.c = c,
		.segment = 40 + choose(c, 1400),
		.again = often[choose(c, COUNT(often))],
		.overlap = often[choose(c, COUNT(often))],
		.swap = often[choose(c, COUNT(often))],
		.fragment = often[choose(c, COUNT(often))],
		.frame_again = often[choose(c, COUNT(often))],
		.only = -1,
		.link = (enum link_layer)choose(c, LINKS),
		.tunnel = (enum tunnel)choose(c, TUNNELS),
	};
}

static void take_away(struct choice *c, struct made_way *w)
{
	static const uint32_t often[] = { 0, 0, 3, 10, 50 };

	w->lose = often[choose(c, COUNT(often))];
	w->damage = often[choose(c, COUNT(often))];
	w->snap = often[choose(c, COUNT(often))];
	w->skip = once_in(c, 3) ? choose(c, 100) : 0;
	w->stop = once_in(c, 3) ? choose(c, 100) : 0;
	w->only = once_in(c, 5) ? (int)choose(c, 2) : -1;
}

static unsigned twice(const struct judge *j)
{
	unsigned bad = 0;

	for (size_t i = 0; i < j->m->talks; i++)
		for (size_t k = 0; k < j->m->talk[i].talk.calls; k++)
			bad += j->complete[i][k] > 1;
	return bad;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct choice c = choice_bytes(slice_of(data, n));
	bool lossy = once_in(&c, 2);
	struct made_way way = way_of(&c);
	struct made *m;
	struct judge j;

	if (lossy)
		take_away(&c, &way);
	m = made_new(&c, 8, false);
	judge_begin(&j, m);
	j.lossy = lossy;
	judge_capture(&j, made_capture(m, &way));
	if (lossy ? twice(&j) > 0 : j.wrong > 0 || judge_missing(&j) > 0 || j.events != j.whole) {
		fprintf(stderr, "%u wrong, %u missing: %s\n", j.wrong, judge_missing(&j), j.first);
		abort();
	}
	judge_end(&j);
	made_free(m);
	return 0;
}
