#include "core/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What loads is printed and must load again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems p;
	struct config *c;
	struct buf out;

	problems_init(&p, NULL);
	buf_init(&out, 1 << 20);
	c = config_parse(slice_of(data, size), NULL, &p);
	if (c != NULL) {
		config_print(c, &out);
		config_free(c);
		c = out.failed ? NULL : config_parse(buf_slice(&out), NULL, &p);
		if (c == NULL && !out.failed)
			__builtin_trap();
	}
	config_free(c);
	buf_free(&out);
	problems_free(&p);
	return 0;
}
