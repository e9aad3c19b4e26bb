#include "core/config/yaml.h"

#include <stdlib.h>
#include <yaml.h>

#include "core/config/keep.h"
#include "core/config/yaml_tree.h"

/* One document is built from its events. A document with an error is read on to find its other errors,
 * then left out; after an error of syntax reading starts again at the next line that begins with
 * "---", which no scalar can hold. */

static void bad(struct tree *t, uint32_t line, uint32_t column, const char *text)
{
	problem_line(t->problems, line, column, "%s", text);
	t->broken = true;
}

static void bad_event(struct tree *t, const yaml_event_t *ev, const char *text)
{
	bad(t, t->base_line + (uint32_t)ev->start_mark.line, (uint32_t)ev->start_mark.column + 1, text);
}

/* A tag could change what a value is behind the reader's back; those that say what the YAML says anyway
 * are let through. */
static bool tag_ok(struct tree *t, const yaml_event_t *ev, const yaml_char_t *tag, const char *plain)
{
	if (tag == NULL || strcmp((const char *)tag, plain) == 0)
		return true;
	bad_event(t, ev, "tags are not accepted; write the value without one (quotes make it text)");
	return false;
}

static struct node *new_node(struct tree *t, const yaml_event_t *ev, enum node_kind kind)
{
	struct node *n = tree_node(t);

	if (n == NULL)
		return NULL;
	n->kind = kind;
	n->line = t->base_line + (uint32_t)ev->start_mark.line;
	n->column = (uint32_t)ev->start_mark.column + 1;
	return n;
}

static void on_scalar(struct tree *t, const yaml_event_t *ev)
{
	struct node *n = new_node(t, ev, NODE_SCALAR);
	const yaml_char_t *tag = ev->data.scalar.tag;

	if (n == NULL)
		return;
	n->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || tag != NULL;
	n->text.n = ev->data.scalar.length;
	n->text.p = (const uint8_t *)keep_copy(t->keep, slice_of(ev->data.scalar.value, n->text.n));
	if (n->text.p == NULL)
		n->text.n = 0;
	tag_ok(t, ev, tag, YAML_STR_TAG);
	tree_anchor(t, n, (const char *)ev->data.scalar.anchor);
	tree_put(t, n);
}

static void on_open(struct tree *t, const yaml_event_t *ev, enum node_kind kind)
{
	bool map = kind == NODE_MAP;
	const yaml_char_t *anchor = map ? ev->data.mapping_start.anchor : ev->data.sequence_start.anchor;
	struct node *n = new_node(t, ev, kind);

	if (n == NULL)
		return;
	tag_ok(t, ev, map ? ev->data.mapping_start.tag : ev->data.sequence_start.tag,
	       map ? YAML_MAP_TAG : YAML_SEQ_TAG);
	tree_anchor(t, n, (const char *)anchor);
	tree_put(t, n);
	tree_push(t, n);
}

static void on_event(struct tree *t, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		tree_begin(t);
		t->document_line = (uint32_t)ev->start_mark.line;
		t->in_document = true;
		break;
	case YAML_DOCUMENT_END_EVENT:
		tree_end(t);
		t->in_document = false;
		break;
	case YAML_SCALAR_EVENT:
		on_scalar(t, ev);
		break;
	case YAML_MAPPING_START_EVENT:
		on_open(t, ev, NODE_MAP);
		break;
	case YAML_SEQUENCE_START_EVENT:
		on_open(t, ev, NODE_SEQ);
		break;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		tree_pop(t);
		break;
	case YAML_ALIAS_EVENT:
		tree_alias(t, (const char *)ev->data.alias.anchor,
			   t->base_line + (uint32_t)ev->start_mark.line, (uint32_t)ev->start_mark.column + 1);
		break;
	default:
		break;
	}
}

/* Length of the line break at p as libyaml counts them (YAML 1.1: also NEL, LS, PS), or 0. */
static size_t line_break(struct slice s)
{
	static const char *const breaks[] = {
		"\r\n", "\n", "\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"
	};
	size_t i;

	if (s.n == 0 || (s.p[0] != '\n' && s.p[0] != '\r' && s.p[0] != 0xc2 && s.p[0] != 0xe2))
		return 0; /* asked for each byte behind an error */
	for (i = 0; i < COUNT(breaks); i++)
		if (slice_starts(s, slice_str(breaks[i])))
			return strlen(breaks[i]);
	return 0;
}

/* Byte offset of a line (from 0) within the text. */
static size_t line_offset(struct slice text, size_t line)
{
	size_t at = 0, n;

	while (line > 0 && at < text.n) {
		n = line_break(slice_from(text, at));
		line -= n != 0;
		at += n != 0 ? n : 1;
	}
	return at;
}

/* Line and column (from 0) of a byte offset. */
static void place_of(struct slice text, size_t offset, size_t *line, size_t *column)
{
	size_t at = 0, n;

	*line = *column = 0;
	while (at < offset && at < text.n) {
		n = line_break(slice_from(text, at));
		if (n != 0) {
			(*line)++;
			*column = 0;
		} else {
			*column += (text.p[at] & 0xc0) != 0x80; /* characters, not bytes */
		}
		at += n != 0 ? n : 1;
	}
}

