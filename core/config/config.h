/* The configuration (interface.md 3), read and checked as a whole. All strings are owned by the
 * struct config; it is never changed after loading, a reload makes a new one. */
#ifndef TK_CONFIG_CONFIG_H
#define TK_CONFIG_CONFIG_H

#include "core/base/addr.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/zone.h"
#include "core/config/yaml.h"

struct cfg_tail {
	const char *name, *path, *format; /* path may be a glob; format "auto" by default */
	const char *log_format;           /* a pattern of the operator's own, instead of a format; or NULL */
	const char *fields;               /* of format json: "json:time=ts,client=a.b"; or NULL */
};
/* What a sensor is told of the format. */
static inline const char *cfg_tail_format(const struct cfg_tail *t)
{
	return t->fields != NULL ? t->fields : t->log_format != NULL ? t->log_format
	       : t->format != NULL ? t->format : "auto";
}
/* Log lines that gateways send as syslog (RFC 5424, RFC 3164), one a datagram or framed by RFC 6587. */
struct cfg_syslog {
	const char *name, *listen;        /* "127.0.0.1:5514" or "[::1]:5514" */
	const char *transport;            /* udp or tcp */
	const char *format, *log_format, *fields; /* as of a cfg_tail */
};
static inline const char *cfg_syslog_format(const struct cfg_syslog *s)
{
	return s->fields != NULL ? s->fields : s->log_format != NULL ? s->log_format
	       : s->format != NULL ? s->format : "auto";
}
struct cfg_capture {
	const char *name, *interface; /* "any": all of them */
	const char *filter;           /* pcap-filter(7) */
	int64_t snaplen, ring;        /* bytes */
	bool promiscuous;
	const char *keylog;           /* NULL: none */
	bool optional;                /* not recorded while room is short */
};
struct cfg_zone {
	const char *name;
	struct cidr *cidr;
	size_t n_cidr;
};
struct cfg_list {
	const char *name, *path;
};

enum saturday { SATURDAY_HALF, SATURDAY_FULL, SATURDAY_CLOSED };
struct hours { int32_t from, to; }; /* seconds of the day, to up to 86400; from == to: closed */
struct month_day_range { uint8_t from_month, from_day, to_month, to_day; }; /* both ends included; may wrap */
enum week_kind { WEEK_UNSET, WEEK_FULL, WEEK_HALF, WEEK_CLOSED, WEEK_HOURS };
struct week_day {
	enum week_kind kind;
	struct hours hours; /* of WEEK_HOURS: a full day with hours of its own */
};
struct cfg_open_holiday {
	struct date date; /* or year 0, and the name of a holiday, "all" for every one */
	const char *name;
};
struct cfg_department_hours { /* of a department or a role */
	const char *name;
	struct hours hours, half_day;
	enum saturday saturday;
	struct week_day week[7]; /* from Monday */
	int32_t before, after;   /* allowance, seconds */
	struct date *extra_open, *extra_closed;
	size_t n_extra_open, n_extra_closed;
	struct cfg_open_holiday *open_holidays;
	size_t n_open_holidays;
};
/* cal.shift is one of the first three. `to` is above 86400 where it is on the next day. */
enum shift_id { SHIFT_DAY, SHIFT_EVENING, SHIFT_NIGHT, SHIFT_DUTY, SHIFT_HOLIDAY_DUTY, SHIFT_COUNT };
struct wall { int32_t days, second; }; /* a local date and second of the day */
struct cfg_window { /* planned maintenance or a declared emergency */
	const char *name, *approver;
	struct wall from, to;
	const char **who; /* ids, role:NAME, dept:NAME */
	size_t n_who;
};
struct cfg_era {
	const char *name, *letter;
	struct date from;
};
struct cfg_calendar {
	const char *country; /* "JP" or "none" */
	enum saturday saturday;
	struct hours hours, half_day;
	struct week_day week[7];           /* from Monday */
	int32_t before, after;             /* allowance, seconds: 3600 and 7200 */
	struct month_day_range *closures;
	size_t n_closures;
	uint8_t founding_month, founding_day; /* 0: none */
	struct date *extra_open, *extra_closed;
	size_t n_extra_open, n_extra_closed;
	struct cfg_open_holiday *open_holidays;
	size_t n_open_holidays;
	struct cfg_department_hours *departments, *roles;
	size_t n_departments, n_roles;
	struct hours shifts[SHIFT_COUNT];
	struct cfg_window *maintenance, *emergencies;
	size_t n_maintenance, n_emergencies;
	struct cfg_era *eras;
	size_t n_eras;
	const char *holidays; /* official list, CSV; NULL: by rule */
	const char *days;     /* the site's own days and windows, CSV; NULL: none */
	const char *roster;   /* who is on duty, CSV; NULL: none */
};

struct cfg_user {
	const char *id, *name, *department;
	const char *roles;  /* comma-joined or NULL */
	const char *status; /* active, suspended, left */
};
struct cfg_key {
	const char *id, *key /* the secret or the log's name of it */, *user, *state, *kind;
	const char *owner, *department;
	const char *models, *paths; /* what it may call: patterns, comma-joined; NULL: all */
	struct date issued, valid_from, expires, revoked; /* year 0: not set */
};
struct cfg_header {
	const char *name; /* in lower case */
	const char *value;
};
struct cfg_function { /* every condition that is set must hold, at least one; '*' stands for any text */
	const char *name, *method, *path, *host, *model;
	const char *key; /* id of a registered key */
	struct cfg_header *headers;
	size_t n_headers;
};
enum day_class { CLASS_BUSINESS, CLASS_HALF, CLASS_CLOSED, CLASS_COUNT };
struct range_i64 { int64_t low, high; };
struct cfg_period { int64_t n, unit; }; /* unit: 'd', 'm' or 'y'; 0: not set */
struct cfg_range {
	struct range_i64 calls, cost_pico, users;
	int64_t user_calls;       /* 注意 above this */
	int64_t user_calls_alert; /* アラート from this: 200 */
};

