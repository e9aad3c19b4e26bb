#include "rules/calendar/shifts.h"

#include <strings.h>

#define DAY 86400

static const struct {
	const char *word;
	enum shift_id id;
} words[] = {
#define SHIFT(word, id) { word, id },
#include "rules/calendar/shifts.def"
#undef SHIFT
};

int shift_of_word(struct slice word)
{
	for (size_t i = 0; i < COUNT(words); i++)
		if (strlen(words[i].word) == word.n &&
		    strncasecmp(words[i].word, (const char *)word.p, word.n) == 0)
			return (int)words[i].id;
	return -1;
}

const char *shift_name(enum shift_id id)
{
	for (size_t i = 0; i < COUNT(words); i++)
		if (words[i].id == id)
			return words[i].word;
	return NULL;
}

const char *shift_at(const struct cfg_calendar *cfg, int32_t second)
{
	int32_t best = INT32_MAX;
	int found = -1;

	for (int i = SHIFT_DAY; i <= SHIFT_NIGHT; i++) {
		const struct hours *h = &cfg->shifts[i];
		int32_t since = (second - h->from + DAY) % DAY;

		if (since < h->to - h->from && since < best) {
			best = since;
			found = i;
		}
	}
	return found < 0 ? NULL : shift_name((enum shift_id)found);
}
