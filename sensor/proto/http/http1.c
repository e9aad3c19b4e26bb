#include "sensor/proto/http/http1.h"

#include "core/base/find.h"
#include "sensor/proto/http/http1_parts.h"
#include "sensor/proto/http/token.h"

struct run {
	struct http1 *p;
	struct http1_lines *lines;
	const struct http1_sink *sink;
};

static void go(struct http1 *p, enum http1_state state, unsigned flags)
{
	p->state = (uint8_t)state;
	p->flags = (uint16_t)flags;
	p->head_bytes = 0;
	p->left = 0;
}

void http1_init(struct http1 *p, enum http1_kind kind)
{
	*p = (struct http1){ .kind = (uint8_t)kind, .line = -1 };
	go(p, H1_START, 0);
}

void http1_midway(struct http1 *p)
{
	go(p, H1_RESYNC, 0);
}

void http1_reset(struct http1 *p, struct http1_lines *l)
{
	http1_line_done(p, l);
	http1_init(p, p->kind);
}

bool http1_idle(const struct http1 *p)
{
	return p->state == H1_START && p->line < 0;
}

bool http1_lost(const struct http1 *p)
{
	return p->state == H1_RESYNC && p->line < 0;
}

bool http1_open_ended(const struct http1 *p)
{
	return p->state == H1_UNTIL_CLOSE;
}

/* ---- ends ---- */

/* `inside`: the bytes that follow are in the middle of a line, whose rest begins nothing. */
static void lose(const struct run *r, bool inside)
{
	http1_line_done(r->p, r->lines);
	go(r->p, H1_RESYNC, inside ? H1_SKIP : 0);
	r->sink->lost(r->sink->ctx);
}

static void end_message(const struct run *r, enum http1_state next, bool whole)
{
	http1_line_done(r->p, r->lines);
	go(r->p, next, 0);
	r->sink->end(r->sink->ctx, whole);
}

static void break_off(const struct run *r, bool inside)
{
	end_message(r, H1_START, false);
	lose(r, inside);
}

/* Framing is broken. Behind a response the next one is looked for. Behind a request nothing can be trusted
 * that looks like one: who smuggles a request writes it just there. */
static void go_astray(const struct run *r, bool inside)
{
	if (r->p->kind == HTTP1_RESPONSE) {
		break_off(r, inside);
		return;
	}
	http1_line_done(r->p, r->lines);
	go(r->p, H1_ASTRAY, inside ? H1_SKIP : 0);
}

/* ---- heads ---- */

static void head_over(const struct run *r)
{
	struct http1 *p = r->p;

	switch (r->sink->head(r->sink->ctx)) {
	case HTTP1_BODY_TUNNEL:
		end_message(r, H1_TUNNEL, true);
		return;
	case HTTP1_BODY_NONE:
		end_message(r, H1_START, true);
		return;
	case HTTP1_BODY_FRAMED:
		break;
	}
	http1_line_done(p, r->lines);
	http1_frame_begin(p);
	if (p->state == H1_BODY && p->left == 0)
		end_message(r, H1_START, (p->flags & H1_BROKEN) == 0);
}

static bool is_empty(struct slice line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] != '\r' && line.p[i] != '\n')
			return false;
	return true;
}

/* What is odd about a line of the head, as it was sent. */
static void note_line(struct http1 *p, struct slice line, bool cut)
{
	const uint8_t *cr = memchr(line.p, '\r', line.n), *end = line.p + line.n;

	while (cr != NULL && cr + 1 < end && cr[1] == '\n')
		cr = memchr(cr + 2, '\r', (size_t)(end - cr) - 2);
	if (cr != NULL && (cr + 1 < end || !cut))
		p->odd |= ANOMALY_BIT(BARE_CR);
	if (memchr(line.p, 0, line.n) != NULL)
		p->odd |= ANOMALY_BIT(NUL_IN_HEAD);
	if (cut)
		p->odd |= ANOMALY_BIT(LONG_LINE);
}

/* A line without name and colon is passed over; so is one that begins with a blank and continues nothing. */
static void tell_header(const struct run *r, struct slice line)
{
	struct slice name = token_of(line), value = slice_from(line, name.n);

	while (value.n > 0 && value.p[0] != ':' && token_blank(value.p[0]))
		value = slice_from(value, 1);
	if (name.n == 0 || value.n == 0 || value.p[0] != ':') {
		r->p->odd |= is_empty(line) ? 0 : ANOMALY_BIT(BAD_HEADER);
		return;
	}
	if (value.p != name.p + name.n)
		r->p->odd |= ANOMALY_BIT(SPACE_BEFORE_COLON);
	while (value.n > 0 && value.p[0] == ':') /* one, and some write more */
		value = slice_from(value, 1);
	value = token_trim(value);
	http1_frame_header(r->p, name, value);
	r->sink->header(r->sink->ctx, name, value);
}

