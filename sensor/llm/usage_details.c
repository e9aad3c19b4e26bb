#include "sensor/llm/usage_details.h"

#define NUMBER_MAX INT64_C(1000000000000000)

static const struct {
	const char *name;
	uint8_t n;
} details[] = {
#define DETAIL(id, name, meaning) { name, sizeof(name) - 1 },
#include "sensor/llm/usage_details.def"
#undef DETAIL
};

static const char pass_name[] = "pass";

/* ---- out ---- */

/* Room is enough: USAGE_DETAILS names of at most 18 bytes. */
_Static_assert(USAGE_DETAILS * 40 + USAGE_PASSES_MAX * (5 * 20 + 8 + USAGE_PASS_MODEL_MAX) <=
		       USAGE_DETAILS_TEXT_MAX, "no room for all details");

static size_t put(uint8_t *out, size_t at, const void *p, size_t n)
{
	memcpy(out + at, p, n);
	return at + n;
}

static size_t put_number(uint8_t *out, size_t at, int64_t v)
{
	uint8_t digits[20];
	size_t n = sizeof digits;

	do
		digits[--n] = (uint8_t)('0' + v % 10);
	while ((v /= 10) > 0);
	return put(out, at, digits + n, sizeof digits - n);
}

static size_t put_name(uint8_t *out, size_t at, const char *name, size_t n)
{
	if (at > 0)
		out[at++] = ',';
	at = put(out, at, name, n);
	out[at++] = '=';
	return at;
}

/* A name is a stranger's: what would end it here stands as '_'. */
static bool plain(uint8_t c)
{
	return c > ' ' && c < 0x7f && c != ',' && c != '"' && c != '\\';
}

static size_t put_pass(uint8_t *out, size_t at, const struct usage_pass *p)
{
	const int64_t n[] = { p->input, p->output, p->cache_read, p->cache_write, p->write_1h };

	at = put_name(out, at, pass_name, sizeof pass_name - 1);
	for (size_t i = 0; i < COUNT(n); i++) {
		at = put_number(out, at, n[i] < 0 ? 0 : n[i]);
		out[at++] = '/';
	}
	for (size_t i = 0; i < p->model_n; i++)
		out[at++] = plain(p->model[i]) ? p->model[i] : '_';
	return at;
}

size_t usage_details_write(const struct usage_details *d, uint8_t out[USAGE_DETAILS_TEXT_MAX])
{
	size_t at = 0;

	for (size_t i = 0; i < USAGE_DETAILS; i++)
		if (d->n[i] > 0) {
			at = put_name(out, at, details[i].name, details[i].n);
			at = put_number(out, at, d->n[i]);
		}
	for (size_t i = 0; i < d->passes; i++)
		at = put_pass(out, at, &d->pass[i]);
	return at;
}

/* ---- in ---- */

/* Digits off the front. */
static bool take_number(struct slice *s, int64_t *v)
{
	size_t n = 0;

	*v = 0;
	for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9' && *v < NUMBER_MAX; n++)
		*v = *v * 10 + (s->p[n] - '0');
	*s = slice_from(*s, n);
	return n > 0 && *v < NUMBER_MAX;
}

static bool read_pass(struct slice s, struct usage_details *d)
{
	struct usage_pass p = { 0 };
	int64_t *const n[] = { &p.input, &p.output, &p.cache_read, &p.cache_write, &p.write_1h };

	for (size_t i = 0; i < COUNT(n); i++) {
		if (!take_number(&s, n[i]) || s.n == 0 || s.p[0] != '/')
			return false;
		s = slice_from(s, 1);
	}
	if (d->passes == USAGE_PASSES_MAX || s.n > sizeof p.model)
		return false;
	p.model_n = (uint8_t)s.n;
	if (s.n > 0)
		memcpy(p.model, s.p, s.n);
	d->pass[d->passes++] = p;
	return true;
}

/* False: it is none of ours. */
static bool read_one(struct slice name, struct slice value, struct usage_details *d)
{
	if (slice_is(name, pass_name))
		return read_pass(value, d);
	for (size_t i = 0; i < USAGE_DETAILS; i++)
		if (slice_is(name, details[i].name))
			return take_number(&value, &d->n[i]) && value.n == 0;
	return false;
}

void usage_details_read(struct slice text, struct usage_details *d)
{
	*d = (struct usage_details){ 0 };
	while (text.n > 0) {
		const uint8_t *comma = memchr(text.p, ',', text.n), *equals;
		struct slice one = slice_head(text, comma == NULL ? text.n : (size_t)(comma - text.p));

		equals = one.n == 0 ? NULL : memchr(one.p, '=', one.n);
		if (equals == NULL || !read_one(slice_head(one, (size_t)(equals - one.p)),
						slice_from(one, (size_t)(equals - one.p) + 1), d))
			d->n[DETAIL_UNLISTED] = 1;
		text = slice_from(text, one.n + 1);
	}
}
