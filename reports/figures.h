/* The figures of one period of local days, as read from the ledger; every report takes them from here. */
#ifndef TK_REPORTS_FIGURES_H
#define TK_REPORTS_FIGURES_H

#include "core/trail/record.h"
#include "core/trail/texts.h"
#include "reports/availability.h"
#include "reports/daily_costs.h"
#include "reports/pool.h"
#include "reports/report.h"
#include "reports/said.h"
#include "reports/titles.h"
#include "rules/rules.h"

#define SHEET_FINDINGS 10 /* lines on the sheet (reports.md 1.3) */
#define SHEET_OUTSIDE 5
#define SAME_CLASS_DAYS 14
#define ERROR_DAYS 7 /* days before, for the median */

struct named_sums {
	struct slice name; /* empty: unknown */
	struct sums s;
};
struct named_list { /* names in byte order */
	struct named_sums *p;
	size_t n, cap;
};

struct figures_finding {
	enum level level;
	int64_t first_ns;
	bool provisional;
	struct slice reason[2]; /* by language */
};

struct figures_outside {
	struct slice ip, country, as_org, users;
	int64_t calls;
};

/* What the morning compares with and looks at more closely. */
struct day_figures {
	struct day_info info;
	struct slice holiday;           /* info.holiday, copied */
	enum day_class class;
	int64_t previous_calls;
	bool has_same_class;
	int32_t same_class_days;        /* its date */
	int64_t same_class_calls;
	int64_t error_from, error_to;   /* [09:00, 09:00 of the next day) */
	struct sums window;             /* of [error_from, error_to) */
	int64_t error_median;           /* errors of the same window on the days before */
	struct named_list error_function, error_department;
	struct figures_outside outside[SHEET_OUTSIDE];
	int64_t outside_addresses, outside_calls, outside_successful;
};

struct month {
	int32_t first;
	int days;          /* of the whole month */
	int past;          /* days of it up to the last day of the period */
	__int128 cost;
	int64_t unpriced;
	__int128 day_cost[31];
	enum day_class class[31];
};

/* A period and those before it, the youngest last. */
#define HISTORY_POINTS 13
#define DAYS_OF_WEEK 7
struct history_point {
	int32_t first, last;
	struct sums total;
	bool watched;  /* at least in part: else nothing is known of it */
	int64_t users; /* active */
	struct named_list user;
	int64_t median_ns, p95_ns, p99_ns;
};
struct history {
	int n; /* 0: not read */
	struct history_point point[HISTORY_POINTS];
	bool comparable; /* the period before misses no more days than this one */
	struct history_point year_ago; /* the same week 52 weeks before; weekly */
	int64_t users_new, users_back, users_lost;
	int64_t by_days[DAYS_OF_WEEK]; /* users by the days on which they called, from 1 */
	int64_t daily_users;           /* sum of those days */
};

struct sessions {
	int64_t n, total_ns;
};

/* How the checks of the open days were done (M5): three a day. */
#define RATE_NAMES 8
struct duty_rate {
	int64_t due, done, late, missing;
	int32_t missed[RATE_NAMES]; /* the first days on which one was not done */
	size_t n_missed, missed_days;
	struct {
		struct slice who;
		int64_t n;
	} by[RATE_NAMES]; /* who signed, in the order of the first time */
	size_t n_by;
};
/* What a month is judged by, beside its use. */
enum { SEVERITIES = 4 };
struct month_review {
	struct availability availability;
	int64_t incidents, security, severity[SEVERITIES]; /* begun in the month; critical to minor */
	struct { int64_t seen, unregistered, revoked, shared; } keys;
	/* registered: no call in 90 days; left, and called in the month */
	struct { int64_t idle, left; } people;
	struct { int64_t n, open, confirmed; } decided; /* findings */
	struct duty_rate rate;
	int64_t records[RECORD_TYPES]; /* of the month, by type */
	int64_t required, evidenced;   /* requirements, and those that have records */
};
/* Segments of the trail that were sealed in the period, and how it stood at its end. */
struct seals {
	int64_t n, size; /* size: of the newest checkpoint, segments; 0: none is sealed */
	char code[SHORT_CODE_LEN + 1];
};
/* The last care of ledger and trail before the maintenance hour is over; ns 0: never. */
struct care_done {
	int64_t ns;
	const char *actor, *records, *segments;
};
struct care {
	int64_t from, to; /* ns: the week of the maintenance hour; of a day or month the period */
	struct care_done backup, tested, optimised, pruned;
	bool failed; /* the last restore test */
	int64_t erased, clocks; /* records of erasures and of changes of the clock in that time */
	int64_t windows, windows_late; /* in the two weeks from the sheet's date on */
};

#define RULES_COUNTED 20
struct rule_counts {
	struct { struct slice name[2]; int64_t n; enum level level; } row[RULES_COUNTED];
	size_t n;
	int64_t others;
};

struct figures {
	struct pool pool;
	const struct config *cfg;
	const struct report_kind *kind;
	int32_t first, last;            /* local dates */
	int64_t from, to;               /* UTC seconds; equal on a skipped day */