/* Some end a line by CR alone; it is one where a name and a colon follow. The length of what is before. */
static size_t up_to_cr(struct slice line)
{
	for (size_t n = 0; n < line.n; n++) {
		const uint8_t *cr = memchr(line.p + n, '\r', line.n - n);
		struct slice next;
		size_t name;

		if (cr == NULL)
			break;
		n = (size_t)(cr - line.p);
		next = slice_from(line, n + 1);
		name = token_of(next).n;
		if (name > 0 && name < next.n && next.p[name] == ':')
			return n;
	}
	return line.n;
}

static void tell_headers(const struct run *r, struct slice line)
{
	while (line.n > 0) {
		size_t n = up_to_cr(line);

		tell_header(r, slice_head(line, n));
		line = slice_from(line, n + 1);
	}
}

static void begin_message(const struct run *r, struct slice text, bool cut)
{
	struct http1_start start;
	size_t n = up_to_cr(text);
	enum http1_shape shape = http1_start_line(r->p->kind, slice_head(text, n), cut, &start);

	if (shape == H1_NOT) {
		lose(r, cut);
		return;
	}
	go(r->p, H1_HEAD, cut ? H1_SKIP : 0);
	r->p->head_bytes = (uint32_t)text.n;
	r->p->odd = shape == H1_SIMPLE ? ANOMALY_BIT(HTTP09) : 0;
	note_line(r->p, text, cut);
	r->sink->start(r->sink->ctx, &start);
	if (shape == H1_SIMPLE)
		head_over(r);
	else
		tell_headers(r, slice_from(text, n + 1));
}

/* Counts bytes of the head. False: they are too many, and the place is lost. */
static bool count_head(const struct run *r, size_t n, bool inside)
{
	if (n > HTTP1_HEAD_MAX - r->p->head_bytes) {
		break_off(r, inside);
		return false;
	}
	r->p->head_bytes += (uint32_t)n;
	return true;
}

static find_bytes odd_bytes(find_bytes b)
{
	return (find_bytes)(b == '\r') | (find_bytes)(b == '\n') | (find_bytes)(b == 0);
}

/* Nearly all are: CR and LF stand at the end alone, and NUL nowhere. */
static bool is_ordinary(struct slice line)
{
	return line.n > 2 && line.p[line.n - 2] == '\r' &&
	       find_byte(line.p, 0, line.n, odd_bytes) == line.n - 2 && line.p[line.n - 1] == '\n';
}

static bool unfold(const struct run *r, struct slice *line)
{
	r->p->odd |= ANOMALY_BIT(OBS_FOLD);
	return http1_line_unfold(r->p, r->lines, line);
}

static void head_line(const struct run *r, struct slice line, bool cut)
{
	if (!count_head(r, line.n, cut))
		return;
	if (!cut && is_ordinary(line)) {
		tell_header(r, line);
		return;
	}
	if (!cut && is_empty(line)) {
		head_over(r);
		return;
	}
	if (cut)
		r->p->flags |= H1_SKIP;
	note_line(r->p, line, cut);
	if (memchr(line.p, '\n', line.n - 1) != NULL && !unfold(r, &line))
		break_off(r, cut);
	else
		tell_headers(r, line);
}

/* ---- lines ---- */

static bool searching(const struct http1 *p)
{
	return p->state == H1_RESYNC || p->state == H1_ASTRAY;
}

static void tell_smuggled(struct http1 *p)
{
	p->odd |= ANOMALY_BIT(SMUGGLED_REQUEST);
	p->flags |= H1_TOLD;
}

static size_t skip_line(const struct run *r, struct slice bytes)
{
	const uint8_t *lf = memchr(bytes.p, '\n', bytes.n);
	size_t used = lf == NULL ? bytes.n : (size_t)(lf - bytes.p) + 1;

	if (lf != NULL)
		r->p->flags &= (uint16_t)~H1_SKIP;
	if (r->p->state == H1_HEAD)
		count_head(r, used, lf == NULL);
	return used;
}

static void no_room(const struct run *r)
{
	if (searching(r->p))
		r->p->flags |= H1_SKIP;
	else if (r->p->state == H1_HEAD)
		break_off(r, true);
	else
		lose(r, true);
}

static void take_line(const struct run *r, struct slice text, bool cut)
{
	struct http1 *p = r->p;

	if (p->state == H1_HEAD)
		head_line(r, text, cut);
	else if (p->state == H1_ASTRAY && !cut && http1_strict(p->kind, text) == 1)
		tell_smuggled(p);
	else if (p->state == H1_START ||
		 (p->state == H1_RESYNC && !cut && http1_strict(p->kind, text) == 1))
		begin_message(r, text, cut);
	else if (cut)
		p->flags |= H1_SKIP;
	http1_line_done(p, r->lines);
}

