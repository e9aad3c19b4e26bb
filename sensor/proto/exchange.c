#include "sensor/proto/exchange.h"

#include <stdlib.h>
#include <strings.h>

#include "core/base/lengths.h"
#include "core/base/wildcard.h"
#include "sensor/fields/cache.h"
#include "sensor/fields/person.h"
#include "sensor/fields/secret.h"
#include "sensor/fields/text.h"

struct exchanges {
	uint32_t n, in_use, touched; /* slots from `touched` on were never used */
	uint32_t free, oldest, youngest;
	struct exchange *slot;
	uint8_t *usage;
	size_t usage_size;
	struct content_pool *decoders;
};

struct exchanges *exchanges_new(uint32_t n, uint32_t decoders)
{
	struct exchanges *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->n = n;
	p->usage_size = (usage_reader_size() + 15) & ~(size_t)15;
	/* Untouched memory costs nothing: slots are used again last in, first out. */
	p->slot = calloc(n, sizeof *p->slot);
	p->usage = calloc(n, p->usage_size);
	p->decoders = content_pool_new(decoders);
	p->oldest = p->youngest = p->free = EXCHANGE_NONE;
	if (p->slot == NULL || p->usage == NULL || p->decoders == NULL) {
		exchanges_free(p);
		return NULL;
	}
	return p;
}

void exchanges_free(struct exchanges *p)
{
	if (p == NULL)
		return;
	free(p->slot);
	free(p->usage);
	content_pool_free(p->decoders);
	free(p);
}

struct exchange *exchange_at(struct exchanges *p, uint32_t number)
{
	return number == EXCHANGE_NONE ? NULL : &p->slot[number];
}

uint32_t exchange_number(const struct exchanges *p, const struct exchange *x)
{
	return x == NULL ? EXCHANGE_NONE : (uint32_t)(x - p->slot);
}

size_t exchanges_in_use(const struct exchanges *p)
{
	return p->in_use;
}

struct exchange *exchange_oldest(struct exchanges *p)
{
	return exchange_at(p, p->oldest);
}

struct exchange *exchange_take(struct exchanges *p)
{
	uint32_t number = p->free != EXCHANGE_NONE ? p->free
			  : p->touched < p->n	   ? p->touched++
						   : EXCHANGE_NONE;
	struct exchange *x = exchange_at(p, number);

	if (x == NULL)
		return NULL;
	if (number == p->free)
		p->free = x->next;
	memset(x, 0, offsetof(struct exchange, arena));
	x->next = x->younger = EXCHANGE_NONE;
	x->older = p->youngest;
	if (p->youngest != EXCHANGE_NONE)
		p->slot[p->youngest].younger = number;
	else
		p->oldest = number;
	p->youngest = number;
	p->in_use++;
	return x;
}

void exchange_give(struct exchanges *p, struct exchange *x)
{
	uint32_t number = exchange_number(p, x);

	for (int d = 0; d < 2; d++)
		if (x->message[d].head && !x->message[d].ended)
			content_drop(&x->message[d].content);
	if (x->older != EXCHANGE_NONE)
		p->slot[x->older].younger = x->younger;
	else
		p->oldest = x->younger;
	if (x->younger != EXCHANGE_NONE)
		p->slot[x->younger].older = x->older;
	else
		p->youngest = x->older;
	x->next = p->free;
	p->free = number;
	p->in_use--;
}

/* ---- heads ---- */

void exchange_keep(struct exchange *x, enum kept what, struct slice text, size_t max)
{
	text = text_cut(text, max);
	if (text.n == 0 || text.n > sizeof x->arena - x->arena_n)
		return;
	memcpy(x->arena + x->arena_n, text.p, text.n);
	x->kept[what] = slice_of(x->arena + x->arena_n, text.n);
	x->arena_n += (uint16_t)text.n;
}

/* One list of two: "a, b". */
static void keep_joined(struct exchange *x, enum kept what, struct slice text)
{
	struct slice first = x->kept[what];

	if (first.n + 2 + text.n > EXCHANGE_TEXT_MAX || first.n + 2 + text.n > sizeof x->arena - x->arena_n)
		return;
	memcpy(x->arena + x->arena_n, first.p, first.n);
	memcpy(x->arena + x->arena_n + first.n, ", ", 2);
	memcpy(x->arena + x->arena_n + first.n + 2, text.p, text.n);
	x->kept[what] = slice_of(x->arena + x->arena_n, first.n + 2 + text.n);
	x->arena_n += (uint16_t)x->kept[what].n;
}

/* Is this row above the one that the fact is from so far? */
static bool outranks(uint8_t rank, size_t row)
{
	return rank == 0 || row + 1 < rank;
}

