/* What is read as a time reads the same from its own texts; dates likewise. */
#include <stdlib.h>

#include "core/base/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char text[TIME_TEXT_MAX], day[11];
	struct date d, same;
	int64_t ns, again;

	if (time_parse_rfc3339(slice_of(p, n), true, &ns)) {
		if (!time_parse_rfc3339(slice_of(text, time_format_utc(ns, text)), false, &again) ||
		    again != ns)
			abort();
		if (!time_parse_rfc3339(slice_of(text, time_format_local(ns, text)), false, &again) ||
		    again != ns)
			abort();
	}
	if (date_parse(slice_of(p, n), &d)) {
		date_format(date_from_days(date_to_days(d)), day);
		if (!date_parse(slice_str(day), &same) || memcmp(day, p, 10) != 0)
			abort();
	}
	return 0;
}
