/* What takes more than one value to see. */
#include <stdlib.h>

#include "core/base/map.h"
#include "core/config/reading.h"

#define INTERFACE_MAX 15 /* IFNAMSIZ - 1 */

static int by_value(const void *va, const void *vb)
{
	const struct seen *a = va, *b = vb;
	int c = strcmp(a->space, b->space);

	if (c == 0)
		c = slice_cmp(a->value, b->value);
	if (c != 0)
		return c;
	if (a->place->line != b->place->line)
		return a->place->line < b->place->line ? -1 : 1;
	return a->place->column < b->place->column ? -1 : a->place->column > b->place->column;
}

/* One network in two zones would make the zone of an address a matter of order; twice in one is idle. */
static void twice(struct reading *r, const struct seen *first, const struct seen *again)
{
	struct slice shown = slice_head(again->place->text, 100);

	if (again->secret)
		problem_at(r->problems, again->place, "this %s is here twice; first at line %u", again->space,
			   first->place->line);
	else if (strcmp(again->space, "network") == 0 && first->record == again->record)
		problem_warn(r->problems, again->place, "the network '%.*s' is here twice", (int)shown.n,
			     (const char *)shown.p);
	else
		problem_at(r->problems, again->place, "the %s '%.*s' is taken: line %u has it%s",
			   again->space, (int)shown.n, (const char *)shown.p, first->place->line,
			   strcmp(again->space, "network") == 0 ? " in another zone" : "");
}

static void check_unique(struct reading *r)
{
	size_t i;

	if (r->n_seen > 1)
		qsort(r->seen, r->n_seen, sizeof *r->seen, by_value);
	for (i = 1; i < r->n_seen; i++)
		if (strcmp(r->seen[i].space, r->seen[i - 1].space) == 0 &&
		    slice_eq(r->seen[i].value, r->seen[i - 1].value) &&
		    !(r->seen[i].secret && slice_is(r->seen[i].value, CONFIG_MASK)))
			twice(r, &r->seen[i - 1], &r->seen[i]);
}

/* The node of entry i of a list; the list was read, so it has one. */
static const struct node *entry_of(const struct node *list, size_t i)
{
	const struct node *n = list == NULL ? NULL : list->child;

	for (; n != NULL && i > 0; i--)
		n = n->next;
	return n;
}

static void check_zones(struct reading *r, const struct node *list, const struct config *c)
{
	const struct node *n = entry_of(list, 0);
	size_t i;

	if (list != NULL && list->kind == NODE_SEQ && n == NULL)
		problem_at(r->problems, list,
			   "'zones' must not be empty; without it the private ranges are one zone");
	for (i = 0; i < c->n_zones && n != NULL; i++, n = n->next)
		if (c->zones[i].name != NULL && strcmp(c->zones[i].name, "external") == 0)
			problem_at(r->problems, n,
				   "a zone cannot be called external: that is what no zone holds");
}

static bool is_user(const struct map *ids, const char *id)
{
	return map_get(ids, slice_str(id)) != NULL;
}

static struct map *user_ids(struct reading *r, const struct config *c)
{
	struct map *ids = map_new(1 << 20, 256u << 20);

	for (size_t i = 0; ids != NULL && i < c->n_users; i++)
		if (c->users[i].id != NULL && map_put(ids, slice_str(c->users[i].id), 0) == NULL)
			r->no_memory = true;
	r->no_memory |= ids == NULL;
	return ids;
}

/* Keys whose user is unknown are told; masked ones (as config_print writes them) match nothing and go. */
static void check_keys(struct reading *r, const struct node *list, struct config *c)
{
	const struct node *n = entry_of(list, 0), *place;
	struct map *ids = user_ids(r, c);
	size_t i, kept = 0;

	for (i = 0; ids != NULL && i < c->n_keys && n != NULL; i++, n = n->next) {
		const struct cfg_key *k = &c->keys[i];

		place = node_get(n, "user");
		if (k->user != NULL && c->n_users > 0 && !is_user(ids, k->user))
			problem_warn(r->problems, place, "no entry of identities.users has the id '%s'",
				     k->user);
		if (k->key != NULL && strcmp(k->key, CONFIG_MASK) == 0)
			problem_warn(r->problems, node_get(n, "key"),
				     "the key is masked, so this entry is left out");
		else
			c->keys[kept++] = *k;
	}
	map_free(ids);
	c->n_keys = kept;
}

