/* CSV for a spreadsheet: UTF-8 with BOM, no cell is run as a formula, dates as ISO 8601 (exports.md 9). One
 * line a figure, all with the same columns, so that it can be filtered and pivoted. */
#include "core/base/safe.h"
#include "core/base/zone.h"
#include "reports/export/csv_cell.h"
#include "reports/figures.h"
#include "reports/outputs.h"

struct csv {
	const struct sheet *s;
	const char *section;
	struct buf *out;
};

static void cell(struct buf *out, const char *text)
{
	struct buf safe;

	buf_init(&safe, 1 << 20);
	safe_text(&safe, slice_str(text));
	if (safe.failed)
		out->failed = true;
	csv_cell(out, buf_slice(&safe), false);
	buf_free(&safe);
}

/* A figure without the commas that group its digits; other text as it is. */
static void figure_cell(struct buf *out, const char *text)
{
	struct buf bare;

	buf_init(&bare, 256);
	if (text[0] == '\0' || text[strspn(text, "0123456789,.")] != '\0') {
		cell(out, text);
		return;
	}
	for (; *text != '\0'; text++)
		if (*text != ',')
			buf_byte(&bare, (uint8_t)*text);
	csv_cell(out, buf_slice(&bare), false);
	buf_free(&bare);
}

static void line(const struct csv *c, const char *id, const char *name, const char *column, const char *value)
{
	cell(c->out, c->section);
	csv_next(c->out);
	cell(c->out, id);
	csv_next(c->out);
	cell(c->out, name);
	csv_next(c->out);
	cell(c->out, column);
	csv_next(c->out);
	figure_cell(c->out, value);
	csv_end(c->out);
}

static void heads(const struct csv *c)
{
	static const enum word names[] = { W_H_SECTION, W_H_ID, W_ITEM, W_H_COLUMN, W_H_VALUE };

	for (size_t i = 0; i < COUNT(names); i++) {
		if (i > 0)
			csv_next(c->out);
		cell(c->out, say(c->s, names[i]));
	}
	csv_end(c->out);
}

static void lines(const struct csv *c, const struct sheet_item *i, const struct sheet_lines *l,
		  enum word column)
{
	for (const struct sheet_line *t = l->first; t != NULL; t = t->next)
		line(c, i->id, i->title, say(c->s, column), t->text);
}

static void item(const struct csv *c, const struct sheet_item *i)
{
	lines(c, i, &i->results, W_RESULT);
	if (i->manual)
		line(c, i->id, i->title, say(c->s, W_RESULT), "");
	if (i->verdict != VERDICT_NONE)
		line(c, i->id, i->title, say(c->s, W_VERDICT), say(c->s, verdict_word(i->verdict)));
	if (i->said != VERDICT_NONE)
		line(c, i->id, i->title, say(c->s, W_JUDGED), say(c->s, verdict_word(i->said)));
	lines(c, i, &i->remarks, W_REMARK);
}

/* Who signed: of a block, and of the whole. */
static void signatures(struct csv *c)
{
	static const enum word names[SHEET_SEALS] = { W_PREPARED, W_CHECKED, W_APPROVED };

	for (const struct sheet_section *b = c->s->sections; b != NULL; b = b->next) {
		c->section = b->title;
		if (b->actual != NULL)
			line(c, "", say(c->s, W_ACTUAL), "", b->actual);
		if (b->checker != NULL)
			line(c, "", say(c->s, W_CHECKER), "", b->checker);
	}
	c->section = c->s->title;
	for (int i = 0; i < SHEET_SEALS; i++)
		if (c->s->seal[i] != NULL)
			line(c, "", say(c->s, names[i]), "", c->s->seal[i]);
	for (const struct sheet_line *l = c->s->special.first; l != NULL; l = l->next)
		line(c, "", say(c->s, W_SPECIAL), "", l->text);
}

static void table(const struct csv *c, const struct sheet_table *t)
{
	const struct csv in = { c->s, t->title, c->out };

	for (const struct sheet_row *r = t->first; r != NULL; r = r->next)
		for (int k = 1; k < t->columns; k++)
			line(&in, "", r->cell[0], t->head[k], r->cell[k]);
}

/* A curve without a name of its own has the unit as its column. */
static void chart(const struct csv *c, const struct sheet_chart *h)
{
	const struct csv in = { c->s, h->title, c->out };

	for (int i = 0; i < h->n_series; i++)
		for (int k = 0; k < h->points; k++)
			if (h->series[i].value[k] != CHART_NONE)
				line(&in, "", h->label[k],
				     h->series[i].name[0] == '\0' ? h->unit : h->series[i].name,
				     h->series[i].text[k]);
}

static void head(struct csv *c)
{
	const struct figures *f = c->s->figures;
	char day[11], at[TIME_TEXT_MAX];

	c->section = c->s->title;
	line(c, "", say(c->s, W_NUMBER), "", c->s->number);
	line(c, "", say(c->s, W_SITE), "", f->cfg->site.name);
	date_format(date_from_days(f->first), day);
	line(c, "", say(c->s, W_FIRST_DAY), "", day);
	date_format(date_from_days(f->last), day);
	line(c, "", say(c->s, W_LAST_DAY), "", day);
	at[time_format_local(f->from * NS_PER_SEC, at)] = '\0';
	line(c, "", say(c->s, W_FROM), "", at);
	at[time_format_local(f->to * NS_PER_SEC, at)] = '\0';
	line(c, "", say(c->s, W_UNTIL), "", at);
	for (const struct sheet_line *l = c->s->warnings.first; l != NULL; l = l->next)
		line(c, "", say(c->s, W_CARE), "", l->text);
	for (const struct sheet_line *l = c->s->summary.first; l != NULL; l = l->next)
		line(c, "", say(c->s, W_SUMMARY), "", l->text);
}

int report_output_csv(const struct sheet *const *sheets, size_t n, struct buf *out, struct err *e)
{
	(void)e;
	buf_str(out, CSV_BOM);
	for (size_t i = 0; i < n; i++) {
		struct csv c = { sheets[i], "", out };

		heads(&c);
		head(&c);
		for (const struct sheet_section *b = sheets[i]->sections; b != NULL; b = b->next) {
			c.section = b->title;
			for (const struct sheet_item *it = b->items; it != NULL; it = it->next)
				item(&c, it);
			for (const struct sheet_chart *h = b->charts; h != NULL; h = h->next)
				chart(&c, h);
			for (const struct sheet_table *t = b->tables; t != NULL; t = t->next)
				table(&c, t);
		}
		signatures(&c);
		for (const struct sheet_line *l = sheets[i]->notes.first; l != NULL; l = l->next)
			line(&c, "", say(sheets[i], W_NOTE), "", l->text);
	}
	return TK_OK;
}
