#include "sensor/llm/json_stream.h"

#include "core/base/find.h"

enum {
	S_VALUE,       /* a value */
	S_FIRST_VALUE, /* a value or ']' */
	S_KEY,	       /* a key */
	S_FIRST_KEY,   /* a key or '}' */
	S_COLON,
	S_AFTER,       /* ',' or a closing bracket */
	S_IN_KEY,      /* inside a string: a key, */
	S_IN_TEXT,     /* a wanted value, */
	S_IN_PIECES,   /* one that is wanted in pieces, */
	S_IN_STRING,   /* an unwanted one, */
	S_SKIP_STRING, /* one in an unwanted container */
	S_SKIP,	       /* inside an unwanted container */
	S_IN_WORD,     /* inside a number, true, false, null */
	S_ERROR,
};

void json_stream_reset(struct json_stream *j)
{
	j->row = j->root;
	j->skipped = 0;
	j->depth = 0;
	j->state = S_VALUE;
	j->backslash = false;
	j->fresh = true;
}

void json_stream_init(struct json_stream *j, const struct json_want *root, json_told *tell, void *ctx)
{
	j->tell = tell;
	j->piece = NULL;
	j->repeat = NULL;
	j->ctx = ctx;
	j->root = root;
	j->values = 0;
	j->objects = 0;
	j->cut = false;
	j->n = 0;
	json_stream_reset(j);
}

bool json_stream_failed(const struct json_stream *j)
{
	return j->state == S_ERROR;
}

void json_repeat_init(struct json_repeat *r, uint8_t from, uint8_t to)
{
	r->from = from;
	r->to = to;
	r->n = 0;
	r->open = false;
	r->told = 0;
}

void json_stream_forget(struct json_stream *j)
{
	if (j->repeat != NULL)
		j->repeat->n = 0;
}

/* ---- passing over ---- */

static find_bytes quotes(find_bytes b)
{
	return (find_bytes)(b == '"') | (find_bytes)(b == '\\');
}

/* Brackets differ from braces in one bit only. */
static find_bytes brackets(find_bytes b)
{
	find_bytes braces = b | 0x20;

	return (find_bytes)(b == '"') | (find_bytes)(braces == '{') | (find_bytes)(braces == '}');
}

/* ---- what is known again ---- */

/* Of a value's first bytes: how many were passed over. */
static size_t repeat_begin(struct json_stream *j, struct slice in)
{
	struct json_repeat *r = j->repeat;

	r->open = r->n == 0 || in.n < r->n || memcmp(in.p, r->bytes, r->n) != 0;
	if (r->open) {
		r->n = 0;
		r->told = 0;
		return 0;
	}
	memcpy(j->open, r->open_rows, r->depth * sizeof r->open_rows[0]);
	j->row = r->row;
	j->objects = r->objects;
	j->depth = r->depth;
	j->state = S_IN_PIECES;
	j->n = 0;
	j->cut = false;
	return r->n;
}

/* A string in pieces comes: what was read of the value until here is known from now on. */
static void repeat_keep(struct json_stream *j, struct slice read)
{
	struct json_repeat *r = j->repeat;

	if (r == NULL || !r->open)
		return;
	r->open = false;
	if (read.n > sizeof r->bytes)
		return;
	memcpy(r->bytes, read.p, read.n);
	r->n = (uint16_t)read.n;
	memcpy(r->open_rows, j->open, j->depth * sizeof r->open_rows[0]);
	r->row = j->row;
	r->objects = j->objects;
	r->depth = j->depth;
}

static void repeat_told(struct json_repeat *r, uint8_t id)
{
	uint64_t bit = UINT64_C(1) << id % 64;

	if (r->open) {
		r->told |= bit;
		r->open = id >= r->from && id < r->to;
	} else if ((r->told & bit) != 0) {
		r->n = 0;
	}
}

/* ---- what is kept ---- */

