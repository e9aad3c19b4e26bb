#include "core/config/yaml.h"

#define WORD_MAX 64

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edits that make b of a, an exchange of neighbours being one edit (optimal string alignment).
 * Upper and lower case are alike, so that "asia/tokyo" is near "Asia/Tokyo". Both at most WORD_MAX. */
static unsigned distance(struct slice a, struct slice b)
{
	unsigned row[3][WORD_MAX + 1];
	unsigned *before = row[0], *last = row[1], *now = row[2], *spare;
	size_t i, j;

	for (j = 0; j <= b.n; j++)
		last[j] = (unsigned)j;
	for (i = 1; i <= a.n; i++) {
		now[0] = (unsigned)i;
		for (j = 1; j <= b.n; j++) {
			uint8_t x = lower(a.p[i - 1]), y = lower(b.p[j - 1]);

			now[j] = least(last[j] + 1, now[j - 1] + 1, last[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b.p[j - 2]) && lower(a.p[i - 2]) == y &&
			    before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b.n];
}

/* "lang" means "language", though half of it is missing. */
static const char *begun(struct slice word, const char *const *names, size_t n)
{
	size_t i;

	for (i = 0; word.n >= 3 && i < n; i++)
		if (slice_starts(slice_str(names[i]), word))
			return names[i];
	return NULL;
}

/* A third of the word may be wrong: less help than that is a guess. */
const char *nearest(struct slice word, const char *const *names, size_t n)
{
	const char *best = NULL;
	unsigned best_distance = (unsigned)(word.n + 2) / 3 + 1, d;
	size_t i;

	if (word.n == 0 || word.n > WORD_MAX)
		return NULL;
	for (i = 0; i < n; i++) {
		struct slice name = slice_str(names[i]);
		size_t gap = name.n > word.n ? name.n - word.n : word.n - name.n;

		if (name.n > WORD_MAX || gap >= best_distance)
			continue;
		d = distance(word, name);
		if (d < best_distance && d < name.n) {
			best = names[i];
			best_distance = d;
		}
	}
	return best != NULL ? best : begun(word, names, n);
}
