/* Charts as inline SVG: no script and no style of their own, the colour is that of the text. */
#include "reports/chart_draw.h"
#include "reports/html.h"

static void line(void *ctx, int x1, int y1, int x2, int y2, enum stroke stroke)
{
	static const char *const looks[] = {
		[STROKE_SOLID] = " stroke-width=\"2\"",
		[STROKE_DASHED] = " stroke-width=\"1.6\" stroke-dasharray=\"6 3\"",
		[STROKE_DOTTED] = " stroke-width=\"1.6\" stroke-dasharray=\"1.5 2.5\"",
		[STROKE_AXIS] = " stroke-width=\".6\" stroke-opacity=\".6\"",
	};

	buf_fmt(ctx, "<path d=\"M%d %dL%d %d\" stroke=\"currentColor\"%s/>", x1, y1, x2, y2, looks[stroke]);
}

static void box(void *ctx, int x, int y, int w, int h, int shade)
{
	buf_fmt(ctx,
		"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"currentColor\""
		" fill-opacity=\"%s\"/>",
		x, y, w, h, (const char *const[]){ ".05", ".25", ".5", ".75", "1" }[shade]);
}

static void text(void *ctx, int x, int y, enum anchor anchor, const char *what)
{
	static const char *const names[] = { "start", "middle", "end" };

	if (what[0] == '\0')
		return;
	buf_fmt(ctx, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" fill=\"currentColor\" font-size=\"%d\">", x,
		y, names[anchor], CHART_FONT);
	html_element(ctx, "", what, "</text>");
}

void html_chart(const struct sheet *s, const struct sheet_chart *c, struct buf *out)
{
	const struct canvas on = { out, line, box, text };
	struct buf caption;

	buf_init(&caption, 1 << 16);
	chart_caption(s, c, &caption);
	if (caption.failed)
		out->failed = true;
	html_element(out, "<figure><figcaption>", buf_cstr(&caption), "</figcaption>");
	buf_fmt(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", CHART_WIDTH, CHART_HEIGHT);
	html_element(out, "", buf_cstr(&caption), "\">");
	buf_free(&caption);
	chart_draw(c, &on);
	buf_str(out, "</svg></figure>\n");
}