static void take_key(struct exchange *x, struct slice value, size_t row, const struct parse_context *fields)
{
	struct part who = { 0 };
	struct access_event ev = { .part = { [P_WHO] = &who } };
	size_t mark = fields->scratch->n;
	struct slice id, claim;

	secret_set_key(&ev, value, fields);
	id = ev_str(&ev, F_KEY_ID);
	claim = ev_str(&ev, F_USER);
	if (claim.n > 0 && outranks(x->claim_rank, row)) {
		exchange_keep(x, KEPT_CLAIM, claim, EXCHANGE_TEXT_MAX);
		x->claim_rank = (uint8_t)(row + 1);
	}
	if (id.n == sizeof x->fingerprint && outranks(x->key_rank, row)) {
		memcpy(x->fingerprint, id.p, sizeof x->fingerprint);
		x->key = EXCHANGE_KEY_KNOWN;
		x->key_rank = (uint8_t)(row + 1);
	} else if (x->key == EXCHANGE_KEY_NONE && !ev_absent(&ev, F_KEY_ID)) {
		x->key = EXCHANGE_KEY_UNKNOWN;
	}
	/* It has held the key. */
	explicit_bzero(fields->scratch->p + mark, fields->scratch->n - mark);
	fields->scratch->n = mark;
}

/* RFC 6265 4.2: "name=value; name=value". Those that are JWTs. */
static void take_cookies(struct exchange *x, struct slice list, size_t row,
			 const struct parse_context *fields)
{
	while (list.n > 0) {
		const uint8_t *end = memchr(list.p, ';', list.n), *equals;
		struct slice pair = slice_head(list, end == NULL ? list.n : (size_t)(end - list.p)), value;

		list = slice_from(list, pair.n + 1);
		equals = pair.n == 0 ? NULL : memchr(pair.p, '=', pair.n);
		value = equals == NULL ? slice_of(NULL, 0)
				       : text_trim(slice_from(pair, (size_t)(equals - pair.p) + 1));
		if (slice_starts(value, SLICE("eyJ")) && secret_claim(value, fields->scratch).n > 0)
			take_key(x, value, row, fields);
	}
}

/* One fact of a person, as a gateway tells it. Whether it is believed the event's maker decides. */
static void take_person(struct exchange *x, const struct person_header *h, size_t row, struct slice value,
			const struct parse_context *fields)
{
	static const struct {
		enum kept kept;
		uint8_t rank;
	} facts[PERSON_FACTS] = {
		[PERSON_USER] = { KEPT_USER, 0 },
		[PERSON_CERTIFICATE] = { KEPT_USER, 0 },
		[PERSON_CREDENTIAL] = { KEPT_CREDENTIAL, 1 },
		[PERSON_DEPARTMENT] = { KEPT_DEPARTMENT, 2 },
	};
	uint8_t *rank = &x->person_rank[facts[h->fact].rank];
	size_t mark = fields->scratch->n;

	if (!outranks(*rank, row))
		return;
	if (h->fact == PERSON_CERTIFICATE)
		value = person_of_certificate(value, fields->scratch);
	if (!text_none(value)) {
		exchange_keep(x, facts[h->fact].kept, value, EXCHANGE_TEXT_MAX);
		*rank = (uint8_t)(row + 1);
	}
	fields->scratch->n = mark;
}

enum several { FIRST, JOIN, SECRET, COOKIE };

static const struct header_row {
	const char *name;
	uint8_t direction, what, several;
} headers[] = {
#define HEADER(direction, name, what, several) { name, direction, KEPT_##what, several },
#include "sensor/proto/headers.def"
#undef HEADER
};

static const uint8_t header_lengths[] = {
#define HEADER(direction, name, what, several) sizeof(name) - 1,
#include "sensor/proto/headers.def"
#undef HEADER
};

static const struct header_row *header_row(enum direction d, struct slice name)
{
	for (LENGTHS_EACH(i, header_lengths, name.n)) {
		const struct header_row *h = &headers[i];

		if (h->direction == d && (name.p[0] | 0x20) == h->name[0] &&
		    strncasecmp((const char *)name.p, h->name, name.n) == 0)
			return h;
	}
	return NULL;
}

static void check_conditions(struct exchange *x, const struct wanted_headers *w, struct slice name,
			     struct slice value)
{
	for (size_t i = 0; i < w->n_conditions; i++)
		if (w->condition[i].name.n == name.n &&
		    strncasecmp((const char *)name.p, (const char *)w->condition[i].name.p, name.n) == 0 &&
		    wildcard_match(w->condition[i].pattern, value))
			x->conditions |= UINT64_C(1) << i;
}

