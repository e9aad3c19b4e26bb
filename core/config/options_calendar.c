/* The options of the section calendar (calendar.md 2 and 3). */
#include "core/config/option.h"

static const char *const countries[] = { "JP", "none" };
static const char *const saturdays[] = { "half", "full", "closed" }; /* in the order of enum saturday */

#define WEEK_ROW(record, member, at_, key_)                                                                  \
	{                                                                                                    \
		.key = key_, .type = &type_week_day, IN(record, member[at_]),                                \
		.doc = "full, half, closed or hours"                                                         \
	}
#define WEEK_ROWS(record, member)                                                                            \
	WEEK_ROW(record, member, 0, "monday"), WEEK_ROW(record, member, 1, "tuesday"),                       \
		WEEK_ROW(record, member, 2, "wednesday"), WEEK_ROW(record, member, 3, "thursday"),           \
		WEEK_ROW(record, member, 4, "friday"), WEEK_ROW(record, member, 5, "saturday"),              \
		WEEK_ROW(record, member, 6, "sunday")

static const struct option week_rows[] = { WEEK_ROWS(config, calendar.week) };
static const struct option_table week = TABLE(week_rows);
static const struct option place_week_rows[] = { WEEK_ROWS(cfg_department_hours, week) };
static const struct option_table place_week = TABLE(place_week_rows);

/* Of a department or a role. */
static const struct option place_rows[] = {
	{ .key = "hours",
	  .type = &type_hours,
	  IN(cfg_department_hours, hours),
	  .doc = "open hours; default: the site's" },
	{ .key = "half_day",
	  .type = &type_hours,
	  IN(cfg_department_hours, half_day),
	  .doc = "open hours of a half day; default: the site's" },
	{ .key = "saturday",
	  .type = &type_saturday,
	  IN(cfg_department_hours, saturday),
	  WORDS(saturdays),
	  .doc = "half, full or closed; default: the site's" },
	{ .key = "week",
	  .shape = SECTION,
	  .table = &place_week,
	  .doc = "weekdays of their own; default: the site's" },
	{ .key = "before_minutes",
	  .type = &type_minutes,
	  IN(cfg_department_hours, before),
	  .doc = "allowance before the open hours; default: the site's" },
	{ .key = "after_minutes",
	  .type = &type_minutes,
	  IN(cfg_department_hours, after),
	  .doc = "allowance after them; default: the site's" },
	{ .key = "extra_open",
	  .shape = MANY,
	  .type = &type_date,
	  COUNTED(cfg_department_hours, extra_open, n_extra_open),
	  .doc = "open whatever the rest says" },
	{ .key = "extra_closed",
	  .shape = MANY,
	  .type = &type_date,
	  COUNTED(cfg_department_hours, extra_closed, n_extra_closed),
	  .doc = "closed whatever the rest says" },
	{ .key = "open_holidays",
	  .shape = MANY,
	  .type = &type_open_holiday,
	  COUNTED(cfg_department_hours, open_holidays, n_open_holidays),
	  .doc = "public holidays on which it is open" },
};
static const struct option_table place = TABLE(place_rows);

#define SHIFT_ROW(key_, id_, preset_, doc_)                                                                  \
	{                                                                                                    \
		.key = key_, .type = &type_shift, IN(config, calendar.shifts[id_]), .preset = preset_,       \
		.doc = doc_                                                                                  \
	}
static const struct option shift_rows[] = {
	SHIFT_ROW("day", SHIFT_DAY, "08:30-17:15", "日勤"),
	SHIFT_ROW("evening", SHIFT_EVENING, "16:30-00:45", "準夜"),
	SHIFT_ROW("night", SHIFT_NIGHT, "00:30-09:00", "深夜"),
	SHIFT_ROW("duty", SHIFT_DUTY, "17:15-08:30", "当直, 宿直: of the date on which it begins"),
	SHIFT_ROW("holiday_duty", SHIFT_HOLIDAY_DUTY, "08:30-17:15", "日直: on closed days"),
};
static const struct option_table shifts = TABLE(shift_rows);

static const struct option maintenance_rows[] = {
	{ .key = "name", .type = &type_text, IN(cfg_window, name), .flags = REQUIRED, .doc = "what is done" },
	{ .key = "from", .type = &type_wall, IN(cfg_window, from), .flags = REQUIRED, .doc = "local time" },
	{ .key = "to", .type = &type_wall, IN(cfg_window, to), .flags = REQUIRED, .doc = "local time" },
	{ .key = "users",
	  .shape = MANY,
	  .type = &type_id,
	  COUNTED(cfg_window, who, n_who),
	  .doc = "who works then, as in a roster: they count as on duty" },
	{ .key = "approver", .type = &type_text, IN(cfg_window, approver), .doc = "who approved it" },
};
static const struct option_table maintenance = TABLE(maintenance_rows);

static const struct option emergency_rows[] = {
	{ .key = "reason", .type = &type_text, IN(cfg_window, name), .flags = REQUIRED, .doc = "why" },
	{ .key = "from", .type = &type_wall, IN(cfg_window, from), .flags = REQUIRED, .doc = "local time" },
	{ .key = "to", .type = &type_wall, IN(cfg_window, to), .flags = REQUIRED, .doc = "its expiry" },
	{ .key = "approver",
	  .type = &type_text,
	  IN(cfg_window, approver),
	  .flags = REQUIRED,
	  .doc = "who approved it" },
};
static const struct option_table emergency = TABLE(emergency_rows);

