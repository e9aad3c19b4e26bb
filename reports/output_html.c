/* A report as one self-contained HTML page: no script, no outside resource, prints on A4. */
#include "core/base/hash.h"
#include "core/base/safe.h"
#include "reports/html.h"
#include "reports/html_css.h"
#include "reports/outputs.h"

void html_text(struct buf *out, const char *text)
{
	static const struct {
		uint8_t byte;
		const char *as;
	} marks[] = {
		{ '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" },
	};
	struct buf safe;

	buf_init(&safe, 1 << 20);
	safe_text(&safe, slice_str(text));
	if (safe.failed)
		out->failed = true;
	for (size_t i = 0; i < safe.n; i++) {
		size_t k = 0;

		while (k < COUNT(marks) && marks[k].byte != safe.p[i])
			k++;
		if (k < COUNT(marks))
			buf_str(out, marks[k].as);
		else
			buf_byte(out, safe.p[i]);
	}
	buf_free(&safe);
}

void html_element(struct buf *out, const char *open, const char *text, const char *close)
{
	buf_str(out, open);
	html_text(out, text);
	buf_str(out, close);
}

static void lines(const struct sheet_lines *l, struct buf *out)
{
	for (const struct sheet_line *line = l->first; line != NULL; line = line->next)
		html_element(out, "<p>", line->text, "</p>");
}

/* A box of lines; nothing where there are none. */
static void box(const char *class, const struct sheet_lines *l, struct buf *out)
{
	if (l->first == NULL)
		return;
	buf_fmt(out, "<div class=\"%s\">", class);
	lines(l, out);
	buf_str(out, "</div>\n");
}

static void seal_boxes(const struct sheet *s, struct buf *out)
{
	static const enum word names[] = { W_PREPARED, W_CHECKED, W_APPROVED };

	buf_str(out, "<table class=\"seal\"><tr>");
	for (size_t i = 0; i < COUNT(names); i++)
		html_element(out, "<th>", say(s, names[i]), "</th>");
	buf_str(out, "</tr><tr>");
	for (size_t i = 0; i < COUNT(names); i++)
		html_element(out, "<td>", s->seal[i] == NULL ? "" : s->seal[i], "</td>");
	buf_str(out, "</tr></table>\n");
}

static void head(const struct sheet *s, struct buf *out)
{
	buf_str(out, "<header><div>\n");
	html_element(out, "<h1>", s->title, "</h1>\n");
	html_element(out, "<span class=\"handle\">", say(s, W_HANDLE), "</span>");
	html_element(out, "<span class=\"number\">", s->number, "</span>\n");
	buf_str(out, "<table class=\"head\">\n");
	for (const struct sheet_field *f = s->fields; f != NULL; f = f->next) {
		html_element(out, "<tr><th scope=\"row\">", f->name, "</th>");
		html_element(out, "<td>", f->value, "</td></tr>\n");
	}
	buf_str(out, "</table></div>\n");
	seal_boxes(s, out);
	buf_str(out, "</header>\n");
	box("warn", &s->warnings, out);
	box("summary", &s->summary, out);
}

/* A person's stands; the program's, where it was another one, in light beside it. */
static void verdict(const struct sheet *s, const struct sheet_item *i, struct buf *out)
{
	enum verdict v = i->said != VERDICT_NONE ? i->said : i->verdict;
	bool light = i->said == VERDICT_NONE && s->judged;

	buf_fmt(out, "</td>\n<td class=\"verdict v%d%s\">", (int)v, light ? " light" : "");
	if (v != VERDICT_NONE) {
		html_element(out, "", verdict_mark(v), " ");
		html_text(out, say(s, verdict_word(v)));
	}
	if (v != i->verdict && i->verdict != VERDICT_NONE) {
		buf_str(out, "<p class=\"light\">");
		buf_fmt(out, say(s, W_PROPOSED_WAS), verdict_mark(i->verdict));
		buf_str(out, "</p>");
	}
}

static void item(const struct sheet *s, const struct sheet_item *i, struct buf *out)
{
	html_element(out, "<tr><th scope=\"row\"><span>", i->id, "</span>");
	html_element(out, "", i->title, "</th>\n<td>");
	lines(&i->results, out);
	if (i->manual)
		html_element(out, "<p class=\"entry\">", say(s, W_MANUAL), "</p>");
	verdict(s, i, out);
	buf_str(out, "</td>\n<td class=\"remark\">");
	lines(&i->remarks, out);
	buf_str(out, "</td></tr>\n");
}

static void items(const struct sheet *s, const struct sheet_section *b, struct buf *out)
{
	static const enum word heads[] = { W_ITEM, W_RESULT, W_VERDICT, W_REMARK };

	if (b->items == NULL)
		return;
	buf_str(out, "<table class=\"check\"><thead><tr>");
	for (size_t i = 0; i < COUNT(heads); i++)
		html_element(out, "<th scope=\"col\">", say(s, sheet_head(s, heads[i])), "</th>");
	buf_str(out, "</tr></thead><tbody>\n");
	for (const struct sheet_item *i = b->items; i != NULL; i = i->next)
		item(s, i, out);
	buf_str(out, "</tbody></table>\n");
}

/* A narrow screen shows a cell below the other: each has its column's name with it. */
static void row(const struct sheet_table *t, const struct sheet_row *r, struct buf *out)
{
	html_element(out, "<tr><th scope=\"row\">", r->cell[0], "</th>");
	for (int c = 1; c < t->columns; c++) {
		html_element(out, "<td data-head=\"", t->head[c], "\">");
		html_element(out, "", r->cell[c], "</td>");
	}
	buf_fmt(out,
		"<td class=\"bar\"><svg width=\"100%%\" height=\"10\" aria-hidden=\"true\">"
		"<rect width=\"%d.%d%%\" height=\"10\"/></svg></td></tr>\n",
		r->permille / 10, r->permille % 10);
}

static void table(const struct sheet_table *t, struct buf *out)
{
	html_element(out, "<h3>", t->title, "</h3>\n<table class=\"figures\"><thead><tr>");
	for (int c = 0; c < t->columns; c++)
		html_element(out, "<th scope=\"col\">", t->head[c], "</th>");
	buf_str(out, "<td></td></tr></thead><tbody>\n");
	for (const struct sheet_row *r = t->first; r != NULL; r = r->next)
		row(t, r, out);
	buf_str(out, "</tbody></table>\n");
}

static void check_line(const struct sheet *s, const struct sheet_section *b, struct buf *out)
{
	buf_str(out, "<p class=\"fill\">");
	html_element(out, "", say(s, W_ACTUAL), b->actual == NULL ? " <u>&nbsp;</u> " : " <b>");
	html_element(out, "", b->actual == NULL ? "" : b->actual, b->actual == NULL ? "" : "</b> ");
	html_element(out, "", say(s, W_CHECKER), b->checker == NULL ? " <u>&nbsp;</u>" : " <b>");
	html_element(out, "", b->checker == NULL ? "" : b->checker, b->checker == NULL ? "" : "</b>");
	if (b->window != NULL)
		html_element(out, "<br>", b->window, "");
	buf_str(out, "</p>\n");
}

static void section(const struct sheet *s, const struct sheet_section *b, int number, struct buf *out)
{
	if (b->appendix)
		html_element(out, "<div class=\"tables\">\n<h2>", b->title, "");
	else
		buf_fmt(out, "<h2>%d %s", number, b->title);
	if (b->planned != NULL) {
		buf_str(out, " <small>");
		buf_fmt(out, say(s, W_PLANNED), b->planned);
		html_element(out, " · ", b->role, "</small></h2>\n");
		check_line(s, b, out);
	} else {
		buf_str(out, "</h2>\n");
		if (b->actual != NULL)
			check_line(s, b, out);
	}
	items(s, b, out);
	if (b->charts != NULL) {
		buf_str(out, "<div class=\"charts\">\n");
		for (const struct sheet_chart *c = b->charts; c != NULL; c = c->next)
			html_chart(s, c, out);
		buf_str(out, "</div>\n");
	}
	for (const struct sheet_table *t = b->tables; t != NULL; t = t->next)
		table(t, out);
	if (b->appendix)
		buf_str(out, "</div>\n");
}

static void sections(const struct sheet *s, bool appendix, struct buf *out)
{
	int number = 0;

	for (const struct sheet_section *b = s->sections; b != NULL; b = b->next)
		if (b->appendix == appendix)
			section(s, b, ++number, out);
}

static void sheet(const struct sheet *s, struct buf *out)
{
	buf_fmt(out, "<section class=\"sheet%s\" lang=\"%s\">\n", s->one_page ? " one" : "",
		lang_code(s->lang));
	head(s, out);
	sections(s, false, out);
	html_element(out, "<div class=\"special\">", say(s, W_SPECIAL), "");
	lines(&s->special, out);
	buf_str(out, "</div>\n");
	box("notes", &s->notes, out);
	sections(s, true, out);
	buf_str(out, "</section>\n");
}

/* RFC 4648. */
static void base64(const uint8_t bytes[32], struct buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (int i = 0; i < 32; i += 3) {
		uint32_t v = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 |
			     (i + 2 < 32 ? bytes[i + 2] : 0U);

		for (int k = 18; k >= 0; k -= 6)
			buf_byte(out, k == 0 && i + 2 >= 32 ? '=' : (uint8_t)digits[v >> k & 63]);
	}
}

/* The page may load nothing, run nothing and be styled by its own sheet alone (CSP 3). */
static void policy(struct buf *out)
{
	struct sha256 *hash = sha256_new();
	uint8_t digest[32];

	if (hash == NULL) {
		out->failed = true;
		return;
	}
	sha256_of(hash, slice_str(html_css), digest);
	sha256_free(hash);
	buf_str(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		     "style-src 'sha256-");
	base64(digest, out);
	buf_str(out, "'; base-uri 'none'; form-action 'none'\">\n");
}

int report_output_html(const struct sheet *const *sheets, size_t n, struct buf *out, struct err *e)
{
	(void)e;
	if (n == 0)
		return TK_OK;
	buf_fmt(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
		lang_code(sheets[0]->lang));
	policy(out);
	buf_str(out, "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
		     "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	html_element(out, "", sheets[0]->title, " ");
	html_text(out, sheets[0]->number);
	buf_str(out, "</title>\n<style>");
	buf_str(out, html_css);
	buf_str(out, "</style>\n</head>\n<body>\n<main>\n");
	for (size_t i = 0; i < n; i++)
		sheet(sheets[i], out);
	buf_str(out, "</main>\n</body>\n</html>\n");
	return TK_OK;
}
