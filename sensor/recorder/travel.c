#include "sensor/recorder/travel.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/map.h"

#define TRAVELLERS 16384 /* forgotten all at once beyond it */
#define EARTH_KM 6371.0088

struct stay {
	int64_t completion_ns;
	uint8_t id[16];
	int64_t lat_micro, lon_micro;
};

struct travel {
	struct map *who; /* place in stay[] */
	struct stay stay[TRAVELLERS];
};

struct travel *travel_new(void)
{
	struct travel *t = malloc(sizeof *t);

	if (t == NULL || (t->who = map_new(TRAVELLERS, TRAVELLERS * 64)) == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

void travel_free(struct travel *t)
{
	if (t == NULL)
		return;
	map_free(t->who);
	free(t);
}

void travel_clear(struct travel *t)
{
	map_clear(t->who);
}

/* Great circle (haversine). */
static double distance_km(const struct stay *a, const struct stay *b)
{
	const double radian = M_PI / 180e6;
	double north = (double)(b->lat_micro - a->lat_micro) * radian;
	double east = (double)(b->lon_micro - a->lon_micro) * radian;
	double h = pow(sin(north / 2), 2) + cos((double)a->lat_micro * radian) *
						    cos((double)b->lat_micro * radian) *
						    pow(sin(east / 2), 2);

	return 2 * EARTH_KM * asin(sqrt(h > 1 ? 1 : h));
}

static void measure(const struct stay *from, const struct stay *to, struct leg *leg)
{
	double km = distance_km(from, to), hours = (double)(to->completion_ns - from->completion_ns) / 3600e9;
	double speed = km == 0 ? 0 : hours <= 0 ? INFINITY : km / hours * 1e6;

	leg->distance_micro_km = llround(km * 1e6);
	leg->speed_micro_kmh = speed < 0x1p62 ? llround(speed) : INT64_MAX / 2;
}

static int order(const struct stay *a, const struct stay *b)
{
	if (a->completion_ns != b->completion_ns)
		return a->completion_ns < b->completion_ns ? -1 : 1;
	return memcmp(a->id, b->id, sizeof a->id);
}

bool travel_add(struct travel *t, const struct access_event *ev, const uint8_t id[16], struct leg *leg,
		bool *late)
{
	enum field_id f = ev_known(ev, F_USER) ? F_USER : F_KEY_ID;
	struct stay here = { .completion_ns = ev_completion(ev),
			     .lat_micro = ev_int(ev, F_LAT, 0),
			     .lon_micro = ev_int(ev, F_LON, 0) },
		    *before;
	uint8_t name[256];
	struct slice who = ev_str(ev, f);
	int64_t *at;
	size_t n;
	bool known = false;

	if (who.n == 0 || who.n >= sizeof name || !ev_known(ev, F_LAT) || !ev_known(ev, F_LON))
		return false;
	memcpy(here.id, id, sizeof here.id);
	name[0] = (uint8_t)f;
	memcpy(name + 1, who.p, who.n);
	n = map_count(t->who);
	at = map_put(t->who, slice_of(name, who.n + 1), (int64_t)n);
	if (at == NULL) { /* full: an attacker's names do not keep the memory */
		*late = true;
		map_clear(t->who);
		return false;
	}
	before = &t->stay[*at];
	if ((size_t)*at < n) {
		if (order(&here, before) < 0) {
			*late = true;
			return false;
		}
		known = here.completion_ns - before->completion_ns <= TRAVEL_NS;
		if (known)
			measure(before, &here, leg);
	}
	*before = here;
	return known;
}