static const struct option era_rows[] = {
	{ .key = "name", .type = &type_text, IN(cfg_era, name), .flags = REQUIRED, .doc = "its name" },
	{ .key = "letter",
	  .type = &type_text,
	  IN(cfg_era, letter),
	  .flags = REQUIRED,
	  .doc = "its letter (JIS X 0301)" },
	{ .key = "from", .type = &type_date, IN(cfg_era, from), .flags = REQUIRED, .doc = "its first day" },
};
static const struct option_table era = TABLE(era_rows);

static const struct option calendar_rows[] = {
	{ .key = "country",
	  .type = &type_word,
	  IN(config, calendar.country),
	  .preset = "JP",
	  WORDS(countries),
	  .doc = "whose public holidays: JP or none" },
	{ .key = "saturday",
	  .type = &type_saturday,
	  IN(config, calendar.saturday),
	  .preset = "half",
	  WORDS(saturdays),
	  .doc = "half, full or closed" },
	{ .key = "hours",
	  .type = &type_hours,
	  IN(config, calendar.hours),
	  .preset = "08:30-17:15",
	  .doc = "open hours" },
	{ .key = "half_day",
	  .type = &type_hours,
	  IN(config, calendar.half_day),
	  .preset = "08:30-12:30",
	  .doc = "open hours of a half day" },
	{ .key = "week", .shape = SECTION, .table = &week, .doc = "weekdays that differ from that" },
	{ .key = "before_minutes",
	  .type = &type_minutes,
	  IN(config, calendar.before),
	  .preset = "60",
	  .doc = "allowance before the open hours" },
	{ .key = "after_minutes",
	  .type = &type_minutes,
	  IN(config, calendar.after),
	  .preset = "120",
	  .doc = "allowance after them" },
	{ .key = "closures",
	  .shape = MANY,
	  .type = &type_closure,
	  COUNTED(config, calendar.closures, calendar.n_closures),
	  .preset = "[12-29..01-03]",
	  .doc = "closed every year, first and last day included" },
	{ .key = "founding_day",
	  .type = &type_month_day,
	  IN(config, calendar.founding_month),
	  .doc = "closed every year" },
	{ .key = "extra_open",
	  .shape = MANY,
	  .type = &type_date,
	  COUNTED(config, calendar.extra_open, calendar.n_extra_open),
	  .doc = "open whatever the rest says" },
	{ .key = "extra_closed",
	  .shape = MANY,
	  .type = &type_date,
	  COUNTED(config, calendar.extra_closed, calendar.n_extra_closed),
	  .doc = "closed whatever the rest says" },
	{ .key = "open_holidays",
	  .shape = MANY,
	  .type = &type_open_holiday,
	  COUNTED(config, calendar.open_holidays, calendar.n_open_holidays),
	  .doc = "public holidays on which it is open: dates or names, or all" },
	{ .key = "holidays",
	  .type = &type_text,
	  IN(config, calendar.holidays),
	  .doc = "CSV file of official holidays; default: by rule" },
	{ .key = "days",
	  .type = &type_text,
	  IN(config, calendar.days),
	  .doc = "CSV file of the site's own days and windows" },
	{ .key = "roster",
	  .type = &type_text,
	  IN(config, calendar.roster),
	  .doc = "CSV file of who is on duty" },
	{ .key = "departments",
	  .shape = NAMED,
	  .table = &place,
	  .record = sizeof(struct cfg_department_hours),
	  COUNTED(config, calendar.departments, calendar.n_departments),
	  .doc = "departments with hours of their own" },
	{ .key = "roles",
	  .shape = NAMED,
	  .table = &place,
	  .record = sizeof(struct cfg_department_hours),
	  COUNTED(config, calendar.roles, calendar.n_roles),
	  .doc = "roles with hours of their own, where the department has none" },
	{ .key = "shifts", .shape = SECTION, .table = &shifts, .doc = "hours of the shifts" },
	{ .key = "maintenance",
	  .shape = RECORDS,
	  .table = &maintenance,
	  .record = sizeof(struct cfg_window),
	  COUNTED(config, calendar.maintenance, calendar.n_maintenance),
	  .doc = "planned maintenance" },
	{ .key = "emergencies",
	  .shape = RECORDS,
	  .table = &emergency,
	  .record = sizeof(struct cfg_window),
	  COUNTED(config, calendar.emergencies, calendar.n_emergencies),
	  .doc = "declared emergencies" },
	{ .key = "eras",
	  .shape = RECORDS,
	  .table = &era,
	  .record = sizeof(struct cfg_era),
	  COUNTED(config, calendar.eras, calendar.n_eras),
	  .preset = "[{name: 昭和, letter: S, from: 1926-12-25}, {name: 平成, letter: H, from: 1989-01-08}, "
		    "{name: 令和, letter: R, from: 2019-05-01}]",
	  .doc = "Japanese eras, the oldest first" },
};
const struct option_table calendar_options = TABLE(calendar_rows);
