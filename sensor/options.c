#include "sensor/options.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/sys.h"
#include "sensor/recorder/fingerprint.h"

/* ---- fields: integers are 8 bytes little-endian, strings a length and their bytes ---- */

static void put_u64(struct buf *out, uint64_t v)
{
	uint8_t b[8];

	for (int i = 0; i < 8; i++)
		b[i] = (uint8_t)(v >> (8 * i));
	buf_add(out, slice_of(b, sizeof b));
}

static void put_slice(struct buf *out, struct slice s)
{
	put_u64(out, s.n);
	buf_add(out, s);
}

/* A packet being read; `bad` is sticky, so a decoder asks once, at its end. */
struct cursor {
	struct slice in;
	bool bad;
};

static struct slice take(struct cursor *c, uint64_t n)
{
	struct slice s = slice_head(c->in, n > c->in.n ? 0 : (size_t)n);

	if (n > c->in.n)
		c->bad = true;
	c->in = slice_from(c->in, s.n);
	return s;
}

static uint64_t take_u64(struct cursor *c)
{
	struct slice s = take(c, 8);
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++)
		v |= (uint64_t)s.p[i] << (8 * i);
	return v;
}

static uint64_t take_below(struct cursor *c, uint64_t limit)
{
	uint64_t v = take_u64(c);

	if (v >= limit) {
		c->bad = true;
		return 0;
	}
	return v;
}

static struct slice take_slice(struct cursor *c)
{
	return take(c, take_u64(c));
}

static struct cursor begin(struct slice in, enum role_message type)
{
	struct cursor c = { .in = in };
	struct slice t = take(&c, 1);

	if (t.n != 1 || t.p[0] != type)
		c.bad = true;
	return c;
}

static int finish(const struct cursor *c)
{
	return c->bad || c->in.n != 0 ? TK_EMALFORMED : TK_OK;
}

/* ---- wanted headers ---- */

static bool keep_text(struct sensor_options *o, struct slice in, struct slice *out)
{
	if (in.n == 0 || in.n > sizeof o->wanted_text - o->wanted_n)
		return false;
	memcpy(o->wanted_text + o->wanted_n, in.p, in.n);
	*out = slice_of(o->wanted_text + o->wanted_n, in.n);
	o->wanted_n += in.n;
	return true;
}

/* What it says: as person.def has it, else who it is. False: no room. */
static bool add_person(struct sensor_options *o, struct slice name)
{
	const struct parse_context shipped = { 0 };
	const struct person_header *known = person_header(name, &shipped, &(size_t){ 0 });
	struct person_header *p = &o->wanted.person[o->wanted.n_person];

	if (o->wanted.n_person == WANTED_PERSONS || !keep_text(o, name, &p->name))
		return false;
	p->fact = known == NULL ? PERSON_USER : known->fact;
	o->wanted.n_person++;
	return true;
}

/* A condition of the function that was added last. */
static bool add_condition(struct sensor_options *o, struct slice name, struct slice pattern)
{
	struct wanted_headers *w = &o->wanted;
	struct header_condition *c = &w->condition[w->n_conditions];

	if (w->n_conditions == WANTED_CONDITIONS || !keep_text(o, name, &c->name) ||
	    !keep_text(o, pattern, &c->pattern))
		return false;
	w->function[w->n_functions - 1].conditions |= UINT64_C(1) << w->n_conditions++;
	return true;
}

static bool add_function(struct sensor_options *o, struct slice name)
{
	return o->wanted.n_functions < WANTED_CONDITIONS &&
	       keep_text(o, name, &o->wanted.function[o->wanted.n_functions++].name);
}

static void put_wanted(const struct wanted_headers *w, struct buf *out)
{
	put_u64(out, w->n_person);
	for (size_t i = 0; i < w->n_person; i++)
		put_slice(out, w->person[i].name);
	put_u64(out, w->n_functions);
	for (size_t i = 0; i < w->n_functions; i++) {
		uint64_t left = w->function[i].conditions;

		put_slice(out, w->function[i].name);
		put_u64(out, (uint64_t)__builtin_popcountll(left));
		for (; left != 0; left &= left - 1) {
			const struct header_condition *c = &w->condition[__builtin_ctzll(left)];

			put_slice(out, c->name);
			put_slice(out, c->pattern);
		}
	}
}

static void take_wanted(struct cursor *c, struct sensor_options *o)
{
	for (uint64_t n = take_below(c, WANTED_PERSONS + 1); n > 0 && !c->bad; n--)
		c->bad |= !add_person(o, take_slice(c));
	for (uint64_t n = take_below(c, WANTED_CONDITIONS + 1); n > 0 && !c->bad; n--) {
		c->bad |= !add_function(o, take_slice(c));
		for (uint64_t k = take_below(c, WANTED_CONDITIONS + 1); k > 0 && !c->bad; k--) {
			struct slice name = take_slice(c);

			c->bad |= !add_condition(o, name, take_slice(c));
		}
	}
}

