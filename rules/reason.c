/* The sentence that says why: `reason` of the tochoku block, whose %names% stand for what the event at hand
 * has. A % that begins no name is one. */
#include <inttypes.h>
#include <stdio.h>

#include "core/base/zone.h"
#include "rules/build.h"
#include "rules/names.h"
#include "rules/run.h"

#define VALUES_MAX 5 /* of one field */

static const char *const facts_names[] = { "count", "time", "baseline.day", "baseline.calls" };
enum fact { FACT_COUNT, FACT_TIME, FACT_BASELINE_DAY, FACT_BASELINE_CALLS, FACT_NONE };

static enum fact fact_of(struct slice name)
{
	int i = 0;

	while (i < FACT_NONE && !slice_is(name, facts_names[i]))
		i++;
	return (enum fact)i;
}

static inline bool name_byte(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26 || (uint8_t)(c - '0') < 10 || c == '.' || c == '_' ||
	       c == '-' || c == '@';
}

/* A name between two % at the front of the text; empty: there is none. */
static struct slice name_at(struct slice text)
{
	size_t n = 1;

	if (text.n == 0 || text.p[0] != '%')
		return (struct slice){ NULL, 0 };
	while (n < text.n && name_byte(text.p[n]))
		n++;
	return n > 1 && n < text.n && text.p[n] == '%' ? slice_of(text.p + 1, n - 1)
						       : (struct slice){ NULL, 0 };
}

/* ---- loading ---- */

static bool bind_name(struct builder *b, const struct node *at, struct rule *r, struct slice name)
{
	const char *near;

	if (fact_of(name) != FACT_NONE) {
		r->info.reason_grows |= fact_of(name) == FACT_COUNT;
		return true;
	}
	if (name_bind(name).kind == BIND_NONE) {
		near = name_nearest(name);
		BAD(b, at, "'reason' names %%%.*s%%, which no event has%s", (int)name.n, (const char *)name.p,
		    build_hint(b, near));
		return false;
	}
	r->info.reason_grows |= name_is_stateful(name);
	build_name(b, at, name);
	return true;
}

bool build_reason_names(struct builder *b, const struct node *at, struct rule *r, const char *sentence,
			const struct reference *keys, size_t n_keys)
{
	bool good = true;

	for (struct slice rest = slice_str(sentence); rest.n > 0; rest = slice_from(rest, 1)) {
		struct slice name = name_at(rest);
		bool key = false;

		if (name.n == 0)
			continue;
		for (size_t i = 0; i < n_keys; i++)
			key |= slice_eq(keys[i].text, name);
		good &= key || bind_name(b, at, r, name);
		rest = slice_from(rest, name.n + 1);
	}
	return good;
}

static void read_sentence(struct builder *b, const struct node *n, struct rule *r, const char **out)
{
	if (n->kind != NODE_SCALAR || n->text.n == 0 || memchr(n->text.p, '\n', n->text.n) != NULL) {
		BAD(b, n, "a reason is one line of text");
		return;
	}
	*out = arena_str(&b->set->arena, n->text);
	if (r->correlation == NULL && *out != NULL)
		build_reason_names(b, n, r, *out, NULL, 0);
}

void build_reason(struct builder *b, const struct node *n, struct rule *r)
{
	if (n == NULL)
		return;
	if (n->kind != NODE_MAP || node_get(n, "ja") == NULL || node_get(n, "en") == NULL) {
		BAD(b, n, "'reason' must be a map with ja and en");
		return;
	}
	for (const struct node *c = n->child; c != NULL; c = c->next) {
		if (slice_is(c->key->text, "ja"))
			read_sentence(b, c, r, &r->info.reason_ja);
		else if (slice_is(c->key->text, "en"))
			read_sentence(b, c, r, &r->info.reason_en);
		else
			BAD(b, c->key, "'reason' has the languages ja and en only");
	}
}

/* ---- words ---- */

static const struct reason_word {
	const char *field, *value, *ja;
} words[] = {
#define REASON_WORD(field, value, ja) { field, value, ja },
#define REASON_UNKNOWN(field, ja, en)
#include "rules/reason_words.def"
#undef REASON_WORD
#undef REASON_UNKNOWN
};

static const struct reason_noun {
	const char *field, *ja, *en;
} nouns[] = {
#define REASON_WORD(field, value, ja)
#define REASON_UNKNOWN(field, ja, en) { field, ja, en },
#include "rules/reason_words.def"
#undef REASON_WORD
#undef REASON_UNKNOWN
};

/* Whatever name a rule has for it. */
static bool same_field(struct slice name, const char *field)
{
	struct binding a = name_bind(name), b = name_bind(slice_str(field));

	return a.kind == b.kind && a.kind != BIND_NONE && a.id == b.id;
}

static struct slice word_of(struct slice name, struct slice value, const struct reason_facts *facts)
{
	for (size_t i = 0; facts->japanese && i < COUNT(words); i++)
		if (slice_is(value, words[i].value) && same_field(name, words[i].field))
			return slice_str(words[i].ja);
	return value;
}

