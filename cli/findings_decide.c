/* tochoku findings acknowledge, assign, escalate, accept, suppress, close, reopen. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/asking.h"
#include "cli/findings.h"
#include "core/base/map.h"
#include "reports/words.h"

#define PREVIEW_NS (30 * INT64_C(86400) * NS_PER_SEC)
#define PATTERN_MAX (1 << 17)

/* The findings that the decision is about, as the array of the request. */
struct picking {
	const struct findings_desk *desk;
	const struct findings_options *o;
	struct slice action;
	struct json_out *ids;
	struct buf rule, links;
	bool several_rules;
	int64_t n, first_ns;
};

static void pick(void *ctx, const struct finding *found)
{
	struct picking *p = ctx;
	struct finding f = *found;
	struct decision now;
	char id[24];

	findings_state(p->desk, &f, &now);
	/* ids are said on purpose: that one is in the wrong state is told; of a rule those count that can
	 * follow */
	if (!findings_wanted(p->desk, p->o, &f, &now) ||
	    (p->o->n_words == 0 && decision_refusal(p->action, &now) != NULL))
		return;
	if (p->rule.n == 0)
		buf_add(&p->rule, f.rule_id);
	p->several_rules |= !slice_eq(buf_slice(&p->rule), f.rule_id);
	snprintf(id, sizeof id, "%" PRId64, f.id);
	json_str(p->ids, slice_str(id));
	buf_fmt(&p->links, "%sfinding:%s", p->links.n > 0 ? "," : "", id);
	if (p->n++ == 0 || f.first_ns < p->first_ns)
		p->first_ns = f.first_ns;
}

/* Patterns of the picked findings, then what of the last 30 days has one of them. */
struct preview {
	const struct findings_desk *desk;
	const struct findings_options *o;
	struct map *patterns;
	struct titles *titles;
	struct buf out, key;
	bool collecting;
	int64_t n;
};

static void look_ahead(void *ctx, const struct finding *found)
{
	struct preview *p = ctx;
	struct finding f = *found;
	struct decision now;

	findings_state(p->desk, &f, &now);
	buf_clear(&p->key);
	buf_add(&p->key, f.rule_id);
	buf_byte(&p->key, 0);
	buf_add(&p->key, f.entity_json);
	if (p->collecting) {
		if (findings_wanted(p->desk, p->o, &f, &now) &&
		    decision_refusal(SLICE("findings.suppress"), &now) == NULL)
			map_put(p->patterns, buf_slice(&p->key), 0);
	} else if (map_get(p->patterns, buf_slice(&p->key)) != NULL) {
		p->n++;
		findings_put_line(&p->out, p->desk, p->titles, &f, &now, false);
	}
}

static int preview(const struct findings_desk *d, const struct findings_options *o)
{
	struct preview p = { .desk = d, .o = o, .collecting = true, .patterns = map_new(65536, 64 << 20) };
	struct err e = { 0 };
	char n[24];
	int rc, status = EXIT_INPUT;

	buf_init(&p.out, FINDINGS_MAX);
	buf_init(&p.key, PATTERN_MAX);
	p.titles = titles_load(d->cfg);
	rc = p.patterns == NULL ? err_set(&e, TK_ENOMEM, "no memory")
				: ledger_findings(d->r, d->since_sign_off ? INT64_MIN : d->from, d->to, false,
						  look_ahead, &p, &e);
	p.collecting = false;
	if (rc == TK_OK)
		rc = ledger_findings(d->r, d->now - PREVIEW_NS, INT64_MAX, false, look_ahead, &p, &e);
	if (rc == TK_OK) {
		snprintf(n, sizeof n, "%" PRId64, p.n);
		buf_fmt(&p.out, word(d->lang, W_WOULD_HIDE), n);
		buf_byte(&p.out, '\n');
		status = cli_write(NULL, buf_slice(&p.out));
		cli_log_used(d->cfg, "findings suppress --preview", d->now - PREVIEW_NS, INT64_MAX, p.n);
	} else {
		cli_error("%s", e.text);
	}
	titles_free(p.titles);
	map_free(p.patterns);
	buf_free(&p.out);
	buf_free(&p.key);
	return status;
}

