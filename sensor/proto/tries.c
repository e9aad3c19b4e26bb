#include "sensor/proto/tries.h"

#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/zone.h"

#define SLOTS 4096 /* a newcomer takes the place of who has it */
#define WINDOW_NS (10 * 60 * NS_PER_SEC)
#define TRIES_MAX 999

struct try {
	uint64_t hash; /* 0: none */
	int64_t last_ns, n;
};

struct tries {
	struct try slot[SLOTS];
};

struct tries *tries_new(void)
{
	return calloc(1, sizeof(struct tries));
}

void tries_free(struct tries *t)
{
	free(t);
}

/* 1 to 3 digits; anything else says nothing. */
static int64_t number(struct slice s)
{
	int64_t n = 0;

	if (s.n == 0 || s.n > 3)
		return 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		n = n * 10 + (s.p[i] - '0');
	}
	return n;
}

static int64_t known_before(struct tries *t, struct slice key, struct slice target, int64_t ns)
{
	uint64_t hash = hash64(target, hash64(key, 1)) | 1;
	struct try *s = &t->slot[hash >> 1 & (SLOTS - 1)];
	int64_t apart = ns > s->last_ns ? ns - s->last_ns : s->last_ns - ns;

	if (s->hash != hash || apart > WINDOW_NS)
		*s = (struct try){ .hash = hash, .last_ns = ns };
	else if (s->n < TRIES_MAX)
		s->n++;
	if (ns > s->last_ns)
		s->last_ns = ns;
	return s->n;
}

int64_t tries_before(struct tries *t, struct slice retry_count, struct slice idempotency_key,
		     struct slice target, int64_t ns)
{
	int64_t said = number(retry_count);
	int64_t known =
		t == NULL || idempotency_key.n == 0 ? 0 : known_before(t, idempotency_key, target, ns);

	return said > known ? said : known;
}
