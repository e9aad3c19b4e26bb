/* A4 pages by cairo and pango, black on white: the same input gives the same bytes, for the one date in them
 * is the end of the period. */
#include <cairo-pdf.h>

#include "core/base/zone.h"
#include "reports/figures.h"
#include "reports/outputs.h"
#include "reports/pdf_page.h"

#define PAD 2.
#define SEAL (20 * MM)
#define SCALE_MIN .76 /* below, letters would be too small to read: the sheet takes two pages */

static const struct look title = { .size = 15, .bold = true }, heading = { .size = 10.5, .bold = true },
			 small = { .size = 8 }, small_bold = { .size = 8, .bold = true },
			 body = { .size = 10 }, cell_left = { .size = 8.5, .one_line = true },
			 cell_right = { .size = 8.5, .align = PANGO_ALIGN_RIGHT, .one_line = true };

static double down(struct pdf *p, const char *text, struct look look)
{
	double height = pdf_height(p, text, TEXT_WIDTH, look);

	pdf_need(p, height);
	p->y += pdf_text(p, MARGIN_SIDE, p->y, text, TEXT_WIDTH, look);
	return height;
}

static void seals(struct pdf *p)
{
	static const enum word names[] = { W_PREPARED, W_CHECKED, W_APPROVED };
	const struct look look = { .size = 8, .align = PANGO_ALIGN_CENTER };
	double x = PAGE_WIDTH - MARGIN_SIDE - COUNT(names) * SEAL;

	for (size_t i = 0; i < COUNT(names); i++, x += SEAL) {
		pdf_text(p, x, MARGIN_TOP, say(p->s, names[i]), SEAL, look);
		pdf_frame(p, x, MARGIN_TOP, SEAL, 12);
		pdf_frame(p, x, MARGIN_TOP + 12, SEAL, SEAL);
		if (p->s->seal[i] != NULL)
			pdf_text(p, x + PAD, MARGIN_TOP + 12 + PAD, p->s->seal[i], SEAL - 2 * PAD,
				 (struct look){ .size = 7, .align = PANGO_ALIGN_CENTER });
	}
}

static void head(struct pdf *p)
{
	double width = TEXT_WIDTH - 3 * SEAL - 4 * MM;
	struct buf line;

	seals(p);
	p->y += pdf_text(p, MARGIN_SIDE, p->y, p->s->title, width, title);
	buf_init(&line, 4096);
	buf_fmt(&line, "[%s]  %s", say(p->s, W_HANDLE), p->s->number);
	p->y += pdf_text(p, MARGIN_SIDE, p->y, buf_cstr(&line), width, small);
	buf_free(&line);
	for (const struct sheet_field *f = p->s->fields; f != NULL; f = f->next) {
		pdf_text(p, MARGIN_SIDE, p->y, f->name, 18 * MM, small);
		p->y += pdf_text(p, MARGIN_SIDE + 18 * MM, p->y, f->value, width - 18 * MM, small);
	}
	if (p->y < MARGIN_TOP + 12 + SEAL + PAD)
		p->y = MARGIN_TOP + 12 + SEAL + PAD;
}

/* Lines in a frame; nothing where there are none. */
static void framed(struct pdf *p, const struct sheet_lines *l, struct look look)
{
	double top, height = 2 * PAD, width = TEXT_WIDTH - 4 * PAD;

	if (l->first == NULL)
		return;
	for (const struct sheet_line *line = l->first; line != NULL; line = line->next)
		height += pdf_height(p, line->text, width, look);
	pdf_need(p, height + PAD);
	top = p->y += PAD;
	p->y += PAD;
	for (const struct sheet_line *line = l->first; line != NULL; line = line->next)
		p->y += pdf_text(p, MARGIN_SIDE + 2 * PAD, p->y, line->text, width, look);
	p->y += PAD;
	pdf_frame(p, MARGIN_SIDE, top, TEXT_WIDTH, p->y - top);
}

