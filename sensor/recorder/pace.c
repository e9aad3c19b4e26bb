#include "sensor/recorder/pace.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/map.h"

#define KEYS 2048 /* forgotten all at once beyond it */
#define CALLS 60

struct beat {
	size_t n;	    /* calls so far */
	int64_t end[CALLS]; /* of the last ones: a ring */
};

struct pace {
	struct map *keys; /* place in beat[] */
	struct beat beat[KEYS];
};

struct pace *pace_new(void)
{
	struct pace *p = malloc(sizeof *p);

	if (p == NULL || (p->keys = map_new(KEYS, KEYS * 64)) == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

void pace_free(struct pace *p)
{
	if (p == NULL)
		return;
	map_free(p->keys);
	free(p);
}

static int64_t variation(const struct beat *b)
{
	double mean = (double)(b->end[(b->n - 1) % CALLS] - b->end[b->n % CALLS]) / (CALLS - 1), sum = 0;

	for (size_t i = 1; i < CALLS; i++) {
		double gap = (double)(b->end[(b->n + i) % CALLS] - b->end[(b->n + i - 1) % CALLS]);

		sum += (gap - mean) * (gap - mean);
	}
	return mean <= 0 ? 0 : llround(sqrt(sum / (CALLS - 1)) / mean * 1e6);
}

int64_t pace_add(struct pace *p, const struct access_event *ev, bool *late)
{
	struct slice key = ev_str(ev, F_KEY_ID);
	int64_t end = ev_completion(ev), *at;
	size_t n = map_count(p->keys);
	struct beat *b;

	if (key.n == 0)
		return -1;
	if ((at = map_put(p->keys, key, (int64_t)n)) == NULL) {
		*late = true;
		map_clear(p->keys);
		return -1;
	}
	b = &p->beat[*at];
	if ((size_t)*at == n)
		b->n = 0;
	/* with so few calls in the ten minutes around it no order of them counts */
	*late |= b->n >= CALLS / 2 && end <= b->end[(b->n - 1) % CALLS] &&
		 b->end[(b->n - 1) % CALLS] - b->end[(b->n - CALLS / 2) % CALLS] <= PACE_NS;
	b->end[b->n++ % CALLS] = end;
	if (b->n < CALLS || end - b->end[b->n % CALLS] > PACE_NS)
		return -1;
	return variation(b);
}
