#include "sensor/llm/price_table.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/shipped.h"
#include "core/base/sys.h"

#define FILE_MAX (32u << 20)

/* JSON begins with a brace and a quote; YAML of ours, even in braces, with a plain key. */
static bool looks_like_json(struct slice text)
{
	bool brace = false;

	if (slice_starts(text, SLICE("\xef\xbb\xbf")))
		text = slice_from(text, 3);
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (brace || c != '{')
			return brace && (c == '"' || c == '}');
		brace = true;
	}
	return false;
}

/* The file's name without folder and ending. */
static void base_name(const char *file, char out[128])
{
	const char *slash = strrchr(file, '/');
	char *dot;

	snprintf(out, 128, "%s", slash == NULL ? file : slash + 1);
	dot = strrchr(out, '.');
	if (dot != NULL && dot != out)
		*dot = 0;
}

struct price_table *prices_parse(struct slice text, const char *file, struct buf *out)
{
	char name[128];
	struct price_table *t;
	struct problems p;

	base_name(file, name);
	if ((t = price_table_new(name)) == NULL) {
		buf_fmt(out, "%s: no memory for prices\n", file);
		return NULL;
	}
	problems_init(&p, file);
	if (looks_like_json(text))
		price_read_litellm(t, text, &p);
	else
		price_read_yaml(t, text, &p);
	price_table_seal(t, &p);
	problems_put(&p, "", out);
	if (p.errors > 0) {
		prices_free(t);
		t = NULL;
	}
	problems_free(&p);
	return t;
}

struct price_table *prices_load(const char *file, struct buf *problems)
{
	struct price_table *t;
	struct slice text;
	struct err e = { 0 };

	if (sys_slurp(file, FILE_MAX, &text, &e) != TK_OK) {
		buf_fmt(problems, "%s\n", e.text);
		return NULL;
	}
	t = prices_parse(text, file, problems);
	free((void *)(uintptr_t)text.p);
	return t;
}

struct price_table *prices_shipped(struct buf *problems)
{
	char *path = shipped_path("prices.yml", "sensor/llm/prices.yml");
	struct price_table *t = NULL;

	if (path == NULL)
		buf_str(problems,
			"the shipped price table was not found beside the program: set prices.table\n");
	else
		t = prices_load(path, problems);
	free(path);
	return t;
}
