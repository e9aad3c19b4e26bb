/* Pages of a PDF: where the pen is, text, lines and boxes. Points; y grows downwards. Private to the PDF
 * output. */
#ifndef TK_REPORTS_PDF_PAGE_H
#define TK_REPORTS_PDF_PAGE_H

#include <pango/pangocairo.h>

#include "reports/sheet.h"

#define MM (72 / 25.4)
#define PAGE_WIDTH (210 * MM)
#define PAGE_HEIGHT (297 * MM)
#define MARGIN_SIDE (15 * MM)
#define MARGIN_TOP (20 * MM)
#define TEXT_WIDTH (PAGE_WIDTH - 2 * MARGIN_SIDE)
#define PAGE_BOTTOM (PAGE_HEIGHT - 20 * MM)

struct pdf {
	cairo_surface_t *surface;
	cairo_t *cr;
	PangoLayout *layout;
	struct buf *out;
	const struct sheet *s; /* the one being laid out */
	double y;
	int page, pages; /* pages: 0 while they are counted */
	bool over;	 /* a sheet that is to fit on one page did not */
	double scale;	 /* of the letters: below 1 where a sheet is to fit */
};

struct look {
	double size;
	bool bold, one_line;
	PangoAlignment align;
};

/* Height of the text in this width; pdf_text draws it too. Text is untrusted. */
double pdf_height(struct pdf *p, const char *text, double width, struct look look);
double pdf_text(struct pdf *p, double x, double y, const char *text, double width, struct look look);
void pdf_line(struct pdf *p, double x1, double y1, double x2, double y2, double width);
void pdf_frame(struct pdf *p, double x, double y, double w, double h);
void pdf_shade(struct pdf *p, double x, double y, double w, double h, double grey);
void pdf_page_begin(struct pdf *p);
void pdf_page_end(struct pdf *p); /* with its foot */
/* A new page where less than `height` is left; true: it is new. */
bool pdf_need(struct pdf *p, double height);
void pdf_chart(struct pdf *p, const struct sheet_chart *c, double x, double y, double width);
double pdf_chart_height(double width);

#endif
