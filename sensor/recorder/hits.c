/* A hit of a rule becomes a finding: its subject, in words and as fields. */
#include <inttypes.h>
#include <stdio.h>

#include "core/base/json.h"
#include "rules/names.h"
#include "sensor/recorder/evaluation.h"

struct matched {
	struct evaluate *v;
	struct lane *lane;
	const struct rule_info *info;
	const struct hit_of *of;
	struct slice period; /* what of the day the finding is of; empty: the day, or the one event */
};

static void put_entity(struct evaluate *v, struct json_out *j, const struct matched *m, size_t i)
{
	const char *name = name_canonical(name_bind(slice_str(m->info->entity[i])));
	size_t at = v->subject.n + 1;

	buf_byte(&v->subject, '|');
	buf_str(&v->reason, i == 0 ? ": " : ", ");
	if (!rule_run_entity(m->lane->run, m->of->ev, m->info, i, &v->subject)) {
		buf_byte(&v->subject, '-');
		buf_byte(&v->reason, '?'); /* not known: the same in every language */
		return;
	}
	buf_add(&v->reason, slice_from(buf_slice(&v->subject), at));
	json_key(j, name != NULL ? name : m->info->entity[i]);
	json_str(j, slice_from(buf_slice(&v->subject), at));
}

/* What looks back or is counted and the rule names, as it was at the first hit. */
static void put_numbers(const struct matched *m, struct json_out *j)
{
	static const char *const names[] = {
#define DERIVED(id, name, type, part, doc) [D_##id] = name,
#include "rules/derived.def"
#undef DERIVED
	};

	for (int id = 0; id < D_COUNT; id++) {
		struct derived value = { .kind = DV_NONE };

		bool told = (id >= D_USER_DAY_CALLS && id <= D_SITE_DAY_USERS) || id == D_KEY_IDLE_DAYS ||
			    id == D_GEO_DISTANCE || id == D_GEO_SPEED || id >= D_OWN_CALLS;

		if (!told || !m->info->uses[id])
			continue;
		derive_field(&m->lane->derive, m->of->ev, id, &value);
		if (value.kind == DV_NONE || value.kind == DV_BOOL)
			continue;
		json_key(j, names[id]);
		if (value.kind == DV_STR)
			json_str(j, value.s);
		else if (value.kind == DV_INT)
			json_int(j, value.i);
		else
			json_micro(j, value.i);
	}
}

static void put_baseline(const struct matched *m, struct json_out *j)
{
	const struct baseline *base = m->lane->derive.usage.base;
	char date[11];

	if (base == NULL || base->calls == 0 ||
	    !(m->info->uses[D_SITE_DAY_PREV_PCT] || m->info->uses[D_OWN_CALLS_PREV_PCT]))
		return;
	date_format(date_from_days(base->day), date);
	json_key(j, "baseline.day");
	json_str(j, slice_str(date));
	json_key(j, "baseline.calls");
	json_int(j, base->calls);
}

static bool no_roster(const struct matched *m, const struct hit *h)
{
	return m->info->asks_roster && !calendar_has_roster(enrich_calendar(m->v->enrich), h->day);
}

/* In place of title and subject. */
static void put_sentences(const struct matched *m, const struct hit *h)
{
	const struct baseline *base = m->lane->derive.usage.base;
	struct reason_facts facts = { .count = h->count, .start_ns = m->of->start_ns };
	const char *sentences[] = { m->info->reason_en, m->info->reason_ja };
	struct buf *out = &m->v->reason;

	if (base != NULL) {
		facts.baseline_day = base->day;
		facts.baseline_calls = base->calls;
	}
	buf_clear(out);
	for (size_t i = 0; i < COUNT(sentences); i++) {
		if (i > 0)
			buf_byte(out, '\n');
		facts.japanese = i > 0;
		rule_run_reason(m->lane->run, m->of->ev, m->info, sentences[i], &facts, out);
		if (no_roster(m, h))
			buf_str(out, RULE_NO_ROSTER);
	}
}

/* The subject, as text and as fields, and a reason that is made of it. */
static void put_subject(const struct matched *m, const struct hit *h)
{
	struct evaluate *v = m->v;
	struct json_out j = json_out(&v->entity);

	buf_fmt(&v->subject, "%s%s|%d", m->of->now ? FINDING_NOW : "", m->info->id, h->day);
	buf_str(&v->reason, m->info->title);
	json_open(&j, '{');
	for (size_t i = 0; i < m->info->n_entity; i++)
		put_entity(v, &j, m, i);
	put_numbers(m, &j);
	put_baseline(m, &j);
	json_close(&j, '}');
	buf_add(&v->subject, m->period);
}

static int describe(void *ctx, const struct hit *h, struct finding_text *out, struct err *e)
{
	const struct matched *m = ctx;
	const struct rule_info *info = m->info;
	struct evaluate *v = m->v;

	buf_clear(&v->subject);
	buf_clear(&v->entity);
	buf_clear(&v->reason);
	if (h->count == 1)
		put_subject(m, h);
	if (info->reason_en != NULL)
		put_sentences(m, h);
	else if (no_roster(m, h))
		buf_str(&v->reason, RULE_NO_ROSTER);
	if (v->subject.failed || v->entity.failed || v->reason.failed)
		return err_set(e, TK_ELIMIT, "rule %s: the subject is too long", info->name);
	*out = (struct finding_text){
		buf_slice(&v->subject),	 info->id,	   info->title,		  info->author,
		level_name(info->level), (int)info->level, buf_slice(&v->reason), buf_slice(&v->entity),
		info->reason_grows,	 rule_set_digest(v->set)
	};
	return TK_OK;
}

