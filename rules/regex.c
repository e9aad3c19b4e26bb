#define PCRE2_CODE_UNIT_WIDTH 8
#include "rules/regex.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

/* A hostile value must not hold the watch up: a few milliseconds at most. */
#define MATCH_LIMIT 100000
#define DEPTH_LIMIT 1000
#define HEAP_LIMIT_KIB 1024
#define PATTERN_LENGTH_MAX 16384

struct regex {
	pcre2_code *code;
};

struct regex_run {
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

static uint32_t options(unsigned flags)
{
	uint32_t o = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;

	if (flags & REGEX_CASELESS)
		o |= PCRE2_CASELESS;
	if (flags & REGEX_MULTILINE)
		o |= PCRE2_MULTILINE;
	if (flags & REGEX_DOTALL)
		o |= PCRE2_DOTALL;
	return o;
}

struct regex *regex_compile(struct slice pattern, unsigned flags, char error[128], size_t *at)
{
	struct regex *r = calloc(1, sizeof *r);
	int code = 0;
	PCRE2_SIZE offset = 0;

	*at = 0;
	if (r == NULL || pattern.n > PATTERN_LENGTH_MAX) {
		snprintf(error, 128, "%s", r == NULL ? "no memory" : "longer than 16384 bytes");
		free(r);
		return NULL;
	}
	r->code = pcre2_compile(pattern.p, pattern.n, options(flags), &code, &offset, NULL);
	if (r->code == NULL) {
		pcre2_get_error_message(code, (PCRE2_UCHAR *)error, 128);
		*at = offset;
		free(r);
		return NULL;
	}
	return r;
}

void regex_free(struct regex *r)
{
	if (r == NULL)
		return;
	pcre2_code_free(r->code);
	free(r);
}

struct regex_run *regex_run_new(void)
{
	struct regex_run *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->data = pcre2_match_data_create(1, NULL);
	r->limits = pcre2_match_context_create(NULL);
	if (r->data == NULL || r->limits == NULL) {
		regex_run_free(r);
		return NULL;
	}
	pcre2_set_match_limit(r->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(r->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(r->limits, HEAP_LIMIT_KIB);
	return r;
}

void regex_run_free(struct regex_run *r)
{
	if (r == NULL)
		return;
	pcre2_match_data_free(r->data);
	pcre2_match_context_free(r->limits);
	free(r);
}

bool regex_search(const struct regex *r, struct regex_run *run, struct slice text, uint64_t *limited)
{
	const uint8_t *p = text.p == NULL ? (const uint8_t *)"" : text.p;
	int n = pcre2_match(r->code, p, text.n, 0, 0, run->data, run->limits);

	if (n == PCRE2_ERROR_MATCHLIMIT || n == PCRE2_ERROR_DEPTHLIMIT || n == PCRE2_ERROR_HEAPLIMIT)
		++*limited;
	return n >= 0;
}
