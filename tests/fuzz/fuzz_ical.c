/* Any bytes are a calendar or complaints; the rows of one are rows of rosters and days. */
#include <stdlib.h>

#include "rules/calendar/ical.h"
#include "rules/calendar/roster.h"
#include "rules/calendar/site.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct cfg_calendar cfg = {
	.shifts = { { 30600, 62100 },
		    { 59400, 89100 },
		    { 1800, 32400 },
		    { 62100, 117000 },
		    { 30600, 62100 } },
};

static void check(const struct ical_result *r, struct problems *p)
{
	struct roster *roster;
	struct site *site;
	struct buf text;

	buf_init(&text, 128 << 20);
	buf_str(&text, ROSTER_HEADER);
	buf_add(&text, buf_slice(&r->roster));
	roster = roster_parse(buf_slice(&text), &cfg, p);
	buf_clear(&text);
	buf_str(&text, SITE_HEADER);
	buf_add(&text, buf_slice(&r->days));
	site = site_parse(buf_slice(&text), NULL, p);
	if (roster == NULL || site == NULL) {
		problems_print(p);
		abort();
	}
	roster_free(roster);
	site_free(site);
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ical_result r;
	struct problems p;

	problems_init(&p, "fuzz");
	if (ical_read(slice_of(data, n), 20000, 21000, n % 7 == 0 ? "duty" : NULL, &r, &p))
		check(&r, &p);
	else if (p.errors == 0)
		abort();
	ical_result_free(&r);
	problems_free(&p);
	return 0;
}
