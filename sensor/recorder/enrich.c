#include "sensor/recorder/enrich.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/map.h"
#include "core/base/sys.h"
#include "core/base/wildcard.h"
#include "geoip/geoip.h"

#define LIST_BYTES_MAX (64u << 20)
#define MET 4096

struct enrich {
	bool by_key; /* a function asks for a key */
	const struct config *cfg;
	struct calendar *calendar;
	struct nets *zones, **lists;
	struct mmdb_set *geo;
	struct map *users;        /* id -> place in cfg->users */
	struct slice *user_ids;   /* of cfg->users */
	/* users found before, by the place of the name: guesses that are checked */
	uint32_t met_users[MET];  /* place in cfg->users, + 1 */
	struct key_register *keys;
	struct price_table *prices; /* NULL: nothing is priced */
};

/* ---- loading ---- */

static int load_networks(struct enrich *en, struct err *e)
{
	if ((en->zones = nets_new()) == NULL)
		return err_set(e, TK_ENOMEM, "no memory for networks");
	for (size_t i = 0; i < en->cfg->n_zones; i++)
		for (size_t k = 0; k < en->cfg->zones[i].n_cidr; k++)
			if (nets_add(en->zones, &en->cfg->zones[i].cidr[k], en->cfg->zones[i].name) != TK_OK)
				return err_set(e, TK_ENOMEM, "no memory for networks");
	nets_seal(en->zones);
	return TK_OK;
}

/* A list is a file of addresses and networks, one a line; '#' begins a comment. */
static void load_list(struct nets *n, const struct cfg_list *list)
{
	struct slice text, rest;
	struct err err = { 0 };
	int line = 0;

	if (sys_slurp(list->path, LIST_BYTES_MAX, &text, &err) != TK_OK) {
		fprintf(stderr, "tochoku: networks.lists %s: %s\n", list->name, err.text);
		return;
	}
	for (rest = text; rest.n > 0;) {
		const uint8_t *lf = memchr(rest.p, '\n', rest.n);
		struct slice word = slice_head(rest, lf == NULL ? rest.n : (size_t)(lf - rest.p));
		struct cidr c;
		bool host_bits;

		rest = slice_from(rest, word.n + 1);
		line++;
		for (size_t i = 0; i < word.n; i++)
			if (word.p[i] == '#' || word.p[i] == ' ' || word.p[i] == '\t' || word.p[i] == '\r')
				word.n = i;
		if (word.n == 0)
			continue;
		if (!cidr_parse(word, &c, &host_bits))
			fprintf(stderr, "tochoku: %s:%d:1: not an address or network\n", list->path, line);
		else
			nets_add(n, &c, list->name);
	}
	free((void *)(uintptr_t)text.p);
}

static int load_lists(struct enrich *en, struct err *e)
{
	if (en->cfg->n_lists == 0)
		return TK_OK;
	if ((en->lists = calloc(en->cfg->n_lists, sizeof *en->lists)) == NULL)
		return err_set(e, TK_ENOMEM, "no memory for lists");
	for (size_t i = 0; i < en->cfg->n_lists; i++) {
		if ((en->lists[i] = nets_new()) == NULL)
			return err_set(e, TK_ENOMEM, "no memory for lists");
		load_list(en->lists[i], &en->cfg->lists[i]);
		nets_seal(en->lists[i]);
	}
	return TK_OK;
}

static int load_geo(struct enrich *en, struct err *e)
{
	if ((en->geo = mmdb_set_new()) == NULL)
		return err_set(e, TK_ENOMEM, "no memory for GeoIP");
	for (size_t i = 0; i < en->cfg->n_geoip; i++) {
		struct err err = { 0 };

		if (mmdb_set_open(en->geo, en->cfg->geoip[i], &err) != TK_OK)
			fprintf(stderr, "tochoku: geoip: %s; going on without it\n", err.text);
	}
	return TK_OK;
}