/* ---- messages ---- */

void options_encode(const struct sensor_options *o, struct buf *out)
{
	buf_byte(out, ROLE_OPTIONS);
	put_u64(out, o->mode);
	put_slice(out, slice_str(o->zone));
	put_slice(out, slice_of(o->fingerprint_key, o->fingerprint_n));
	put_u64(out, o->n_trusted_proxies);
	for (uint32_t i = 0; i < o->n_trusted_proxies; i++) {
		buf_add(out, slice_of(o->trusted_proxies[i].net.b, 16));
		buf_byte(out, o->trusted_proxies[i].bits);
	}
	put_wanted(&o->wanted, out);
}

static void take_proxies(struct cursor *c, struct sensor_options *o)
{
	o->n_trusted_proxies = (uint32_t)take_below(c, OPTIONS_PROXIES_MAX + 1);
	o->trusted_proxies = calloc(o->n_trusted_proxies + 1, sizeof *o->trusted_proxies);
	if (o->trusted_proxies == NULL) {
		c->bad = true;
		return;
	}
	for (uint32_t i = 0; i < o->n_trusted_proxies; i++) {
		struct slice s = take(c, 17);

		if (s.n != 17 || s.p[16] > 128) {
			c->bad = true;
			return;
		}
		memcpy(o->trusted_proxies[i].net.b, s.p, 16);
		o->trusted_proxies[i].bits = s.p[16];
	}
}

int options_decode(struct slice in, struct sensor_options *o)
{
	struct cursor c = begin(in, ROLE_OPTIONS);
	struct slice zone, key;

	memset(o, 0, sizeof *o);
	o->mode = (uint8_t)take_below(&c, BATCH_IMPORT + 1);
	zone = take_slice(&c);
	key = take_slice(&c);
	if (c.bad || o->mode < BATCH_TAIL || zone.n >= sizeof o->zone || key.n > sizeof o->fingerprint_key)
		return TK_EMALFORMED;
	memcpy(o->zone, zone.p, zone.n);
	if (key.n > 0)
		memcpy(o->fingerprint_key, key.p, key.n);
	o->fingerprint_n = key.n;
	take_proxies(&c, o);
	take_wanted(&c, o);
	if (finish(&c) == TK_OK)
		return TK_OK;
	sensor_options_clear(o);
	return TK_EMALFORMED;
}

void sensor_options_clear(struct sensor_options *o)
{
	free(o->trusted_proxies);
	explicit_bzero(o, sizeof *o);
}

void role_input_encode(const struct role_input *i, struct buf *out)
{
	buf_byte(out, ROLE_INPUT);
	put_u64(out, i->number);
	put_slice(out, i->name);
	put_slice(out, i->format);
}

int role_input_decode(struct slice in, struct role_input *i)
{
	struct cursor c = begin(in, ROLE_INPUT);

	i->number = (uint32_t)take_below(&c, UINT32_MAX);
	i->name = take_slice(&c);
	i->format = take_slice(&c);
	return finish(&c);
}

void role_file_encode(const struct role_file *f, struct buf *out)
{
	const uint64_t numbers[] = { f->id,   f->input,		  f->dev,     f->ino,
				     f->size, (uint64_t)f->mtime, f->is_base, f->compressed };

	buf_byte(out, ROLE_FILE);
	for (size_t i = 0; i < COUNT(numbers); i++)
		put_u64(out, numbers[i]);
	put_slice(out, f->path);
	put_slice(out, f->base);
}

int role_file_decode(struct slice in, struct role_file *f)
{
	struct cursor c = begin(in, ROLE_FILE);

	f->id = take_u64(&c);
	f->input = (uint32_t)take_below(&c, UINT32_MAX);
	f->dev = take_u64(&c);
	f->ino = take_u64(&c);
	f->size = take_u64(&c);
	f->mtime = (int64_t)take_u64(&c);
	f->is_base = take_below(&c, 2) != 0;
	f->compressed = take_below(&c, 2) != 0;
	f->path = take_slice(&c);
	f->base = take_slice(&c);
	return finish(&c);
}

void role_retired_encode(const struct role_retired *r, struct buf *out)
{
	const uint64_t numbers[] = { r->id,    r->status, r->size,     (uint64_t)r->mtime,
				     r->lines, r->events, r->rejected };

	buf_byte(out, ROLE_RETIRED);
	for (size_t i = 0; i < COUNT(numbers); i++)
		put_u64(out, numbers[i]);
}

