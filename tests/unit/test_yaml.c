/* YAML into a tree: what is accepted, and every refusal with its place. */
#include "core/config/yaml.h"

#include <stdlib.h>

#include "core/base/buf.h"
#include "tests/lib/tap.h"

/* A tree as text: maps in {}, sequences in [], quoted scalars in '', keys with ':'. */
static void show(struct buf *out, const struct node *n)
{
	const struct node *c;

	if (n->kind == NODE_SCALAR) {
		buf_str(out, n->quoted ? "'" : "");
		buf_add(out, n->text);
		buf_str(out, n->quoted ? "'" : "");
		return;
	}
	buf_byte(out, n->kind == NODE_MAP ? '{' : '[');
	for (c = n->child; c != NULL; c = c->next) {
		if (c->key != NULL) {
			buf_add(out, c->key->text);
			buf_byte(out, ':');
		}
		show(out, c);
		buf_byte(out, c->next != NULL ? ',' : n->kind == NODE_MAP ? '}' : ']');
	}
	if (n->child == NULL)
		buf_byte(out, n->kind == NODE_MAP ? '}' : ']');
}

static void check(struct slice text, struct yaml_limits limits, const char *tree, const char *errors,
		  const char *name)
{
	struct problems p;
	struct buf out;
	struct yaml *y;
	char label[160];
	size_t i;

	problems_init(&p, "t.yml");
	buf_init(&out, 1 << 20);
	y = yaml_parse(text, limits, &p);
	for (i = 0; y != NULL && i < yaml_documents(y); i++) {
		buf_str(&out, i == 0 ? "" : " --- ");
		show(&out, yaml_document(y, i));
	}
	ok_slice(buf_slice(&out), slice_str(tree), name);
	buf_clear(&out);
	for (i = 0; i < p.n; i++)
		buf_fmt(&out, "%s%u:%u: %s", i == 0 ? "" : " | ", p.list[i].line, p.list[i].column,
			p.list[i].text);
	snprintf(label, sizeof label, "%s: problems", name);
	ok_slice(buf_slice(&out), slice_str(errors), label);
	buf_free(&out);
	yaml_free(y);
	problems_free(&p);
}

