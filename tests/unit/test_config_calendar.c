/* The section calendar of the configuration: what it takes, what it refuses and where, and that it prints
 * itself. */
#include "core/config/config.h"
#include "tests/lib/tap.h"

static struct config *parse(const char *text, struct problems *p)
{
	problems_init(p, "x.yml");
	return config_parse(slice_str(text), "x.yml", p);
}

static void test_values(void)
{
	static const char text[] =
		"calendar:\n"
		"  week: {wednesday: half, thursday: closed, friday: '09:00-12:00', sunday: full}\n"
		"  before_minutes: 30\n"
		"  open_holidays: [2026-11-03, 海の日, all]\n"
		"  shifts: {duty: '17:00-08:00', night: '23:30-08:30', day: '08:30-08:30'}\n"
		"  departments:\n    a: {week: {monday: closed}, after_minutes: 0, extra_open: "
		"[2026-12-29]}\n    b: {}\n"
		"  roles: {nurse: {hours: '00:00-24:00', open_holidays: all}}\n"
		"  maintenance: [{name: m, from: 2026-11-28T22:00, to: 2026-11-29T02:00, users: [a, "
		"'role:b']}]\n"
		"  emergencies: [{reason: r, from: 2026-11-28 22:00, to: 2026-11-29T24:00, approver: x}]\n"
		"  days: d.csv\n  roster: r.csv\n";
	struct problems p;
	struct config *c = parse(text, &p);
	const struct cfg_calendar *k;

	problems_print(&p);
	if (!ok(c != NULL, "a calendar"))
		return;
	k = &c->calendar;
	ok(k->week[2].kind == WEEK_HALF && k->week[3].kind == WEEK_CLOSED && k->week[0].kind == WEEK_UNSET &&
		   k->week[4].kind == WEEK_HOURS && k->week[4].hours.from == 9 * 3600 &&
		   k->week[6].kind == WEEK_FULL,
	   "weekdays");
	ok(k->n_open_holidays == 3 && k->open_holidays[0].date.month == 11 &&
		   k->open_holidays[0].name == NULL && strcmp(k->open_holidays[1].name, "海の日") == 0,
	   "holidays by date and name");
	ok_int(k->shifts[SHIFT_DUTY].to, 86400 + 8 * 3600, "a shift over midnight");
	ok_int(k->shifts[SHIFT_DAY].to - k->shifts[SHIFT_DAY].from, 86400, "a shift of a whole day");
	ok_int(k->shifts[SHIFT_EVENING].from, 16 * 3600 + 1800, "the others are the default");
	ok(k->departments[0].week[0].kind == WEEK_CLOSED && k->departments[0].week[2].kind == WEEK_UNSET,
	   "a department's own week");
	ok(k->departments[0].after == 0 && k->departments[0].before == 1800,
	   "its own allowance, or the site's");
	ok(k->departments[1].week[2].kind == WEEK_HALF && k->departments[1].after == 7200,
	   "or all of the site's");
	ok(k->n_roles == 1 && k->roles[0].hours.to == 86400 && k->roles[0].n_open_holidays == 1, "a role");
	ok(k->n_maintenance == 1 && k->maintenance[0].n_who == 2 &&
		   k->maintenance[0].from.second == 22 * 3600,
	   "a window");
	ok(k->n_emergencies == 1 && k->emergencies[0].to.second == 86400, "an emergency");
	ok(k->n_eras == 3 && strcmp(k->eras[2].letter, "R") == 0, "the eras are the default");
	config_free(c);
	problems_free(&p);
}

static void test_refusals(void)
{
	static const struct {
		const char *text, *says;
		uint32_t column;
	} rows[] = {
		{ "week: {monday: open}", "full, half, closed", 18 },
		{ "week: {monday: '12:00-09:00'}", "ends before", 18 },
		{ "week: {moonday: full}", "monday", 10 },
		{ "shifts: {duty: closed}", "17:15-08:30", 18 },
		{ "shifts: {duty: '24:00-08:00'}", "17:15-08:30", 18 },
		{ "maintenance: [{name: x, from: 2026-02-29T10:00, to: 2026-03-01T10:00}]", "local time",
		  33 },
		{ "maintenance: [{name: x, from: 2026-03-01T10:00, to: 2026-03-01T10:00}]", "ends before",
		  55 },
		{ "maintenance: [{from: 2026-03-01T10:00, to: 2026-03-01T11:00}]", "name", 17 },
		{ "emergencies: [{reason: x, from: 2026-03-01T10:00, to: 2026-03-02T10:00}]", "approver",
		  17 },
		{ "eras: [{name: x, letter: X, from: someday}]", "date", 37 },
		{ "roles: {x: {colour: red}}", "colour", 15 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct problems p;
		struct buf text;
		struct config *c;

		buf_init(&text, 4096);
		buf_fmt(&text, "calendar:\n  %s\n", rows[i].text);
		c = parse(buf_cstr(&text), &p);
		ok(c == NULL && p.n == 1 && strstr(p.list[0].text, rows[i].says) != NULL, rows[i].text);
		if (p.n > 0) {
			ok_int(p.list[0].line, 2, "its line");
			ok_int(p.list[0].column, rows[i].column, "its column");
		}
		config_free(c);
		buf_free(&text);
		problems_free(&p);
	}
}

int main(void)
{
	test_values();
	test_refusals();
	return tap_done();
}
