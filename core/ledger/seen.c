#include "core/ledger/seen.h"

#include <stdlib.h>

#include "core/base/zone.h"
#include "core/event/identity.h"
#include "core/ledger/spans.h"
#include "core/ledger/statement.h"

#define HEADS_MAX (1u << 16)
#define HEADS_FEW (1u << 10) /* a file in order keeps few lines: the heads then stay in the cache */
#define MINUTES 4096
#define MINUTE_HEADS 8192
#define NONE UINT32_MAX
#define IN_ORDER 15    /* a file in order needs no more minutes than that: the memory in use fits the cache */
#define SPAN_GAP 1024 /* rows of other minutes that one span may hold: fewer spans, slightly longer loads */

struct line {
	uint8_t id[16];   /* of its first ordinal */
	int64_t seq;      /* of its first ordinal */
	uint32_t total;   /* ordinals recorded */
	uint32_t tailed;  /* of them, met by the tail: always the first ones */
	uint32_t file, file_number; /* met in the imported file of that number */
	uint32_t next, next_in_minute;
};

struct minute {
	int64_t minute;
	uint32_t newer, older;      /* in order of use */
	int64_t span_from, span_to; /* 0: none under way */
	uint32_t lines, next;
	bool dirty;
};

struct seen {
	sqlite3 *db;
	struct stage *stage;
	struct spans *writing;
	sqlite3_stmt *spans, *rows, *halves, *mark, *mark_half, *find;
	struct line *lines;
	uint32_t *heads, n_heads, n_lines; /* heads in use: a power of two */
	uint32_t free_line, minute_heads[MINUTE_HEADS], free_minute;
	struct minute minutes[MINUTES];
	int64_t newest;           /* no event lies in a later minute */
	int64_t reached;          /* the latest minute of the file at hand */
	bool in_order;            /* it went on in time so far, give or take IN_ORDER minutes */
	uint32_t file_number, last_line, last_minute, newest_used, oldest_used;
};

static uint32_t *line_head(const struct seen *s, const uint8_t id[16])
{
	uint64_t h;

	memcpy(&h, id, sizeof h); /* a SHA-256 digest: already evenly spread */
	return &s->heads[h & (s->n_heads - 1)];
}

static uint32_t *minute_head(struct seen *s, int64_t minute)
{
	return &s->minute_heads[(uint64_t)minute % MINUTE_HEADS];
}

static int64_t minute_of(int64_t ns)
{
	int64_t m = ns / (60 * NS_PER_SEC);

	return ns < 0 && ns % (60 * NS_PER_SEC) != 0 ? m - 1 : m;
}

static void reset_lists(struct seen *s)
{
	memset(s->heads, 0xff, HEADS_MAX * sizeof *s->heads);
	s->n_heads = HEADS_FEW;
	s->n_lines = 0;
	memset(s->minute_heads, 0xff, sizeof s->minute_heads);
	for (uint32_t i = 0; i < SEEN_MAX; i++)
		s->lines[i].next = i + 1 < SEEN_MAX ? i + 1 : NONE;
	for (uint32_t i = 0; i < MINUTES; i++)
		s->minutes[i].next = i + 1 < MINUTES ? i + 1 : NONE;
	s->free_line = s->free_minute = 0;
	s->last_line = s->last_minute = s->newest_used = s->oldest_used = NONE;
	s->reached = INT64_MIN;
	s->in_order = true;
}

static int load_newest(struct seen *s, struct err *e)
{
	sqlite3_stmt *q = NULL;
	int rc = statement_prepare(s->db, &q,
				   "SELECT coalesce(max(minute), -9223372036854775807) FROM"
				   " (SELECT max(minute) AS minute FROM slice"
				   " UNION ALL SELECT max(minute) FROM half)",
				   e);

	if (rc == TK_OK && (rc = statement_row(q, e)) == TK_OK)
		s->newest = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return rc;
}

