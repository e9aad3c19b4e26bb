/* The parts of an event: found in the dictionary once for each definition, and enriched. */
#include "core/ledger/twins.h"
#include "sensor/recorder/derive_calendar.h"
#include "sensor/recorder/intake_job.h"

static int labels_of(struct job *j, struct resolved *r, enum part_id id, const struct access_event *ev)
{
	struct slice a = ev_str(ev, id == P_WHO ? F_USER : F_FUNCTION);
	struct slice b = id == P_WHO		       ? ev_str(ev, F_DEPARTMENT)
			 : ev_known(ev, F_RESPONSE_MODEL) ? ev_str(ev, F_RESPONSE_MODEL)
							: ev_str(ev, F_REQUEST_MODEL);
	int rc;

	if (id != P_WHO && id != P_WHAT)
		return TK_OK;
	rc = ledger_label(j->in->ledger, a, &r->label[0], j->e);
	return rc == TK_OK ? ledger_label(j->in->ledger, b, &r->label[1], j->e) : rc;
}

static void enrich_part(struct job *j, struct resolved *r, enum part_id id, struct access_event *ev)
{
	switch (id) {
	case P_WHERE:
		enrich_where(j->in->enrich, ev->part[id]);
		break;
	case P_WHO:
		enrich_who(j->in->enrich, ev->part[id], ev_int(ev, F_TIMESTAMP, 0), &r->varies);
		break;
	case P_WHAT:
		enrich_what(j->in->enrich, ev->part[id], r->key);
		break;
	case P_SHAPE:
		ev_set_str(ev, F_INPUT, j->input);
		break;
	case P_EV:
	case P_HOW:
	case P_WHEN:
	case P_COUNT:
		break;
	}
}

/* Definitions begin anew, or the configuration did: nothing that was resolved holds. */
static void check_stamps(struct job *j)
{
	struct stream *s = j->stream;

	if (s->resets == batch_resets(s->reader) && s->uses == j->in->uses)
		return;
	s->resets = batch_resets(s->reader);
	s->uses = j->in->uses;
	s->stamp++;
	s->shape_stamp++;
}

/* Whose key may name the function of what was called. */
static const struct registered_key *key_of(const struct job *j, enum part_id id,
					   const struct access_event *ev)
{
	return id == P_WHAT && enrich_by_key(j->in->enrich) ? enrich_key(j->in->enrich, ev_str(ev, F_KEY_ID))
							    : NULL;
}

/* The dictionary row of one part, found once for each definition. */
static int resolve(struct job *j, enum part_id id, uint32_t def, struct access_event *ev,
		   struct resolved **out)
{
	struct resolved *r = &j->stream->resolved[id][def == NO_DEF ? WIRE_DEFS_MAX : def], old;
	uint64_t stamp = id == P_SHAPE ? j->stream->shape_stamp : j->stream->stamp;
	uint32_t absent = id == P_SHAPE ? ev->part[P_EV]->absent : 0;
	const struct registered_key *key = key_of(j, id, ev);
	int rc;

	*out = r;
	if (r->stamp == stamp && !r->varies && r->absent_event == absent && r->key == key)
		return TK_OK;
	old = *r;
	if (def != NO_DEF)
		ev->part[id] = batch_redefine(j->stream->reader, id, def);
	else
		ev->part[id]->known = ev->part[id]->absent = 0;
	*r = (struct resolved){ .stamp = stamp, .absent_event = absent, .key = key, .may = old.may };
	enrich_part(j, r, id, ev);
	rc = ledger_part(j->in->ledger, id, ev->part[id], absent, &r->row, j->e);
	if (old.stamp != stamp || old.row != r->row)
		evaluate_part(j->in->evaluate, ev, id, &r->may);
	return rc == TK_OK ? labels_of(j, r, id, ev) : rc;
}

