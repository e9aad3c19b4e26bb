#include "reports/chart_draw.h"

#define LEFT 30
#define RIGHT 8
#define TOP 16
#define BOTTOM 34 /* labels and names of the curves */
#define LABELS 7  /* along the bottom, so many at most */
#define NAME_LINE 22

bool chart_most(const struct sheet_chart *c, int *series, int *point)
{
	bool any = false;
	int64_t most = 0;

	for (int i = 0; i < c->n_series; i++)
		for (int k = 0; k < c->points; k++) {
			int64_t v = c->series[i].value[k];

			if (v == CHART_NONE || (any && v <= most))
				continue;
			any = true;
			most = v;
			*series = i;
			*point = k;
		}
	return any;
}

static int64_t most_of(const struct sheet_chart *c)
{
	int series, point;

	return chart_most(c, &series, &point) ? c->series[series].value[point] : 0;
}

int chart_shade(const struct sheet_chart *c, int64_t value)
{
	int64_t most = most_of(c);

	if (value <= 0 || most <= 0)
		return 0;
	return 1 + (int)((__int128)(value - 1) * (CHART_SHADES - 1) / most);
}

static int x_of(const struct sheet_chart *c, int point)
{
	return c->points < 2 ? LEFT : LEFT + (CHART_WIDTH - LEFT - RIGHT) * point / (c->points - 1);
}

static int y_of(int64_t value, int64_t most)
{
	int height = CHART_HEIGHT - TOP - BOTTOM;

	if (value < 0)
		value = 0;
	return CHART_HEIGHT - BOTTOM - (most <= 0 ? 0 : (int)((__int128)value * height / most));
}

static void labels(const struct sheet_chart *c, const struct canvas *on)
{
	int step = c->points <= LABELS ? 1 : (c->points + LABELS - 1) / LABELS;

	/* counted from the last one, which is the period itself */
	for (int k = c->points - 1; k >= 0; k -= step)
		on->text(on->ctx, x_of(c, k), CHART_HEIGHT - BOTTOM + 12,
			 k == c->points - 1 ? ANCHOR_END : ANCHOR_MIDDLE, c->label[k]);
}

static void curve(const struct sheet_chart *c, int at, int64_t most, const struct canvas *on)
{
	const struct sheet_series *s = &c->series[at];
	enum stroke stroke = (enum stroke)(at % STROKE_AXIS);
	int before = -1;

	for (int k = 0; k < c->points; k++) {
		int x = x_of(c, k), y;

		if (s->value[k] == CHART_NONE) {
			before = -1;
			continue;
		}
		y = y_of(s->value[k], most);
		if (before >= 0)
			on->line(on->ctx, x_of(c, before), y_of(s->value[before], most), x, y, stroke);
		else if (k + 1 == c->points || s->value[k + 1] == CHART_NONE)
			on->box(on->ctx, x - 1, y - 1, 2, 2, CHART_SHADES - 1);
		before = k;
	}
	if (c->n_series > 1) {
		int x = LEFT + at * (CHART_WIDTH - LEFT) / c->n_series, y = CHART_HEIGHT - 6;

		on->line(on->ctx, x, y - 3, x + NAME_LINE, y - 3, stroke);
		on->text(on->ctx, x + NAME_LINE + 4, y, ANCHOR_START, s->name);
	}
}

static void curves(const struct sheet_chart *c, const struct canvas *on)
{
	int64_t most = most_of(c);
	int base = CHART_HEIGHT - BOTTOM, series, point;

	on->line(on->ctx, LEFT, base, CHART_WIDTH - RIGHT, base, STROKE_AXIS);
	on->line(on->ctx, LEFT, TOP, CHART_WIDTH - RIGHT, TOP, STROKE_AXIS);
	on->text(on->ctx, LEFT - 3, base + 3, ANCHOR_END, "0");
	if (most > 0 && chart_most(c, &series, &point))
		on->text(on->ctx, 1, TOP - 5, ANCHOR_START, c->series[series].text[point]);
	labels(c, on);
	for (int i = 0; i < c->n_series; i++)
		curve(c, i, most, on);
}

static void grid(const struct sheet_chart *c, const struct canvas *on)
{
	int w = (CHART_WIDTH - LEFT - RIGHT) / (c->points > 0 ? c->points : 1),
	    h = (CHART_HEIGHT - TOP - 2) / (c->n_series > 0 ? c->n_series : 1);

	for (int k = 0; k < c->points; k += 3)
		on->text(on->ctx, LEFT + k * w + w / 2, TOP - 4, ANCHOR_MIDDLE, c->label[k]);
	for (int i = 0; i < c->n_series; i++) {
		on->text(on->ctx, LEFT - 4, TOP + i * h + h / 2 + 3, ANCHOR_END, c->series[i].name);
		for (int k = 0; k < c->points; k++)
			on->box(on->ctx, LEFT + k * w, TOP + i * h, w - 1, h - 1,
				chart_shade(c, c->series[i].value[k]));
	}
}

void chart_draw(const struct sheet_chart *c, const struct canvas *on)
{
	if (c->kind == CHART_GRID)
		grid(c, on);
	else
		curves(c, on);
}

void chart_caption(const struct sheet *s, const struct sheet_chart *c, struct buf *out)
{
	int series, point;

	buf_fmt(out, "%s (%s)", c->title, c->unit);
	if (!chart_most(c, &series, &point))
		return;
	buf_str(out, " · ");
	if (c->kind == CHART_GRID)
		buf_fmt(out, "%s ", c->series[series].name);
	buf_fmt(out, say(s, W_MOST), c->series[series].text[point], c->label[point]);
}
