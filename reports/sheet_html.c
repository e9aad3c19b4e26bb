/* The sheet as one self-contained HTML page: no script, no outside resource, prints on A4. */
#include "core/base/safe.h"
#include "reports/sheet.h"
#include "reports/sheet_css.h"

/* Every text goes through here: control and bidi characters become visible, markup becomes text. */
static void put(struct buf *out, const char *text)
{
	struct buf safe;

	buf_init(&safe, 1 << 20);
	safe_text(&safe, slice_str(text));
	if (safe.failed)
		out->failed = true;
	for (size_t i = 0; i < safe.n; i++) {
		switch (safe.p[i]) {
		case '&':
			buf_str(out, "&amp;");
			break;
		case '<':
			buf_str(out, "&lt;");
			break;
		case '>':
			buf_str(out, "&gt;");
			break;
		case '"':
			buf_str(out, "&quot;");
			break;
		case '\'':
			buf_str(out, "&#39;");
			break;
		default:
			buf_byte(out, safe.p[i]);
		}
	}
	buf_free(&safe);
}

/* <tag>text</tag>; `open` may carry a class. */
static void element(struct buf *out, const char *open, const char *text, const char *close)
{
	buf_str(out, open);
	put(out, text);
	buf_str(out, close);
}

static const char *lang_code(enum lang lang)
{
	return lang == LANG_JA ? "ja" : "en";
}

static void seal_boxes(const struct sheet *s, struct buf *out)
{
	static const enum word names[] = { W_PREPARED, W_CHECKED, W_APPROVED };

	buf_str(out, "<table class=\"seal\"><tr>");
	for (size_t i = 0; i < COUNT(names); i++)
		element(out, "<th>", say(s, names[i]), "</th>");
	buf_str(out, "</tr><tr>");
	for (size_t i = 0; i < COUNT(names); i++)
		buf_str(out, "<td></td>");
	buf_str(out, "</tr></table>\n");
}

static void head_row(const struct sheet *s, enum word name, const char *value, struct buf *out)
{
	element(out, "<tr><th>", say(s, name), "</th>");
	element(out, "<td>", value, "</td></tr>\n");
}

static void head(const struct sheet *s, struct buf *out)
{
	buf_str(out, "<header><div>\n");
	element(out, "<h1>", say(s, W_TITLE), "</h1>\n");
	element(out, "<span class=\"handle\">", say(s, W_HANDLE), "</span>");
	element(out, "<span class=\"number\">", s->number, "</span>\n");
	buf_str(out, "<table class=\"head\">\n");
	head_row(s, W_SITE, s->site, out);
	head_row(s, W_DAY, s->day, out);
	head_row(s, W_DAY_CLASS, s->day_class, out);
	head_row(s, W_WINDOW, s->window, out);
	buf_str(out, "</table></div>\n");
	seal_boxes(s, out);
	buf_str(out, "</header>\n");
	if (s->warnings.first == NULL)
		return;
	buf_str(out, "<div class=\"warn\">\n");
	for (const struct sheet_line *l = s->warnings.first; l != NULL; l = l->next)
		element(out, "<p>", l->text, "</p>\n");
	buf_str(out, "</div>\n");
}

static void lines(const struct sheet_lines *l, struct buf *out)
{
	for (const struct sheet_line *line = l->first; line != NULL; line = line->next)
		element(out, "<p>", line->text, "</p>");
}

static void item(const struct sheet *s, const struct sheet_item *i, struct buf *out)
{
	element(out, "<tr><th scope=\"row\"><span>", i->id, "</span>");
	element(out, "", i->title, "</th>\n<td>");
	lines(&i->results, out);
	buf_fmt(out, "</td>\n<td class=\"verdict v%d\">", (int)i->verdict);
	if (i->verdict != VERDICT_NONE) {
		element(out, "", verdict_mark(i->verdict), " ");
		put(out, say(s, verdict_word(i->verdict)));
	}
	buf_str(out, "</td>\n<td class=\"remark\">");
	lines(&i->remarks, out);
	buf_str(out, "</td></tr>\n");
}

static void block(const struct sheet *s, const struct sheet_block *b, int number, struct buf *out)
{
	static const enum word heads[] = { W_ITEM, W_RESULT, W_VERDICT, W_REMARK };

	buf_fmt(out, "<h2>%d ", number);
	element(out, "", b->title, "<small>");
	buf_fmt(out, say(s, W_PLANNED), b->planned);
	element(out, " · ", b->role, "</small></h2>\n<p class=\"fill\">");
	element(out, "", say(s, W_ACTUAL), " <u>&nbsp;</u> ");
	element(out, "", say(s, W_CHECKER), " <u>&nbsp;</u>");
	if (b->window != NULL)
		element(out, "<br>", b->window, "");
	buf_str(out, "</p>\n<table class=\"check\"><thead><tr>");
	for (size_t i = 0; i < COUNT(heads); i++)
		element(out, "<th scope=\"col\">", say(s, heads[i]), "</th>");
	buf_str(out, "</tr></thead><tbody>\n");
	for (const struct sheet_item *i = b->first; i != NULL; i = i->next)
		item(s, i, out);
	buf_str(out, "</tbody></table>\n");
}

static void row(const struct sheet_row *r, struct buf *out)
{
	element(out, "<tr><th scope=\"row\">", r->cell[0], "</th>");
	for (int c = 1; c < TABLE_COLUMNS; c++)
		element(out, "<td>", r->cell[c], "</td>");
	buf_fmt(out, "<td class=\"bar\"><i style=\"width:%d.%d%%\"></i></td></tr>\n", r->permille / 10,
		r->permille % 10);
}

static void table(const struct sheet_table *t, struct buf *out)
{
	element(out, "<h3>", t->title, "</h3>\n<table class=\"figures\"><thead><tr>");
	for (int c = 0; c < TABLE_COLUMNS; c++)
		element(out, "<th scope=\"col\">", t->head[c], "</th>");
	buf_str(out, "<th></th></tr></thead><tbody>\n");
	for (const struct sheet_row *r = t->first; r != NULL; r = r->next)
		row(r, out);
	buf_str(out, "</tbody></table>\n");
}

static void sheet(const struct sheet *s, struct buf *out)
{
	int number = 0;

	buf_fmt(out, "<section class=\"sheet\" lang=\"%s\">\n", lang_code(s->lang));
	head(s, out);
	for (const struct sheet_block *b = s->blocks; b != NULL; b = b->next)
		block(s, b, ++number, out);
	element(out, "<div class=\"special\">", say(s, W_SPECIAL), "</div>\n<div class=\"notes\">");
	lines(&s->notes, out);
	element(out, "</div>\n<div class=\"tables\">\n<h2>", say(s, W_TABLES), "</h2>\n");
	for (const struct sheet_table *t = s->tables; t != NULL; t = t->next)
		table(t, out);
	buf_str(out, "</div>\n</section>\n");
}

void sheet_render_html(const struct sheet *const *sheets, size_t n, struct buf *out)
{
	if (n == 0)
		return;
	buf_fmt(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
		     "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>",
		lang_code(sheets[0]->lang));
	element(out, "", say(sheets[0], W_TITLE), " ");
	put(out, sheets[0]->number);
	buf_str(out, "</title>\n<style>\n");
	buf_str(out, sheet_css);
	buf_str(out, "</style>\n</head>\n<body>\n");
	for (size_t i = 0; i < n; i++)
		sheet(sheets[i], out);
	buf_str(out, "</body>\n</html>\n");
}
