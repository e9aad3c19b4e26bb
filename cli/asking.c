#include "cli/asking.h"

#include "cli/reading.h"
#include "core/base/zone.h"

void asking_begin(struct asking *a, const char *what)
{
	buf_init(&a->text, 1 << 21);
	buf_init(&a->reply, 1 << 16);
	a->o = json_out(&a->text);
	json_open(&a->o, '{');
	asking_text(a, "do", what);
}

void asking_text(struct asking *a, const char *key, const char *value)
{
	if (value == NULL)
		return;
	json_key(&a->o, key);
	json_str(&a->o, slice_str(value));
}

void asking_time(struct asking *a, const char *key, int64_t ns)
{
	char text[TIME_TEXT_MAX];

	json_key(&a->o, key);
	json_str(&a->o, slice_of(text, time_format_utc(ns, text)));
}

int asking_send(struct asking *a, const struct config *cfg, int64_t *count)
{
	int status;

	json_close(&a->o, '}');
	if (a->text.failed) {
		cli_error("this is more than one request can hold");
		return EXIT_USAGE;
	}
	status = cli_request(cfg, buf_slice(&a->text), &a->reply);
	*count = status == EXIT_DONE ? asking_number(a, "count") : 0;
	return status;
}

int64_t asking_number(const struct asking *a, const char *key)
{
	struct json j;
	int64_t n = 0;

	json_init(&j, buf_slice(&a->reply));
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return 0;
	while (json_next(&j) == JSON_KEY) {
		if (!slice_is(j.text, key)) {
			if (!json_skip(&j))
				return 0;
		} else if (json_next(&j) == JSON_NUMBER) {
			json_i64(j.text, &n);
		}
	}
	return n;
}

void asking_end(struct asking *a)
{
	buf_free(&a->text);
	buf_free(&a->reply);
}