	struct sums total;
	__int128 cost;                  /* pico-USD */
	struct sums hour[24];           /* local wall hours; a repeated hour adds up */
	int64_t heat[7][24];            /* calls by weekday (0: Monday) and hour */
	struct month month;             /* that of the last day, up to it */
	struct named_list user, department, function, model;
	int64_t active_users;

	struct day_figures day;         /* daily */
	struct history history;         /* weekly and monthly */
	struct sessions sessions;       /* weekly */
	struct seals seals;             /* of a week: of that before the maintenance hour */
	struct care care;
	struct month_review review;     /* monthly */
	struct said said;

	int64_t mean_ns, median_ns, p90_ns, p95_ns, p99_ns, max_ns; /* -1: no call with a known duration */
	struct coverage coverage;

	struct titles *titles;          /* while findings are read */
	struct figures_finding findings[SHEET_FINDINGS]; /* worst first */
	int64_t n_findings, by_level[LEVEL_COUNT], withdrawn;
	bool forecast_known;
	__int128 forecast;              /* so far, and the mean of its class for each day to come */
	struct class_mean { __int128 sum; int64_t n; } class_mean[CLASS_COUNT];
	struct costs costs;
	char invoice_month[8];          /* the month before: 2026-10 */
	struct invoice invoice;
	__int128 invoice_computed;
	int64_t invoice_calls, invoice_unpriced;
	struct rule_counts rules;       /* findings by rule */
	int64_t keys_registered;
};

/* Base figures of a period; what a report needs beside them it reads itself. */
int figures_read(struct figures **out, struct ledger_reader *r, const struct config *cfg,
		 struct calendar *cal, struct period period, struct err *e);
/* What hinders knowing the cost, the forecast and the invoice: a day's, from its events. */
int figures_read_costs(struct figures *f, struct ledger_reader *r, struct calendar *cal, struct err *e);
int figures_read_day(struct figures *f, struct ledger_reader *r, struct calendar *cal, struct err *e);
/* The period and the ones before it: `step` gives the one before a period. */
int figures_read_history(struct figures *f, struct ledger_reader *r,
			 struct period (*step)(void *ctx, struct period p), void *ctx, struct err *e);
/* On how many of the period's days each user called. */
int figures_read_days(struct figures *f, struct ledger_reader *r, struct err *e);
/* What the month will have cost: so far, and for each day to come the mean of its class of day over the last
 * 28 days. One figure for every report. */
int figures_read_forecast(struct figures *f, struct ledger_reader *r, struct calendar *cal, struct err *e);
/* The same up to the month's day number `days`: what a curve shows ends at the forecast. */
__int128 forecast_until(const struct figures *f, int days);
/* How many records of each type the month has, and which requirements they show. */
int figures_read_records(struct figures *f, struct ledger_reader *r, struct err *e);
/* The table of the requirements (requirements.def). */
struct requirement {
	const char *id, *text[2], *types;
};
extern const struct requirement requirement_list[];
extern const size_t requirement_count;
int64_t requirement_records(const struct figures *f, const struct requirement *r);
/* From events, since counters cannot tell the gap between two calls. */
int figures_read_sessions(struct figures *f, struct ledger_reader *reader, struct err *e);
/* Names and their sums in [from, to); the list's memory is the caller's (free(list->p)). */
int figures_named(struct figures *f, struct ledger_reader *r, int64_t from, int64_t to, enum sum_by by,
		  struct named_list *list, struct err *e);
/* What became of trail and clock in the period; of a week, the care before its maintenance hour. */
int figures_read_trail(struct figures *f, struct ledger_reader *r, struct err *e);
int figures_read_care(struct figures *f, struct ledger_reader *r, struct err *e);
int figures_read_review(struct figures *f, struct ledger_reader *r, struct calendar *cal, struct err *e);
/* The checks of the days [first, last]. False: no memory. */
bool figures_duty_rate(const struct journal *j, struct calendar *cal, int32_t first, int32_t last,
		       struct duty_rate *out);
int figures_total(struct ledger_reader *r, int64_t from, int64_t to, struct sums *total, struct err *e);
/* The beginning of the bucket of counters that holds an instant. */
int64_t figures_bucket(int64_t utc_sec);
struct slice figures_keep(struct figures *f, struct slice text);
int64_t named_active(const struct named_list *users); /* known, with a successful call */
const struct named_sums *named_find(const struct named_list *l, struct slice name);

int64_t errors_of(const struct sums *s);
int64_t system_errors_of(const struct sums *s); /* 5xx, timeout, reset */
int64_t tokens_of(const struct sums *s);
/* Nothing was watched and nothing seen: the sensor was blind. */
bool figures_blind(const struct figures *d);
/* False: there were calls, and nothing in the ledger tells what they cost (no tokens, no price). */
bool figures_cost_known(const struct figures *d);
/* Budget of the day in pico-USD: budget.day_usd, else month / days; 0: not set. */
int64_t figures_day_budget(const struct figures *d);

#endif