static void keep(struct json_stream *j, const uint8_t *p, size_t n)
{
	size_t room = sizeof j->text - j->n;

	if (n > room) {
		n = room;
		j->cut = true;
	}
	memcpy(j->text + j->n, p, n);
	j->n += (uint16_t)n;
}

/* The text with its escapes undone, in place of itself; false when an escape is bad. A cut may have gone
 * through an escape of at most six bytes or through a character: what is left of them goes. */
static bool unescape(struct json_stream *j)
{
	uint8_t plain[sizeof j->text];
	size_t n = SIZE_MAX, back = 0;

	for (size_t shorter = 0; n == SIZE_MAX && shorter <= (j->cut ? 5 : 0) && shorter <= j->n; shorter++)
		n = json_unescape(slice_of(j->text, j->n - shorter), plain);
	if (n == SIZE_MAX)
		return false;
	if (j->cut) {
		while (back < n && back < 3 && (plain[n - 1 - back] & 0xc0) == 0x80)
			back++;
		if (back < n && plain[n - 1 - back] >= 0xc0)
			n -= back + 1;
	}
	memcpy(j->text, plain, n);
	j->n = (uint16_t)n;
	return true;
}

static void tell_text(struct json_stream *j, enum json_type type, struct slice text)
{
	if (j->row == NULL || j->row->id == 0)
		return;
	if (j->repeat != NULL)
		repeat_told(j->repeat, j->row->id);
	j->tell(j->ctx, j->row->id, type, text);
}

static void tell(struct json_stream *j, enum json_type type)
{
	tell_text(j, type, slice_of(j->text, j->n));
}

/* ---- structure ---- */

static const struct json_want *member(const struct json_want *rows, const uint8_t *name, size_t n)
{
	for (; rows != NULL && rows->name != NULL; rows++)
		if (rows->n == n && rows->name[0] == (char)name[0] && memcmp(rows->name, name, n) == 0)
			return rows;
	return NULL;
}

static bool in_object(const struct json_stream *j)
{
	return (j->objects >> (j->depth - 1) & 1) != 0;
}

/* A value is over, whose container is open[depth - 1]. */
static void value_over(struct json_stream *j)
{
	if (j->depth > 0) {
		j->state = S_AFTER;
		return;
	}
	j->values++;
	j->row = j->root;
	j->state = S_VALUE;
}

static void open_container(struct json_stream *j, bool object)
{
	const struct json_want *below = j->row == NULL ? NULL : j->row->below;

	j->n = 0;
	if (!object)
		below = member(below, (const uint8_t *)"[]", 2);
	if (below == NULL || j->depth == JSON_STREAM_PATH) {
		tell(j, object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN);
		j->skipped = 1;
		j->state = S_SKIP;
		return;
	}
	tell(j, object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN);
	j->open[j->depth] = j->row;
	j->objects = (uint16_t)((j->objects & ~(1u << j->depth)) | (unsigned)object << j->depth);
	j->depth++;
	j->state = object ? S_FIRST_KEY : S_FIRST_VALUE;
	j->row = object ? NULL : below;
}

static void close_container(struct json_stream *j, uint8_t c)
{
	if (j->depth == 0 || c != (in_object(j) ? '}' : ']')) {
		j->state = S_ERROR;
		return;
	}
	j->row = j->open[--j->depth];
	j->n = 0;
	tell(j, c == '}' ? JSON_OBJECT_END : JSON_ARRAY_END);
	value_over(j);
}

static uint8_t string_state(const struct json_stream *j)
{
	if (j->row == NULL || j->row->id == 0)
		return S_IN_STRING;
	return j->row->pieces && j->piece != NULL ? S_IN_PIECES : S_IN_TEXT;
}

static void after_value(struct json_stream *j, uint8_t c)
{
	if (c != ',') {
		close_container(j, c);
	} else if (in_object(j)) {
		j->state = S_KEY;
	} else {
		j->state = S_VALUE;
		j->row = member(j->open[j->depth - 1]->below, (const uint8_t *)"[]", 2);
	}
}