int seen_open(struct seen **out, sqlite3 *db, struct stage *stage, struct err *e)
{
	struct seen *s = calloc(1, sizeof *s);
	int rc = TK_ENOMEM;

	if (s == NULL || (s->lines = malloc(SEEN_MAX * sizeof *s->lines)) == NULL ||
	    (s->heads = malloc(HEADS_MAX * sizeof *s->heads)) == NULL) {
		seen_free(s);
		return err_set(e, rc, "ledger: no memory to look for duplicates");
	}
	s->db = db;
	s->stage = stage;
	reset_lists(s);
	rc = statement_prepare(db, &s->spans, "SELECT seq_from, seq_to FROM slice WHERE minute = ?", e);
	if (rc == TK_OK)
		rc = statement_prepare(
			db, &s->rows,
			"SELECT e.seq, e.event_id, e.ordinal, d.input, e.seq IN (SELECT seq FROM tailed)"
			" FROM event e LEFT JOIN dim_shape d ON d.id = e.dim_shape"
			" WHERE e.seq BETWEEN ? AND ? AND e.timestamp BETWEEN ? AND ?",
			e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &s->halves,
				       "SELECT 0, h.id, h.ordinal, b.value, 0 FROM half h"
				       " JOIN label b ON b.id = h.input WHERE h.minute = ?",
				       e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &s->mark_half,
				       "UPDATE half SET ordinal = abs(ordinal) WHERE minute = ? AND id = ?",
				       e);
	if (rc == TK_OK)
		rc = spans_open(&s->writing, db, e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &s->mark, "INSERT OR IGNORE INTO tailed VALUES (?)", e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &s->find,
				       "SELECT seq FROM event WHERE seq BETWEEN ? AND ? AND event_id = ?"
				       " AND ordinal <> 0", e);
	if (rc == TK_OK)
		rc = load_newest(s, e);
	if (rc != TK_OK) {
		seen_free(s);
		return rc;
	}
	*out = s;
	return TK_OK;
}

void seen_free(struct seen *s)
{
	if (s == NULL)
		return;
	spans_free(s->writing);
	sqlite3_finalize(s->spans);
	sqlite3_finalize(s->rows);
	sqlite3_finalize(s->halves);
	sqlite3_finalize(s->mark);
	sqlite3_finalize(s->mark_half);
	sqlite3_finalize(s->find);
	free(s->lines);
	free(s->heads);
	free(s);
}

void seen_new_file(struct seen *s)
{
	s->file_number++;
	s->reached = INT64_MIN;
	s->in_order = true;
}

/* ---- where a minute's events lie ---- */

static int write_span(struct seen *s, struct minute *m, struct err *e)
{
	if (!m->dirty)
		return TK_OK;
	m->dirty = false;
	return spans_put(s->writing, m->minute, m->span_from, m->span_to, e);
}

int seen_flush(struct seen *s, struct err *e)
{
	int rc = stage_flush(s->stage, e);

	for (uint32_t h = 0; h < MINUTE_HEADS; h++)
		for (uint32_t i = s->minute_heads[h]; i != NONE && rc == TK_OK; i = s->minutes[i].next)
			rc = write_span(s, &s->minutes[i], e);
	return rc == TK_OK ? spans_flush(s->writing, e) : rc;
}

int seen_recorded(struct seen *s, int64_t seq, struct err *e)
{
	struct minute *m = &s->minutes[s->last_minute];

	if (s->last_line != NONE && s->lines[s->last_line].total == 1)
		s->lines[s->last_line].seq = seq;
	if (m->minute > s->newest)
		s->newest = m->minute;
	if (m->span_from == 0 || seq - m->span_to > SPAN_GAP) {
		int rc = write_span(s, m, e);

		if (rc != TK_OK)
			return rc;
		m->span_from = seq;
	}
	m->span_to = seq;
	m->dirty = true;
	return TK_OK;
}

void seen_waits(struct seen *s)
{
	if (s->minutes[s->last_minute].minute > s->newest)
		s->newest = s->minutes[s->last_minute].minute;
}

/* ---- memory ---- */

