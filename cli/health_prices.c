/* What status and doctor say of the price table: its age, and models whose prices run out. */
#include <inttypes.h>
#include <sys/stat.h>

#include "cli/health.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "sensor/llm/price.h"

#define OLD_DAYS 90 /* vendors change prices more often than that */

struct ends {
	int64_t now;
	size_t n;
	struct price_gap first;
};

static void note_end(void *ctx, const struct price_gap *g)
{
	struct ends *ends = ctx;

	if (g->to_ns <= ends->now || g->from_ns > ends->now + PRICES_SOON_DAYS * PRICE_DAY_NS ||
	    g->from_ns < ends->now - PRICES_SOON_DAYS * PRICE_DAY_NS)
		return;
	if (ends->n++ == 0 || g->from_ns < ends->first.from_ns)
		ends->first = *g;
}

static void tell_ends(struct report_out *o, const struct price_table *t)
{
	struct ends ends = { .now = sys_now_ns() };
	char from[TIME_TEXT_MAX];

	prices_gaps(t, note_end, &ends);
	if (ends.n == 0)
		return;
	from[time_format_utc(ends.first.from_ns, from)] = 0;
	health_tell(o, HEALTH_WARN, "prices",
		    "%zu models run out of prices: %.*s has none from %s on: `tochoku prices import`", ends.n,
		    (int)ends.first.model.n, (const char *)ends.first.model.p, from);
}

/* By its newest row; a table without dates by its file. INT64_MIN: not known. */
static int64_t made_at(const struct price_table *t, const char *file)
{
	struct stat st;
	struct date d;

	if (date_parse(slice_str(prices_date(t)), &d))
		return date_to_days(d) * PRICE_DAY_NS;
	return file != NULL && stat(file, &st) == 0 ? st.st_mtime * NS_PER_SEC : INT64_MIN;
}

static void tell_table(struct report_out *o, const struct price_table *t, const char *file)
{
	int64_t made = made_at(t, file), days = (sys_now_ns() - made) / PRICE_DAY_NS;

	if (made == INT64_MIN)
		health_tell(o, HEALTH_OK, "prices", "%s: %zu rows", prices_name(t), prices_count(t));
	else
		health_tell(o, days > OLD_DAYS ? HEALTH_WARN : HEALTH_OK, "prices",
			    "%s%s: %zu rows, the newest of %" PRId64 " days ago%s", prices_name(t),
			    file == NULL ? " (shipped)" : "", prices_count(t), days < 0 ? 0 : days,
			    days > OLD_DAYS ? ": see whether prices changed since (`tochoku prices import`)"
					    : "");
	tell_ends(o, t);
}

void health_prices(struct report_out *o, const struct config *cfg)
{
	struct buf problems;
	struct price_table *t;

	buf_init(&problems, 1 << 20);
	t = cfg->prices.table == NULL ? prices_shipped(&problems) : prices_load(cfg->prices.table, &problems);
	if (t == NULL)
		health_tell(o, HEALTH_FAIL, "prices", "the table cannot be used: see `tochoku prices check`");
	else
		tell_table(o, t, cfg->prices.table);
	prices_free(t);
	buf_free(&problems);
}