static void check_between(struct reading *r, const struct node *capture, const char *key, int64_t v,
			  int64_t low, int64_t high, const char *range)
{
	const struct node *n = node_get(capture, key);

	/* 0 where it could not be read, which was told. */
	bool unread = v == 0 && n != NULL && !slice_is(n->text, "0");

	if (n != NULL && !unread && (v < low || v > high))
		problem_at(r->problems, n, "'%s': expected %s, got '%.*s'", key, range,
			   (int)slice_head(n->text, 100).n, (const char *)n->text.p);
}

static void check_captures(struct reading *r, const struct node *list, const struct config *c)
{
	const struct node *n = entry_of(list, 0), *place;

	if (c->n_captures > CAPTURES_MAX)
		problem_at(r->problems, list, "%zu captures, at most %d", c->n_captures, CAPTURES_MAX);
	for (size_t i = 0; i < c->n_captures && n != NULL; i++, n = n->next) {
		const char *name = c->captures[i].interface;

		place = node_get(n, "interface");
		if (name != NULL && (strlen(name) > INTERFACE_MAX || strchr(name, '/') != NULL))
			problem_at(r->problems, place, "'interface': no interface can be called '%.*s'",
				   (int)slice_head(place->text, 100).n, (const char *)place->text.p);
		check_between(r, n, "snaplen", c->captures[i].snaplen, CAPTURE_SNAPLEN_MIN,
			      CAPTURE_SNAPLEN_MAX, "256 to 256K");
		check_between(r, n, "ring", c->captures[i].ring, CAPTURE_RING_MIN, CAPTURE_RING_MAX,
			      "2M to 2G");
	}
}

/* The three ways to say what lines are of, of the entry at `n`. */
static void check_format(struct reading *r, const struct node *n, const char *format, const char *log_format,
			 const char *fields)
{
	bool json = format != NULL && strcmp(format, "json") == 0;

	if (json && node_get(n, "fields") == NULL)
		problem_at(r->problems, node_get(n, "format"),
			   "'format: json' needs 'fields', such as {time: ts, client: request.ip}");
	else if (!json && fields != NULL)
		problem_at(r->problems, node_get(n, "fields"), "'fields' is for 'format: json' alone");
	if (log_format != NULL && format != NULL && strcmp(format, "auto") != 0)
		problem_at(r->problems, node_get(n, "log_format"),
			   "'log_format' is a format of your own: leave 'format' out");
}

static void check_tails(struct reading *r, const struct node *list, const struct config *c)
{
	const struct node *n = entry_of(list, 0);

	for (size_t i = 0; i < c->n_tails && n != NULL; i++, n = n->next)
		check_format(r, n, c->tails[i].format, c->tails[i].log_format, c->tails[i].fields);
}

/* Two sockets of one transport cannot listen at one place. */
static void check_syslog(struct reading *r, const struct node *list, const struct config *c)
{
	const struct node *n = entry_of(list, 0);

	if (c->n_syslog > SYSLOG_MAX)
		problem_at(r->problems, list, "%zu syslog inputs, at most %d", c->n_syslog, SYSLOG_MAX);
	for (size_t i = 0; i < c->n_syslog && n != NULL; i++, n = n->next) {
		const struct cfg_syslog *s = &c->syslog[i];

		check_format(r, n, s->format, s->log_format, s->fields);
		for (size_t k = 0; k < i; k++)
			if (s->listen != NULL && c->syslog[k].listen != NULL && s->transport != NULL &&
			    c->syslog[k].transport != NULL &&
			    strcmp(s->listen, c->syslog[k].listen) == 0 &&
			    strcmp(s->transport, c->syslog[k].transport) == 0)
				problem_at(r->problems, n, "%s %s is where the input \"%s\" listens",
					   s->transport, s->listen, c->syslog[k].name);
	}
}

static bool has_condition(const struct cfg_function *f)
{
	return f->method != NULL || f->path != NULL || f->host != NULL || f->model != NULL ||
	       f->key != NULL || f->n_headers > 0;
}

static void check_functions(struct reading *r, const struct node *list, struct config *c)
{
	const struct node *n = entry_of(list, 0), *match;
	size_t i, kept = 0;

	for (i = 0; i < c->n_functions && n != NULL; i++, n = n->next) {
		match = node_get(n, "match");
		if (has_condition(&c->functions[i]))
			c->functions[kept++] = c->functions[i];
		else if (match != NULL && match->kind == NODE_MAP && match->child == NULL)
			problem_at(r->problems, match,
				   "'match' needs a condition: method, path, host, model, key or header.NAME");
	}
	c->n_functions = kept;
}