int role_retired_decode(struct slice in, struct role_retired *r)
{
	struct cursor c = begin(in, ROLE_RETIRED);

	r->id = take_u64(&c);
	r->status = (uint8_t)take_below(&c, RETIRED_STATUS_COUNT);
	r->size = take_u64(&c);
	r->mtime = (int64_t)take_u64(&c);
	r->lines = take_u64(&c);
	r->events = take_u64(&c);
	r->rejected = take_u64(&c);
	return finish(&c);
}

void role_summary_encode(const struct role_summary *s, struct buf *out)
{
	const uint64_t numbers[] = { s->final,	  s->bytes_in,	 s->lines,     s->events,
				     s->rejected, s->new_events, s->duplicates };

	buf_byte(out, ROLE_SUMMARY);
	for (size_t i = 0; i < COUNT(numbers); i++)
		put_u64(out, numbers[i]);
}

int role_summary_decode(struct slice in, struct role_summary *s)
{
	struct cursor c = begin(in, ROLE_SUMMARY);

	s->final = take_below(&c, 2) != 0;
	s->bytes_in = take_u64(&c);
	s->lines = take_u64(&c);
	s->events = take_u64(&c);
	s->rejected = take_u64(&c);
	s->new_events = take_u64(&c);
	s->duplicates = take_u64(&c);
	return finish(&c);
}

void role_rejected_encode(const struct role_rejected *r, struct buf *out)
{
	buf_byte(out, ROLE_REJECTED);
	put_u64(out, r->id);
	put_u64(out, r->line);
	put_u64(out, r->reason);
}

int role_rejected_decode(struct slice in, struct role_rejected *r)
{
	struct cursor c = begin(in, ROLE_REJECTED);

	r->id = take_u64(&c);
	r->line = take_u64(&c);
	r->reason = (uint8_t)take_below(&c, REJECT_COUNT);
	return finish(&c);
}

void role_shortage_encode(uint32_t waiting, struct buf *out)
{
	buf_byte(out, ROLE_SHORTAGE);
	put_u64(out, waiting);
}

int role_shortage_decode(struct slice in, uint32_t *waiting)
{
	struct cursor c = begin(in, ROLE_SHORTAGE);

	*waiting = (uint32_t)take_below(&c, UINT32_MAX);
	return finish(&c);
}

void role_capture_input_encode(const struct role_capture_input *i, struct buf *out)
{
	buf_byte(out, ROLE_CAPTURE_INPUT);
	put_u64(out, i->number);
	put_slice(out, i->name);
	put_slice(out, i->interface);
	put_u64(out, i->keylog);
}

int role_capture_input_decode(struct slice in, struct role_capture_input *i)
{
	struct cursor c = begin(in, ROLE_CAPTURE_INPUT);

	i->number = (uint32_t)take_below(&c, UINT32_MAX);
	i->name = take_slice(&c);
	i->interface = take_slice(&c);
	i->keylog = take_below(&c, 2) != 0;
	return finish(&c);
}

void role_capture_encode(const struct role_capture *r, struct buf *out)
{
	const uint64_t numbers[] = { r->id, r->input, r->link_type, r->block_size, r->n_blocks };

	buf_byte(out, ROLE_CAPTURE);
	for (size_t i = 0; i < COUNT(numbers); i++)
		put_u64(out, numbers[i]);
}

int role_capture_decode(struct slice in, struct role_capture *r)
{
	struct cursor c = begin(in, ROLE_CAPTURE);

	r->id = take_u64(&c);
	r->input = (uint32_t)take_below(&c, UINT32_MAX);
	r->link_type = (uint32_t)take_below(&c, UINT32_MAX);
	r->block_size = (uint32_t)take_below(&c, UINT32_MAX);
	r->n_blocks = (uint32_t)take_below(&c, UINT32_MAX);
	return finish(&c);
}

void role_capture_state_encode(const struct role_capture_state *s, struct buf *out)
{
	buf_byte(out, ROLE_CAPTURE_STATE);
	put_u64(out, s->input);
	put_u64(out, s->gone);
	put_u64(out, s->drops);
}

int role_capture_state_decode(struct slice in, struct role_capture_state *s)
{
	struct cursor c = begin(in, ROLE_CAPTURE_STATE);

	s->input = (uint32_t)take_below(&c, UINT32_MAX);
	s->gone = take_below(&c, 2) != 0;
	s->drops = take_below(&c, INT64_MAX);
	return finish(&c);
}

void role_capture_lost_encode(uint64_t id, struct buf *out)
{
	buf_byte(out, ROLE_CAPTURE_LOST);
	put_u64(out, id);
}

int role_capture_lost_decode(struct slice in, uint64_t *id)
{
	struct cursor c = begin(in, ROLE_CAPTURE_LOST);

	*id = take_u64(&c);
	return finish(&c);
}