static void unlink_line(struct seen *s, uint32_t i)
{
	uint32_t *at = line_head(s, s->lines[i].id);

	while (*at != i)
		at = &s->lines[*at].next;
	*at = s->lines[i].next;
	s->lines[i].next = s->free_line;
	s->free_line = i;
	s->n_lines--;
}

/* Twice as many heads: what one led to, it and its new neighbour half the table behind lead to. */
static void spread_lines(struct seen *s)
{
	uint32_t n = s->n_heads;

	s->n_heads = 2 * n;
	for (uint32_t h = 0; h < n; h++) {
		uint32_t i = s->heads[h], next;

		s->heads[h] = NONE;
		for (; i != NONE; i = next) {
			uint32_t *head = line_head(s, s->lines[i].id);

			next = s->lines[i].next;
			s->lines[i].next = *head;
			*head = i;
		}
	}
}

static void forget_use(struct seen *s, uint32_t i)
{
	struct minute *m = &s->minutes[i];

	*(m->newer == NONE ? &s->newest_used : &s->minutes[m->newer].older) = m->older;
	*(m->older == NONE ? &s->oldest_used : &s->minutes[m->older].newer) = m->newer;
}

static void note_use(struct seen *s, uint32_t i)
{
	s->minutes[i].newer = NONE;
	s->minutes[i].older = s->newest_used;
	*(s->newest_used == NONE ? &s->oldest_used : &s->minutes[s->newest_used].newer) = i;
	s->newest_used = i;
}

static int let_go(struct seen *s, uint32_t number, struct err *e)
{
	struct minute *m = &s->minutes[number];
	uint32_t *at = minute_head(s, m->minute), i, next;
	int rc = write_span(s, m, e);

	for (i = m->lines; i != NONE; i = next) {
		next = s->lines[i].next_in_minute;
		unlink_line(s, i);
	}
	while (*at != number)
		at = &s->minutes[*at].next;
	*at = m->next;
	forget_use(s, number);
	m->next = s->free_minute;
	s->free_minute = number;
	return rc;
}

/* Lets the minute go that was longest unused, `keep` excepted. False: there is no other. */
static bool make_room(struct seen *s, uint32_t keep, int *rc, struct err *e)
{
	uint32_t oldest = s->oldest_used;

	if (oldest != NONE && oldest == keep)
		oldest = s->minutes[oldest].newer;
	if (oldest == NONE)
		return false;
	*rc = let_go(s, oldest, e);
	return *rc == TK_OK;
}

static uint32_t find_line(const struct seen *s, const uint8_t id[16])
{
	uint32_t i = *line_head(s, id);

	while (i != NONE && memcmp(s->lines[i].id, id, 16) != 0)
		i = s->lines[i].next;
	return i;
}

/* NONE with rc TK_OK: this one minute alone fills the memory. */
static uint32_t add_line(struct seen *s, uint32_t minute, const uint8_t id[16], int *rc, struct err *e)
{
	uint32_t i, *head;

	*rc = TK_OK;
	while (s->free_line == NONE)
		if (!make_room(s, minute, rc, e))
			return NONE;
	if (++s->n_lines > s->n_heads && s->n_heads < HEADS_MAX)
		spread_lines(s);
	head = line_head(s, id);
	i = s->free_line;
	s->free_line = s->lines[i].next;
	s->lines[i] = (struct line){ .next = *head, .next_in_minute = s->minutes[minute].lines };
	memcpy(s->lines[i].id, id, 16);
	*head = i;
	s->minutes[minute].lines = i;
	return i;
}

static int load_row(struct seen *s, sqlite3_stmt *row, uint32_t minute, struct err *e)
{
	int64_t seq = sqlite3_column_int64(row, 0), ordinal = sqlite3_column_int64(row, 2);
	bool tailed = ordinal > 0 || sqlite3_column_int(row, 4) != 0;
	uint32_t n = (uint32_t)(ordinal < 0 ? -ordinal : ordinal), i;
	uint8_t id[16], mask[16];
	int rc = TK_OK;

	column_bytes(row, 1, id, sizeof id);
	if (n > 1) { /* back to the id of the first of the identical lines */
		struct slice input = column_text(row, 3);

		event_input_mask(input, n, mask);
		xor16(id, mask, id);
		event_input_mask(input, 1, mask);
		xor16(id, mask, id);
	}
	i = find_line(s, id);
	if (i == NONE && (i = add_line(s, minute, id, &rc, e)) == NONE)
		return rc;
	if (n == 1)
		s->lines[i].seq = seq;
	if (s->lines[i].total < n)
		s->lines[i].total = n;
	s->lines[i].tailed += tailed;
	return TK_OK;
}

