/* The sheet for a terminal or a mail. */
#include "core/base/columns.h"
#include "core/base/safe.h"
#include "reports/chart_draw.h"
#include "reports/outputs.h"

#define NAME_WIDTH 22 /* of a table's names at least; longer ones are shown whole up to the other */
#define NAME_MAX_WIDTH 72
#define BAR_WIDTH 20

static void put(struct buf *out, const char *text)
{
	safe_text(out, slice_str(text));
}

static void spaces(struct buf *out, int n)
{
	while (n-- > 0)
		buf_byte(out, ' ');
}

/* Padded to a width; longer text is cut with a visible mark. `right`: figures. */
static void put_padded(struct buf *out, const char *text, int width, bool right)
{
	struct buf safe;
	struct slice rest, cut;
	uint32_t c = 0;
	int used;

	buf_init(&safe, 1 << 16);
	put(&safe, text);
	rest = cut = buf_slice(&safe);
	used = columns_text(cut);
	if (used > width) {
		int left = width - 1;
		size_t n;

		for (cut.n = 0, used = 1; rest.n > 0; rest = slice_from(rest, n)) {
			n = utf8_take(rest, &c);
			if (n == 0 || columns_of(c) > left)
				break;
			left -= columns_of(c);
			used += columns_of(c);
			cut.n += n;
		}
		buf_add(out, cut);
		buf_str(out, "…");
		spaces(out, width - used);
	} else {
		spaces(out, right ? width - used : 0);
		buf_add(out, cut);
		spaces(out, right ? 0 : width - used);
	}
	buf_free(&safe);
}

static void head_line(const char *name, const char *value, struct buf *out)
{
	put_padded(out, name, 12, false);
	put(out, value);
	buf_byte(out, '\n');
}

static void head(const struct sheet *s, struct buf *out)
{
	buf_str(out, s->title);
	buf_str(out, "  ");
	put(out, s->number);
	buf_str(out, "  [");
	buf_str(out, say(s, W_HANDLE));
	buf_str(out, "]\n\n");
	for (const struct sheet_field *f = s->fields; f != NULL; f = f->next)
		head_line(f->name, f->value, out);
	for (const struct sheet_line *l = s->warnings.first; l != NULL; l = l->next) {
		buf_str(out, l == s->warnings.first ? "\n! " : "! ");
		put(out, l->text);
		buf_byte(out, '\n');
	}
	for (const struct sheet_line *l = s->summary.first; l != NULL; l = l->next) {
		buf_str(out, l == s->summary.first ? "\n" : "");
		put(out, l->text);
		buf_byte(out, '\n');
	}
}

/* [proposed], or of a person: ×; with what had been proposed where that was another one. */
static void verdict(const struct sheet *s, const struct sheet_item *i, struct buf *out)
{
	enum verdict v = i->said != VERDICT_NONE ? i->said : i->verdict;

	if (v == VERDICT_NONE)
		return;
	buf_fmt(out, i->said != VERDICT_NONE ? "  %s %s" : "  [%s %s]", verdict_mark(v),
		say(s, verdict_word(v)));
	if (v != i->verdict && i->verdict != VERDICT_NONE)
		buf_fmt(out, say(s, W_PROPOSED_WAS), verdict_mark(i->verdict));
}

static void item(const struct sheet *s, const struct sheet_item *i, struct buf *out)
{
	buf_str(out, "  ");
	put_padded(out, i->id, 5, false);
	if (strlen(i->id) >= 5)
		buf_byte(out, ' ');
	buf_str(out, i->title);
	verdict(s, i, out);
	buf_byte(out, '\n');
	for (const struct sheet_line *l = i->results.first; l != NULL; l = l->next) {
		spaces(out, 7);
		put(out, l->text);
		buf_byte(out, '\n');
	}
	if (i->manual)
		buf_fmt(out, "       %s\n", say(s, W_MANUAL));
	for (const struct sheet_line *l = i->remarks.first; l != NULL; l = l->next) {
		spaces(out, 7);
		buf_str(out, "- ");
		put(out, l->text);
		buf_byte(out, '\n');
	}
}

static void check_line(const struct sheet *s, const struct sheet_section *b, struct buf *out)
{
	if (b->planned != NULL) {
		buf_byte(out, ' ');
		buf_fmt(out, say(s, W_PLANNED), b->planned);
		buf_fmt(out, "  %s ==\n", b->role);
	}
	buf_fmt(out, "  %s ", say(s, W_ACTUAL));
	put(out, b->actual != NULL ? b->actual : "____:____");
	buf_fmt(out, "  %s ", say(s, W_CHECKER));
	put(out, b->checker != NULL ? b->checker : "______________");
	buf_byte(out, '\n');
	if (b->window != NULL) {
		buf_str(out, "  ");
		put(out, b->window);
		buf_byte(out, '\n');
	}
}

