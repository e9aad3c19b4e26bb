#include "sensor/recorder/twins.h"

#include "core/ledger/twins.h"
#include "sensor/recorder/join.h"

/* Only a capture knows whether it saw all of a call. */
static enum side side_of(const struct access_event *ev)
{
	return ev_known(ev, F_COMPLETE) ? SIDE_CAPTURE : SIDE_LOG;
}

int twins_begin(struct intake *in, struct err *e)
{
	unsigned met;
	int rc = TK_OK;

	if (in->views_begun)
		return TK_OK;
	if (in->sides == 0) {
		rc = ledger_sides(in->ledger, &met, e);
		in->sides = met | in->configured_sides;
	}
	if (rc == TK_OK && in->sides == SIDE_BOTH) {
		rc = ledger_views_begin(in->ledger, e);
		in->views_begun = rc == TK_OK;
	}
	return rc;
}

int twins_possible(struct intake *in, const struct access_event *ev, bool *possible, struct err *e)
{
	unsigned side = side_of(ev);
	int rc = TK_OK;

	if ((in->sides & side) == 0) {
		in->sides |= side;
		rc = twins_begin(in, e);
	}
	*possible = in->views_begun && in->join_ns > 0 &&
		    (ev_known(ev, F_REQUEST_ID) || ev_known(ev, F_RESPONSE_ID));
	return rc;
}

/* ---- recording an event that is not at its batch's hand ---- */

/* The same as it came: what was resolved of its parts before is undone. */
static void as_it_came(struct job *j, const struct access_event *ev, const uint32_t def[P_COUNT],
		       struct flat_event *out)
{
	flat_event_reset(out);
	out->parts[P_EV] = *ev->part[P_EV];
	for (int p = P_EV + 1; p < P_WHEN; p++) {
		struct resolved *r;

		if (def[p] == NO_DEF)
			continue;
		r = &j->stream->resolved[p][def[p]];
		out->parts[p] = *(r->stamp != 0 ? batch_redefine(j->stream->reader, p, def[p]) : ev->part[p]);
		out->parts[p].serial = 0;
		r->stamp = 0;
	}
}

static int decode(struct slice in, struct flat_event *out, struct err *e)
{
	flat_event_reset(out);
	for (int p = P_EV; p < P_WHEN; p++)
		if (part_decode(&in, p, &out->parts[p]) != TK_OK)
			return err_set(e, TK_EDAMAGED, "ledger: a call that waits is damaged");
	return TK_OK;
}

static int evaluate_recorded(struct job *j, const struct access_event *ev, const uint8_t id[16],
			     const int64_t rows[P_COUNT], const struct event_names *names)
{
	struct prospects all;

	memset(&all, 0xff, sizeof all);
	return evaluate_event(j->in->evaluate, ev, id, &all, rows, names->user, j->now_ns, j->e);
}

static void without_usage(struct access_event *ev)
{
	static const enum field_id counted[] = { F_INPUT_TOKENS,      F_OUTPUT_TOKENS,
						 F_CACHE_READ_TOKENS, F_CACHE_WRITE_TOKENS,
						 F_REASONING_TOKENS,  F_COST_REPORTED };

	for (size_t i = 0; i < COUNT(counted); i++)
		ev->part[P_EV]->known &= ~(UINT32_C(1) << event_fields[counted[i]].slot);
	ev_set_str(ev, F_USAGE_DETAILS, SLICE("repeated=1"));
	ev_set_str(ev, F_QUALITY, SLICE("none"));
}

static bool is_repeat(const struct access_event *ev)
{
	return slice_is(ev_str(ev, F_USAGE_DETAILS), "repeated=1");
}

static int drop_repeated(struct intake *in, struct access_event *ev, struct err *e)
{
	bool repeats;
	int rc = answer_repeats(in, ev, &repeats, e);

	if (rc == TK_OK && repeats)
		without_usage(ev);
	return rc;
}

/* ---- waiting and joining ---- */

