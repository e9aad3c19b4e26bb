/* Charts as strokes on a surface, so that every output that can draw has the same picture. Units are about a
 * pixel; black and white suffice: curves differ by their stroke, shades by their grey. */
#ifndef TK_REPORTS_CHART_DRAW_H
#define TK_REPORTS_CHART_DRAW_H

#include "reports/sheet.h"

#define CHART_WIDTH 360
#define CHART_HEIGHT 150
#define CHART_FONT 10
#define CHART_SHADES 5 /* 0: empty */

enum stroke { STROKE_SOLID, STROKE_DASHED, STROKE_DOTTED, STROKE_AXIS };
enum anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END };

struct canvas {
	void *ctx;
	void (*line)(void *ctx, int x1, int y1, int x2, int y2, enum stroke stroke);
	void (*box)(void *ctx, int x, int y, int w, int h, int shade);
	void (*text)(void *ctx, int x, int y, enum anchor anchor, const char *text); /* y: base line */
};

void chart_draw(const struct sheet_chart *c, const struct canvas *on);
/* 0: nothing; 1 to CHART_SHADES - 1 by the share of the largest value of the chart. */
int chart_shade(const struct sheet_chart *c, int64_t value);
/* The largest value and where it is; false: none is known. */
bool chart_most(const struct sheet_chart *c, int *series, int *point);

/* Title, unit and the largest value with its place: also for a reader who cannot see the picture. */
void chart_caption(const struct sheet *s, const struct sheet_chart *c, struct buf *out);

#endif
