#include "core/config/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems p;

	problems_init(&p, NULL);
	yaml_free(yaml_parse(slice_of(data, size), YAML_RULES, &p));
	problems_free(&p);
	return 0;
}