static void key_over(struct json_stream *j)
{
	j->row = !j->cut && unescape(j) ? member(j->open[j->depth - 1]->below, j->text, j->n) : NULL;
	j->state = S_COLON;
}

static void word_over(struct json_stream *j, struct slice w)
{
	enum json_type type = JSON_NUMBER;

	if (slice_is(w, "true"))
		type = JSON_TRUE;
	else if (slice_is(w, "false"))
		type = JSON_FALSE;
	else if (slice_is(w, "null"))
		type = JSON_NULL;
	else if (w.p[0] != '-' && (w.p[0] < '0' || w.p[0] > '9'))
		j->state = S_ERROR;
	if (j->state == S_ERROR)
		return;
	if (w.n <= JSON_STREAM_NUMBER)
		tell_text(j, type, w);
	value_over(j);
}

static void string_over(struct json_stream *j)
{
	switch (j->state) {
	case S_IN_KEY:
		key_over(j);
		break;
	case S_IN_TEXT:
		if (unescape(j))
			tell(j, JSON_STRING);
		value_over(j);
		break;
	case S_IN_PIECES:
		j->n = 0;
		tell(j, JSON_STRING);
		value_over(j);
		break;
	case S_SKIP_STRING:
		j->state = S_SKIP;
		break;
	default:
		value_over(j);
	}
}

/* ---- bytes; each returns where the next of them goes on ---- */

static size_t in_kept_string(struct json_stream *j, struct slice in, size_t at)
{
	size_t end = j->backslash ? at + 1 : find_byte(in.p, at, in.n, quotes);

	keep(j, in.p + at, end - at);
	if (j->backslash || end == in.n) {
		j->backslash = false;
		return end;
	}
	if (in.p[end] == '"') {
		string_over(j);
		return end + 1;
	}
	j->backslash = true;
	keep(j, in.p + end, 1);
	return end + 1;
}

static size_t in_pieces(struct json_stream *j, struct slice in, size_t at)
{
	size_t end = j->backslash ? at + 1 : find_byte(in.p, at, in.n, quotes);

	if (end > at)
		j->piece(j->ctx, j->row->id, slice_of(in.p + at, end - at), j->backslash);
	if (j->backslash || end == in.n) {
		j->backslash = false;
		return end;
	}
	if (in.p[end] == '"')
		string_over(j);
	else
		j->backslash = true;
	return end + 1;
}

/* Where the bytes are: prompts and answers. */
static size_t in_string(struct json_stream *j, struct slice in, size_t at)
{
	if (j->backslash)
		at++;
	j->backslash = false;
	while (at < in.n) {
		at = find_byte(in.p, at, in.n, quotes);
		if (at == in.n)
			break;
		if (in.p[at] == '"') {
			string_over(j);
			return at + 1;
		}
		at += 2;
	}
	j->backslash = at > in.n;
	return in.n;
}

static bool is_of_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' || c == '.' || c == '-' ||
	       c == '+';
}

static size_t in_word(struct json_stream *j, struct slice in, size_t at)
{
	size_t end = at;

	while (end < in.n && is_of_word(in.p[end]))
		end++;
	if (end < in.n && j->n == 0) {
		word_over(j, slice_of(in.p + at, end - at));
		return end;
	}
	keep(j, in.p + at, end - at);
	if (end < in.n)
		word_over(j, slice_of(j->text, j->n));
	return end;
}

static size_t skip(struct json_stream *j, struct slice in, size_t at)
{
	while (j->state == S_SKIP) {
		at = find_byte(in.p, at, in.n, brackets);
		if (at == in.n)
			return at;
		if (in.p[at] == '"') {
			j->state = S_SKIP_STRING;
			at = in_string(j, in, at + 1);
			continue;
		}
		if ((in.p[at++] | 0x20) == '{')
			j->skipped++;
		else if (--j->skipped == 0)
			value_over(j);
	}
	return at;
}