void exchange_header(struct exchange *x, enum direction d, struct slice name, struct slice value,
		     const struct parse_context *fields)
{
	const struct header_row *h = name.n == 0 ? NULL : header_row(d, name);
	const struct person_header *person;
	size_t row;

	if (d == RESPONSE && x->usage != NULL && name.n > 0 && value.n > 0)
		usage_response_header(x->usage, name, value);
	if (name.n == 0 || value.n == 0)
		return;
	if (d == REQUEST && (person = person_header(name, fields, &row)) != NULL)
		take_person(x, person, row, value, fields);
	if (d == REQUEST && fields->wanted != NULL)
		check_conditions(x, fields->wanted, name, value);
	if (h == NULL)
		return;
	if (h->what == KEPT_HOST && x->kept[KEPT_HOST].n > 0 && !slice_eq(x->kept[KEPT_HOST], value))
		x->anomalies |= ANOMALY_BIT(SEVERAL_HOSTS);
	if (h->several == SECRET)
		take_key(x, value, (size_t)(h - headers), fields);
	else if (h->several == COOKIE)
		take_cookies(x, value, (size_t)(h - headers), fields);
	else if (x->kept[h->what].n == 0)
		exchange_keep(x, h->what, value, EXCHANGE_TEXT_MAX);
	else if (h->several == JOIN)
		keep_joined(x, h->what, value);
}

/* "application/json; charset=utf-8" without what follows the semicolon. */
static struct slice media_type(struct slice s)
{
	const uint8_t *semicolon = s.n == 0 ? NULL : memchr(s.p, ';', s.n);

	if (semicolon != NULL)
		s.n = (size_t)(semicolon - s.p);
	return text_trim(s);
}

static void find_route(const struct exchange *x, const struct parse_context *fields, struct route *route)
{
	struct part what = { 0 };
	struct access_event ev = { .part = { [P_WHAT] = &what } };
	struct slice path = x->kept[KEPT_TARGET];
	const uint8_t *scheme = path.n == 0 ? NULL : memmem(path.p, path.n, "://", 3), *end;

	if (scheme != NULL && path.p[0] != '/') { /* absolute form (RFC 9112 3.2.2) */
		path = slice_from(path, (size_t)(scheme - path.p) + 3);
		end = path.n == 0 ? NULL : memchr(path.p, '/', path.n);
		path = end == NULL ? slice_of(NULL, 0) : slice_from(path, (size_t)(end - path.p));
	}
	end = path.n == 0 ? NULL : memchr(path.p, '?', path.n);
	if (end != NULL)
		path.n = (size_t)(end - path.p);
	set_domain(&ev, x->kept[KEPT_HOST], fields);
	cache_route_find(ev_str(&ev, F_DOMAIN), path, fields->cache, route);
}

void exchange_request_head(struct exchanges *p, struct exchange *x, const struct parse_context *fields)
{
	size_t mark = fields->scratch->n;
	struct route route;

	x->message[REQUEST].head = true;
	if (anomaly_hosts_differ(x->kept[KEPT_TARGET], x->kept[KEPT_HOST]))
		x->anomalies |= ANOMALY_BIT(HOSTS_DIFFER);
	content_begin(&x->message[REQUEST].content, p->decoders, x->kept[KEPT_REQUEST_CODING]);
	find_route(x, fields, &route);
	fields->scratch->n = mark;
	if (!usage_wanted(&route))
		return;
	x->usage = usage_begin(p->usage + exchange_number(p, x) * p->usage_size, &route);
	usage_request_head(x->usage, x->kept[KEPT_REQUEST_TYPE]);
}

void exchange_response_head(struct exchanges *p, struct exchange *x)
{
	x->message[RESPONSE].head = true;
	content_begin(&x->message[RESPONSE].content, p->decoders, x->kept[KEPT_RESPONSE_CODING]);
	if (x->usage != NULL)
		usage_response_head(x->usage, x->status, media_type(x->kept[KEPT_RESPONSE_TYPE]));
}

/* ---- bodies ---- */

static void read_request(void *ctx, struct slice plain)
{
	struct exchange *x = ctx;

	if (x->usage != NULL)
		usage_request(x->usage, plain);
}

static void read_response(void *ctx, struct slice plain)
{
	struct exchange *x = ctx;

	if (x->usage != NULL)
		usage_response(x->usage, plain);
}

static const content_out readers[] = { [REQUEST] = read_request, [RESPONSE] = read_response };

void exchange_body(struct exchange *x, enum direction d, struct slice bytes)
{
	struct message *m = &x->message[d];

	if (m->broken)
		m->missing += bytes.n;
	else
		content_data(&m->content, bytes, readers[d], x);
}

void exchange_body_gap(struct exchange *x, enum direction d, uint64_t bytes)
{
	x->message[d].broken = true;
	x->message[d].missing += bytes;
}

static const uint32_t odd_coding[] = {
	[CONTENT_UNKNOWN] = ANOMALY_BIT(UNKNOWN_CODING),
	[CONTENT_DAMAGED] = ANOMALY_BIT(DAMAGED_CODING),
	[CONTENT_CAPPED] = ANOMALY_BIT(CAPPED_CODING),
	[CONTENT_NO_ROOM] = 0,
};

void exchange_body_end(struct exchange *x, enum direction d, bool whole)
{
	struct message *m = &x->message[d];

	m->ended = true;
	m->whole = whole && !m->broken;
	if (!m->head)
		return;
	m->coding = content_end(&m->content, readers[d], x);
	x->anomalies |= odd_coding[m->coding];
}