static struct view view_of(const struct job *j, const struct access_event *ev, const uint8_t id[16],
			   uint32_t ordinal)
{
	int64_t end = ev_completion(ev);
	struct view v = {
		.side = side_of(ev),
		.request = ev_str(ev, F_REQUEST_ID),
		.response = ev_str(ev, F_RESPONSE_ID),
		.start_ns = ev_int(ev, F_TIMESTAMP, 0),
		.completion_ns = end,
		.due_ns = (end < j->now_ns ? end : j->now_ns) + j->in->join_ns,
		.ordinal = j->head->mode == BATCH_IMPORT ? -(int64_t)ordinal : ordinal,
		.input = j->input_label,
		.input_name = j->input,
	};

	memcpy(v.id, id, sizeof v.id);
	return v;
}

static int wait(struct job *j, const struct flat_event *fe, struct view *v)
{
	struct buf *b = &j->in->waiting;

	buf_clear(b);
	for (int p = P_EV; p < P_WHEN; p++)
		part_encode(&fe->parts[p], p, true, b);
	if (b->failed)
		return err_set(j->e, TK_ENOMEM, "no memory for a call that waits");
	v->event = buf_slice(b);
	return ledger_view_wait(j->in->ledger, v, j->e);
}

static int old_names(struct job *j, const struct access_event *ev, struct event_names *out)
{
	const struct {
		struct slice name;
		int64_t *label;
	} of[] = {
		{ ev_str(ev, F_INPUT), &out->input },
		{ ev_str(ev, F_USER), &out->user },
		{ ev_str(ev, F_DEPARTMENT), &out->department },
		{ ev_str(ev, F_FUNCTION), &out->function },
		{ ev_str(ev, ev_known(ev, F_RESPONSE_MODEL) ? F_RESPONSE_MODEL : F_REQUEST_MODEL),
		  &out->model },
	};
	int rc = TK_OK;

	for (size_t i = 0; i < COUNT(of) && rc == TK_OK; i++)
		rc = ledger_label(j->in->ledger, of[i].name, of[i].label, j->e);
	return rc;
}

/* The recorded half had its answer counted, or knew of none. */
static int settle_answer(struct job *j, struct access_event *ev, const struct access_event *old)
{
	if (old == NULL || !ev_known(old, F_RESPONSE_ID))
		return drop_repeated(j->in, ev, j->e);
	if (is_repeat(old))
		without_usage(ev);
	return TK_OK;
}

static int record_joined(struct job *j, struct flat_event *fe, struct joined *both)
{
	struct event_names names, before = { 0 };
	int64_t rows[P_COUNT] = { 0 };
	int rc = settle_answer(j, &fe->ev, both->old);

	ev_set_str(&fe->ev, F_TWIN, both->log->input_name);
	ev_set_str(&fe->ev, F_EVENT_ID, slice_of(both->capture->id, sizeof both->capture->id));
	if (rc == TK_OK)
		rc = intake_resolve_flat(
			j, fe, both->capture,
			both->old == NULL ? slice_of(NULL, 0) : ev_str(both->old, F_FUNCTION), rows, &names);
	if (rc == TK_OK && both->old != NULL)
		rc = old_names(j, both->old, &before);
	both->ev = &fe->ev;
	both->rows = rows;
	both->names = &names;
	both->old_names = &before;
	if (rc == TK_OK && both->old != NULL)
		rc = evaluate_moved(j->in->evaluate, both->old, &fe->ev, rows, j->e);
	if (rc == TK_OK)
		rc = ledger_view_join(j->in->ledger, both, j->now_ns, j->e);
	return rc == TK_OK && both->old == NULL
		       ? evaluate_recorded(j, &fe->ev, both->capture->id, rows, &names)
		       : rc;
}

static int join(struct job *j, struct flat_event *fresh, const struct view *v, const struct view *other)
{
	bool captured = v->side == SIDE_CAPTURE;
	struct joined both = { .capture = captured ? v : other, .log = captured ? other : v };
	struct access_event *old = NULL;
	struct flat_event kept;
	int rc;

	if (other->seq == 0) {
		rc = decode(other->event, &kept, j->e);
	} else if ((rc = ledger_view_event(j->in->ledger, other->seq, &old, j->e)) == TK_OK) {
		event_bare(old, &kept);
		both.old = old;
	}
	if (rc != TK_OK)
		return rc;
	event_join(captured ? &fresh->ev : &kept.ev, captured ? &kept.ev : &fresh->ev);
	return record_joined(j, captured ? fresh : &kept, &both);
}

