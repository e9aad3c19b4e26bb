/* CSV: fields with their places, quotes, ends of lines, encodings, headers; wildcards; the chain of
 * fingerprints. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/csv_table.h"
#include "core/base/fingerprint.h"
#include "core/base/hash.h"
#include "core/base/wildcard.h"
#include "tests/lib/tap.h"

/* Rows as "a@1:1|b@1:3;" or the problem as "1:2 text". */
static void put(struct slice text, char *out, size_t size)
{
	struct csv_problem p;
	struct csv_table *c = csv_table_read(text, &p);
	size_t n = 0;

	if (c == NULL) {
		snprintf(out, size, "%u:%u %s", p.line, p.column, p.text);
		return;
	}
	out[0] = '\0';
	for (size_t i = 0; i < csv_table_rows(c); i++) {
		struct csv_row row = csv_table_row(c, i);

		for (size_t k = 0; k < row.n; k++)
			n += (size_t)snprintf(out + n, size - n, "%s%.*s@%u:%u", k > 0 ? "|" : "",
					      (int)row.field[k].text.n, (const char *)row.field[k].text.p,
					      row.field[k].line, row.field[k].column);
		n += (size_t)snprintf(out + n, size - n, ";");
	}
	csv_table_free(c);
}

static const struct {
	const char *text, *rows;
} cases[] = {
	{ "a,b\nc,d\n", "a@1:1|b@1:3;c@2:1|d@2:3;" },
	{ "a,b\r\nc,d", "a@1:1|b@1:3;c@2:1|d@2:3;" },
	{ "a,b\rc,d\r", "a@1:1|b@1:3;c@2:1|d@2:3;" },
	{ "\xef\xbb\xbf"
	  "a,b\n",
	  "a@1:1|b@1:3;" },
	{ "a,,c\n,\n", "a@1:1|@1:3|c@1:4;@2:1|@2:2;" },
	{ "\n\na\n\n\nb\n", "a@3:1;b@6:1;" },
	{ " a , b \n", "a@1:2|b@1:6;" },
	{ "\"a,b\",c\n", "a,b@1:1|c@1:7;" },
	{ "\"say \"\"hi\"\"\",x\n", "say \"hi\"@1:1|x@1:14;" },
	{ "\"two\nlines\",x\ny\n", "two\nlines@1:1|x@2:8;y@3:1;" },
	{ "\"two\r\nlines\",x\ny\n", "two\r\nlines@1:1|x@2:8;y@3:1;" },
	{ "\"\"\n", "" },
	{ "氏名,職種\n", "氏名@1:1|職種@1:4;" },
	{ "\x8e\x81\x96\xbc,\x90\x45\x8e\xed\n", "氏名@1:1|職種@1:4;" }, /* CP932 */
	{ "a,\"b\n", "1:3 the quotes that open here are not closed" },
	{ "x\na,\"b\"c\n", "2:3 text behind closing quotes; quotes inside are written twice" },
	{ "a\nb\xff\xff\n", "2:2 not UTF-8, and not CP932 (Shift_JIS) either" },
	{ "\xff\xfe"
	  "a",
	  "1:1 UTF-16 is not read; save it as CSV in UTF-8" },
	{ "", "" },
};

static void test_rows(void)
{
	char got[4096], label[32];

	for (size_t i = 0; i < COUNT(cases); i++) {
		put(slice_str(cases[i].text), got, sizeof got);
		snprintf(label, sizeof label, "text %zu", i);
		ok_str(got, cases[i].rows, label);
	}
}

static void test_columns(void)
{
	static const struct csv_column id = { { "user_id", "ユーザーID" } }, none = { { "shoe size" } };
	struct csv_problem p;
	struct csv_table *c = csv_table_read(SLICE("x, User ID ,y\nx,ユーザー　ID\na,b\n"), &p);
	struct csv_row row = csv_table_row(c, 0), second = csv_table_row(c, 1), third = csv_table_row(c, 2);

	ok_int((int64_t)csv_column(&row, &id), 1, "blanks, underscores and case do not count");
	ok_int((int64_t)csv_column(&second, &id), 1, "nor do full-width blanks");
	ok(csv_column(&row, &none) == CSV_NO_COLUMN, "a column that is not there");
	ok(csv_field(&third, 1).text.n == 1 && csv_field(&third, 7).text.n == 0 &&
		   csv_field(&third, CSV_NO_COLUMN).line == 3,
	   "a field that is not there is empty, at its row");
	csv_table_free(c);
}