/* The same; of a container that is wanted in pieces they are handed on. */
static size_t skip_told(struct json_stream *j, struct slice in, size_t at)
{
	const struct json_want *row = j->row;
	size_t end = j->state == S_SKIP ? skip(j, in, at) : in_string(j, in, at);

	if (row != NULL && row->pieces && j->piece != NULL)
		j->piece(j->ctx, row->id, slice_of(in.p + at, end - at), false);
	return end;
}

/* ---- beginnings: what lies whole in the piece, as most does, is not copied ---- */

/* Where the string that begins at `at` ends, if it does so in this piece, is no longer than what is kept, and
 * has no escape; else 0. */
static size_t whole_string(struct slice in, size_t at)
{
	size_t end = find_byte(in.p, at, in.n, quotes);

	return end < in.n && in.p[end] == '"' && end - at <= JSON_STREAM_TEXT ? end : 0;
}

static size_t begin_string(struct json_stream *j, struct slice in, size_t at)
{
	size_t end;

	j->state = string_state(j);
	if (j->state == S_IN_STRING)
		return in_string(j, in, at);
	if (j->state == S_IN_PIECES)
		repeat_keep(j, slice_head(in, at));
	end = j->state == S_IN_TEXT ? whole_string(in, at) : 0;
	if (end == 0)
		return at;
	tell_text(j, JSON_STRING, slice_of(in.p + at, end - at));
	value_over(j);
	return end + 1;
}

static size_t begin_value(struct json_stream *j, struct slice in, size_t at)
{
	uint8_t c = in.p[at];

	j->n = 0;
	j->cut = false;
	if (c == '{' || c == '[') {
		open_container(j, c == '{');
		return at + 1;
	}
	if (j->depth > 0 && c == '"')
		return begin_string(j, in, at + 1);
	/* a scalar alone is nobody's body */
	j->state = j->depth > 0 && c != 0 && strchr("-0123456789tfn", c) != NULL ? S_IN_WORD : S_ERROR;
	return at;
}

static size_t begin_key(struct json_stream *j, struct slice in, size_t at)
{
	size_t end;

	if (in.p[at++] != '"') {
		j->state = S_ERROR;
		return at;
	}
	end = whole_string(in, at);
	if (end == 0) {
		j->n = 0;
		j->cut = false;
		j->state = S_IN_KEY;
		return at;
	}
	j->row = member(j->open[j->depth - 1]->below, in.p + at, end - at);
	j->state = S_COLON;
	return end + 1;
}

static size_t between(struct json_stream *j, struct slice in, size_t at)
{
	uint8_t c = in.p[at];

	if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
		return at + 1;
	if ((j->state == S_FIRST_KEY && c == '}') || (j->state == S_FIRST_VALUE && c == ']'))
		close_container(j, c);
	else if (j->state == S_VALUE || j->state == S_FIRST_VALUE)
		return begin_value(j, in, at);
	else if (j->state == S_KEY || j->state == S_FIRST_KEY)
		return begin_key(j, in, at);
	else if (j->state == S_AFTER)
		after_value(j, c);
	else
		j->state = c == ':' ? S_VALUE : S_ERROR;
	return at + 1;
}

void json_stream_push(struct json_stream *j, struct slice bytes)
{
	size_t at = j->fresh && j->repeat != NULL ? repeat_begin(j, bytes) : 0;

	j->fresh = false;
	while (at < bytes.n && j->state != S_ERROR) {
		if (j->state == S_SKIP || j->state == S_SKIP_STRING)
			at = skip_told(j, bytes, at);
		else if (j->state == S_IN_WORD)
			at = in_word(j, bytes, at);
		else if (j->state < S_IN_KEY)
			at = between(j, bytes, at);
		else if (j->state < S_IN_PIECES)
			at = in_kept_string(j, bytes, at);
		else if (j->state == S_IN_PIECES)
			at = in_pieces(j, bytes, at);
		else
			at = in_string(j, bytes, at);
	}
	if (j->repeat != NULL)
		j->repeat->open = false;
}
