/* A rule file, a zero byte, a JSON event: loading and evaluating must survive any bytes. */
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

	if (run != NULL && cut != NULL)
		rule_run_json(run, slice_of(cut + 1, size - n - 1), &hits, &found, &e);
	rule_run_free(run);
	rule_set_free(set);
	problems_free(&p);
	return 0;
}
