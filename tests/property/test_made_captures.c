/* Conversations out of seeds, in captures of many kinds (capture_make.h). However whole captures were cut,
 * doubled, swapped and wrapped, they give byte for byte the same events, times aside, and these are all of
 * the calls. Where packets are missing, no event says anything that is not so. SEEDS: another number of
 * captures of each kind; ONE: that seed alone, with its events. */
#include "tests/lib/capture_judge.h"
#include "tests/lib/talk_tls.h"
#include "tests/lib/tap.h"

struct sum {
	uint64_t seeds, calls, events, whole, failed, first_seed, excused, excused_whole;
	char first[2304];
};

/* All that are made of one seed. */
struct kind {
	const char *name;
	void (*one)(const struct kind *k, uint64_t seed, struct sum *s, bool loud);
	struct peer_identity *tls; /* NULL: nothing is encrypted */
};

/* The conversations go into TLS. Returns their secrets. */
static struct buf seal(const struct kind *k, struct made *m)
{
	struct buf lines;

	buf_init(&lines, 1 << 20);
	for (size_t i = 0; i < m->talks && k->tls != NULL; i++)
		talk_seal(&m->talk[i].talk, k->tls, &lines);
	return lines;
}

static void fail(struct sum *s, uint64_t seed, const char *what)
{
	if (s->failed++ > 0)
		return;
	s->first_seed = seed;
	snprintf(s->first, sizeof s->first, "%s", what);
}

static struct made_way way_of(struct choice *c, uint32_t least)
{
	static const uint32_t sizes[] = { 100, 536, 1400 };
	uint32_t i = choose(c, COUNT(sizes) + 1);

	return (struct made_way){ .c = c,
				  .segment = i == COUNT(sizes) ? least : sizes[i],
				  .only = -1,
				  .link = (enum link_layer)choose(c, LINKS),
				  .tunnel = once_in(c, 2) ? (enum tunnel)choose(c, TUNNELS) : TUNNEL_NONE };
}

/* Everything is captured. */
static struct made_way whole_way(struct choice *c)
{
	struct made_way w = way_of(c, 7);

	w.again = 8;
	w.overlap = 6;
	w.swap = 2;
	w.fragment = once_in(c, 2) ? 10 : 0;
	w.frame_again = once_in(c, 2) ? 20 : 0;
	return w;
}

static struct made_way lossy_way(struct choice *c)
{
	struct made_way w = way_of(c, 60);

	w.again = once_in(c, 2) ? 8 : 0;
	w.overlap = once_in(c, 2) ? 6 : 0;
	w.swap = once_in(c, 2) ? 3 : 0;
	w.fragment = once_in(c, 3) ? 10 : 0;
	w.lose = (const uint32_t[]){ 0, 4, 20, 100 }[choose(c, 4)];
	w.snap = once_in(c, 4) ? 30 : 0;
	w.skip = once_in(c, 3) ? choose(c, 60) : 0;
	w.stop = once_in(c, 3) ? choose(c, 60) : 0;
	w.only = once_in(c, 6) ? (int)choose(c, 2) : -1;
	return w;
}

static void tell(const struct judge *j)
{
	for (size_t i = 0; i <= MADE_TALKS; i++)
		printf("# connection %zu\n%.*s", i, (int)j->text[i].n, (const char *)j->text[i].p);
}

static void whole(const struct kind *k, uint64_t seed, struct sum *s, bool loud)
{
	struct choice said = choice_seed(seed), travel = choice_seed(seed ^ 0x5555);
	struct made *m = made_new(&said, 40, false);
	struct made_way plain = { .c = &travel, .segment = 1400, .only = -1 };
	struct buf keys = seal(k, m);
	struct judge want, got;

	judge_begin(&want, m);
	want.secrets = buf_slice(&keys);
	judge_capture(&want, made_capture(m, &plain));
	if (loud)
		tell(&want);
	if (want.wrong > 0)
		fail(s, seed, want.first);
	if (judge_missing(&want) > 0 || want.events != want.whole)
		fail(s, seed, "not every call is told once, and whole");
	for (int i = 0; i < 3; i++) {
		struct made_way way = whole_way(&travel);

		judge_begin(&got, m);
		got.secrets = buf_slice(&keys);
		got.late = once_in(&travel, 2) ? choose(&travel, 100) : 0;
		judge_capture(&got, made_capture(m, &way));
		if (got.wrong > 0)
			fail(s, seed, got.first);
		for (size_t n = 0; n <= MADE_TALKS; n++)
			if (!slice_eq(buf_slice(&got.text[n]), buf_slice(&want.text[n])))
				fail(s, seed, "travelled another way, it is told differently");
		if (loud)
			tell(&got);
		judge_end(&got);
	}
	s->events += want.events;
	s->whole += want.whole;
	for (size_t i = 0; i < m->talks; i++)
		s->calls += m->talk[i].talk.calls;
	judge_end(&want);
	buf_free(&keys);
	made_free(m);
}

