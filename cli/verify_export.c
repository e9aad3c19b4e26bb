#include "cli/verify_export.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "core/trail/files.h"
#include "core/trail/merkle.h"
#include "core/trail/reader.h"

#define EXPORT_MAX ((size_t)4 << 30)
#define TELL_MAX 100

/* How a format writes a record's number and leaf, as bytes: a stranger's text cannot hold these, since quotes
 * in it are escaped. */
static const struct mark {
	const char *format, *seq, *leaf;
	enum { LEAF_HEX, LEAF_BASE64, LEAF_TWICE /* base64 of the text, number and leaf */ } form;
} marks[] = {
	{ "ecs", "\"event.sequence\":", "\"event.hash\":\"", LEAF_HEX },
	{ "ocsf", "\"sequence\":", "\"leaf_hash\":\"", LEAF_BASE64 },
	{ "fhir", "\"system\":\"urn:tochoku:record\",\"value\":\"",
	  "\"type\":\"leaf-hash\",\"valueString\":\"", LEAF_BASE64 },
	{ "dicom", "type=\"sequence\" value=\"", "type=\"leaf-hash\" value=\"", LEAF_TWICE },
};

struct comparing {
	const struct verify_options *o;
	struct verify_result *r;
	const char *path;
	struct slice body, trailer; /* trailer: its object; empty: the format has none */
	struct hash32 digest;	    /* of the body */
	struct trail_reader *lines;
	const struct mark *mark; /* NULL: jsonl, or a format without leaves */
	struct sha256 *hash;
	bool jsonl;
	int64_t told, records;
};

static void tell(struct comparing *c, enum trail_finding_id id, int64_t seq, int64_t offset,
		 const char *detail)
{
	if (c->told++ < TELL_MAX)
		trail_tell_in(c->o, c->r, id, c->path, seq, offset, detail);
}

/* ---- the trailer ---- */

static void split(struct comparing *c, struct slice all)
{
	size_t at = all.n;
	const uint8_t *open, *close;
	struct slice last;

	while (at > 0 && (at == all.n || all.p[at - 1] != '\n'))
		at--;
	last = slice_from(all, at);
	open = last.n == 0 ? NULL : memmem(last.p, last.n, "{\"trailer\":", 11);
	close = open == NULL ? NULL : memrchr(last.p, '}', last.n);
	c->body = close == NULL ? all : slice_head(all, at);
	c->trailer = close == NULL ? slice_of(NULL, 0) : slice_of(open, (size_t)(close - open) + 1);
}

static void check_digest(struct comparing *c)
{
	struct hash32 said;

	sha256_of(c->hash, c->body, c->digest.b);
	if (c->trailer.n > 0 &&
	    (!scalar_hex32(json_member(c->trailer, "sha256"), &said) || !hash_eq(&said, &c->digest)))
		tell(c, FOUND_EXPORT_DIGEST, -1, -1, NULL);
}

static void check_checkpoint(struct comparing *c)
{
	struct slice origin = json_member(c->trailer, "origin"), bytes;
	struct hash32 said, have;
	char path[TRAIL_PATH_MAX];
	int64_t size = 0;
	const char *why;
	struct note n;
	struct err lost;

	if (origin.n > 0 && !slice_is(origin, c->r->origin)) {
		tell(c, FOUND_EXPORT_CHECKPOINT, -1, -1, "it is of another log");
		return;
	}
	if (!scalar_number(json_member(c->trailer, "checkpoint_size"), &size))
		return;
	if (!scalar_hex32(json_member(c->trailer, "checkpoint"), &said) ||
	    !file_path(path, sizeof path, c->o->folder, "notes/checkpoint-%06lld.note", (long long)size) ||
	    sys_slurp(path, NOTE_MAX, &bytes, &lost) != TK_OK) {
		tell(c, FOUND_EXPORT_CHECKPOINT, -1, -1, "the log has no such checkpoint");
		return;
	}
	if (note_read(bytes, &n, &why))
		sha256_of(c->hash, n.text, have.b);
	else
		have = (struct hash32){ 0 };
	if (!hash_eq(&said, &have))
		tell(c, FOUND_EXPORT_CHECKPOINT, -1, -1, NULL);
	free((void *)(uintptr_t)bytes.p);
}

/* ---- its records ---- */

/* The text behind a mark, to the end of the value. */
static struct slice behind(struct slice line, const char *mark)
{
	size_t n = strlen(mark), end = 0;
	const uint8_t *p = line.n == 0 ? NULL : memmem(line.p, line.n, mark, n);
	struct slice rest;

	if (p == NULL)
		return slice_of(NULL, 0);
	rest = slice_from(line, (size_t)(p - line.p) + n);
	while (end < rest.n && rest.p[end] != '"' && rest.p[end] != ',' && rest.p[end] != '}')
		end++;
	return slice_head(rest, end);
}

