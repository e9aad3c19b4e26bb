/* Words of the reports in Japanese and English (reports.md 8). A word is a format whose only
 * conversions are %s and %%, the same number in both languages (tests/unit/test_report_text.c). */
#ifndef TK_REPORTS_WORDS_H
#define TK_REPORTS_WORDS_H

#include "reports/report.h"

enum word {
#define WORD(id, ja, en) W_##id,
#include "reports/words.def"
#undef WORD
	W_COUNT
};

const char *word(enum lang lang, enum word w);
const char *word_id(enum word w); /* for messages of tests */

#endif