static size_t line_step(const struct run *r, struct slice bytes)
{
	struct http1 *p = r->p;
	struct slice text;
	size_t used = 0;

	if ((p->flags & H1_SKIP) != 0)
		return skip_line(r, bytes);
	if (p->state != H1_HEAD && p->line < 0) { /* at the beginning of a line */
		while (used < bytes.n && (bytes.p[used] == '\r' || bytes.p[used] == '\n'))
			used++;
		if (used > 0)
			return used;
		if (searching(p) && http1_strict(p->kind, bytes) == 0) {
			p->flags |= H1_SKIP;
			return 0;
		}
	}
	switch (http1_line(p, r->lines, bytes, p->state == H1_HEAD, &used, &text)) {
	case H1_MORE:
		return used;
	case H1_NO_ROOM:
		no_room(r);
		return 0;
	case H1_WHOLE:
		take_line(r, text, false);
		return used;
	case H1_CUT:
		take_line(r, text, true);
		return used;
	}
	return used;
}

/* ---- bodies ---- */

/* So many bytes of the body or chunk are behind us. */
static void advance(const struct run *r, uint64_t n)
{
	struct http1 *p = r->p;

	p->left -= n;
	if (p->left > 0)
		return;
	if (p->state == H1_BODY)
		end_message(r, H1_START, (p->flags & H1_BROKEN) == 0);
	else
		p->state = H1_CHUNK_CR;
}

static size_t counted_step(const struct run *r, struct slice bytes)
{
	size_t n = bytes.n < r->p->left ? bytes.n : (size_t)r->p->left;

	r->sink->body(r->sink->ctx, slice_head(bytes, n));
	advance(r, n);
	return n;
}

static size_t chunk_step(const struct run *r, struct slice bytes)
{
	bool line_begins = r->p->state == H1_CHUNK_SIZE && r->p->line_n == 0;
	size_t usual = http1_frame_usual(r->p, bytes);

	if (usual > 0)
		return usual;
	switch (http1_frame_chunk(r->p, bytes.p[0])) {
	case H1_CHUNK_GOES_ON:
		return 1;
	case H1_CHUNK_OVER:
		end_message(r, H1_START, (r->p->flags & H1_BROKEN) == 0);
		return 1;
	case H1_CHUNK_NONE:
		return 0;
	case H1_CHUNK_BROKEN:
		break; /* a start line may stand there instead */
	}
	go_astray(r, !line_begins);
	return 0;
}

/* Takes some of the bytes, or none and changes the state. */
static size_t step(const struct run *r, struct slice bytes)
{
	switch (r->p->state) {
	case H1_START:
	case H1_RESYNC:
	case H1_HEAD:
		return line_step(r, bytes);
	case H1_ASTRAY:
		return (r->p->flags & H1_TOLD) != 0 ? bytes.n : line_step(r, bytes);
	case H1_BODY:
	case H1_CHUNK_DATA:
		return counted_step(r, bytes);
	case H1_UNTIL_CLOSE:
		r->sink->body(r->sink->ctx, bytes);
		return bytes.n;
	default:
		return chunk_step(r, bytes);
	}
}

size_t http1_data(struct http1 *p, struct http1_lines *l, struct slice bytes, const struct http1_sink *sink)
{
	struct run r = { p, l, sink };
	size_t taken = 0;

	while (taken < bytes.n && p->state != H1_TUNNEL)
		taken += step(&r, slice_from(bytes, taken));
	return taken;
}

void http1_gap(struct http1 *p, struct http1_lines *l, uint64_t bytes, const struct http1_sink *sink)
{
	struct run r = { p, l, sink };
	bool counted = p->state == H1_BODY || p->state == H1_CHUNK_DATA;

	if (bytes == 0 || p->state == H1_TUNNEL)
		return;
	if (searching(p)) {
		http1_line_done(p, l);
		go(p, (enum http1_state)p->state, p->flags & H1_TOLD);
	} else if (p->state == H1_START) {
		lose(&r, false);
	} else if (p->state == H1_UNTIL_CLOSE || (counted && p->left >= bytes)) {
		p->flags |= H1_BROKEN;
		sink->body_gap(sink->ctx, bytes);
		if (counted)
			advance(&r, bytes);
	} else {
		if (counted)
			sink->body_gap(sink->ctx, p->left);
		break_off(&r, false);
	}
}

void http1_finish(struct http1 *p, struct http1_lines *l, bool in_order, const struct http1_sink *sink)
{
	struct run r = { p, l, sink };

	switch (p->state) {
	case H1_START:
	case H1_RESYNC:
	case H1_TUNNEL:
		break;
	case H1_UNTIL_CLOSE:
		end_message(&r, H1_START, in_order && (p->flags & H1_BROKEN) == 0);
		break;
	default:
		end_message(&r, H1_START, false);
	}
	http1_reset(p, l);
}