/* A wrong table that was asked for is an error: without it every call would silently be unpriced. */
static int load_prices(struct enrich *en, struct err *e)
{
	const char *file = en->cfg->prices.table;
	struct buf problems;
	struct slice rest;
	int rc = TK_OK;

	buf_init(&problems, 1 << 20);
	en->prices = file == NULL ? prices_shipped(&problems) : prices_load(file, &problems);
	for (rest = buf_slice(&problems); rest.n > 0;) {
		const uint8_t *lf = memchr(rest.p, '\n', rest.n);
		struct slice line = slice_head(rest, lf == NULL ? rest.n : (size_t)(lf - rest.p));

		fprintf(stderr, "tochoku: %.*s\n", (int)line.n, (const char *)line.p);
		rest = slice_from(rest, line.n + 1);
	}
	buf_free(&problems);
	if (en->prices == NULL && file != NULL)
		rc = err_set(e, TK_ECONFIG,
			     "prices.table: %s cannot be used: correct it (`tochoku prices check`), or name"
			     " another",
			     file);
	return rc;
}

static int load_users(struct enrich *en, struct err *e)
{
	if ((en->users = map_new(1 << 20, 64u << 20)) == NULL)
		return err_set(e, TK_ENOMEM, "no memory for users");
	if ((en->user_ids = calloc(en->cfg->n_users + 1, sizeof *en->user_ids)) == NULL)
		return err_set(e, TK_ENOMEM, "no memory for users");
	for (size_t i = 0; i < en->cfg->n_users; i++) {
		en->user_ids[i] = slice_str(en->cfg->users[i].id);
		if (map_put(en->users, en->user_ids[i], (int64_t)i) == NULL)
			return err_set(e, TK_ENOMEM, "no memory for users");
	}
	return TK_OK;
}

struct enrich *enrich_new(const struct config *cfg, struct ledger *l, struct slice fingerprint_chain,
			  struct err *e)
{
	struct enrich *en = calloc(1, sizeof *en);
	int rc;

	if (en == NULL) {
		err_set(e, TK_ENOMEM, "no memory");
		return NULL;
	}
	en->cfg = cfg;
	for (size_t i = 0; i < cfg->n_functions; i++)
		en->by_key |= cfg->functions[i].key != NULL;
	rc = (en->calendar = calendar_new(&cfg->calendar, e)) == NULL ? TK_ECONFIG : load_users(en, e);
	if (rc == TK_OK)
		rc = (en->keys = key_register_new(cfg, l, fingerprint_chain, e)) == NULL ? e->code : TK_OK;
	if (rc == TK_OK)
		rc = load_networks(en, e);
	if (rc == TK_OK)
		rc = load_lists(en, e);
	if (rc == TK_OK)
		rc = load_geo(en, e);
	if (rc == TK_OK)
		rc = load_prices(en, e);
	if (rc != TK_OK) {
		enrich_free(en);
		return NULL;
	}
	return en;
}

void enrich_free(struct enrich *en)
{
	if (en == NULL)
		return;
	key_register_free(en->keys);
	free(en->user_ids);
	map_free(en->users);
	nets_free(en->zones);
	for (size_t i = 0; en->lists != NULL && i < en->cfg->n_lists; i++)
		nets_free(en->lists[i]);
	free(en->lists);
	mmdb_set_free(en->geo);
	prices_free(en->prices);
	calendar_free(en->calendar);
	free(en);
}

/* ---- the parts ---- */

static union value *put(struct part *p, enum field_id f)
{
	uint32_t bit = UINT32_C(1) << event_fields[f].slot;

	p->known |= bit;
	p->absent &= ~bit;
	return &p->v[event_fields[f].slot];
}

static bool has(const struct part *p, enum field_id f)
{
	return (p->known >> event_fields[f].slot) & 1;
}

