/* The figures of one local day, as read from the ledger; every rendering takes them from here. */
#ifndef TK_REPORTS_DAILY_H
#define TK_REPORTS_DAILY_H

#include "reports/daily_costs.h"
#include "reports/pool.h"
#include "reports/report.h"
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

struct daily_finding {
	enum level level;
	int64_t first_ns;
	bool provisional;
	struct slice reason[2]; /* by language */
};

struct daily_outside {
	struct slice ip, country, as_org, users;
	int64_t calls;
};

struct daily {
	struct pool pool;
	const struct config *cfg;
	int32_t days;                   /* local date */
	int64_t from, to;               /* UTC seconds; equal on a skipped day */
	int64_t error_from, error_to;   /* [09:00, 09:00 of the next day) */
	struct day_info info;
	struct slice holiday;           /* info.holiday, copied */
	enum day_class class;

	struct sums total;
	__int128 cost, month_cost;      /* pico-USD */
	int64_t month_unpriced;
	int month_days;
	bool forecast_known;
	__int128 forecast;              /* so far, and the mean of its class for each day to come */
	struct costs costs;
	char invoice_month[8];          /* the month before: 2026-10 */
	struct invoice invoice;
	__int128 invoice_computed;
	int64_t invoice_calls, invoice_unpriced;
	struct sums hour[24];           /* local wall hours; a repeated hour adds up */
	struct named_list user, department, function, model;
	int64_t active_users;

	int64_t previous_calls;
	bool has_same_class;
	int32_t same_class_days;        /* its date */
	int64_t same_class_calls;

	struct sums window;             /* of [error_from, error_to) */
	int64_t error_median;           /* errors of the same window on the days before; -1: none watched */
	struct named_list error_function, error_department;

	int64_t mean_ns, median_ns, p95_ns, max_ns; /* -1: no call with a known duration */
	struct coverage coverage;

	struct titles *titles;          /* while findings are read */
	struct daily_finding findings[SHEET_FINDINGS]; /* worst first */
	int64_t n_findings, by_level[LEVEL_COUNT], withdrawn;
	struct daily_outside outside[SHEET_OUTSIDE];
	int64_t outside_addresses, outside_calls, outside_successful;
	int64_t keys_registered;
};

int64_t errors_of(const struct sums *s);
int64_t system_errors_of(const struct sums *s); /* 5xx, timeout, reset */
int64_t tokens_of(const struct sums *s);
/* Nothing was watched and nothing seen: the sensor was blind. */
bool daily_blind(const struct daily *d);
/* False: there were calls, and nothing in the ledger tells what they cost (no tokens, no price). */
bool daily_cost_known(const struct daily *d);
/* Budget of the day in pico-USD: budget.day_usd, else month / days; 0: not set. */
int64_t daily_budget(const struct daily *d);

#endif