struct config {
	const char *file; /* where it was read from; NULL: built-in defaults */
	struct { const char *name, *time_zone, *language, *sensor; } site;
	struct cfg_tail *tails; size_t n_tails;
	struct cfg_capture *captures; size_t n_captures;
	struct cfg_syslog *syslog; size_t n_syslog;
	int64_t join_seconds; /* two views of a call lie at most so far apart; 0: nothing is joined */
	struct cfg_zone *zones; size_t n_zones;      /* never empty: `internal` by default */
	struct cidr *trusted_proxies; size_t n_trusted_proxies; /* default 127.0.0.1 and ::1 */
	struct cfg_list *lists; size_t n_lists;
	const char **geoip; size_t n_geoip;
	const char **expected_countries; size_t n_expected_countries; /* default JP */
	struct cfg_calendar calendar;
	struct cfg_user *users; size_t n_users;
	struct cfg_key *keys; size_t n_keys;
	const char *users_file; /* CSV; its people are in users[] too; NULL: none */
	const char **trusted_headers;
	size_t n_trusted_headers; /* in lower case; empty: the sensor's own list */
	struct cfg_function *functions; size_t n_functions;
	struct { const char *table; } prices; /* NULL: the shipped one */
	struct {
		int64_t month_pico, day_pico;     /* 0: not set */
		const char *currency;             /* "JPY"; NULL: no conversion */
		int64_t rate_micro;               /* micro units of currency per USD */
		const char *rate_date, *rate_source;
	} budget;
	struct cfg_range ranges[CLASS_COUNT];
	struct {
		const char *week;	   /* friday: from Friday to Thursday; iso: from Monday to Sunday */
		const char
			*closed_friday; /* before, after: the report of a week is made on that business day */
		bool half_day_counts;	   /* as a month's first business day */
		struct hours service;	   /* in which availability is promised, on every day */
		const char *folder;	   /* into which reports are delivered; NULL: nowhere */
		const char **formats;
		size_t n_formats;
		const char **mail; /* who gets the digest of the morning */
		size_t n_mail;
		const char *sendmail;
	} reports;
	const char **rule_paths; size_t n_rule_paths; /* empty: the shipped rules */
	const char **rules_on; size_t n_rules_on;     /* ids of rules that are turned on, and off */
	const char **rules_off; size_t n_rules_off;
	struct cfg_list *rule_lists; size_t n_rule_lists;
	struct { const char *path, *keys, *trail; } ledger; /* trail: by default beside the ledger */
	struct {
		const char *profile; /* of core/config/profiles.def */
		struct cfg_period access, findings, reports; /* instead of the profile's */
		int64_t max_size;                            /* bytes of ledger and trail; 0: not set */
		const char **approved_by;                    /* who approved the periods */
		size_t n_approved_by;
	} retention;
	struct { int64_t low, critical, full, reserve; } disk; /* bytes */
	struct {
		const char *supervisor_user, *sensor_user, *recorder_user;
	} processes; /* NULL: who starts */
	struct {
		int64_t enterprise_number; /* 0: not set */
		const char **inside_providers;
		size_t n_inside_providers;
	} export;
	const char **collectors;
	size_t n_collectors; /* endpoints (core/base/endpoint.h) that are told of heads */
	void *memory; /* private */
};

/* Reads and checks `file`. Problems (errors and warnings, all of them) go to `p`. Returns NULL when
 * there is an error (p->errors > 0) or no memory. */
struct config *config_load(const char *file, struct problems *p);
#define CAPTURES_MAX 16
#define SYSLOG_MAX 16
#define CAPTURE_SNAPLEN_MIN 256
#define CAPTURE_SNAPLEN_MAX (256 << 10)
#define CAPTURE_RING_MIN (INT64_C(2) << 20)
#define CAPTURE_RING_MAX (INT64_C(2) << 30)

/* What only the folders above know, to be checked at its place with all the rest. */
struct config_known {
	const char *const *formats; /* of gateway logs, without "auto"; NULL: not checked */
	size_t n_formats;
	/* TK_OK, or why it is no capture filter; NULL: not checked. */
	int (*filter)(const char *filter, struct err *e);
	/* TK_OK, or why it is no pattern of a log, and the byte of it that is wrong; NULL: not checked. */
	int (*log_format)(struct slice pattern, size_t *at, struct err *e);
	const char *const *fields; /* what the members of a JSON log can say; NULL: not checked */
	size_t n_fields;
	/* TK_OK, or what is missing; NULL: not checked. */
	int (*fields_check)(struct slice fields, struct err *e);
};
struct config *config_load_known(const char *file, const struct config_known *known, struct problems *p);
/* config_load on text: a pure function but for the look into tzdata, for tests and fuzzing. */
struct config *config_parse(struct slice text, const char *file, struct problems *p);
struct config *config_parse_known(struct slice text, const char *file, const struct config_known *known,
				  struct problems *p);
/* Built-in defaults alone: for commands that need no configuration. */
struct config *config_defaults(void);
void config_free(struct config *c); /* secrets are wiped */
/* Every value in force as YAML, secrets masked; comments say which are defaults. */
void config_print(const struct config *c, struct buf *out);

#endif
