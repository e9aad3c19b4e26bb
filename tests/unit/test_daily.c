/* The figures of a day and their JSON, against a ledger filled by hand. */
#include "tests/lib/report.h"

#include "core/base/json.h"
#include "tests/lib/small_ledger.h"
#include "tests/lib/tap.h"

static struct buf out;

/* The raw JSON value behind a key of the object, at any depth when `path` has several keys. */
static struct slice member(struct slice object, const char *key)
{
	struct json j;
	enum json_type t;

	json_init(&j, object);
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return SLICE("");
	while ((t = json_next(&j)) == JSON_KEY) {
		bool hit = slice_is(j.text, key);
		size_t from = j.pos;

		if (!json_skip(&j))
			return SLICE("");
		if (hit) {
			struct slice v = slice_of(object.p + from, j.pos - from);

			while (v.n > 0 && (v.p[0] == ':' || v.p[0] == ' '))
				v = slice_from(v, 1);
			return v;
		}
	}
	return SLICE("(none)");
}

static void is(const char *key, const char *want)
{
	char name[96];

	snprintf(name, sizeof name, "%s is %s", key, want);
	ok_slice(member(buf_slice(&out), key), slice_str(want), name);
}

static struct config *config_for(const char *zone)
{
	static char text[512];
	struct problems p;
	struct config *c;
	struct err e;

	snprintf(text, sizeof text, "site: {time_zone: %s}\nbudget: {month_usd: 3000}\n", zone);
	problems_init(&p, "test");
	c = config_parse(slice_str(text), "test", &p);
	if (c == NULL) {
		problems_print(&p);
		exit(1);
	}
	problems_free(&p);
	if (zone_use(zone, &e) != TK_OK)
		exit(1);
	return c;
}

static void read_json(const char *ledger, const struct config *cfg, struct date day)
{
	struct figures *f = test_figures(ledger, cfg, "daily", day);

	test_render(f, "json", LANG_JA, false, &out);
	figures_free(f);
}

static void quiet_day(void)
{
	struct config *cfg = config_for("Asia/Tokyo");
	struct small_ledger l;

	small_open(&l);
	read_json(l.path, cfg, (struct date){ 2026, 11, 24 });
	is("period.from", "\"2026-11-24T00:00:00+09:00\"");
	is("period.to", "\"2026-11-25T00:00:00+09:00\"");
	is("calls", "0");
	is("cost.pico_usd", "\"0\"");
	is("ratio.previous_day", "null");
	is("ratio.same_class_day", "null");
	is("latency.mean_ms", "null");
	is("coverage.percent", "0");
	is("coverage.missed_minutes", "1440");
	is("coverage.joined", "0");
	is("by.user", "{}");
	is("findings", "{\"critical\":0,\"high\":0,\"medium\":0,\"low\":0,\"informational\":0}");
	small_close(&l);
	config_free(cfg);
}