static int load_minute(struct seen *s, uint32_t number, struct err *e)
{
	int64_t minute = s->minutes[number].minute;
	int rc = stage_flush(s->stage, e);

	if (rc == TK_OK)
		rc = spans_flush(s->writing, e);
	bind_i64(s->spans, 1, minute);
	while (rc == TK_OK && (rc = statement_row(s->spans, e)) == TK_OK) {
		bind_i64(s->rows, 1, sqlite3_column_int64(s->spans, 0));
		bind_i64(s->rows, 2, sqlite3_column_int64(s->spans, 1));
		bind_i64(s->rows, 3, minute * 60 * NS_PER_SEC);
		bind_i64(s->rows, 4, (minute + 1) * 60 * NS_PER_SEC - 1);
		while (rc == TK_OK && (rc = statement_row(s->rows, e)) == TK_OK)
			rc = load_row(s, s->rows, number, e);
		rc = rc == TK_EEND ? TK_OK : rc;
	}
	sqlite3_reset(s->spans);
	rc = rc == TK_EEND ? TK_OK : rc;
	bind_i64(s->halves, 1, minute);
	while (rc == TK_OK && (rc = statement_row(s->halves, e)) == TK_OK)
		rc = load_row(s, s->halves, number, e);
	return rc == TK_EEND ? TK_OK : rc;
}

/* A file that goes on in time leaves its minutes behind; one that jumps keeps all that memory holds. */
static int leave_behind(struct seen *s, int64_t minute, struct err *e)
{
	int rc = TK_OK;

	if (minute > s->reached)
		s->reached = minute;
	else if (minute < s->reached - IN_ORDER)
		s->in_order = false;
	while (rc == TK_OK && s->in_order && s->oldest_used != NONE && s->oldest_used != s->newest_used &&
	       s->minutes[s->oldest_used].minute < s->reached - IN_ORDER)
		rc = let_go(s, s->oldest_used, e);
	return rc;
}

static int new_minute(struct seen *s, int64_t minute, uint32_t *out, struct err *e)
{
	uint32_t i, *head = minute_head(s, minute);
	int rc = TK_OK;

	if (s->free_minute == NONE && !make_room(s, NONE, &rc, e))
		return rc;
	*out = i = s->free_minute;
	s->free_minute = s->minutes[i].next;
	s->minutes[i] = (struct minute){ .minute = minute, .lines = NONE, .next = *head };
	*head = i;
	note_use(s, i);
	if (minute <= s->newest)
		rc = load_minute(s, i, e);
	return rc == TK_OK ? leave_behind(s, minute, e) : rc;
}

static int get_minute(struct seen *s, int64_t minute, uint32_t *out, struct err *e)
{
	uint32_t i;

	if (s->newest_used != NONE && s->minutes[s->newest_used].minute == minute) {
		*out = s->newest_used;
		return TK_OK;
	}
	for (i = *minute_head(s, minute); i != NONE && s->minutes[i].minute != minute; i = s->minutes[i].next)
		;
	if (i == NONE)
		return new_minute(s, minute, out, e);
	forget_use(s, i);
	note_use(s, i);
	*out = i;
	return TK_OK;
}

/* ---- the questions ---- */

static int look_up(struct seen *s, int64_t time_ns, const uint8_t id[16], struct line **out, struct err *e)
{
	int rc;

	*out = NULL;
	s->last_line = NONE;
	if ((rc = get_minute(s, minute_of(time_ns), &s->last_minute, e)) != TK_OK)
		return rc;
	s->last_line = find_line(s, id);
	if (s->last_line == NONE)
		s->last_line = add_line(s, s->last_minute, id, &rc, e);
	if (s->last_line != NONE)
		*out = &s->lines[s->last_line];
	return rc;
}