static const double item_width[4] = { 44 * MM, TEXT_WIDTH - 89 * MM, 17 * MM, 28 * MM };

static double lines_height(struct pdf *p, const struct sheet_lines *l, double width)
{
	double height = 0;

	for (const struct sheet_line *line = l->first; line != NULL; line = line->next)
		height += pdf_height(p, line->text, width - 2 * PAD, small);
	return height;
}

static void draw_lines(struct pdf *p, const struct sheet_lines *l, double x, double width)
{
	double y = p->y + PAD / 2;

	for (const struct sheet_line *line = l->first; line != NULL; line = line->next)
		y += pdf_text(p, x + PAD, y, line->text, width - 2 * PAD, small);
}

/* A person's in bold; what was proposed, in brackets where the sheet has been judged. */
static void verdict(struct pdf *p, const struct sheet_item *i, double x)
{
	enum verdict v = i->said != VERDICT_NONE ? i->said : i->verdict;
	struct buf text;

	if (v == VERDICT_NONE)
		return;
	buf_init(&text, 4096);
	buf_fmt(&text, i->said == VERDICT_NONE && p->s->judged ? "(%s %s)" : "%s %s", verdict_mark(v),
		say(p->s, verdict_word(v)));
	if (v != i->verdict && i->verdict != VERDICT_NONE)
		buf_fmt(&text, say(p->s, W_PROPOSED_WAS), verdict_mark(i->verdict));
	pdf_text(p, x, p->y + PAD / 2, buf_cstr(&text), item_width[2] - PAD,
		 i->said != VERDICT_NONE || v == VERDICT_BAD ? small_bold : small);
	buf_free(&text);
}

/* One that is higher than a page runs over its foot: no report makes it. */
static void item(struct pdf *p, const struct sheet_item *i)
{
	double x = MARGIN_SIDE, entry = i->manual ? 14 : 0, height, other;
	struct buf text;

	buf_init(&text, 1 << 16);
	buf_fmt(&text, "%s  %s", i->id, i->title);
	height = pdf_height(p, buf_cstr(&text), item_width[0] - 2 * PAD, small_bold);
	other = lines_height(p, &i->results, item_width[1]) + entry;
	height = other > height ? other : height;
	other = lines_height(p, &i->remarks, item_width[3]);
	height = (other > height ? other : height) + PAD;
	pdf_need(p, height);
	pdf_text(p, x + PAD, p->y + PAD / 2, buf_cstr(&text), item_width[0] - 2 * PAD, small_bold);
	draw_lines(p, &i->results, x + item_width[0], item_width[1]);
	if (i->manual) {
		pdf_text(p, x + item_width[0] + PAD, p->y + height - 12, say(p->s, W_MANUAL), item_width[1],
			 small);
		pdf_line(p, x + item_width[0] + 20 * MM, p->y + height - 3,
			 x + item_width[0] + item_width[1] - PAD, p->y + height - 3, .4);
	}
	verdict(p, i, x + item_width[0] + item_width[1] + PAD);
	draw_lines(p, &i->remarks, x + TEXT_WIDTH - item_width[3], item_width[3]);
	for (int c = 0; c < 4; x += item_width[c++])
		pdf_frame(p, x, p->y, item_width[c], height);
	p->y += height;
	buf_free(&text);
}

static void items(struct pdf *p, const struct sheet_section *b)
{
	static const enum word heads[4] = { W_ITEM, W_RESULT, W_VERDICT, W_REMARK };
	double x = MARGIN_SIDE, height = pdf_height(p, say(p->s, W_ITEM), TEXT_WIDTH, small_bold) + PAD;

	if (b->items == NULL)
		return;
	pdf_shade(p, MARGIN_SIDE, p->y, TEXT_WIDTH, height, .93);
	for (int c = 0; c < 4; x += item_width[c++]) {
		pdf_text(p, x + PAD, p->y + PAD / 2, say(p->s, sheet_head(p->s, heads[c])), item_width[c],
			 small_bold);
		pdf_frame(p, x, p->y, item_width[c], height);
	}
	p->y += height;
	for (const struct sheet_item *i = b->items; i != NULL; i = i->next)
		item(p, i);
}

