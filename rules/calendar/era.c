#include "rules/calendar/era.h"

const struct cfg_era *era_of(const struct cfg_calendar *cfg, struct date d, int32_t *year)
{
	const struct cfg_era *best = NULL;

	for (size_t i = 0; i < cfg->n_eras; i++) {
		const struct cfg_era *e = &cfg->eras[i];

		if (date_to_days(e->from) <= date_to_days(d) &&
		    (best == NULL || date_to_days(e->from) > date_to_days(best->from)))
			best = e;
	}
	if (best != NULL)
		*year = d.year - best->from.year + 1;
	return best;
}

void era_format(const struct cfg_calendar *cfg, struct date d, enum era_form form, struct buf *out)
{
	int32_t year = 0;
	const struct cfg_era *e = era_of(cfg, d, &year);

	if (e == NULL && form == ERA_SHORT) {
		buf_fmt(out, "%04d-%02d-%02d", d.year, d.month, d.day);
		return;
	}
	if (e != NULL && form == ERA_SHORT) {
		buf_fmt(out, "%s%02d.%02d.%02d", e->letter, year, d.month, d.day);
		return;
	}
	if (e != NULL && year == 1)
		buf_fmt(out, "%s元年", e->name);
	else
		buf_fmt(out, "%s%d年", e == NULL ? "" : e->name, e == NULL ? d.year : year);
	if (form == ERA_LONG)
		buf_fmt(out, "%d月%d日", d.month, d.day);
}