static int resolve_when(struct job *j, struct access_event *ev, int64_t *row, struct prospects *may)
{
	int64_t sec = seconds_of(ev_int(ev, F_TIMESTAMP, 0));
	int32_t day = zone_day_of(sec);
	struct person who = person_of(ev);
	bool off = enrich_off_hours(j->in->enrich, &who, sec);
	enum on_duty duty = off ? calendar_duty(enrich_calendar(j->in->enrich), &who, sec) : DUTY_UNKNOWN;
	struct when_entry *w = &j->in->when[((uint32_t)day * 4 + off + duty) % WHEN_CACHE];
	int rc = TK_OK;

	if (!w->used || w->day != day || w->off != off || w->duty != duty) {
		enrich_when(j->in->enrich, &w->part, day, off, duty);
		rc = ledger_part(j->in->ledger, P_WHEN, &w->part, 0, &w->row, j->e);
		w->day = day;
		w->off = off;
		w->duty = duty;
		w->used = rc == TK_OK;
		ev->part[P_WHEN] = &w->part;
		evaluate_part(j->in->evaluate, ev, P_WHEN, &w->may);
	}
	ev->part[P_WHEN] = &w->part;
	prospects_and(may, &w->may);
	*row = w->row;
	return rc;
}

int intake_resolve(struct job *j, struct access_event *ev, const uint32_t def[P_COUNT], int64_t rows[P_COUNT],
		   struct event_names *names, struct prospects *may)
{
	struct resolved *r;
	int rc;

	memset(may, 0xff, sizeof *may);
	*names = (struct event_names){ .input = j->input_label };
	check_stamps(j);
	for (int p = P_EV + 1; p < P_WHEN; p++) {
		rows[p] = 0;
		if (def[p] == NO_DEF && p != P_SHAPE)
			continue;
		if (def[p] == NO_DEF)
			ev->part[P_SHAPE] = &j->stream->bare_shape;
		if ((rc = resolve(j, p, def[p], ev, &r)) != TK_OK)
			return rc;
		rows[p] = r->row;
		prospects_and(may, &r->may);
		if (p == P_WHO) {
			names->user = r->label[0];
			names->department = r->label[1];
		} else if (p == P_WHAT) {
			names->function = r->label[0];
			names->model = r->label[1];
			enrich_cost(j->in->enrich, ev, &r->price);
		}
	}
	return resolve_when(j, ev, &rows[P_WHEN], may);
}

int intake_resolve_flat(struct job *j, struct flat_event *fe, const struct view *v, struct slice function,
			int64_t rows[P_COUNT], struct event_names *names)
{
	struct slice input = j->input;
	struct prospects may;
	int rc = TK_OK;

	*names = (struct event_names){ .input = v->input };
	j->input = v->input_name;
	for (int p = P_EV + 1; p < P_WHEN && rc == TK_OK; p++) {
		uint32_t absent = p == P_SHAPE ? fe->parts[P_EV].absent : 0;
		struct resolved r = { .key = key_of(j, p, &fe->ev) };

		enrich_part(j, &r, p, &fe->ev);
		if (p == P_WHAT && function.n > 0 && !ev_known(&fe->ev, F_FUNCTION))
			ev_set_str(&fe->ev, F_FUNCTION, function);
		if (fe->parts[p].known == 0 && fe->parts[p].absent == 0)
			continue;
		rc = ledger_part(j->in->ledger, p, &fe->parts[p], absent, &rows[p], j->e);
		if (rc == TK_OK)
			rc = labels_of(j, &r, p, &fe->ev);
		if (p == P_WHO) {
			names->user = r.label[0];
			names->department = r.label[1];
		} else if (p == P_WHAT) {
			names->function = r.label[0];
			names->model = r.label[1];
			enrich_cost(j->in->enrich, &fe->ev, &r.price);
		}
	}
	j->input = input;
	return rc == TK_OK ? resolve_when(j, &fe->ev, &rows[P_WHEN], &may) : rc;
}
