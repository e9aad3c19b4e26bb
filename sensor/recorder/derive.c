#include "sensor/recorder/derive.h"

#include "core/base/wildcard.h"
#include "core/base/zone.h"
#include "rules/calendar/shifts.h"
#include "sensor/recorder/derive_calendar.h"

static void set_text(struct derived *out, struct slice s)
{
	out->kind = s.n == 0 ? DV_NONE : DV_STR;
	out->s = s;
}

static void set_int(struct derived *out, int64_t i)
{
	out->kind = DV_INT;
	out->i = i;
}

static void set_bool(struct derived *out, bool b)
{
	out->kind = DV_BOOL;
	out->i = b;
}

static const char *role_class(struct slice roles)
{
	static const char *const clinical[] = { "nurse", "physician", "pharmacist", "technician" };

	if (roles.n == 0)
		return NULL;
	for (; roles.n > 0;) {
		const uint8_t *comma = memchr(roles.p, ',', roles.n);
		struct slice role = slice_head(roles, comma == NULL ? roles.n : (size_t)(comma - roles.p));

		for (size_t i = 0; i < COUNT(clinical); i++)
			if (slice_is(role, clinical[i]))
				return "clinical";
		roles = slice_from(roles, role.n + 1);
	}
	return "office";
}

/* /24 of an IPv4 address, /48 of an IPv6 one. */
static void prefix_of(struct derive *d, const struct access_event *ev, struct derived *out)
{
	struct addr a;
	size_t n, keep;

	if (!ev_known(ev, F_SOURCE_IP))
		return;
	a = ev_value(ev, F_SOURCE_IP)->ip;
	keep = addr_is_v4(&a) ? 15 : 6;
	memset(a.b + keep, 0, sizeof a.b - keep);
	n = addr_format(&a, d->prefix);
	memcpy(d->prefix + n, keep == 15 ? "/24" : "/48", sizeof "/24");
	set_text(out, slice_of(d->prefix, n + 3));
}

static void date_text(struct derive *d, int32_t day, struct derived *out)
{
	date_format(date_from_days(day), d->date);
	set_text(out, slice_of(d->date, 10));
}

/* By the wall clock. */
static int32_t second_of_day(int64_t sec)
{
	int32_t day, second;

	zone_wall(sec, &day, &second);
	return second;
}

struct derived derive_percent(int64_t n, int64_t of)
{
	__int128 micro = of <= 0 ? 0 : (__int128)n * 100000000 / of;

	if (of <= 0)
		return (struct derived){ .kind = DV_NONE };
	return (struct derived){ .kind = DV_MICRO, .i = micro > INT64_MAX ? INT64_MAX : (int64_t)micro };
}

struct derived derive_usd(int64_t pico)
{
	return (struct derived){ .kind = DV_MICRO, .i = pico / 1000000 };
}

const char *derive_shift(struct calendar *c, int64_t utc_sec)
{
	const char *shift = shift_at(calendar_config(c), second_of_day(utc_sec));

	return shift == NULL ? "" : shift;
}

static void set_count(struct derived *out, int64_t n)
{
	if (n > 0)
		set_int(out, n);
}

static void set_known(struct derived *out, int8_t yes)
{
	if (yes >= 0)
		set_bool(out, yes != 0);
}

static void set_micro(struct derived *out, int64_t micro)
{
	*out = (struct derived){ .kind = DV_MICRO, .i = micro };
}