/* The completion of the hit that the subject's finding began with: this one's, unless it falls into the time
 * in which the rule wants no other. */
static int suppress(struct matched *m, struct slice subject, bool *late, int64_t *began, struct err *e)
{
	int64_t now = m->of->completion_ns, *at = map_put(m->lane->suppressed, subject, now);

	if (at == NULL) { /* full */
		map_clear(m->lane->suppressed);
		*late = true;
		if ((at = map_put(m->lane->suppressed, subject, now)) == NULL)
			return err_set(e, TK_ENOMEM, "no memory for findings");
	}
	*late |= now < *at;
	if (now > *at + m->info->suppress_ns)
		*at = now;
	*began = *at;
	return TK_OK;
}

/* The same of an episode of a correlation. */
static int begin_episode(struct matched *m, struct slice subject, int64_t *began, struct err *e)
{
	int64_t now = m->of->completion_ns, *at = map_put(m->lane->suppressed, subject, now);

	if (at == NULL) { /* full */
		map_clear(m->lane->suppressed);
		if ((at = map_put(m->lane->suppressed, subject, now)) == NULL)
			return err_set(e, TK_ENOMEM, "no memory for findings");
	}
	if (rule_run_episode(m->lane->run, m->of->hit))
		*at = now;
	*began = *at;
	return TK_OK;
}

/* Where an episode begins: the members that made it. */
static void find_evidence(struct matched *m, struct hit *h, struct finding_event out[FINDING_EVENTS])
{
	static const uint8_t none[16]; /* the close of a day has no id */
	struct evidence found[FINDING_EVENTS];
	size_t n;

	if (!m->info->correlation)
		return;
	h->completion_ns -= h->completion_ns % 1000; /* as windows have it */
	if (!rule_run_episode(m->lane->run, m->of->hit))
		return;
	n = rule_run_evidence(m->lane->run, m->of->hit, found, FINDING_EVENTS);
	for (size_t i = 0; i < n; i++) {
		if (memcmp(found[i].id, none, sizeof none) == 0)
			continue;
		out[h->n_evidence].completion_ns = found[i].completion_us * 1000;
		memcpy(out[h->n_evidence++].id, found[i].id, sizeof out->id);
	}
	h->evidence = out;
}

/* The rule's number, the day, the entity's values. */
static void put_key(struct matched *m, uint16_t rule)
{
	struct buf *key = &m->v->key;

	buf_clear(key);
	buf_add(key, slice_of(&rule, sizeof rule));
	buf_add(key, slice_of(&m->of->day, sizeof m->of->day));
	for (size_t i = 0; i < m->info->n_entity; i++) {
		buf_byte(key, 0);
		rule_run_entity(m->lane->run, m->of->ev, m->info, i, key);
	}
}

static bool by_episode(const struct rule_info *info)
{
	return info->correlation && info->once == ONCE_NEVER && info->suppress_ns == 0;
}

int hits_remind(struct evaluate *v, struct lane *lane, uint16_t rule, const struct hit_of *of, struct err *e)
{
	struct matched m = { .v = v, .lane = lane, .info = rule_set_info(v->set, rule), .of = of };
	int64_t began;

	if (!by_episode(m.info) || lane->looking != NULL)
		return TK_OK;
	put_key(&m, rule);
	return begin_episode(&m, buf_slice(&v->key), &began, e);
}

/* The finding's key in memory is that and its period. */
int hits_add(struct evaluate *v, struct lane *lane, uint16_t rule, const struct hit_of *of, bool *late,
	     struct err *e)
{
	struct matched m = { .v = v, .lane = lane, .info = rule_set_info(v->set, rule), .of = of };
	struct hit h = { .day = of->day,
			 .start_ns = of->start_ns,
			 .completion_ns = of->completion_ns,
			 .event_id = of->id };
	struct finding_event evidence[FINDING_EVENTS];
	char began[24];
	int64_t at = 0;
	int rc = TK_OK;

	if (lane->looking != NULL)
		return TK_OK;
	find_evidence(&m, &h, evidence);
	put_key(&m, rule);
	if (m.info->suppress_ns > 0)
		rc = suppress(&m, buf_slice(&v->key), late, &at, e);
	else if (by_episode(m.info))
		rc = begin_episode(&m, buf_slice(&v->key), &at, e);
	if (rc != TK_OK)
		return rc;
	if (m.info->suppress_ns > 0 || by_episode(m.info)) {
		snprintf(began, sizeof began, "|%" PRId64, at);
		m.period = slice_str(began);
	} else if (m.info->once == ONCE_SHIFT) {
		snprintf(began, sizeof began, "|%s",
			 derive_shift(enrich_calendar(v->enrich), seconds_of_ns(of->start_ns)));
		m.period = slice_str(began);
	} else if (m.info->once == ONCE_NEVER && of->id != NULL) {
		m.period = slice_of(of->id, 16);
	}
	buf_add(&v->key, m.period);
	if (v->key.failed)
		return err_set(e, TK_ELIMIT, "rule %s: the subject is too long", m.info->name);
	h.key = buf_slice(&v->key);
	return findings_hit(lane->findings, &h, describe, &m, v->now_ns, e);
}
