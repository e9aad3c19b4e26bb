#include "reports/words.h"

static const struct {
	const char *id, *text[2]; /* LANG_JA, LANG_EN */
} words[W_COUNT] = {
#define WORD(id, ja, en) [W_##id] = { #id, { ja, en } },
#include "reports/words.def"
#undef WORD
};

const char *word(enum lang lang, enum word w)
{
	return words[w].text[lang];
}

const char *word_id(enum word w)
{
	return words[w].id;
}