static void judged(const struct judge *got, uint64_t seed, struct sum *s, bool loud)
{
	if (got->wrong > 0)
		fail(s, seed, got->first);
	s->excused += got->excused;
	s->excused_whole += got->excused_whole;
	if (loud && got->wrong > 0)
		tell(got);
	s->events += got->events;
	s->whole += got->whole;
	for (size_t n = 0; n < got->m->talks; n++)
		s->calls += got->m->talk[n].talk.calls;
}

static void lossy(const struct kind *k, uint64_t seed, struct sum *s, bool loud)
{
	struct choice said = choice_seed(seed), travel = choice_seed(seed ^ 0xaaaa);
	struct made *m = made_new(&said, 20, false);
	struct buf keys = seal(k, m);

	for (int i = 0; i < 4; i++) {
		struct made_way way = lossy_way(&travel);
		struct judge got;

		judge_begin(&got, m);
		got.lossy = true;
		got.secrets = buf_slice(&keys);
		got.late = once_in(&travel, 2) ? choose(&travel, 100) : 0;
		judge_capture(&got, made_capture(m, &way));
		judged(&got, seed, s, loud);
		judge_end(&got);
	}
	buf_free(&keys);
	made_free(m);
}

/* Everything is captured, and there is hardly any room for it. */
static void cramped(const struct kind *k, uint64_t seed, struct sum *s, bool loud)
{
	struct choice said = choice_seed(seed), travel = choice_seed(seed ^ 0x3333);
	struct made *m = made_new(&said, 20, false);
	struct buf keys = seal(k, m);

	for (int i = 0; i < 3; i++) {
		struct made_way way = whole_way(&travel);
		struct judge got;

		judge_begin(&got, m);
		got.lossy = got.cramped = true;
		got.secrets = buf_slice(&keys);
		got.late = once_in(&travel, 3) ? choose(&travel, 100) : 0;
		judge_capture(&got, made_capture(m, &way));
		judged(&got, seed, s, loud);
		judge_end(&got);
	}
	buf_free(&keys);
	made_free(m);
}

static void run(const struct kind *k)
{
	const char *seeds = getenv("SEEDS"), *alone = getenv("ONE");
	uint64_t n = seeds == NULL ? 150 : strtoull(seeds, NULL, 10);
	uint64_t from = alone == NULL ? 1 : strtoull(alone, NULL, 10), to = alone == NULL ? n : from;
	struct sum s = { 0 };

	for (uint64_t seed = from; seed <= to; seed++)
		k->one(k, seed, &s, alone != NULL);
	if (!ok(s.failed == 0, k->name))
		printf("#   %llu failed, the first with seed %llu: %s\n", (unsigned long long)s.failed,
		       (unsigned long long)s.first_seed, s.first);
	printf("#   %llu calls, %llu events, %llu of them complete, %llu excused\n",
	       (unsigned long long)s.calls, (unsigned long long)s.events, (unsigned long long)s.whole,
	       (unsigned long long)s.excused);
	ok(s.excused * 500 <= s.events && s.excused_whole == 0,
	   "  an answer is told of another request seldom, and never as complete");
	ok(s.whole * 10 > s.calls, "  and much is told");
}

int main(void)
{
	struct peer_identity id;
	const struct kind kinds[] = {
		{ "every call is told as it was, whatever way it travelled", whole, NULL },
		{ "and so it is in TLS", whole, &id },
		{ "what is missing makes nothing wrong", lossy, NULL },
		{ "nor does it in TLS", lossy, &id },
		{ "nor does what has no room", cramped, NULL },
		{ "nor does it in TLS", cramped, &id },
	};

	peer_identify(&id);
	for (size_t i = 0; i < COUNT(kinds); i++)
		run(&kinds[i]);
	peer_identity_free(&id);
	return tap_done();
}