static struct slice text_of(const struct part *p, enum field_id f)
{
	return has(p, f) ? p->v[event_fields[f].slot].s : slice_of(NULL, 0);
}

static void put_text(struct part *p, enum field_id f, struct slice s)
{
	if (s.n > 0)
		put(p, f)->s = s;
}

static void put_geo(struct part *where, const struct geo *g)
{
	put_text(where, F_COUNTRY, g->country);
	put_text(where, F_CITY, g->city);
	put_text(where, F_AS_ORG, g->as_org);
	if (g->as_number != 0)
		put(where, F_AS_NUMBER)->i = g->as_number;
	if (g->has_location) {
		put(where, F_LAT)->i = g->lat_micro;
		put(where, F_LON)->i = g->lon_micro;
	}
}

void enrich_where(struct enrich *en, struct part *where)
{
	const struct addr *a = &where->v[event_fields[F_SOURCE_IP].slot].ip;
	const char *zone;
	struct geo g;

	if (!has(where, F_SOURCE_IP))
		return;
	zone = nets_find(en->zones, a);
	put(where, F_ZONE)->s = zone == NULL ? SLICE("external") : slice_str(zone);
	for (size_t i = 0; i < en->cfg->n_lists; i++)
		if (nets_find(en->lists[i], a) != NULL) {
			put(where, F_THREAT_LIST)->s = slice_str(en->cfg->lists[i].name);
			break;
		}
	if (zone == NULL && mmdb_set_find(en->geo, a, &g))
		put_geo(where, &g);
}

static const struct cfg_user *find_user(struct enrich *en, struct slice user)
{
	/* a definition's strings lie at one place for many events */
	uint32_t *met = &en->met_users[((uintptr_t)user.p >> 3) % MET];
	int64_t *at;

	if (user.n == 0)
		return NULL;
	if (*met != 0 && slice_eq(user, en->user_ids[*met - 1]))
		return &en->cfg->users[*met - 1];
	if ((at = map_get(en->users, user)) == NULL)
		return NULL;
	*met = (uint32_t)*at + 1;
	return &en->cfg->users[*at];
}

/* With no key registered at all nothing is `unknown` (interface.md 3). */
static const char *key_state(struct enrich *en, const struct part *who, const struct registered_key *k,
			     int64_t at_ns, bool *varies)
{
	*varies = false;
	if ((who->absent >> event_fields[F_KEY_ID].slot) & 1)
		return "absent";
	if (k != NULL)
		return registered_key_state(k, at_ns, varies);
	return has(who, F_KEY_ID) && key_register_count(en->keys) > 0 ? "unknown" : NULL;
}

void enrich_who(struct enrich *en, struct part *who, int64_t at_ns, bool *varies)
{
	const struct registered_key *k = key_register_find(en->keys, text_of(who, F_KEY_ID));

	put_text(who, F_KEY_STATE, slice_str(key_state(en, who, k, at_ns, varies)));
	if (k != NULL) { /* under the name that it has now */
		put_text(who, F_KEY_ID, slice_of(k->fingerprint, sizeof k->fingerprint));
		if (!has(who, F_USER))
			put_text(who, F_USER, k->user);
		if (!has(who, F_DEPARTMENT))
			put_text(who, F_DEPARTMENT, k->department);
	}
	enrich_person(en, who);
}

void enrich_person(struct enrich *en, struct part *who)
{
	const struct cfg_user *u = find_user(en, text_of(who, F_USER));

	if (u == NULL)
		return;
	put_text(who, F_FULL_NAME, slice_str(u->name));
	put_text(who, F_ROLES, slice_str(u->roles));
	put_text(who, F_DEPARTMENT, slice_str(u->department));
}

static bool text_matches(const char *pattern, struct slice text)
{
	return pattern == NULL || wildcard_match(slice_str(pattern), text);
}

