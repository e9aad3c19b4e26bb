/* A rule file, a zero byte, JSON events, one a line: loading and evaluating must survive any bytes. */
#include "rules/eval.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size == 0 ? NULL : memchr(data, 0, size);
	size_t n = cut == NULL ? size : (size_t)(cut - data), found;
	struct problems p;
	const uint16_t *hits;
	struct err e;

	problems_init(&p, "fuzz");
	struct rule_set *set = rule_set_parse(slice_of(data, n), "fuzz", NULL, &p);
	struct rule_run *run = set == NULL ? NULL : rule_run_new(set, NULL, NULL);

	struct slice rest = cut == NULL ? slice_of(NULL, 0) : slice_of(cut + 1, size - n - 1);

	for (int i = 0; run != NULL && rest.n > 0 && i < 100; i++) {
		const uint8_t *end = memchr(rest.p, '\n', rest.n);
		size_t line = end == NULL ? rest.n : (size_t)(end - rest.p);
		struct evidence found_events[EVIDENCE_MAX];

		found = 0;
		rule_run_json(run, slice_head(rest, line), &hits, &found, &e);
		for (size_t k = 0; k < found; k++)
			rule_run_evidence(run, k, found_events, EVIDENCE_MAX);
		rest = slice_from(rest, line + 1);
	}
	rule_run_free(run);
	rule_set_free(set);
	problems_free(&p);
	return 0;
}