int twins_take(struct job *j, struct access_event *ev, const uint32_t def[P_COUNT], const uint8_t id[16],
	       uint32_t ordinal)
{
	struct view v = view_of(j, ev, id, ordinal), other;
	struct flat_event fe;
	int rc = ledger_view_find(j->in->ledger, &v, j->in->join_ns, &other, j->e);

	as_it_came(j, ev, def, &fe);
	if (v.due_ns - j->in->join_ns > j->in->horizon_ns)
		j->in->horizon_ns = v.due_ns - j->in->join_ns;
	if (rc == TK_ENOTFOUND)
		return wait(j, &fe, &v);
	return rc == TK_OK ? join(j, &fe, &v, &other) : rc;
}

int twins_release(struct intake *in, int64_t horizon_ns, int64_t now_ns, struct err *e)
{
	struct job j = { .in = in, .now_ns = now_ns, .e = e };
	struct event_names names;
	struct flat_event fe;
	struct view v;
	int rc = TK_OK;

	while (in->views_begun && (rc = ledger_view_due(in->ledger, horizon_ns, &v, e)) == TK_OK) {
		int64_t rows[P_COUNT] = { 0 };

		if ((rc = decode(v.event, &fe, e)) == TK_OK)
			rc = drop_repeated(in, &fe.ev, e);
		ev_set_str(&fe.ev, F_EVENT_ID, slice_of(v.id, sizeof v.id));
		if (rc == TK_OK)
			rc = intake_resolve_flat(&j, &fe, &v, slice_of(NULL, 0), rows, &names);
		if (rc == TK_OK)
			rc = ledger_view_alone(in->ledger, &v, &fe.ev, rows, &names, e);
		if (rc == TK_OK)
			rc = evaluate_recorded(&j, &fe.ev, v.id, rows, &names);
		if (rc != TK_OK)
			return rc;
	}
	return rc == TK_ENOTFOUND ? TK_OK : rc;
}

/* ---- answers that are read again ---- */

static bool path_has(struct slice path, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= path.n; i++)
		if (memcmp(path.p + i, word, n) == 0)
			return true;
	return false;
}

/* Responses, runs and batches go on behind the request that made them, and are asked for until they end. What
 * else is fetched was answered, and counted, before. */
int answer_repeats(struct intake *in, const struct access_event *ev, bool *repeats, struct err *e)
{
	struct slice path = ev_str(ev, F_PATH);
	bool read;

	*repeats = false;
	if (!ev_known(ev, F_RESPONSE_ID) || (!ev_known(ev, F_INPUT_TOKENS) && !ev_known(ev, F_OUTPUT_TOKENS)))
		return TK_OK;
	read = slice_is(ev_str(ev, F_METHOD), "GET");
	if (path_has(path, "/responses") || path_has(path, "/runs") || path_has(path, "/batches")) {
		int rc = ledger_answer_first(in->ledger, ev_str(ev, F_PROVIDER), ev_str(ev, F_RESPONSE_ID),
					     repeats, e);

		*repeats = !*repeats;
		return rc;
	}
	*repeats = read;
	return TK_OK;
}

int answer_record(struct job *j, const struct access_event *ev, const uint32_t def[P_COUNT],
		  const uint8_t id[16], uint32_t ordinal)
{
	struct view v = view_of(j, ev, id, ordinal);
	struct flat_event fe;
	struct event_names names;
	int64_t rows[P_COUNT] = { 0 };
	int rc;

	as_it_came(j, ev, def, &fe);
	without_usage(&fe.ev);
	ev_set_str(&fe.ev, F_EVENT_ID, slice_of(v.id, sizeof v.id));
	rc = intake_resolve_flat(j, &fe, &v, slice_of(NULL, 0), rows, &names);
	if (rc == TK_OK)
		rc = ledger_add(j->in->ledger, &fe.ev, id, ordinal, j->head->mode == BATCH_IMPORT, rows,
				&names, j->e);
	if (rc == TK_OK)
		rc = ledger_flush_events(j->in->ledger, j->e); /* strings of ours are in it */
	return rc == TK_OK ? evaluate_recorded(j, &fe.ev, id, rows, &names) : rc;
}
