/* What evaluation is made of, each alone: minutes, counts of a day, ways of users, families of programs. */
#include <stdio.h>

#include "core/base/zone.h"
#include "sensor/recorder/counts.h"
#include "sensor/recorder/memory.h"
#include "sensor/recorder/minutes.h"
#include "sensor/recorder/travel.h"
#include "tests/lib/tap.h"

#define MINUTE (60 * NS_PER_SEC)
#define T0 INT64_C(1795359600000000000) /* 2026-11-23 00:00 in Tokyo */

static void test_minute_sums(void)
{
	const uint8_t id[2][16] = { { 1 }, { 2 } };
	struct minutes *m = minutes_new(true);
	struct minute out;

	for (int i = 0; i < 20; i++)
		minutes_add(m, &(struct minute_call){ .at = 5,
						      .own = i > 0,
						      .error = i % 2 != 0,
						      .cost_pico = 3,
						      .duration_ns = (i + 1) * 100 * INT64_C(1000000),
						      .completion_ns = 7,
						      .id = id[i % 2] });
	minutes_move_user(m, NO_MINUTE, 9);
	minutes_move_user(m, 9, 5);
	ok(!minutes_next(m, 5, &out), "a minute at the end is not handed out");
	ok(minutes_next(m, 6, &out) && out.at == 5 && out.since == -1, "then it is");
	ok(out.calls == 20 && out.day_calls == 19 && out.errors_10m == 10 && out.day_cost_pico == 57 &&
		   out.day_users == 1,
	   "sums, of the day's own calls and of all");
	ok(out.p95_ms >= 1870 && out.p95_ms <= 1930, "the 95th percentile of twenty times is the 19th");
	ok(memcmp(out.id, id[1], 16) == 0, "its last call is the one with the higher id");
	ok(minutes_add(m, &(struct minute_call){ .at = 5, .duration_ns = -1, .id = id[0] }),
	   "what comes later is late");
	ok(!minutes_add(m, &(struct minute_call){ .at = 15, .duration_ns = -1, .id = id[0] }), "or not");
	ok(minutes_next(m, 99, &out) && out.at == 15 && out.since == 10 && out.calls_10m == 1 &&
		   out.p95_ms == -1,
	   "ten minutes are ten minutes");
	ok(!minutes_next(m, 99, &out), "and no more");
	minutes_add(m, &(struct minute_call){ .at = 999999, .duration_ns = 1, .id = id[0] });
	ok(minutes_next(m, INT32_MAX, &out) && out.at == MINUTES_MAX - 1,
	   "no day has more minutes than there are");
	minutes_free(m);
}

static void test_users_of_minutes(void)
{
	const uint8_t id[16] = { 1 };
	struct day_counts d = { 0 };
	struct flat_event fe;
	struct minute out;

	ok(day_counts_new(&d, false), "counts of a day");
	day_counts_clear(&d, 20780); /* 2026-11-23 */
	for (int minute = 10; minute >= 9; minute--) {
		flat_event_reset(&fe);
		ev_set_int(&fe.ev, F_TIMESTAMP, T0 + minute * MINUTE);
		ev_set_int(&fe.ev, F_STATUS, 200);
		day_counts_minute(&d, &fe.ev, id, day_counts_add(&d, &fe.ev, 5, false), true);
	}
	ok(minutes_next(d.minutes, 99, &out) && out.at == 9 && out.day_users == 1,
	   "a user is active from his first call on, whichever came first");
	ok(minutes_next(d.minutes, 99, &out) && out.at == 10 && out.day_users == 1, "and once");
	ok(d.calls == 2 && d.active_users == 1, "running counts");
	day_counts_free(&d);
}

static void be_at(struct flat_event *fe, const char *user, int64_t ns, int64_t lat, int64_t lon)
{
	flat_event_reset(fe);
	ev_set_int(&fe->ev, F_TIMESTAMP, ns);
	ev_set_str(&fe->ev, F_USER, slice_str(user));
	ev_set_int(&fe->ev, F_LAT, lat);
	ev_set_int(&fe->ev, F_LON, lon);
}

static void test_travel(void)
{
	const uint8_t id[16] = { 1 };
	struct travel *t = travel_new();
	struct flat_event fe;
	struct leg leg;
	bool late = false;
	char name[16];

	be_at(&fe, "a", T0, 35681000, 139767000);
	ok(!travel_add(t, &fe.ev, id, &leg, &late), "the first place is no way");
	be_at(&fe, "a", T0 + 60 * MINUTE, 34702000, 135495000);
	ok(travel_add(t, &fe.ev, id, &leg, &late), "the second is");
	ok(leg.distance_micro_km > 402000000 && leg.distance_micro_km < 404000000, "Tokyo to Osaka, 403 km");
	ok_int(leg.speed_micro_kmh, leg.distance_micro_km, "in an hour");
	be_at(&fe, "a", T0 + 60 * MINUTE, -34702000, -135495000);
	ok(travel_add(t, &fe.ev, (const uint8_t[16]){ 2 }, &leg, &late) &&
		   leg.speed_micro_kmh == INT64_MAX / 2,
	   "in no time: without end");
	be_at(&fe, "b", T0 + 60 * MINUTE, 0, 0);
	ok(!travel_add(t, &fe.ev, id, &leg, &late), "another's place is not his");
	ok(!late, "all in order");
	be_at(&fe, "a", T0, 0, 0);
	ok(!travel_add(t, &fe.ev, id, &leg, &late) && late, "an earlier call is late");
	be_at(&fe, "a", T0 + 26 * 60 * MINUTE, 0, 0);
	late = false;
	ok(!travel_add(t, &fe.ev, id, &leg, &late) && !late, "after a day the place is forgotten");
	for (int i = 0; i < 20000 && !late; i++) {
		snprintf(name, sizeof name, "n%d", i);
		be_at(&fe, name, T0 + 26 * 60 * MINUTE, 0, 0);
		travel_add(t, &fe.ev, id, &leg, &late);
	}
	ok(late, "memory has an end, and says so");
	travel_free(t);
}

static void test_family(void)
{
	ok(slice_is(agent_family(SLICE("OpenAI/Python 1.99.1")), "OpenAI/Python"), "OpenAI/Python");
	ok(slice_is(agent_family(SLICE("curl/8.6.0")), "curl"), "curl");
	ok(slice_is(agent_family(SLICE("Java")), "Java"), "without a version");
	ok(agent_family(slice_of(NULL, 0)).n == 0, "nothing");
}

int main(void)
{
	struct err e = { 0 };

	ok_int(zone_use("Asia/Tokyo", &e), TK_OK, "zone");
	test_minute_sums();
	test_users_of_minutes();
	test_travel();
	test_family();
	return tap_done();
}