/* Two side by side. */
static void charts(struct pdf *p, const struct sheet_section *b)
{
	double width = (TEXT_WIDTH - 6 * MM) / 2, height = pdf_chart_height(width) + 2 * MM;
	int at = 0;

	for (const struct sheet_chart *c = b->charts; c != NULL; c = c->next, at++) {
		if (at % 2 == 0)
			pdf_need(p, height);
		pdf_chart(p, c, MARGIN_SIDE + (at % 2) * (width + 6 * MM), p->y + 1 * MM, width);
		if (at % 2 == 1 || c->next == NULL)
			p->y += height;
	}
}

static void row(struct pdf *p, const struct sheet_table *t, const char *const *cell, int permille)
{
	static const double width[TABLE_COLUMNS + 1] = {
		56 * MM, 22 * MM, 20 * MM, 28 * MM, 24 * MM, 30 * MM
	};
	double x = MARGIN_SIDE, height = pdf_height(p, "0", TEXT_WIDTH, cell_left);

	pdf_need(p, height);
	for (int c = 0; c < t->columns; x += width[c++])
		pdf_text(p, x, p->y, cell[c], width[c] - PAD, c == 0 ? cell_left : cell_right);
	if (permille > 0)
		pdf_shade(p, x + PAD, p->y + height * .25, (width[TABLE_COLUMNS] - PAD) * permille / 1000,
			  height * .5, .35);
	p->y += height;
}

static void table(struct pdf *p, const struct sheet_table *t)
{
	p->y += 3 * MM;
	pdf_need(p, 20 * MM);
	down(p, t->title, small_bold);
	row(p, t, t->head, 0);
	pdf_line(p, MARGIN_SIDE, p->y, MARGIN_SIDE + TEXT_WIDTH, p->y, .4);
	for (const struct sheet_row *r = t->first; r != NULL; r = r->next)
		row(p, t, r->cell, r->permille);
}

static void section_head(struct pdf *p, const struct sheet_section *b, int number)
{
	struct buf line;

	buf_init(&line, 1 << 16);
	p->y += 2 * MM;
	pdf_need(p, 30 * MM);
	if (b->appendix)
		buf_str(&line, b->title);
	else
		buf_fmt(&line, "%d %s", number, b->title);
	down(p, buf_cstr(&line), heading);
	if (b->planned != NULL || b->actual != NULL) {
		buf_clear(&line);
		if (b->planned != NULL) {
			buf_fmt(&line, say(p->s, W_PLANNED), b->planned);
			buf_fmt(&line, "  %s   ", b->role);
		}
		buf_fmt(&line, "%s %s   %s %s", say(p->s, W_ACTUAL),
			b->actual != NULL ? b->actual : "____:____", say(p->s, W_CHECKER),
			b->checker != NULL ? b->checker : "________________");
		down(p, buf_cstr(&line), small);
		if (b->window != NULL)
			down(p, b->window, small);
	}
	buf_free(&line);
}

static void sections(struct pdf *p, bool appendix)
{
	int number = 0;

	for (const struct sheet_section *b = p->s->sections; b != NULL; b = b->next) {
		if (b->appendix != appendix)
			continue;
		if (appendix)
			pdf_need(p, PAGE_HEIGHT);
		section_head(p, b, ++number);
		items(p, b);
		charts(p, b);
		for (const struct sheet_table *t = b->tables; t != NULL; t = t->next)
			table(p, t);
	}
}