static const struct {
	const char *name, *text;
	bool rules;
	const char *tree, *errors;
} rows[] = {
	{ "empty", "", false, "", "" },
	{ "a comment alone", "# nothing\n", false, "", "" },
	{ "map", "a: 1\nb: 'x'\n", false, "{a:1,b:'x'}", "" },
	{ "block text is quoted", "a: |\n  1\n", false, "{a:'1\n'}", "" },
	{ "nested", "a: {b: [1, \"2\"], c: {}}\nd: []\n", false, "{a:{b:[1,'2'],c:{}},d:[]}", "" },
	{ "BOM", "\xef\xbb\xbf" "a: 1\n", false, "{a:1}", "" },
	{ "a BOM alone", "\xef\xbb\xbf", false, "", "" },
	{ "error behind a BOM has column 1", "\xef\xbb\xbf@\n", false, "",
	  "1:1: nothing can begin with '@' without quotes" },
	{ "UTF-16", "\xff\xfe" "a", false, "", "1:1: this is UTF-16; save the file as UTF-8" },
	{ "duplicate keys", "a: 1\nb: 2\na: 3\n", false, "",
	  "3:1: the key 'a' is here twice; it was set at line 1" },
	{ "three alike", "a: 1\na: 2\na: 3\n", false, "",
	  "2:1: the key 'a' is here twice; it was set at line 1 | "
	  "3:1: the key 'a' is here twice; it was set at line 2" },
	{ "quotes do not make another key", "{a: 1, 'a': 2}", false, "",
	  "1:8: the key 'a' is here twice; it was set at line 1" },
	{ "merge key", "a: 1\n<<: {b: 2}\n", true, "",
	  "2:1: the merge key << is not accepted; write the keys out" },
	{ "quoted << is a word", "'<<': 1\n", true, "{<<:1}", "" },
	{ "a list as key",
	  "? [1]\n: 2\n", false, "", "1:3: a key must be a single word or text, not a list" },
	{ "anchor refused", "a: &x 1\nb: *x\n", false, "",
	  "1:4: anchors (&x) are not accepted here; write the value out | "
	  "2:4: aliases (*x) are not accepted here; write the value out" },
	{ "alias", "a: &x {k: [1, 2]}\nb: *x\nc: *x\n", true, "{a:{k:[1,2]},b:{k:[1,2]},c:{k:[1,2]}}", "" },
	{ "the last anchor of a name holds", "[&x 1, &x 2, *x]", true, "[1,2,2]", "" },
	{ "alias to nothing", "a: *y\n", true, "", "1:4: the alias *y names no anchor above it" },
	{ "alias to another document's anchor", "&x 1\n---\n*x\n", true, "1",
	  "3:1: the alias *x names no anchor above it" },
	{ "alias inside itself", "&x [1, *x]", true, "", "1:8: the alias *x holds itself" },
	{ "tag", "a: !!python/object:os.system x\n", true, "",
	  "1:4: tags are not accepted; write the value without one (quotes make it text)" },
	{ "string tag", "a: !!str 1\n", true, "{a:'1'}", "" },
	{ "documents", "a: 1\n---\nb: 2\n...\n---\nc: 3\n", true, "{a:1} --- {b:2} --- {c:3}", "" },
	{ "syntax error keeps the documents round it",
	  "a: 1\n---\nb: [1\n---\nc: 3\n", true, "{a:1} --- {c:3}",
	  "4:1: not valid YAML: did not find expected ',' or ']', while parsing a flow sequence that began "
	  "at line 3" },
	{ "errors in two documents", "--- @\n---\na: 1\n--- `\n", true, "{a:1}",
	  "1:5: nothing can begin with '@' without quotes | 4:5: nothing can begin with '`' without quotes" },
	{ "open quote", "a: \"x\n---\nb: 1\n", true, "{b:1}",
	  "2:1: not valid YAML: found unexpected document indicator, while scanning a quoted scalar that "
	  "began at line 1" },
	{ "a duplicate does not hide the next document", "a: 1\na: 2\n---\nb: 1\n", true, "{b:1}",
	  "2:1: the key 'a' is here twice; it was set at line 1" },
	{ "tab", "a:\n\tb: 1\n", false, "", "2:1: a tab cannot indent YAML; use spaces" },
	{ "indentation",
	  "a: 1\n  b: 2\n", false, "",
	  	"2:4: not valid YAML: mapping values are not allowed in this context" },
	{ "column counts characters", "\xe7\x97\x85\xe9\x99\xa2: @\n", false, "",
	  "1:5: nothing can begin with '@' without quotes" },
	{ "not UTF-8", "a: 1\nbc: \xff\n", false, "", "2:5: not UTF-8 text: invalid leading UTF-8 octet" },
	{ "control character", "a: 1\nb: \x01\n", false, "",
	  "2:4: not UTF-8 text: control characters are not allowed" },
};

static void test_rows(void)
{
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		check(slice_str(rows[i].text), rows[i].rules ? YAML_RULES : YAML_CONFIG, rows[i].tree,
			rows[i].errors,
		      rows[i].name);
}

static const struct { const char *text; enum scalar_type type; } types[] = {
	{ "1", SCALAR_INT }, { "-12", SCALAR_INT }, { "+3", SCALAR_INT }, { "0", SCALAR_INT },
	{ "1.5", SCALAR_DECIMAL }, { "1e3", SCALAR_DECIMAL }, { "1.", SCALAR_STRING }, { ".5",
	  SCALAR_STRING },
	{ "0404", SCALAR_STRING }, { "0x1F", SCALAR_STRING }, { "1:30", SCALAR_STRING },
	{ "2026-11-23", SCALAR_STRING }, { "1_000", SCALAR_STRING }, { "-", SCALAR_STRING },
	{ ".inf", SCALAR_STRING }, { "yes", SCALAR_STRING }, { "off", SCALAR_STRING },
	{ "true", SCALAR_BOOL }, { "False", SCALAR_BOOL }, { "tRUE", SCALAR_STRING },
	{ "null", SCALAR_NULL }, { "~", SCALAR_NULL }, { "", SCALAR_NULL }, { "nil", SCALAR_STRING },
};

static void test_types(void)
{
	struct node n = { .kind = NODE_SCALAR };
	size_t i;

	for (i = 0; i < COUNT(types); i++) {
		n.text = slice_str(types[i].text);
		n.quoted = false;
		ok_int(node_scalar_type(&n), types[i].type, types[i].text);
		n.quoted = true;
		ok_int(node_scalar_type(&n), SCALAR_STRING, "quoted is text");
	}
}

/* Text of n times `part`; the caller frees. */
static struct slice repeat(const char *part, size_t n)
{
	size_t len = strlen(part), i;
	char *p = malloc(len * n + 1);