/* Number of the row with that id in the minute at hand; 0: none. */
static int find_row(struct seen *s, int64_t minute, const uint8_t id[16], int64_t *seq, struct err *e)
{
	int rc = seen_flush(s, e);

	*seq = 0;
	bind_i64(s->spans, 1, minute);
	while (rc == TK_OK && *seq == 0 && (rc = statement_row(s->spans, e)) == TK_OK) {
		bind_i64(s->find, 1, sqlite3_column_int64(s->spans, 0));
		bind_i64(s->find, 2, sqlite3_column_int64(s->spans, 1));
		bind_blob(s->find, 3, id, 16);
		if ((rc = statement_row(s->find, e)) == TK_OK)
			*seq = sqlite3_column_int64(s->find, 0);
		sqlite3_reset(s->find);
		rc = rc == TK_EEND ? TK_OK : rc;
	}
	sqlite3_reset(s->spans);
	return rc == TK_EEND ? TK_OK : rc;
}

/* The tail met ordinal n of a line that an import had brought: its mark must last. */
static int mark_tailed(struct seen *s, const struct line *l, struct slice input, struct err *e)
{
	int64_t seq = l->seq, minute = s->minutes[s->last_minute].minute;
	uint8_t id[16], mask[16];
	int rc = TK_OK;

	if (l->tailed > 1 || seq == 0) {
		event_input_mask(input, 1, mask);
		xor16(l->id, mask, id);
		event_input_mask(input, l->tailed, mask);
		xor16(id, mask, id);
		rc = find_row(s, minute, id, &seq, e);
	}
	if (rc == TK_OK && seq == 0) { /* it waits for its twin, or was joined with it */
		bind_i64(s->mark_half, 1, minute);
		bind_blob(s->mark_half, 2, id, sizeof id);
		return statement_run(s->mark_half, e);
	}
	if (rc != TK_OK)
		return rc;
	bind_i64(s->mark, 1, seq);
	return statement_run(s->mark, e);
}

int seen_tail(struct seen *s, struct slice input, int64_t time_ns, const uint8_t first_id[16],
	      struct placing *out, struct err *e)
{
	struct line *l;
	int rc = look_up(s, time_ns, first_id, &l, e);

	*out = (struct placing){ .ordinal = 1 };
	if (rc != TK_OK || l == NULL)
		return rc;
	l->tailed++;
	out->ordinal = l->tailed;
	if (l->tailed <= l->total) {
		out->duplicate = true;
		return mark_tailed(s, l, input, e);
	}
	l->total = l->tailed;
	return TK_OK;
}

int seen_import(struct seen *s, int64_t time_ns, const uint8_t first_id[16], struct placing *out,
		struct err *e)
{
	struct line *l;
	int rc = look_up(s, time_ns, first_id, &l, e);

	*out = (struct placing){ .ordinal = 1 };
	if (rc != TK_OK || l == NULL)
		return rc;
	if (l->file_number != s->file_number) {
		l->file_number = s->file_number;
		l->file = 0;
	}
	out->ordinal = ++l->file;
	if (l->file <= l->total)
		out->duplicate = true;
	else
		l->total = l->file;
	return TK_OK;
}

int seen_has(struct seen *s, int64_t time_ns, const uint8_t first_id[16], bool *has, struct err *e)
{
	uint32_t minute;
	int rc;

	*has = false;
	if (minute_of(time_ns) > s->newest)
		return TK_OK;
	if ((rc = get_minute(s, minute_of(time_ns), &minute, e)) == TK_OK) {
		uint32_t i = find_line(s, first_id);

		*has = i != NONE && s->lines[i].total > 0;
	}
	return rc;
}

int seen_revisit(struct seen *s, int64_t time_ns, struct err *e)
{
	s->last_line = NONE;
	return get_minute(s, minute_of(time_ns), &s->last_minute, e);
}