/* The incident that the findings become, where none is named. */
static int open_incident(const struct findings_desk *d, const struct findings_options *o,
			 const struct picking *p, char number[24])
{
	struct asking a;
	int64_t n;
	int status;

	asking_begin(&a, "incident.open");
	asking_text(&a, "title", o->title);
	asking_text(&a, "type", "security");
	asking_text(&a, "severity", o->severity);
	asking_time(&a, "started", p->first_ns);
	asking_time(&a, "detected", d->now);
	json_key(&a.o, "links");
	json_str(&a.o, buf_slice(&p->links));
	status = asking_send(&a, d->cfg, &n);
	snprintf(number, 24, "%" PRId64, asking_number(&a, "incident"));
	asking_end(&a);
	return status;
}

static int send(struct findings_desk *d, const struct findings_options *o, const char *verb, struct asking *a,
		const struct picking *p)
{
	char number[24] = "";
	struct buf out;
	int64_t n, until;
	int status;

	json_close(&a->o, ']');
	if (o->until != NULL) {
		if (!cli_when(slice_str(o->until), true, &until))
			return EXIT_USAGE;
		asking_time(a, "until", until);
	}
	if (o->title != NULL && (status = open_incident(d, o, p, number)) != EXIT_DONE)
		return status;
	asking_text(a, "incident", o->title != NULL ? number : o->incident);
	asking_text(a, "owner", o->owner);
	asking_text(a, "reason", o->reason);
	asking_text(a, "text", o->text);
	asking_text(a, "count", o->count);
	if ((status = asking_send(a, d->cfg, &n)) != EXIT_DONE)
		return status;
	buf_init(&out, 4096);
	buf_fmt(&out, o->json ? "{\"action\":\"%s\",\"count\":%" PRId64 "%s%s}\n" : "%s: %" PRId64 "%s%s\n",
		verb, n,
		number[0] == '\0' ? ""
		: o->json	  ? ",\"incident\":"
				  : " → incident ",
		number);
	status = cli_write(NULL, buf_slice(&out));
	buf_free(&out);
	return status;
}

static int decide(struct findings_desk *d, const struct findings_options *o, const char *verb)
{
	struct asking a;
	struct picking p = { .desk = d, .o = o, .ids = &a.o };
	char action[64];
	struct err e;
	int status;

	snprintf(action, sizeof action, "findings.%s", verb);
	p.action = slice_str(action);
	buf_init(&p.rule, 4096);
	buf_init(&p.links, 65536);
	asking_begin(&a, action);
	json_key(&a.o, "findings");
	json_open(&a.o, '[');
	if (ledger_findings(d->r, d->since_sign_off ? INT64_MIN : d->from, d->to, false, pick, &p, &e) !=
	    TK_OK) {
		cli_error("%s", e.text);
		status = EXIT_INPUT;
	} else if (p.n == 0 || (o->n_words > 0 && p.n != o->n_words)) {
		cli_error(p.n == 0 ? "no finding is there to which this applies: see `tochoku findings list`"
				   : "not every id is there, or one is there twice: see `tochoku findings "
				     "list`");
		status = EXIT_NO;
	} else if (p.several_rules) {
		cli_error("these findings are of several rules: decide on each rule by itself");
		status = EXIT_NO;
	} else {
		status = send(d, o, verb, &a, &p);
	}
	asking_end(&a);
	buf_free(&p.rule);
	buf_free(&p.links);
	return status;
}

int findings_decide(struct cli *cli, const char *verb, const struct findings_options *o)
{
	struct findings_desk d;
	bool escalate = strcmp(verb, "escalate") == 0;
	int status;

	if ((o->n_words > 0) == (o->rule != NULL))
		return cli_usage(&command_findings, "say which findings: their ids, or --rule");
	if (escalate && (o->incident == NULL) == (o->title == NULL))
		return cli_usage(&command_findings,
				 "say to which incident: --incident N, or --title of a new one");
	if ((status = findings_desk_open(&d, cli, o)) == EXIT_DONE)
		status = o->preview ? preview(&d, o) : decide(&d, o, verb);
	findings_desk_close(&d);
	return status;
}
