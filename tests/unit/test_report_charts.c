/* What charts show: the forecast of a month by classes of days, shades, gaps of curves, captions. */
#include "reports/chart_draw.h"
#include "reports/figure.h"
#include "reports/figures.h"
#include "tests/lib/tap.h"

#define USD PICO_USD

/* 10 days: business days cost 10 USD, closed ones 2; six are over. */
static struct month month_of(void)
{
	static const enum day_class class[10] = { CLASS_BUSINESS, CLASS_BUSINESS, CLASS_CLOSED,
						  CLASS_BUSINESS, CLASS_CLOSED,	  CLASS_BUSINESS,
						  CLASS_BUSINESS, CLASS_CLOSED,	  CLASS_BUSINESS,
						  CLASS_BUSINESS };
	struct month m = { .days = 10, .past = 6 };

	for (int i = 0; i < m.days; i++) {
		m.class[i] = class[i];
		m.day_cost[i] = i >= m.past ? 0 : class[i] == CLASS_CLOSED ? 2 * USD : (10 + i) * USD;
		m.cost += m.day_cost[i];
	}
	return m;
}

static void forecast(void)
{
	struct figures f = { .month = month_of() };

	/* business: 10, 11, 13, 15 in four days; closed: 2 and 2 in two; so far 53 */
	f.class_mean[CLASS_BUSINESS] = (struct class_mean){ 49 * USD, 4 };
	f.class_mean[CLASS_CLOSED] = (struct class_mean){ 4 * USD, 2 };
	ok(forecast_until(&f, 10) == 53 * USD + (figure)(12.25 * 3 * USD) + 2 * USD,
	   "the days to come cost the mean of their class");
	ok(forecast_until(&f, 7) == 53 * USD + (figure)(12.25 * USD), "a curve goes there day by day");
	ok(forecast_until(&f, 6) == 53 * USD, "from what it cost so far");
	f.class_mean[CLASS_BUSINESS] = (struct class_mean){ 1, 2 };
	ok(forecast_until(&f, 10) == 53 * USD + 2 + 2 * USD, "half up, once a class: three halves are two");
	f.month.past = 10;
	ok(forecast_until(&f, 10) == 53 * USD, "a month that is over has what it cost");
}

struct seen {
	int lines, boxes, texts, shades[CHART_SHADES], left, right, top, bottom;
};

static void reach(struct seen *s, int x, int y)
{
	s->left = x < s->left ? x : s->left;
	s->right = x > s->right ? x : s->right;
	s->top = y < s->top ? y : s->top;
	s->bottom = y > s->bottom ? y : s->bottom;
}

static void see_line(void *ctx, int x1, int y1, int x2, int y2, enum stroke stroke)
{
	struct seen *s = ctx;

	s->lines += stroke != STROKE_AXIS;
	reach(s, x1, y1);
	reach(s, x2, y2);
}

static void see_box(void *ctx, int x, int y, int w, int h, int shade)
{
	struct seen *s = ctx;

	s->boxes++;
	s->shades[shade]++;
	reach(s, x, y);
	reach(s, x + w, y + h);
}

static void see_text(void *ctx, int x, int y, enum anchor anchor, const char *text)
{
	(void)anchor;
	((struct seen *)ctx)->texts += text[0] != '\0';
	reach(ctx, x, y);
}

static struct seen draw(const struct sheet_chart *c)
{
	struct seen s = { .left = 1000, .top = 1000 };

	chart_draw(c, &(const struct canvas){ &s, see_line, see_box, see_text });
	ok(s.left >= 0 && s.top >= 0 && s.right <= CHART_WIDTH && s.bottom <= CHART_HEIGHT,
	   "it stays in its frame");
	return s;
}

static void charts(void)
{
	static struct sheet_chart c = { .kind = CHART_CURVES, .title = "t", .unit = "u", .points = 5 };
	static const int64_t values[5] = { 1, CHART_NONE, 3, INT64_MAX, 0 };
	struct sheet_series *v;
	struct seen s;

	for (int i = 0; i < 5; i++)
		c.label[i] = "l";
	v = chart_add_series(&c, "");
	for (int i = 0; i < 5; i++)
		v->value[i] = values[i];
	v->text[3] = "most";
	s = draw(&c);
	ok_int(s.lines, 2, "a gap is no line");
	ok_int(s.boxes, 1, "a point between gaps is a dot");
	c.kind = CHART_GRID;
	s = draw(&c);
	ok_int(s.shades[0], 2, "nothing and not known are empty");
	ok_int(s.shades[CHART_SHADES - 1], 1, "the most is the darkest");
	ok_int(chart_shade(&c, 1), 1, "one is not empty");
	for (int i = 0; i < CHART_SERIES; i++)
		v = chart_add_series(&c, "");
	ok(v == NULL, "a chart that is full takes no more");
	ok(chart_add_series(NULL, "") == NULL, "nor does one for which there was no memory");
	c = (struct sheet_chart){ .kind = CHART_CURVES };
	draw(&c);
}

int main(void)
{
	forecast();
	charts();
	return tap_done();
}
