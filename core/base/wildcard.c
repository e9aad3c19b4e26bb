#include "core/base/wildcard.h"

bool wildcard_match(struct slice pattern, struct slice text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, from = 0;

	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = t;
		} else if (p < pattern.n && pattern.p[p] == text.p[t]) {
			p++;
			t++;
		} else if (star !=
			   SIZE_MAX) { /* the last star takes one byte more; those before it are settled */
			p = star + 1;
			t = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

bool wildcard_match_any(struct slice patterns, struct slice text)
{
	while (patterns.n > 0) {
		const uint8_t *comma = memchr(patterns.p, ',', patterns.n);
		struct slice one =
			slice_head(patterns, comma == NULL ? patterns.n : (size_t)(comma - patterns.p));

		patterns = slice_from(patterns, one.n + 1);
		while (one.n > 0 && one.p[0] == ' ')
			one = slice_from(one, 1);
		while (one.n > 0 && one.p[one.n - 1] == ' ')
			one.n--;
		if (one.n > 0 && wildcard_match(one, text))
			return true;
	}
	return false;
}
