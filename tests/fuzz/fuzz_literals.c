/* Rules answered by automata against each pattern matched alone. */
#include "tests/lib/literal_cases.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!literal_case(data, size))
		abort();
	return 0;
}