static bool read_leaf(const struct mark *m, struct slice line, int64_t *seq, struct hash32 *leaf, bool *any)
{
	struct slice number = behind(line, m->seq), text = behind(line, m->leaf);
	uint8_t a[64], b[64];
	size_t n = sizeof a, k = sizeof b;

	*any = number.n > 0 && text.n > 0;
	if (m->form == LEAF_TWICE) {
		if (!base64_read(number, a, &n) || !base64_read(text, b, &k))
			return false;
		number = slice_of(a, n);
		text = slice_of(b, k);
	}
	return scalar_number(number, seq) &&
	       (m->form == LEAF_HEX ? scalar_hex32(text, leaf) : scalar_base64_32(text, leaf));
}

/* The record of that number in the trail; false: it has none. */
static int find_leaf(struct comparing *c, int64_t seq, struct hash32 *leaf, bool *there, struct err *e)
{
	struct trail_line line;
	struct hash32 unused;
	int rc = trail_reader_next(c->lines, seq, &line, e);

	*there = rc == TK_OK && line.seq == seq;
	if (*there && line.text.n > 0 && line.text.p[0] == '#')
		*there = stub_read(line.text, leaf, &unused);
	else if (*there)
		merkle_leaf(c->hash, line.text, leaf);
	return rc == TK_EEND ? TK_OK : rc;
}

static int check_line(struct comparing *c, struct slice line, int64_t offset, struct err *e)
{
	struct hash32 said, have;
	struct record_error why;
	struct record record;
	bool any = true, there;
	int64_t seq = -1;
	int rc;

	if (c->jsonl && record_read(line, &record, &why)) {
		seq = record.seq;
		merkle_leaf(c->hash, line, &said);
	} else if (c->jsonl || !read_leaf(c->mark, line, &seq, &said, &any)) {
		if (any)
			tell(c, FOUND_EXPORT_LINE, -1, offset, "it is not as an export writes it");
		return TK_OK;
	}
	if ((rc = find_leaf(c, seq, &have, &there, e)) == TK_OK && (!there || !hash_eq(&said, &have)))
		tell(c, FOUND_EXPORT_LINE, seq, offset, NULL);
	return rc;
}

static int check_lines(struct comparing *c, struct err *e)
{
	struct slice rest = c->body, line;
	int rc = TK_OK;

	while (rc == TK_OK && take_line(&rest, &line)) {
		c->records++;
		if (c->jsonl || c->mark != NULL)
			rc = check_line(c, line, line.p - c->body.p, e);
	}
	return rc;
}

static void check_count(struct comparing *c)
{
	int64_t said;

	/* where a record is a line */
	if ((c->jsonl || c->mark != NULL) &&
	    (!scalar_number(json_member(c->trailer, "count"), &said) || said != c->records))
		tell(c, FOUND_EXPORT_DIGEST, -1, -1, "it holds more or fewer records than its trailer says");
}

/* ---- the record of its making ---- */

static bool is_record_of(const struct comparing *c, struct slice line)
{
	char hex[65];
	struct slice type, sum;

	hex_encode(hash_slice(&c->digest), hex);
	return record_string(line, "type", &type) && slice_is(type, "export") &&
	       record_string(line, "sha256", &sum) && slice_is(sum, hex);
}

/* Also among those that are not sealed yet. */
static int check_recorded(struct comparing *c, int64_t end, struct err *e)
{
	struct trail_reader *all;
	struct trail_line line;
	bool met = false;
	int rc = trail_reader_open(&all, c->o->folder, end, e);

	while (rc == TK_OK && !met && (rc = trail_reader_next(all, 0, &line, e)) == TK_OK)
		met = is_record_of(c, line.text);
	trail_reader_close(all);
	if (rc != TK_OK && rc != TK_EEND)
		return rc;
	if (!met)
		tell(c, FOUND_EXPORT_RECORD, -1, -1, NULL);
	return TK_OK;
}

static void pick(struct comparing *c)
{
	struct slice name = json_member(c->trailer, "trailer");

	c->jsonl = slice_is(name, "jsonl");
	for (size_t i = 0; i < COUNT(marks); i++)
		if (slice_is(name, marks[i].format))
			c->mark = &marks[i];
}

int verify_export(const struct verify_options *o, const char *path, struct verify_result *r, struct err *e)
{
	struct comparing c = { .o = o, .r = r, .path = path, .hash = sha256_new() };
	int64_t end = r->next_seq;
	struct slice all;
	int rc = c.hash == NULL ? err_set(e, TK_ENOMEM, "no memory") : sys_slurp(path, EXPORT_MAX, &all, e);

	if (rc != TK_OK) {
		sha256_free(c.hash);
		return rc;
	}
	split(&c, all);
	pick(&c);
	check_digest(&c);
	check_checkpoint(&c);
	rc = trail_reader_open(&c.lines, o->folder, end, e);
	if (rc == TK_OK)
		rc = check_lines(&c, e);
	if (rc == TK_OK)
		rc = check_recorded(&c, end, e);
	check_count(&c);
	if (rc == TK_OK && c.told == 0)
		tell(&c, FOUND_EXPORT_AGREES, -1, -1, NULL);
	trail_reader_close(c.lines);
	sha256_free(c.hash);
	free((void *)(uintptr_t)all.p);
	return rc;
}
