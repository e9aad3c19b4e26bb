#include "reports/report.h"

#include <stdlib.h>

#include "reports/figures.h"
#include "reports/outputs.h"

#define REPORT(name) extern const struct report_kind report_##name;
#include "reports/kinds.def"
#undef REPORT
static const struct report_kind *const kinds[] = {
#define REPORT(name) &report_##name,
#include "reports/kinds.def"
#undef REPORT
};

static const struct report_output outputs[] = {
#define OUTPUT(name) { #name, report_output_##name },
#define OUTPUT_APART(name) OUTPUT(name)
#include "reports/outputs.def"
#undef OUTPUT_APART
#undef OUTPUT
};

const struct report_kind *report_kind_at(size_t i)
{
	return i < COUNT(kinds) ? kinds[i] : NULL;
}

const struct report_output *report_output_at(size_t i)
{
	return i < COUNT(outputs) ? &outputs[i] : NULL;
}

const struct report_kind *report_kind_named(const char *name)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

const struct report_output *report_output_named(const char *name)
{
	for (size_t i = 0; i < COUNT(outputs); i++)
		if (strcmp(outputs[i].name, name) == 0)
			return &outputs[i];
	return NULL;
}

/* The duty sheet of that name looks at the same period. */
static int read_said(struct figures *f, struct ledger_reader *r, struct calendar *cal, struct err *e)
{
	struct period p = { f->from, f->to, f->first, f->last };
	enum duty_sheet sheet = DUTY_DAILY;

	while (sheet + 1 < DUTY_SHEETS && strcmp(duty_sheet_name(sheet), f->kind->name) != 0)
		sheet++;
	return said_read(&f->said, r, f->cfg, cal, sheet, p, e);
}

int report_read(struct figures **out, struct ledger_reader *r, const struct config *cfg, struct calendar *cal,
		const struct report_kind *kind, struct date day, struct err *e)
{
	struct figures *f;
	int rc = figures_read(&f, r, cfg, cal, kind->period(cal, cfg, date_to_days(day)), e);

	*out = NULL;
	if (rc != TK_OK)
		return rc;
	f->kind = kind;
	if ((rc = read_said(f, r, cal, e)) == TK_OK)
		rc = kind->read(f, r, cal, e);
	if (rc == TK_OK && f->pool.failed)
		rc = err_set(e, TK_ENOMEM, "out of memory");
	if (rc != TK_OK) {
		figures_free(f);
		return rc;
	}
	*out = f;
	return TK_OK;
}

struct sheet *report_sheet(const struct figures *f, const struct report_form *form, enum lang lang)
{
	struct sheet *s = f->kind->sheet(f, form, lang);

	if (s != NULL)
		said_put(s, &f->said);
	return s;
}

int report_render(const struct figures *f, const struct report_form *form, const struct report_output *output,
		  struct buf *out, struct err *e)
{
	int rc = TK_OK;
	struct sheet *sheets[COUNT(form->langs)] = { NULL };

	for (size_t i = 0; i < form->n_langs; i++) {
		sheets[i] = report_sheet(f, form, form->langs[i]);
		if (sheets[i] == NULL || sheet_failed(sheets[i]))
			out->failed = true;
	}
	if (!out->failed)
		rc = output->render((const struct sheet *const *)sheets, form->n_langs, out, e);
	for (size_t i = 0; i < form->n_langs; i++)
		sheet_free(sheets[i]);
	return rc == TK_OK && out->failed
		       ? err_set(e, TK_ENOMEM, "the report is too large, or memory ran out")
		       : rc;
}