/* Is it among the functions whose headers the sensor has seen? */
static bool headers_hold(const struct config *cfg, size_t i, struct slice seen)
{
	char text[256];
	int n = snprintf(text, sizeof text, "%zu:%s%c", i, cfg->functions[i].name, EVENT_FUNCTIONS);
	const uint8_t *at;

	if (cfg->functions[i].n_headers == 0)
		return true;
	while (seen.n > 0 && (at = memmem(seen.p, seen.n, text, (size_t)n)) != NULL) {
		if (at == seen.p || at[-1] == EVENT_FUNCTIONS)
			return true;
		seen = slice_from(seen, (size_t)(at - seen.p) + 1);
	}
	return false;
}

bool enrich_by_key(const struct enrich *en)
{
	return en->by_key;
}

static bool key_matches(const char *pattern, const struct registered_key *key)
{
	return pattern == NULL || (key != NULL && wildcard_match(slice_str(pattern), key->id));
}

void enrich_what(struct enrich *en, struct part *what, const struct registered_key *key)
{
	struct slice model = text_of(what, has(what, F_RESPONSE_MODEL) ? F_RESPONSE_MODEL : F_REQUEST_MODEL);
	struct slice seen = text_of(what, F_FUNCTION);

	what->known &=
		~(UINT32_C(1) << event_fields[F_FUNCTION].slot); /* the sensor's word for it is none yet */
	for (size_t i = 0; i < en->cfg->n_functions; i++) {
		const struct cfg_function *f = &en->cfg->functions[i];

		if (text_matches(f->method, text_of(what, F_METHOD)) &&
		    text_matches(f->path, text_of(what, F_PATH)) &&
		    text_matches(f->host, text_of(what, F_DOMAIN)) && text_matches(f->model, model) &&
		    key_matches(f->key, key) && headers_hold(en->cfg, i, seen)) {
			put(what, F_FUNCTION)->s = slice_str(f->name);
			return;
		}
	}
}

void enrich_cost(struct enrich *en, struct access_event *ev, struct price_memo *memo)
{
	int64_t pico;

	if (en->prices != NULL &&
	    price_event_memo(en->prices, memo, ev, &pico) == PRICE_OK)
		ev_set_int(ev, F_COST, pico);
	if (en->prices != NULL && price_estimate(en->prices, memo, ev, &pico) == PRICE_OK)
		ev_set_int(ev, F_ESTIMATE_COST, pico);
}

bool enrich_prices_left(const struct enrich *en, int64_t now_ns, int64_t *days)
{
	int64_t end;

	if (en->prices == NULL || !prices_end(en->prices, now_ns, &end))
		return false;
	*days = end <= now_ns ? 0 : (end - now_ns) / PRICE_DAY_NS;
	return true;
}

void enrich_when(struct enrich *en, struct part *when, int32_t day, bool off_hours, enum on_duty duty)
{
	const struct day_info *d = calendar_day(en->calendar, day);

	when->known = when->absent = 0;
	put(when, F_CAL_DAY)->s = slice_str(calendar_day_name(d->kind));
	put_text(when, F_CAL_HOLIDAY, slice_str(d->holiday));
	put(when, F_AFTER_HOLIDAY)->i = d->after_holiday;
	put(when, F_OFF_HOURS)->i = off_hours;
	if (off_hours && duty != DUTY_UNKNOWN)
		put(when, F_COVERED)->i = duty == DUTY_YES;
}

bool enrich_off_hours(struct enrich *en, const struct person *who, int64_t utc_sec)
{
	return calendar_off_hours(en->calendar, who, utc_sec);
}

struct slice enrich_user_status(struct enrich *en, struct slice user)
{
	const struct cfg_user *u = find_user(en, user);

	return u == NULL ? slice_of(NULL, 0) : slice_str(u->status);
}

const struct registered_key *enrich_key(struct enrich *en, struct slice fingerprint)
{
	return key_register_find(en->keys, fingerprint);
}

struct calendar *enrich_calendar(struct enrich *en)
{
	return en->calendar;
}