static void check_ranges(struct reading *r, const struct node *ranges, const struct config *c)
{
	static const char *const names[] = { "business", "half", "closed" };
	size_t i;

	for (i = 0; i < CLASS_COUNT; i++) {
		const struct node *n = node_get(ranges, names[i]);

		if (n != NULL && c->ranges[i].user_calls_alert <= c->ranges[i].user_calls)
			problem_warn(r->problems, n, "user_calls_alert (%lld) is not above user_calls (%lld)",
				     (long long)c->ranges[i].user_calls_alert,
				     (long long)c->ranges[i].user_calls);
	}
}

static void check_currency(struct reading *r, const struct node *n, const struct config *c)
{
	if (n != NULL && (c->budget.currency == NULL) != (c->budget.rate_micro == 0))
		problem_at(r->problems, n, "'currency' needs both code and rate");
}

static bool is_given(const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);

	return n != NULL && (n->kind != NODE_SCALAR || node_scalar_type(n) != SCALAR_NULL);
}

/* What a department or role does not say is the site's. */
static void fill_places(const struct node *map, struct cfg_calendar *c, struct cfg_department_hours *places,
			size_t count)
{
	const struct node *n = entry_of(map, 0);
	size_t i;

	for (i = 0; i < count && n != NULL; i++, n = n->next) {
		struct cfg_department_hours *d = &places[i];

		if (!is_given(n, "hours"))
			d->hours = c->hours;
		if (!is_given(n, "half_day"))
			d->half_day = c->half_day;
		if (!is_given(n, "saturday"))
			d->saturday = c->saturday;
		if (!is_given(n, "week"))
			memcpy(d->week, c->week, sizeof d->week);
		if (!is_given(n, "before_minutes"))
			d->before = c->before;
		if (!is_given(n, "after_minutes"))
			d->after = c->after;
	}
}

static void check_windows(struct reading *r, const struct node *list, const struct cfg_window *w,
			  size_t count)
{
	const struct node *n = entry_of(list, 0), *to;
	size_t i;

	for (i = 0; i < count && n != NULL; i++, n = n->next) {
		to = node_get(n, "to");
		if (to != NULL && node_get(n, "from") != NULL &&
		    (w[i].to.days < w[i].from.days ||
		     (w[i].to.days == w[i].from.days && w[i].to.second <= w[i].from.second)))
			problem_at(r->problems, to, "'to': the period ends before it begins");
	}
}

static void check_calendar(struct reading *r, const struct node *n, struct cfg_calendar *c)
{
	fill_places(node_get(n, "departments"), c, c->departments, c->n_departments);
	fill_places(node_get(n, "roles"), c, c->roles, c->n_roles);
	check_windows(r, node_get(n, "maintenance"), c->maintenance, c->n_maintenance);
	check_windows(r, node_get(n, "emergencies"), c->emergencies, c->n_emergencies);
}

/* Each state is worse than the one before, and what the last one gives up is not what it waits for. */
static void check_disk(struct reading *r, const struct node *disk, const struct config *c)
{
	const struct node *critical = node_get(disk, "critical"), *full = node_get(disk, "full"),
			  *place = full != NULL ? full : critical != NULL ? critical : disk;

	if (disk != NULL && (c->disk.low < c->disk.critical || c->disk.critical < c->disk.full))
		problem_at(r->problems, place, "'disk': expected low, critical and full from more to less,"
			   " got %lld, %lld and %lld bytes", (long long)c->disk.low,
			   (long long)c->disk.critical, (long long)c->disk.full);
}

void config_check(struct reading *r, const struct node *root, struct config *c)
{
	const struct node *identities = node_get(root, "identities");

	check_unique(r);
	if (root == NULL)
		return;
	check_tails(r, node_get(node_get(root, "inputs"), "tails"), c);
	check_syslog(r, node_get(node_get(root, "inputs"), "syslog"), c);
	check_captures(r, node_get(node_get(root, "inputs"), "captures"), c);
	check_zones(r, node_get(node_get(root, "networks"), "zones"), c);
	if (r->files && c->users_file != NULL)
		people_load(r, node_get(identities, "users_file"), c);
	check_keys(r, node_get(identities, "keys"), c);
	check_functions(r, node_get(root, "functions"), c);
	check_ranges(r, node_get(root, "ranges"), c);
	check_currency(r, node_get(node_get(root, "budget"), "currency"), c);
	check_calendar(r, node_get(root, "calendar"), &c->calendar);
	check_disk(r, node_get(node_get(root, "ledger"), "disk"), c);
}