/* Running counts, and what looks back. */
static void history_field(const struct derive *d, enum derived_id id, struct derived *out)
{
	const struct usage *u = &d->usage;

	switch (id) {
	case D_USER_DAY_CALLS: set_count(out, u->user_calls); break;
	case D_USER_NIGHT_CALLS: set_count(out, u->night_calls); break;
	case D_USER_NIGHT_PCT:
		if (u->night_calls > 0 && u->night_calls < INT64_MAX / 1000000)
			*out = derive_percent(u->night_calls * 1000000, u->habit.night_micro);
		break;
	case D_INTERVAL_CV:
		if (u->interval_cv_micro >= 0)
			set_micro(out, u->interval_cv_micro);
		break;
	case D_SITE_DAY_CALLS: set_count(out, u->day_calls); break;
	case D_SITE_DAY_COST:
		if (u->day_calls > 0)
			*out = derive_usd(u->day_cost_pico);
		break;
	case D_SITE_DAY_BUDGET_PCT: *out = derive_percent(u->day_cost_pico, u->budget_pico); break;
	case D_SITE_DAY_PREV_PCT:
		if (u->base != NULL && u->day_calls > 0)
			*out = derive_percent(u->day_calls, u->base->calls);
		break;
	case D_SITE_DAY_YESTERDAY_PCT:
		if (u->base != NULL && u->day_calls > 0)
			*out = derive_percent(u->day_calls, u->base->yesterday_calls);
		break;
	case D_SITE_DAY_USERS:
		if (u->day_calls > 0)
			set_int(out, u->day_users);
		break;
	case D_KEY_IDLE_DAYS:
		if (d->recall != NULL && d->recall->idle_days >= 0)
			set_int(out, d->recall->idle_days);
		break;
	case D_FIRST_KEY_IP: set_known(out, d->recall ? d->recall->key_ip : -1); break;
	case D_FIRST_KEY_AGENT: set_known(out, d->recall ? d->recall->key_agent : -1); break;
	case D_FIRST_USER_MODEL: set_known(out, d->recall ? d->recall->user_model : -1); break;
	case D_FIRST_USER_HOUR: set_known(out, u->habit.new_hour); break;
	case D_GEO_DISTANCE:
		if (d->leg != NULL)
			set_micro(out, d->leg->distance_micro_km);
		break;
	case D_GEO_SPEED:
		if (d->leg != NULL)
			set_micro(out, d->leg->speed_micro_kmh);
		break;
	default:
		if (id >= D_OWN_CALLS && id < D_COUNT && d->own != NULL)
			*out = d->own[id - D_OWN_CALLS];
	}
}

/* The class of a day as ranges have it. */
static enum day_class class_of(struct derive *d, int64_t sec)
{
	static const enum day_class classes[] = { [OPEN_FULL] = CLASS_BUSINESS, [OPEN_HALF] = CLASS_HALF,
						  [OPEN_CLOSED] = CLASS_CLOSED };

	return classes[calendar_day(enrich_calendar(d->enrich), zone_day_of(sec))->opening];
}

static void set_range(struct derived *out, int64_t n, int64_t low, int64_t high, const char *above)
{
	set_text(out, slice_str(n < low ? "below" : n > high ? above : "within"));
}

static void range_field(struct derive *d, const struct cfg_range *r, enum derived_id id, struct derived *out)
{
	const struct usage *u = &d->usage;

	if (id == D_USER_DAY_RANGE && u->user_calls > 0)
		set_range(out, u->user_calls, 0, r->user_calls,
			  u->user_calls < r->user_calls_alert ? "above" : "alert");
	else if (id == D_SITE_DAY_CALLS_RANGE)
		set_range(out, u->day_calls, r->calls.low, r->calls.high, "above");
	else if (id == D_SITE_DAY_COST_RANGE)
		set_range(out, u->day_cost_pico, r->cost_pico.low, r->cost_pico.high, "above");
	else if (id == D_SITE_DAY_USERS_RANGE)
		set_range(out, u->day_users, r->users.low, r->users.high, "above");
}

/* Of a whole day, whenever on it the emergency was declared. */
static bool day_has_emergency(struct derive *d, int64_t sec)
{
	int32_t day = zone_day_of(sec);

	return calendar_window_within(enrich_calendar(d->enrich), SITE_EMERGENCY, zone_day_start(day),
				      zone_day_start(day + 1));
}

static bool is_day_close(const struct derive *d)
{
	return d->own != NULL && d->own[D_OWN_SCOPE - D_OWN_CALLS].kind != DV_NONE;
}

/* The plan of the key: a model or path that is not known is not judged. */
static bool permitted(const struct registered_key *k, const struct access_event *ev)
{
	struct slice model = ev_str(ev, ev_known(ev, F_REQUEST_MODEL) ? F_REQUEST_MODEL : F_RESPONSE_MODEL);
	struct slice path = ev_str(ev, F_PATH);

	return (k->models.n == 0 || model.n == 0 || wildcard_match_any(k->models, model)) &&
	       (k->paths.n == 0 || path.n == 0 || wildcard_match_any(k->paths, path));
}

static void derive_key(struct derive *d, const struct access_event *ev, enum derived_id id,
		       struct derived *out)
{
	const struct registered_key *k = enrich_key(d->enrich, ev_str(ev, F_KEY_ID));
	int64_t at = ev_int(ev, F_TIMESTAMP, 0);