static void full_day(void)
{
	struct config *cfg = config_for("Asia/Tokyo");
	struct small_ledger l;
	struct err e;
	int64_t day, first;

	small_open(&l);
	zone_use("Asia/Tokyo", &e);
	day = zone_day_start(date_to_days((struct date){ 2026, 11, 25 }));
	first = zone_day_start(date_to_days((struct date){ 2026, 11, 1 }));
	small_count(&l, day, "anna", "内科", "要約", "gpt",
		    "calls = 3, successful = 2, denied = 1, input_tokens = 10,"
		    " output_tokens = 5, cost_pico = 1500, duration_ns = 6000000000, duration_n = 3");
	small_count(&l, day + 86400 - 900, "zoe", "外科", "", "gpt", "calls = 1, error = 1, unpriced = 1");
	small_count(&l, day + 900, "", "", "", "", "calls = 2, successful = 2, userless = 2");
	small_count(&l, day + 86400, "anna", "", "", "", "calls = 500, successful = 500");
	small_count(&l, day - 900, "anna", "", "", "", "calls = 4, successful = 4");
	small_count(&l, first, "big", "", "", "", "cost_pico = 9223372036854775807");
	small_count(&l, first + 900, "big", "", "", "", "cost_pico = 9223372036854775807");
	small_count(&l, first - 900, "big", "", "", "", "cost_pico = 77");
	read_json(l.path, cfg, (struct date){ 2026, 11, 25 });
	is("calls", "6");
	is("calls.successful", "4");
	is("cost.pico_usd", "\"1500\"");
	is("cost.month_pico_usd", "\"18446744073709553114\"");
	is("cost.unpriced_calls", "1");
	is("users.active", "1");
	is("ratio.previous_day", "1.5");
	is("ratio.same_class_day", "1.5");
	is("latency.mean_ms", "2000");
	is("errors", "{\"denied\":1,\"limited\":0,\"failure\":0,\"error\":1,\"timeout\":0,\"reset\":0}");
	ok_slice(member(member(buf_slice(&out), "by.user"), "anna"),
		 SLICE("{\"calls\":3,\"tokens\":15,\"pico_usd\":\"1500\",\"errors\":1}"), "a user's figures");
	ok_slice(member(member(member(buf_slice(&out), "by.user"), ""), "calls"), SLICE("2"),
		 "user unknown: empty name");
	ok_slice(member(member(member(buf_slice(&out), "by.hour"), "0"), "calls"), SLICE("5"), "hour 0");
	ok_slice(member(member(member(buf_slice(&out), "by.hour"), "23"), "calls"), SLICE("1"), "hour 23");
	ok_slice(member(member(member(buf_slice(&out), "by.hour"), "12"), "calls"), SLICE("0"),
		 "a quiet hour is there");
	small_close(&l);
	config_free(cfg);
}

/* A repeated hour adds up, a missing one stays 0, and nothing is lost at the edges of any zone's day. */
static void zones(void)
{
	static const struct {
		const char *zone;
		struct date day;
		int buckets;
		const char *hour, *calls;
	} rows[] = {
		{ "Asia/Tokyo", { 2026, 11, 24 }, 96, "1", "4" },
		{ "Asia/Kolkata", { 2026, 11, 24 }, 96, "1", "4" },
		{ "Asia/Kathmandu", { 2026, 11, 24 }, 96, "1", "4" },
		{ "America/New_York", { 2026, 11, 1 }, 100, "1", "8" },
		{ "America/New_York", { 2026, 3, 8 }, 92, "2", "0" },
		{ "Australia/Lord_Howe", { 2026, 4, 5 }, 98, "1", "6" },
		{ "Australia/Lord_Howe", { 2026, 10, 4 }, 94, "2", "2" },
		{ "Pacific/Apia", { 2011, 12, 30 }, 0, "1", "0" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config *cfg = config_for(rows[i].zone);
		struct small_ledger l;
		int64_t start = zone_day_start(date_to_days(rows[i].day));
		char name[96], want[16];

		small_open(&l);
		/* a call in every bucket of three days around */
		for (int64_t b = start - 96 * 900; b < start + 200 * 900; b += 900)
			small_count(&l, b, "u", "", "", "", "calls = 1");
		read_json(l.path, cfg, rows[i].day);
		snprintf(name, sizeof name, "%s: calls of the day", rows[i].zone);
		snprintf(want, sizeof want, "%d", rows[i].buckets);
		ok_slice(member(buf_slice(&out), "calls"), slice_str(want), name);
		snprintf(name, sizeof name, "%s: hour %s", rows[i].zone, rows[i].hour);
		ok_slice(member(member(member(buf_slice(&out), "by.hour"), rows[i].hour), "calls"),
			 slice_str(rows[i].calls), name);
		small_close(&l);
		config_free(cfg);
	}
}

int main(void)
{
	buf_init(&out, 1 << 20);
	quiet_day();
	full_day();
	zones();
	buf_free(&out);
	return tap_done();
}
