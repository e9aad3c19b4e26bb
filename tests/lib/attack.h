/* Verifying a forged log, and what is expected of it. */
#ifndef TK_TESTS_ATTACK_H
#define TK_TESTS_ATTACK_H

#include "tests/lib/forge.h"
#include "tests/lib/tap.h"

#define ACCESS                                                                                               \
	"{\"@timestamp\":\"2026-11-20T15:00:00Z\",\"user.name\":\"tanaka\",\"http.response.status_code\":"   \
	"200}"
#define CLOSING "{\"action\":\"segment-closing\"}"
#define SEG(n, day) "segments/2026/11/00000" n "-202611" day ".jsonl"

static struct forge f;

/* ---- verifying ---- */

struct seen {
	struct verify_result r;
	int count[TRAIL_FINDINGS];
	struct trail_finding first[TRAIL_FINDINGS];
	int rc;
};

static inline void take(void *ctx, const struct trail_finding *x)
{
	struct seen *s = ctx;

	if (s->count[x->id]++ == 0)
		s->first[x->id] = *x;
}

static inline struct seen look(const struct anchors *a)
{
	struct verify_options o = {
		.folder = f.folder, .anchors = a, .found = take, .now = FORGE_BEGIN + 10 * FORGE_DAY
	};
	struct vkey site;
	struct seen s = { 0 };
	struct err e = { 0 };

	forge_vkey(&f, "/site", f.site, &site);
	o.site_key = &site;
	o.ctx = &s;
	s.rc = trail_verify(&o, &s.r, &e);
	if (s.rc != TK_OK)
		printf("# %s\n", e.text);
	return s;
}

static inline void describe(const struct seen *s)
{
	for (int i = 0; i < TRAIL_FINDINGS; i++)
		if (s->count[i] > 0 && s->first[i].effect > EFFECT_NOTE)
			printf("#   %d %s, segment %d seq %d offset %d\n", s->count[i], s->first[i].code,
			       (int)s->first[i].segment, (int)s->first[i].seq, (int)s->first[i].offset);
}

/* Caught under this code, at this segment and record (-1: any). */
static inline void caught(const char *name, enum trail_finding_id id, int64_t segment, int64_t seq)
{
	struct seen s = look(NULL);
	bool good = s.rc == TK_OK && s.count[id] > 0 && !verify_passed(&s.r) &&
		    (segment < 0 || s.first[id].segment == segment) && (seq < 0 || s.first[id].seq == seq);

	if (!ok(good, name))
		describe(&s);
	forge_close(&f);
}

static inline void quiet_with(const char *name, const struct anchors *a, enum completeness want)
{
	struct seen s = look(a);

	if (!ok(s.rc == TK_OK && verify_passed(&s.r) && s.r.integrity == INTEGRITY_OK &&
			s.r.completeness == want,
		name))
		describe(&s);
	forge_close(&f);
}

static inline void quiet(const char *name)
{
	quiet_with(name, NULL, COMPLETE_UNKNOWN);
}

/* ---- logs ---- */

static inline void fill(int records)
{
	for (int i = 0; i < records; i++)
		forge_record(&f, "access", ACCESS);
	forge_record(&f, "control", CLOSING);
}

/* Three days: records 0-4, 5 (a quiet day), 6-9. */
static inline void begin(void)
{
	forge_open(&f, FORGE_ORIGIN, "site");
}
static inline void honest(void)
{
	begin();
	fill(4);
	forge_seal(&f);
	fill(0);
	forge_seal(&f);
	fill(3);
	forge_seal(&f);
}

static inline void sh(const char *command)
{
	forge_shell(&f, command);
}

static inline struct anchors anchors_of(const struct forge *g)
{
	struct anchors a = { 0 };
	int line;

	if (!anchors_read_table(&a, buf_slice(&g->anchors), "paper", &line))
		forge_die("anchors");
	return a;
}

static inline void caught_by_anchor(const char *name, struct anchors *a, enum trail_finding_id id)
{
	struct seen s = look(a);

	if (!ok(s.rc == TK_OK && s.count[id] > 0 && !verify_passed(&s.r), name))
		describe(&s);
	anchors_free(a);
	forge_close(&f);
}

#endif