/* Does the sentence end with the noun and a blank? */
static bool just_said(const struct buf *out, const char *noun)
{
	size_t n = strlen(noun);

	return out->n > n && out->p[out->n - 1] == ' ' && memcmp(out->p + out->n - 1 - n, noun, n) == 0;
}

static void put_unknown(struct slice name, const struct reason_facts *facts, struct buf *out)
{
	for (size_t i = 0; i < COUNT(nouns); i++) {
		const char *noun = facts->japanese ? nouns[i].ja : nouns[i].en;

		if (!same_field(name, nouns[i].field))
			continue;
		if (facts->japanese)
			buf_fmt(out, "%s不明", just_said(out, noun) ? "" : noun);
		else
			buf_fmt(out, "unknown%s%s", just_said(out, noun) ? "" : " ",
				just_said(out, noun) ? "" : noun);
		return;
	}
	buf_byte(out, '?');
}

/* ---- filling ---- */

static inline bool is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

/* One line, cut between characters. */
static void put_text(struct slice text, struct buf *out)
{
	size_t n = text.n;

	if (n > REASON_VALUE_MAX)
		for (n = REASON_VALUE_MAX; n > 0 && (text.p[n] & 0xc0) == 0x80;)
			n--;
	for (size_t i = 0, k; i < n; i = k + 1) { /* runs between two controls */
		for (k = i; k < n && !is_control(text.p[k]); k++)
			;
		buf_add(out, slice_of(text.p + i, k - i));
		if (k < n)
			buf_byte(out, '?');
	}
	if (n < text.n)
		buf_str(out, "\u2026");
}

/* Two decimal places say enough. */
static void put_micro(int64_t micro, struct buf *out)
{
	uint64_t size = micro < 0 ? -(uint64_t)micro : (uint64_t)micro, hundredths = (size + 5000) / 10000;

	buf_fmt(out, "%s%" PRIu64, micro < 0 ? "-" : "", hundredths / 100);
	if (hundredths % 10 != 0)
		buf_fmt(out, ".%02" PRIu64, hundredths % 100);
	else if (hundredths % 100 != 0)
		buf_fmt(out, ".%" PRIu64, hundredths % 100 / 10);
}

static void put_two(unsigned n, struct buf *out)
{
	buf_byte(out, (uint8_t)('0' + n / 10));
	buf_byte(out, (uint8_t)('0' + n % 10));
}

static void put_time(int64_t ns, struct buf *out)
{
	int32_t day, second;

	zone_wall(ns / NS_PER_SEC - (ns % NS_PER_SEC < 0), &day, &second);
	put_two((unsigned)second / 3600, out);
	buf_byte(out, ':');
	put_two((unsigned)second / 60 % 60, out);
}

static void put_fact(enum fact fact, const struct reason_facts *facts, struct buf *out)
{
	char date[11];

	if (fact == FACT_COUNT) {
		buf_i64(out, facts->count);
	} else if (fact == FACT_TIME) {
		put_time(facts->start_ns, out);
	} else if (facts->baseline_calls == 0) {
		buf_byte(out, '?');
	} else if (fact == FACT_BASELINE_CALLS) {
		buf_i64(out, facts->baseline_calls);
	} else {
		date_format(date_from_days(facts->baseline_day), date);
		buf_str(out, date);
	}
}

static void put_values(struct rule_run *r, const struct rule_info *info, struct slice name,
		       const struct reason_facts *facts, struct buf *out)
{
	uint32_t number = correlate_name(r, rule_of_info(info), name);
	struct values *v;
	size_t before = out->n, n = 0;

	if (number == NAME_NONE)
		number = run_name(r, name);
	v = number == NAME_NONE ? NULL : run_values(r, number);
	for (uint32_t k = 0; v != NULL && k < v->n && n < VALUES_MAX; k++) {
		if (v->v[k].kind < VAL_TEXT)
			continue;
		if (n++ > 0)
			buf_byte(out, ',');
		if (v->v[k].kind == VAL_MICRO && v->v[k].raw != NULL)
			put_micro(v->v[k].raw->i, out);
		else
			put_text(word_of(name, val_text(r, &v->v[k]), facts), out);
	}
	if (out->n == before)
		put_unknown(name, facts, out);
}

void rule_run_reason(struct rule_run *r, const struct access_event *ev, const struct rule_info *info,
		     const char *sentence, const struct reason_facts *facts, struct buf *out)
{
	run_begin(r, ev, NULL); /* the caller's event may have changed since the rules ran */
	for (struct slice rest = slice_str(sentence); rest.n > 0;) {
		const uint8_t *percent = memchr(rest.p, '%', rest.n);
		struct slice plain = slice_head(rest, percent == NULL ? rest.n : (size_t)(percent - rest.p));
		struct slice name = name_at(slice_from(rest, plain.n));
		enum fact fact = fact_of(name);

		if (name.n == 0 && percent != NULL)
			plain.n++; /* the % begins no name */
		buf_add(out, plain);
		if (fact != FACT_NONE)
			put_fact(fact, facts, out);
		else if (name.n > 0)
			put_values(r, info, name, facts, out);
		rest = slice_from(rest, plain.n + (name.n == 0 ? 0 : name.n + 2));
	}
}
