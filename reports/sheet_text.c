/* The sheet for a terminal or a mail. */
#include "core/base/columns.h"
#include "core/base/safe.h"
#include "reports/sheet.h"

#define NAME_WIDTH 22
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

static void head_line(const struct sheet *s, enum word name, const char *value, struct buf *out)
{
	put_padded(out, say(s, name), 12, false);
	put(out, value);
	buf_byte(out, '\n');
}

static void head(const struct sheet *s, struct buf *out)
{
	buf_str(out, say(s, W_TITLE));
	buf_str(out, "  ");
	put(out, s->number);
	buf_str(out, "  [");
	buf_str(out, say(s, W_HANDLE));
	buf_str(out, "]\n\n");
	head_line(s, W_SITE, s->site, out);
	head_line(s, W_DAY, s->day, out);
	head_line(s, W_DAY_CLASS, s->day_class, out);
	head_line(s, W_WINDOW, s->window, out);
	for (const struct sheet_line *l = s->warnings.first; l != NULL; l = l->next) {
		buf_str(out, l == s->warnings.first ? "\n! " : "! ");
		put(out, l->text);
		buf_byte(out, '\n');
	}
}

static void item(const struct sheet *s, const struct sheet_item *i, struct buf *out)
{
	buf_str(out, "  ");
	put_padded(out, i->id, 5, false);
	buf_str(out, i->title);
	if (i->verdict != VERDICT_NONE) {
		buf_str(out, "  [");
		buf_str(out, verdict_mark(i->verdict));
		buf_byte(out, ' ');
		buf_str(out, say(s, verdict_word(i->verdict)));
		buf_str(out, "]");
	}
	buf_byte(out, '\n');
	for (const struct sheet_line *l = i->results.first; l != NULL; l = l->next) {
		spaces(out, 7);
		put(out, l->text);
		buf_byte(out, '\n');
	}
	for (const struct sheet_line *l = i->remarks.first; l != NULL; l = l->next) {
		spaces(out, 7);
		buf_str(out, "- ");
		put(out, l->text);
		buf_byte(out, '\n');
	}
}

static void block(const struct sheet *s, const struct sheet_block *b, int number, struct buf *out)
{
	buf_fmt(out, "\n== %d %s  ", number, b->title);
	buf_fmt(out, say(s, W_PLANNED), b->planned);
	buf_fmt(out, "  %s ==\n", b->role);
	buf_fmt(out, "  %s ____:____  %s ______________\n", say(s, W_ACTUAL), say(s, W_CHECKER));
	if (b->window != NULL) {
		buf_str(out, "  ");
		put(out, b->window);
		buf_byte(out, '\n');
	}
	for (const struct sheet_item *i = b->first; i != NULL; i = i->next)
		item(s, i, out);
}

static void table_line(const char *const cell[TABLE_COLUMNS], int permille, struct buf *out)
{
	static const int width[TABLE_COLUMNS] = { NAME_WIDTH, 9, 8, 13, 12 };
	int bar = (permille * BAR_WIDTH + 999) / 1000;

	buf_str(out, "  ");
	for (int c = 0; c < TABLE_COLUMNS; c++)
		put_padded(out, cell[c], width[c], c > 0);
	if (bar > 0)
		buf_str(out, "  ");
	while (bar-- > 0)
		buf_byte(out, '#');
	buf_byte(out, '\n');
}

static void table(const struct sheet_table *t, struct buf *out)
{
	buf_fmt(out, "\n-- %s --\n", t->title);
	table_line(t->head, 0, out);
	for (const struct sheet_row *r = t->first; r != NULL; r = r->next)
		table_line(r->cell, r->permille, out);
}

void sheet_render_text(const struct sheet *s, struct buf *out)
{
	int number = 0;

	head(s, out);
	for (const struct sheet_block *b = s->blocks; b != NULL; b = b->next)
		block(s, b, ++number, out);
	buf_fmt(out, "\n%s: ________________________________________________\n", say(s, W_SPECIAL));
	buf_fmt(out, "%s ____________  %s ____________  %s ____________\n", say(s, W_PREPARED),
		say(s, W_CHECKED), say(s, W_APPROVED));
	for (const struct sheet_table *t = s->tables; t != NULL; t = t->next)
		table(t, out);
	buf_byte(out, '\n');
	for (const struct sheet_line *l = s->notes.first; l != NULL; l = l->next) {
		put(out, l->text);
		buf_byte(out, '\n');
	}
}