void role_keylog_encode(uint32_t input, struct buf *out)
{
	buf_byte(out, ROLE_KEYLOG);
	put_u64(out, input);
}

int role_keylog_decode(struct slice in, uint32_t *input)
{
	struct cursor c = begin(in, ROLE_KEYLOG);

	*input = (uint32_t)take_below(&c, UINT32_MAX);
	return finish(&c);
}

void role_syslog_input_encode(const struct role_syslog_input *i, struct buf *out)
{
	buf_byte(out, ROLE_SYSLOG_INPUT);
	put_u64(out, i->number);
	put_u64(out, i->tcp);
	put_slice(out, i->name);
	put_slice(out, i->format);
}

int role_syslog_input_decode(struct slice in, struct role_syslog_input *i)
{
	struct cursor c = begin(in, ROLE_SYSLOG_INPUT);

	i->number = (uint32_t)take_below(&c, UINT32_MAX);
	i->tcp = take_below(&c, 2) != 0;
	i->name = take_slice(&c);
	i->format = take_slice(&c);
	return finish(&c);
}

void role_syslog_socket_encode(const struct role_syslog_socket *s, struct buf *out)
{
	buf_byte(out, ROLE_SYSLOG_SOCKET);
	put_u64(out, s->input);
	put_u64(out, s->begins);
	put_u64(out, s->connection);
	put_u64(out, s->taken);
	put_u64(out, s->refused);
	put_slice(out, s->path);
}

int role_syslog_socket_decode(struct slice in, struct role_syslog_socket *s)
{
	struct cursor c = begin(in, ROLE_SYSLOG_SOCKET);

	s->input = (uint32_t)take_below(&c, UINT32_MAX);
	s->begins = take_below(&c, 2) != 0;
	s->connection = take_u64(&c);
	s->taken = take_u64(&c);
	s->refused = take_u64(&c);
	s->path = take_slice(&c);
	return finish(&c);
}

void role_syslog_done_encode(uint64_t connection, struct buf *out)
{
	buf_byte(out, ROLE_SYSLOG_DONE);
	put_u64(out, connection);
}

int role_syslog_done_decode(struct slice in, uint64_t *connection)
{
	struct cursor c = begin(in, ROLE_SYSLOG_DONE);

	*connection = take_u64(&c);
	return finish(&c);
}

static bool want_headers(const struct config *cfg, struct sensor_options *o)
{
	bool good = true;
	char name[256];

	for (size_t i = 0; i < cfg->n_trusted_headers; i++)
		good &= add_person(o, slice_str(cfg->trusted_headers[i]));
	for (size_t i = 0; i < cfg->n_functions && good; i++) {
		const struct cfg_function *f = &cfg->functions[i];

		if (f->n_headers > 0) {
			snprintf(name, sizeof name, "%zu:%s", i, f->name);
			good = add_function(o, slice_str(name));
		}
		for (size_t k = 0; k < f->n_headers && good; k++)
			good = add_condition(o, slice_str(f->headers[k].name),
					     slice_str(f->headers[k].value));
	}
	return good;
}

int options_from_config(const struct config *cfg, enum batch_mode mode, struct sensor_options *o,
			struct err *e)
{
	struct fingerprint_keys keys;
	int rc;

	memset(o, 0, sizeof *o);
	o->mode = (uint8_t)mode;
	if (cfg->n_trusted_proxies > OPTIONS_PROXIES_MAX)
		return err_set(e, TK_ELIMIT, "networks.trusted_proxies: %zu networks, at most %d",
			       cfg->n_trusted_proxies, OPTIONS_PROXIES_MAX);
	if (cfg->site.time_zone != NULL)
		snprintf(o->zone, sizeof o->zone, "%s", cfg->site.time_zone);
	o->trusted_proxies = calloc(cfg->n_trusted_proxies + 1, sizeof *o->trusted_proxies);
	if (o->trusted_proxies == NULL)
		return err_set(e, TK_ENOMEM, "no memory for the trusted proxies");
	o->n_trusted_proxies = (uint32_t)cfg->n_trusted_proxies;
	if (cfg->n_trusted_proxies > 0)
		memcpy(o->trusted_proxies, cfg->trusted_proxies,
		       cfg->n_trusted_proxies * sizeof *o->trusted_proxies);
	if (!want_headers(cfg, o))
		return err_set(
			e, TK_ELIMIT,
			"identities.trusted_headers and functions: at most %d names and %d conditions of"
			" headers, %d bytes in all",
			WANTED_PERSONS, WANTED_CONDITIONS, OPTIONS_WANTED_BYTES);
	rc = fingerprint_keys(cfg, true, &keys, e);
	memcpy(o->fingerprint_key, keys.bytes, keys.n);
	o->fingerprint_n = keys.n;
	explicit_bzero(&keys, sizeof keys);
	return rc;
}
