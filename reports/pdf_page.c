#include "reports/pdf_page.h"

#include "core/base/safe.h"
#include "reports/chart_draw.h"

#define FONTS "Noto Sans CJK JP, IPAexGothic, sans-serif"
#define CAPTION 11
#define LEADING 1.3 /* line height by size */

static void shape(struct pdf *p, const char *text, double width, struct look look)
{
	PangoFontDescription *font = pango_font_description_from_string(FONTS);
	struct buf safe;

	buf_init(&safe, 1 << 20);
	safe_text(&safe, slice_str(text));
	if (safe.failed)
		p->out->failed = true;
	pango_font_description_set_absolute_size(font, look.size * p->scale * PANGO_SCALE);
	if (look.bold)
		pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
	pango_layout_set_font_description(p->layout, font);
	pango_font_description_free(font);
	pango_layout_set_width(p->layout, (int)(width * PANGO_SCALE));
	pango_layout_set_alignment(p->layout, look.align);
	pango_layout_set_wrap(p->layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_single_paragraph_mode(p->layout, TRUE);
	pango_layout_set_ellipsize(p->layout, look.one_line ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
	pango_layout_set_line_spacing(p->layout, 0);
	pango_layout_set_text(p->layout, (const char *)safe.p, (int)safe.n);
	buf_free(&safe);
}

/* Fonts differ in the height that they ask for: lines are as far apart as the size says. */
static double lead(struct pdf *p, struct look look, double *above)
{
	int n = pango_layout_get_line_count(p->layout), height;
	double own, wanted = look.size * p->scale * LEADING;

	pango_layout_get_size(p->layout, NULL, &height);
	own = (double)height / PANGO_SCALE / (n > 0 ? n : 1);
	if (own > 0)
		pango_layout_set_line_spacing(p->layout, (float)(wanted / own));
	*above = (own - wanted) / 2;
	return n * wanted;
}

double pdf_height(struct pdf *p, const char *text, double width, struct look look)
{
	double above;

	if (text[0] == '\0')
		return 0;
	shape(p, text, width, look);
	return lead(p, look, &above);
}

double pdf_text(struct pdf *p, double x, double y, const char *text, double width, struct look look)
{
	double above, height;

	if (text[0] == '\0')
		return 0;
	shape(p, text, width, look);
	height = lead(p, look, &above);
	cairo_move_to(p->cr, x, y - above);
	pango_cairo_show_layout(p->cr, p->layout);
	return height;
}

void pdf_line(struct pdf *p, double x1, double y1, double x2, double y2, double width)
{
	cairo_set_line_width(p->cr, width);
	cairo_move_to(p->cr, x1, y1);
	cairo_line_to(p->cr, x2, y2);
	cairo_stroke(p->cr);
}

void pdf_frame(struct pdf *p, double x, double y, double w, double h)
{
	cairo_set_line_width(p->cr, .5);
	cairo_rectangle(p->cr, x, y, w, h);
	cairo_stroke(p->cr);
}

void pdf_shade(struct pdf *p, double x, double y, double w, double h, double grey)
{
	cairo_set_source_rgb(p->cr, grey, grey, grey);
	cairo_rectangle(p->cr, x, y, w, h);
	cairo_fill(p->cr);
	cairo_set_source_rgb(p->cr, 0, 0, 0);
}

void pdf_page_begin(struct pdf *p)
{
	p->page++;
	p->y = MARGIN_TOP;
	cairo_set_source_rgb(p->cr, 0, 0, 0);
}

void pdf_page_end(struct pdf *p)
{
	static const struct look left = { .size = 8, .one_line = true },
				 right = { .size = 8, .align = PANGO_ALIGN_RIGHT, .one_line = true };
	char number[32];

	snprintf(number, sizeof number, "%d / %d", p->page, p->pages);
	pdf_text(p, MARGIN_SIDE, PAGE_BOTTOM + 4 * MM, p->s->number, TEXT_WIDTH / 2, left);
	pdf_text(p, MARGIN_SIDE + TEXT_WIDTH / 2, PAGE_BOTTOM + 4 * MM, number, TEXT_WIDTH / 2, right);
	cairo_show_page(p->cr);
}

bool pdf_need(struct pdf *p, double height)
{
	if (p->y + height <= PAGE_BOTTOM || p->y <= MARGIN_TOP)
		return false;
	pdf_page_end(p);
	pdf_page_begin(p);
	return true;
}

/* The surface of a chart. */
static void line(void *ctx, int x1, int y1, int x2, int y2, enum stroke stroke)
{
	static const struct {
		double width, dash[2];
		int dashes;
	} looks[] = {
		[STROKE_SOLID] = { 1.4, { 0 }, 0 },
		[STROKE_DASHED] = { 1.3, { 6, 3 }, 2 },
		[STROKE_DOTTED] = { 1.3, { 1.5, 2.5 }, 2 },
		[STROKE_AXIS] = { .5, { 0 }, 0 },
	};
	struct pdf *p = ctx;

	cairo_set_dash(p->cr, looks[stroke].dash, looks[stroke].dashes, 0);
	if (stroke == STROKE_AXIS)
		cairo_set_source_rgb(p->cr, .6, .6, .6);
	pdf_line(p, x1, y1, x2, y2, looks[stroke].width);
	cairo_set_source_rgb(p->cr, 0, 0, 0);
	cairo_set_dash(p->cr, NULL, 0, 0);
}

static void box(void *ctx, int x, int y, int w, int h, int shade)
{
	pdf_shade(ctx, x, y, w, h, .95 - .95 * shade / (CHART_SHADES - 1));
}

static void text(void *ctx, int x, int y, enum anchor anchor, const char *what)
{
	static const PangoAlignment aligns[] = { PANGO_ALIGN_LEFT, PANGO_ALIGN_CENTER, PANGO_ALIGN_RIGHT };
	const struct look look = { .size = CHART_FONT - 1, .align = aligns[anchor], .one_line = true };
	struct pdf *p = ctx;
	double width = CHART_WIDTH / 2., left = anchor == ANCHOR_START ? x
						: anchor == ANCHOR_END ? x - width
								       : x - width / 2;

	/* the base line lies under about four fifths of the line's height */
	pdf_text(p, left, y - pdf_height(p, what, width, look) * .78, what, width, look);
}

double pdf_chart_height(double width)
{
	return CAPTION + CHART_HEIGHT * width / CHART_WIDTH;
}

void pdf_chart(struct pdf *p, const struct sheet_chart *c, double x, double y, double width)
{
	const struct look look = { .size = 8, .one_line = true };
	const struct canvas on = { p, line, box, text };
	struct buf caption;

	buf_init(&caption, 1 << 16);
	chart_caption(p->s, c, &caption);
	if (caption.failed)
		p->out->failed = true;
	pdf_text(p, x, y, buf_cstr(&caption), width, look);
	buf_free(&caption);
	cairo_save(p->cr);
	cairo_translate(p->cr, x, y + CAPTION);
	cairo_scale(p->cr, width / CHART_WIDTH, width / CHART_WIDTH);
	chart_draw(c, &on);
	cairo_restore(p->cr);
}