static uint8_t byte_at(struct slice text, yaml_mark_t m)
{
	size_t at = line_offset(text, m.line), k;

	for (k = 0; k < m.column && at < text.n; k++)
		for (at++; at < text.n && (text.p[at] & 0xc0) == 0x80; at++)
			;
	return at < text.n ? text.p[at] : 0;
}

static void scanner_error(struct tree *t, struct slice text, const yaml_parser_t *p)
{
	uint32_t line = t->base_line + (uint32_t)p->problem_mark.line;
	uint32_t column = (uint32_t)p->problem_mark.column + 1;
	uint8_t c = byte_at(text, p->problem_mark);
	bool start = strstr(p->problem, "cannot start any token") != NULL;

	t->broken = true;
	if (start && c == '\t')
		problem_line(t->problems, line, column, "a tab cannot indent YAML; use spaces");
	else if (start && c >= ' ' && c < 0x7f)
		problem_line(t->problems, line, column, "nothing can begin with '%c' without quotes", c);
	else if (p->context != NULL)
		problem_line(t->problems, line, column, "not valid YAML: %s, %s that began at line %u",
			     p->problem, p->context, t->base_line + (uint32_t)p->context_mark.line);
	else
		problem_line(t->problems, line, column, "not valid YAML: %s", p->problem);
}

/* Reports what stopped the parser; returns the line (from 0, of `text`) where it stopped. */
static size_t stopped(struct tree *t, struct slice text, const yaml_parser_t *p)
{
	size_t line = p->problem_mark.line, column;

	if (p->error == YAML_READER_ERROR) {
		place_of(text, p->problem_offset, &line, &column);
		problem_line(t->problems, t->base_line + (uint32_t)line, (uint32_t)column + 1,
			     "not UTF-8 text: %s", p->problem);
	} else if (p->error == YAML_SCANNER_ERROR || p->error == YAML_PARSER_ERROR) {
		scanner_error(t, text, p);
	} else {
		t->keep->failed = true; /* YAML_MEMORY_ERROR */
	}
	return line;
}

/* Where to go on: the next "---" line at or after `line`, never the one that began this document. */
static size_t next_document(const struct tree *t, struct slice text, size_t line)
{
	size_t at, n;

	if (t->in_document && line <= t->document_line)
		line = t->document_line + 1;
	at = line_offset(text, line);
	while (at < text.n) {
		struct slice rest = slice_from(text, at);

		if (at != 0 && slice_starts(rest, SLICE("---")) &&
		    (rest.n == 3 || strchr(" \t\r\n", rest.p[3]) != NULL))
			return at;
		while (at < text.n && (n = line_break(slice_from(text, at))) == 0)
			at++;
		at += at < text.n ? n : 0;
	}
	return text.n;
}

/* Parses until the end or an error; returns the bytes that are done with. */
static size_t parse_run(struct tree *t, struct slice text)
{
	yaml_parser_t p;
	yaml_event_t ev;
	bool done = false;
	size_t line = 0;

	if (yaml_parser_initialize(&p) == 0) {
		t->keep->failed = true;
		return text.n;
	}
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p, text.p, text.n);
	t->in_document = false;
	while (!done && !t->abandoned && !t->keep->failed && t->yaml->n < DOCUMENTS_MAX) {
		if (yaml_parser_parse(&p, &ev) == 0) {
			line = stopped(t, text, &p);
			break;
		}
		done = ev.type == YAML_STREAM_END_EVENT;
		line = ev.start_mark.line;
		on_event(t, &ev);
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&p);
	return done || t->keep->failed ? text.n : next_document(t, text, line);
}

static bool text_ok(struct slice *text, struct problems *p)
{
	if (slice_starts(*text, SLICE("\xfe\xff")) || slice_starts(*text, SLICE("\xff\xfe"))) {
		problem_line(p, 1, 1, "this is UTF-16; save the file as UTF-8");
		return false;
	}
	if (text->n > YAML_TEXT_MAX) {
		problem_line(p, 0, 0, "larger than %d bytes, the limit of a YAML file", YAML_TEXT_MAX);
		return false;
	}
	if (slice_starts(*text, SLICE("\xef\xbb\xbf")))
		*text = slice_from(*text, 3);
	return true;
}

struct yaml *yaml_parse(struct slice text, struct yaml_limits limits, struct problems *p)
{
	struct yaml *y = calloc(1, sizeof *y);
	struct tree t = { .limits = limits, .problems = p, .base_line = 1 };
	size_t used, line, column;

	if (y == NULL)
		return NULL;
	if (!text_ok(&text, p))
		return y;
	t.yaml = y;
	t.keep = &y->keep;
	while (text.n > 0 && p->n < PROBLEMS_MAX && y->n < DOCUMENTS_MAX && !y->keep.failed) {
		tree_begin(&t);
		used = parse_run(&t, text);
		place_of(text, used, &line, &column);
		t.base_line += (uint32_t)line;
		text = slice_from(text, used);
	}
	if (text.n > 0 && y->n == DOCUMENTS_MAX)
		problem_line(p, t.base_line, 1, "more than %d documents; the rest is not read",
			     DOCUMENTS_MAX);
	tree_free(&t);
	if (y->keep.failed) {
		yaml_free(y);
		return NULL;
	}
	return y;
}