/* What people noted, and room for more. */
static void special(struct pdf *p)
{
	double height = 14 * MM + lines_height(p, &p->s->special, TEXT_WIDTH);

	p->y += PAD;
	pdf_need(p, height + 2 * MM);
	pdf_frame(p, MARGIN_SIDE, p->y, TEXT_WIDTH, height);
	pdf_text(p, MARGIN_SIDE + PAD, p->y + PAD / 2, say(p->s, W_SPECIAL), TEXT_WIDTH, small);
	p->y += 4 * MM;
	draw_lines(p, &p->s->special, MARGIN_SIDE, TEXT_WIDTH);
	p->y += height - 4 * MM + PAD;
}

static void sheet(struct pdf *p, const struct sheet *s)
{
	int first = p->page + 1;

	p->s = s;
	pango_layout_context_changed(p->layout);
	pango_context_set_language(pango_layout_get_context(p->layout),
				   pango_language_from_string(lang_code(s->lang)));
	pdf_page_begin(p);
	head(p);
	framed(p, &s->warnings, small_bold);
	framed(p, &s->summary, body);
	sections(p, false);
	special(p);
	for (const struct sheet_line *l = s->notes.first; l != NULL; l = l->next)
		down(p, l->text, small);
	p->over |= s->one_page && p->page > first;
	sections(p, true);
	pdf_page_end(p);
}

static cairo_status_t add_bytes(void *ctx, const unsigned char *bytes, unsigned n)
{
	struct buf *out = ctx;

	buf_add(out, slice_of(bytes, n));
	return out->failed ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static void metadata(struct pdf *p, const struct sheet *s)
{
	char at[TIME_TEXT_MAX];

	at[time_format_utc(s->figures->to * NS_PER_SEC, at)] = '\0';
	cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_TITLE, s->number);
	cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_CREATE_DATE, at);
	cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_MOD_DATE, at);
}

struct pass {
	double scale;
	int pages;
	bool over;
};

/* Without a Japanese font a page would be empty boxes. */
static int check_font(struct pdf *p, struct err *e)
{
	pdf_height(p, "日次運用", TEXT_WIDTH, small);
	if (pango_layout_get_unknown_glyphs_count(p->layout) == 0)
		return TK_OK;
	return err_set(e, TK_ENOTFOUND,
		       "no font here has Japanese letters: install fonts-noto-cjk or fonts-ipaexfont");
}

/* All pages into `out` (NULL: only counted). */
static int pass(const struct sheet *const *sheets, size_t n, struct buf *out, struct pass *of, struct err *e)
{
	struct buf nothing;
	struct pdf p = { .out = out == NULL ? &nothing : out, .pages = of->pages, .scale = of->scale };
	int rc;

	buf_init(&nothing, 1);
	p.surface = cairo_pdf_surface_create_for_stream(out == NULL ? NULL : add_bytes, out, PAGE_WIDTH,
							PAGE_HEIGHT);
	metadata(&p, sheets[0]);
	p.cr = cairo_create(p.surface);
	p.layout = pango_cairo_create_layout(p.cr);
	rc = check_font(&p, e);
	for (size_t i = 0; i < n && rc == TK_OK; i++)
		sheet(&p, sheets[i]);
	of->pages = p.page;
	of->over = p.over;
	g_object_unref(p.layout);
	cairo_destroy(p.cr);
	cairo_surface_finish(p.surface);
	if (rc == TK_OK && cairo_surface_status(p.surface) != CAIRO_STATUS_SUCCESS)
		p.out->failed = true;
	if (p.out->failed && rc == TK_OK)
		rc = err_set(e, TK_ENOMEM, "the report is too large, or memory ran out");
	cairo_surface_destroy(p.surface);
	buf_free(&nothing);
	return rc;
}

int report_output_pdf(const struct sheet *const *sheets, size_t n, struct buf *out, struct err *e)
{
	struct pass of = { .scale = 1 };
	int rc;

	if (n == 0)
		return TK_OK;
	while ((rc = pass(sheets, n, NULL, &of, e)) == TK_OK && of.over && of.scale > SCALE_MIN)
		of.scale -= .05;
	return rc == TK_OK ? pass(sheets, n, out, &of, e) : rc;
}