	for (i = 0; i < n; i++)
		memcpy(p + i * len, part, len);
	return slice_of(p, len * n);
}

static void check_count(struct slice text, int64_t documents, const char *first, const char *name)
{
	struct problems p;
	struct buf out;
	struct yaml *y;

	problems_init(&p, NULL);
	buf_init(&out, 4096);
	y = yaml_parse(text, YAML_RULES, &p);
	ok_int((int64_t)yaml_documents(y), documents, name);
	if (p.n > 0)
		buf_fmt(&out, "%u:%u: %s", p.list[0].line, p.list[0].column, p.list[0].text);
	ok_slice(buf_slice(&out), slice_str(first), name);
	yaml_free(y);
	buf_free(&out);
	problems_free(&p);
}

static void test_limits(void)
{
	static const char bomb[] = "a: &a [1,2,3,4,5,6,7,8,9]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
		"c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
		"e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n---\nx: 1\n";
	struct slice s;

	check(slice_str(bomb), YAML_RULES, "{x:1}",
	      "5:8: more than 10000 values or levels once aliases are written out; the rest of the document "
	      "is not read",
	      "alias bomb");
	s = repeat("[", 10000);
	check(s, YAML_RULES, "", "1:65: more than 64 levels inside one another; the rest of the document is "
	"not read",
	      "10,000 open brackets");
	free((void *)s.p);
	s = repeat("- ", 10000);
	check(s, YAML_CONFIG, "", "1:65: more than 32 levels inside one another; the rest of the document is "
	"not read",
	      "10,000 nested entries");
	free((void *)s.p);
	s = repeat("- 1\n", 10001);
	check(s, YAML_RULES, "", "10000:3: more than 10000 values; the rest of the document is not read",
	      "10,001 values");
	free((void *)s.p);
	s = repeat("---\n", 10001);
	check_count(s, 10000, "10001:1: more than 10000 documents; the rest is not read", "10,001 documents");
	free((void *)s.p);
	s = repeat("x", YAML_TEXT_MAX + 1);
	check(s, YAML_RULES, "", "0:0: larger than 4194304 bytes, the limit of a YAML file",
	  "a file beyond the limit");
	free((void *)s.p);
}

/* As many documents with an error as the list of problems takes, and no more. */
static void test_many_errors(void)
{
	struct slice s = repeat("--- @\n", 1000);
	struct problems p;
	struct yaml *y;

	problems_init(&p, NULL);
	y = yaml_parse(s, YAML_RULES, &p);
	ok_int((int64_t)p.n, PROBLEMS_MAX, "1,000 broken documents: the list stops");
	ok_int(p.list[199].line, 200, "each has its line");
	yaml_free(y);
	problems_free(&p);
	free((void *)s.p);
}

/* Every prefix of a text that uses everything: no crash, and a place within the text. */
static void test_prefixes(void)
{
	static const char text[] = "# c\r\na: &x {b: [1, \"\\u75c5\"], c: 'it''s'}\r\n? d\n: |\n  x\n  y\ne: "
	"*x\n---\n- >-\n a\n...\n";
	size_t n, i, good = 0;

	for (n = 0; n < sizeof text; n++) {
		struct problems p;
		struct yaml *y;

		problems_init(&p, NULL);
		y = yaml_parse(slice_of(text, n), YAML_RULES, &p);
		i = 0;
		while (i < p.n && p.list[i].line >= 1 && p.list[i].line <= 13 && p.list[i].column >= 1)
			i++;
		good += y != NULL && i == p.n;
		yaml_free(y);
		problems_free(&p);
	}
	ok_int((int64_t)good, sizeof text, "every prefix is parsed or refused with a place");
}

static void test_get(void)
{
	struct problems p;
	struct yaml *y;

	problems_init(&p, NULL);
	y = yaml_parse(SLICE("a: 1\nb: {c: 2}\n"), YAML_CONFIG, &p);
	ok_slice(node_get(yaml_document(y, 0), "a")->text, SLICE("1"), "node_get");
	ok(node_get(yaml_document(y, 0), "c") == NULL, "node_get does not look inside");
	ok(node_get(node_get(yaml_document(y, 0), "a"), "c") == NULL, "node_get of a scalar is nothing");
	ok(yaml_document(y, 1) == NULL, "no second document");
	yaml_free(y);
	problems_free(&p);
}

int main(void)
{
	test_rows();
	test_types();
	test_limits();
	test_many_errors();
	test_prefixes();
	test_get();
	return tap_done();
}