	if (k == NULL)
		return;
	if (id == D_KEY_OWNER)
		set_text(out, k->user.n > 0 ? k->user : k->owner);
	else if (id == D_KEY_KIND)
		set_text(out, k->kind);
	else if (id == D_KEY_SHARED)
		set_bool(out, !slice_is(k->kind, "person"));
	else if (id == D_KEY_AGE_DAYS && k->issued_ns != INT64_MIN && at >= k->issued_ns)
		set_int(out, (at - k->issued_ns) / (86400 * NS_PER_SEC));
	else if (id == D_KEY_PERMITTED && (k->models.n > 0 || k->paths.n > 0))
		set_bool(out, permitted(k, ev));
}

static bool holds(struct slice text, const char *part)
{
	return text.n > 0 && memmem(text.p, text.n, part, strlen(part)) != NULL;
}

/* When the call began, in whole seconds. */
static int64_t begin_of(const struct access_event *ev)
{
	int64_t ns = ev_int(ev, F_TIMESTAMP, 0);

	return ns / NS_PER_SEC - (ns % NS_PER_SEC < 0);
}

static void clock_field(struct derive *d, int64_t sec, enum derived_id id, struct derived *out)
{
	static const char *const weekdays[] = { "monday", "tuesday",  "wednesday", "thursday",
						"friday", "saturday", "sunday" };

	if (id == D_DATE)
		date_text(d, zone_day_of(sec), out);
	else if (id == D_HOUR)
		set_int(out, second_of_day(sec) / 3600);
	else if (id == D_MINUTE)
		set_int(out, second_of_day(sec) / 60 % 60);
	else if (id == D_WEEKDAY)
		set_text(out, slice_str(weekdays[date_weekday(zone_day_of(sec))]));
	else
		set_int(out, second_of_day(sec) / 3600 * 100 + second_of_day(sec) / 60 % 60);
}

void derive_field(void *ctx, const struct access_event *ev, enum derived_id id, struct derived *out)
{
	struct derive *d = ctx;

	switch (id) {
	case D_DATE:
	case D_HOUR:
	case D_MINUTE:
	case D_WEEKDAY:
	case D_TIME:
		clock_field(d, begin_of(ev), id, out);
		break;
	case D_EMERGENCY:
		if (is_day_close(d))
			set_bool(out, day_has_emergency(d, begin_of(ev)));
		else
			derive_calendar(enrich_calendar(d->enrich), ev, begin_of(ev), id, out);
		break;
	case D_SHIFT:
	case D_BUSINESS_DAY:
	case D_IN_HOURS:
	case D_OPENING:
	case D_DAYS_OFF_BEFORE:
	case D_MAINTENANCE:
	case D_ON_DUTY:
	case D_NIGHT_OK:
		derive_calendar(enrich_calendar(d->enrich), ev, begin_of(ev), id, out);
		break;
	case D_USER_STATUS:
		set_text(out, enrich_user_status(d->enrich, ev_str(ev, F_USER)));
		break;
	case D_ROLE_CLASS:
		set_text(out, slice_str(role_class(ev_str(ev, F_ROLES))));
		break;
	case D_KEY_OWNER:
	case D_KEY_KIND:
	case D_KEY_SHARED:
	case D_KEY_AGE_DAYS:
	case D_KEY_PERMITTED:
		derive_key(d, ev, id, out);
		break;
	case D_NET_PREFIX:
		prefix_of(d, ev, out);
		break;
	case D_NET_CLIENT:
		if (slice_is(ev_str(ev, F_ZONE), "external"))
			set_text(out,
				 slice_of(d->client, addr_format(&ev_value(ev, F_SOURCE_IP)->ip, d->client)));
		else
			prefix_of(d, ev, out);
		break;
	case D_USER_DAY_RANGE:
	case D_SITE_DAY_CALLS_RANGE:
	case D_SITE_DAY_COST_RANGE:
	case D_SITE_DAY_USERS_RANGE:
		range_field(d, &d->ranges[class_of(d, begin_of(ev))], id, out);
		break;
	case D_NET_TOR:
		set_bool(out, slice_is(ev_str(ev, F_THREAT_LIST), "tor"));
		break;
	case D_KEY_IN_URL:
		set_bool(out, holds(ev_str(ev, F_QUERY), "=***"));
		break;
	case D_COST_USD:
		if (ev_known(ev, F_COST))
			set_micro(out, ev_int(ev, F_COST, 0) / 1000000);
		break;
	default:
		history_field(d, id, out);
	}
}