static const struct {
	const char *pattern, *text;
	bool match;
} patterns[] = {
	{ "", "", true },
	{ "", "a", false },
	{ "a", "a", true },
	{ "a", "A", false },
	{ "a", "ab", false },
	{ "a*", "a", true },
	{ "a*", "abc", true },
	{ "*c", "abc", true },
	{ "*c", "abcd", false },
	{ "a*c", "ac", true },
	{ "a*c", "abcbc", true },
	{ "a*b*c", "axxbyyc", true },
	{ "a*b*c", "axxcyyb", false },
	{ "*", "", true },
	{ "**", "x", true },
	{ "*ab*ab*", "abab", true },
	{ "*ab*ab*", "aba", false },
	{ "/v1/*/completions", "/v1/chat/completions", true },
	{ "a*a", "a", false },
};

static void test_wildcards(void)
{
	char many[64], text[4096];

	for (size_t i = 0; i < COUNT(patterns); i++)
		ok(wildcard_match(slice_str(patterns[i].pattern), slice_str(patterns[i].text)) ==
			   patterns[i].match,
		   patterns[i].pattern);
	memset(many, '*', sizeof many);
	for (size_t i = 0; i + 1 < sizeof many; i += 2)
		many[i] = 'a';
	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = 'b';
	many[sizeof many - 1] = 'c';
	ok(!wildcard_match(slice_of(many, sizeof many), slice_of(text, sizeof text)), "many stars end");
	ok(wildcard_match_any(SLICE("gpt-4o*, claude-*"), SLICE("claude-3")), "one of several");
	ok(!wildcard_match_any(SLICE("gpt-4o*,,claude-*"), SLICE("o1")), "none of several");
	ok(!wildcard_match_any(SLICE(" , "), SLICE("")), "blank ones match nothing");
}

static void test_chain(void)
{
	uint8_t keys[96], first[8], second[8], third[8], mac[32];
	char hex[17];

	for (size_t i = 0; i < sizeof keys; i++)
		keys[i] = (uint8_t)i;
	ok(fingerprint_make(slice_of(keys, 32), SLICE("sk-x"), first) &&
		   hmac_sha256(slice_of(keys, 32), SLICE("sk-x"), mac) && memcmp(first, mac, 8) == 0,
	   "one key: HMAC-SHA-256, cut");
	hex_encode(slice_of(first, 8), hex);
	ok(fingerprint_make(slice_of(keys, 64), SLICE("sk-x"), second) &&
		   hmac_sha256(slice_of(keys + 32, 32), slice_of(hex, 16), mac) &&
		   memcmp(second, mac, 8) == 0,
	   "two: of the hex digits of the first");
	ok(fingerprint_make(slice_of(keys, 96), SLICE("sk-x"), third) &&
		   fingerprint_next(slice_of(keys + 32, 64), first) && memcmp(first, third, 8) == 0,
	   "what became of the first under two more");
	ok(fingerprint_next_text(slice_of(keys + 64, 32), memcpy(hex, "0123456789abcdef", 17)) &&
		   strcmp(hex, "0123456789abcdef") != 0 && strlen(hex) == 16,
	   "of text");
	ok(!fingerprint_next_text(slice_of(keys + 64, 32), memcpy(hex, "0123456789abcdeg", 17)) &&
		   !fingerprint_next_text(slice_of(keys + 64, 32), memcpy(hex, "0123", 5)),
	   "which must be one");
	ok(!fingerprint_make(slice_of(keys, 0), SLICE("x"), first) &&
		   !fingerprint_make(slice_of(keys, 31), SLICE("x"), first),
	   "no key, no fingerprint");
}

int main(void)
{
	test_rows();
	test_columns();
	test_wildcards();
	test_chain();
	return tap_done();
}