static void table_line(const char *const *cell, int name, int columns, int permille, struct buf *out)
{
	const int width[TABLE_COLUMNS] = { name, 9, 8, 13, 12 };
	int bar = (permille * BAR_WIDTH + 999) / 1000;

	buf_str(out, "  ");
	for (int c = 0; c < columns; c++)
		put_padded(out, cell[c], width[c], c > 0);
	if (bar > 0)
		buf_str(out, "  ");
	while (bar-- > 0)
		buf_byte(out, '#');
	buf_byte(out, '\n');
}

/* Of the longest name: one that is cut may look like the next. */
static int name_width(const struct sheet_table *t)
{
	int width = NAME_WIDTH;

	for (const struct sheet_row *r = t->first; r != NULL; r = r->next) {
		struct buf safe;
		int used;

		buf_init(&safe, 1 << 16);
		put(&safe, r->cell[0]);
		used = columns_text(buf_slice(&safe)) + 1;
		width = used > width ? used : width;
		buf_free(&safe);
	}
	return width > NAME_MAX_WIDTH ? NAME_MAX_WIDTH : width;
}

static void table(const struct sheet_table *t, struct buf *out)
{
	int name = name_width(t);

	buf_fmt(out, "\n-- %s --\n", t->title);
	table_line(t->head, name, t->columns, 0, out);
	for (const struct sheet_row *r = t->first; r != NULL; r = r->next)
		table_line(r->cell, name, t->columns, r->permille, out);
}

/* A line a point: its label and the figures of the curves. */
static void curves(const struct sheet_chart *c, struct buf *out)
{
	if (c->n_series > 1) {
		put_padded(out, "", 2 + 10, false);
		for (int i = 0; i < c->n_series; i++)
			put_padded(out, c->series[i].name, 14, true);
		buf_byte(out, '\n');
	}
	for (int k = 0; k < c->points; k++) {
		buf_str(out, "  ");
		put_padded(out, c->label[k], 10, false);
		for (int i = 0; i < c->n_series; i++)
			put_padded(out, c->series[i].text[k], 14, true);
		buf_byte(out, '\n');
	}
}

/* A row a weekday, a sign an hour: the darker, the more. */
static void grid(const struct sheet_chart *c, struct buf *out)
{
	static const char signs[CHART_SHADES] = { '.', '-', '+', '*', '#' };

	for (int i = 0; i < c->n_series; i++) {
		buf_str(out, "  ");
		put_padded(out, c->series[i].name, 6, false);
		for (int k = 0; k < c->points; k++)
			buf_byte(out, (uint8_t)signs[chart_shade(c, c->series[i].value[k])]);
		buf_byte(out, '\n');
	}
}

static void chart(const struct sheet_chart *c, struct buf *out)
{
	buf_fmt(out, "\n-- %s (%s) --\n", c->title, c->unit);
	if (c->kind == CHART_GRID)
		grid(c, out);
	else
		curves(c, out);
}

static void section(const struct sheet *s, const struct sheet_section *b, int number, struct buf *out)
{
	if (!b->appendix) {
		buf_fmt(out, "\n== %d %s ", number, b->title);
		if (b->planned != NULL)
			check_line(s, b, out);
		else
			buf_str(out, "==\n");
		if (b->planned == NULL && b->actual != NULL)
			check_line(s, b, out);
	}
	for (const struct sheet_item *i = b->items; i != NULL; i = i->next)
		item(s, i, out);
	for (const struct sheet_chart *c = b->charts; c != NULL; c = c->next)
		chart(c, out);
	for (const struct sheet_table *t = b->tables; t != NULL; t = t->next)
		table(t, out);
}

static void sections(const struct sheet *s, bool appendix, struct buf *out)
{
	int number = 0;

	for (const struct sheet_section *b = s->sections; b != NULL; b = b->next)
		if (b->appendix == appendix)
			section(s, b, ++number, out);
}

static void seals(const struct sheet *s, struct buf *out)
{
	static const enum word names[SHEET_SEALS] = { W_PREPARED, W_CHECKED, W_APPROVED };

	for (int i = 0; i < SHEET_SEALS; i++) {
		buf_fmt(out, "%s%s ", i > 0 ? "  " : "", say(s, names[i]));
		put(out, s->seal[i] != NULL ? s->seal[i] : "____________");
	}
	buf_byte(out, '\n');
}

static void sheet(const struct sheet *s, struct buf *out)
{
	head(s, out);
	sections(s, false, out);
	buf_fmt(out, "\n%s: ________________________________________________\n", say(s, W_SPECIAL));
	for (const struct sheet_line *l = s->special.first; l != NULL; l = l->next) {
		buf_str(out, "  ");
		put(out, l->text);
		buf_byte(out, '\n');
	}
	seals(s, out);
	sections(s, true, out);
	buf_byte(out, '\n');
	for (const struct sheet_line *l = s->notes.first; l != NULL; l = l->next) {
		put(out, l->text);
		buf_byte(out, '\n');
	}
}

int report_output_text(const struct sheet *const *sheets, size_t n, struct buf *out, struct err *e)
{
	(void)e;
	for (size_t i = 0; i < n; i++) {
		buf_str(out, i == 0 ? "" : "\n");
		sheet(sheets[i], out);
	}
	return TK_OK;
}
