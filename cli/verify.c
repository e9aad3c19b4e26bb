/* tochoku verify: was a record changed, removed, inserted or reordered, and where. Reads only. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/pack.h"
#include "cli/sums.h"
#include "cli/verify_db.h"
#include "cli/verify_export.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/trail/evidence.h"
#include "core/trail/files.h"
#include "core/trail/pack.h"
#include "core/trail/verify.h"

extern const struct command command_verify;

#define EXPORTS_MAX 64

struct options {
	struct anchors anchors;
	struct actors actors;
	const char *exports[EXPORTS_MAX];
	size_t n_exports;
	struct vkey site_key;
	uint8_t site_public[PUBLIC_LEN];
	bool has_key, has_public, json, japanese, require_anchor;
	const char *tsa_ca, *db;
	int64_t max_age, evidence; /* evidence: of this record; -1: none is asked for */
	int64_t first_segment;	   /* of a pack */
	const char *pack_altered;
};

/* ---- options ---- */

/* A verifier key as text or in a file, or a public key in PEM. */
static int read_site_key(struct options *o, const char *key)
{
	struct slice text, rest, line;
	struct err e;

	o->has_key = vkey_read(slice_str(key), &o->site_key);
	if (o->has_key)
		return EXIT_DONE;
	if (sys_slurp(key, 65536, &text, &e) != TK_OK) {
		cli_error("--site-key: %s", e.text);
		return EXIT_INPUT;
	}
	rest = text;
	o->has_key = take_line(&rest, &line) && vkey_read(line, &o->site_key);
	o->has_public = !o->has_key && public_pem_read(text, o->site_public);
	free((void *)(uintptr_t)text.p);
	if (o->has_key || o->has_public)
		return EXIT_DONE;
	cli_error("--site-key: %s: holds neither a verifier key (name+hex+base64) nor an Ed25519 public key "
		  "in PEM",
		  key);
	return EXIT_USAGE;
}

static int told(int rc, const struct err *e)
{
	if (rc == TK_OK)
		return EXIT_DONE;
	cli_error("%s", e->text);
	return rc == TK_ECONFIG ? EXIT_USAGE : EXIT_INPUT;
}

static int take_option(struct options *o, int c)
{
	struct err e;
	struct slice text = slice_str(optarg);

	switch (c) {
	case 'k':
		return read_site_key(o, optarg);
	case 'a':
		return told(anchors_add_file(&o->anchors, optarg, &e), &e);
	case 'c':
		return told(anchors_add_code(&o->anchors, optarg, &e), &e);
	case 's':
		return told(anchors_add_copy(&o->anchors, optarg, &e), &e);
	case 'w':
		return told(anchors_add_witness(&o->anchors, optarg, &e), &e);
	case 't':
		o->tsa_ca = optarg;
		return EXIT_DONE;
	case 'd':
		o->db = optarg;
		return EXIT_DONE;
	case 'x':
		if (o->n_exports == EXPORTS_MAX)
			return cli_usage(&command_verify, "more than %d exports at once", EXPORTS_MAX);
		o->exports[o->n_exports++] = optarg;
		return EXIT_DONE;
	case 'u':
		return told(actors_read(&o->actors, optarg, &e), &e);
	case 'e':
		return scalar_number(text, &o->evidence)
			       ? EXIT_DONE
			       : cli_usage(&command_verify, "--evidence is the number (seq) of a record");
	case 'r':
		o->require_anchor = true;
		return EXIT_DONE;
	case 'j':
		o->json = true;
		return EXIT_DONE;
	case 'l':
		o->japanese = slice_is(text, "ja");
		return o->japanese || slice_is(text, "en") ? EXIT_DONE
							   : cli_usage(&command_verify, "--lang is ja or en");
	case 'm':
		if (slice_ends(text, SLICE("h")))
			text.n--;
		if (!scalar_number(text, &o->max_age) || o->max_age == 0 || o->max_age > 1000000)
			return cli_usage(&command_verify, "--max-age is a number of hours");
		o->max_age *= 3600;
		return EXIT_DONE;
	default:
		return EXIT_USAGE;
	}
}

static int read_options(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "site-key", required_argument, NULL, 'k' }, { "anchor", required_argument, NULL, 'a' },
		{ "code", required_argument, NULL, 'c' },     { "since", required_argument, NULL, 's' },
		{ "witness", required_argument, NULL, 'w' },  { "tsa-ca", required_argument, NULL, 't' },
		{ "max-age", required_argument, NULL, 'm' },  { "evidence", required_argument, NULL, 'e' },
		{ "require-anchor", no_argument, NULL, 'r' }, { "json", no_argument, NULL, 'j' },
		{ "lang", required_argument, NULL, 'l' },     { "db", required_argument, NULL, 'd' },
		{ "export", required_argument, NULL, 'x' },   { "actors", required_argument, NULL, 'u' },
		{ 0 }
	};
	int c, status = EXIT_DONE;

	optind = 0;
	opterr = 0;
	while (status == EXIT_DONE && (c = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		if (c == ':')
			return cli_usage(&command_verify, "%s needs a value", argv[optind - 1]);
		if (c == '?')
			return cli_usage(&command_verify, "unknown option %s", argv[optind - 1]);
		status = take_option(o, c);
	}
	return status;
}

/* ---- output ---- */

static void put_int(struct json_out *o, const char *key, int64_t v)
{
	json_key(o, key);
	json_int(o, v);
}

static void put_text(struct json_out *o, const char *key, const char *v)
{
	if (v == NULL)
		return;
	json_key(o, key);
	json_str(o, slice_str(v));
}

static void put_flag(struct json_out *o, const char *key, bool v)
{
	json_key(o, key);
	json_bool(o, v);
}

static const char *const effects[] = { "note", "gap", "missing", "altered" };

static void print_json_finding(const struct trail_finding *f)
{
	struct buf b;
	struct json_out o = json_out(&b);

	buf_init(&b, 65536);
	json_open(&o, '{');
	put_text(&o, "code", f->code);
	put_text(&o, "effect", effects[f->effect]);
	if (f->segment >= 0)
		put_int(&o, "segment", f->segment);
	if (f->seq >= 0)
		put_int(&o, "seq", f->seq);
	if (f->offset >= 0)
		put_int(&o, "offset", f->offset);
	put_text(&o, "file", f->file);
	put_text(&o, "text.ja", f->ja);
	put_text(&o, "text.en", f->en);
	put_text(&o, "detail", f->detail);
	json_close(&o, '}');
	buf_byte(&b, '\n');
	fwrite(b.p, 1, b.n, stdout);
	buf_free(&b);
}

static void print_finding(const struct options *o, const struct trail_finding *f)
{
	static const char *const en[] = { "note", "gap", "MISSING", "ALTERED" };
	static const char *const ja[] = { "参考", "欠落(申告済み)", "欠落", "改変" };
	struct buf b;

	buf_init(&b, 65536);
	buf_fmt(&b, "%s %s: %s", o->japanese ? ja[f->effect] : en[f->effect], f->code,
		o->japanese ? f->ja : f->en);
	if (f->segment >= 0)
		buf_fmt(&b, "; %s %lld", o->japanese ? "区間" : "segment", (long long)f->segment);
	if (f->seq >= 0)
		buf_fmt(&b, ", %s %lld", o->japanese ? "記録" : "record", (long long)f->seq);
	if (f->offset >= 0)
		buf_fmt(&b, ", %s %lld", o->japanese ? "バイト位置" : "byte", (long long)f->offset);
	if (f->file != NULL) {
		buf_str(&b, ", ");
		cli_safe(&b, slice_str(f->file));
	}
	if (f->detail != NULL) {
		buf_str(&b, " (");
		cli_safe(&b, slice_str(f->detail));
		buf_byte(&b, ')');
	}
	buf_byte(&b, '\n');
	fwrite(b.p, 1, b.n, stdout);
	buf_free(&b);
}

static void take(void *ctx, const struct trail_finding *f)
{
	const struct options *o = ctx;

	if (o->json)
		print_json_finding(f);
	else
		print_finding(o, f);
}

static void put_time(struct json_out *o, const char *key, int64_t seconds)
{
	char text[TIME_TEXT_MAX];

	if (seconds == 0)
		return;
	json_key(o, key);
	json_str(o, slice_of(text, time_format_utc(seconds * NS_PER_SEC, text)));
}

static void print_json_result(const struct verify_result *r)
{
	struct buf b;
	struct json_out o = json_out(&b);

	buf_init(&b, 65536);
	json_open(&o, '{');
	put_text(&o, "integrity", integrity_name(r->integrity));
	put_text(&o, "completeness", completeness_name(r->completeness));
	put_flag(&o, "passed", verify_passed(r));
	put_text(&o, "origin", r->origin);
	put_int(&o, "segments", r->segments);
	put_int(&o, "records", r->records);
	put_int(&o, "records.erased", r->erased_records);
	put_int(&o, "records.unsealed", r->unsealed);
	put_int(&o, "dropped", r->dropped);
	put_int(&o, "anchored.size", r->anchored);
	put_time(&o, "opened", r->first_opened);
	put_time(&o, "closed", r->last_closed);
	put_flag(&o, "self_attested", r->self_attested);
	put_flag(&o, "stale", r->stale);
	put_int(&o, "bytes", r->bytes);
	json_close(&o, '}');
	buf_byte(&b, '\n');
	fwrite(b.p, 1, b.n, stdout);
	buf_free(&b);
}

static void print_result(const struct options *o, const struct verify_result *r)
{
	static const char *const integrity[2][2] = { { "OK", "ALTERED" }, { "正常", "改変あり" } };
	static const char *const complete[2][4] = {
		{ "OK", "DECLARED GAPS", "MISSING", "UNKNOWN (no outside anchor)" },
		{ "正常", "申告済みの欠落あり", "欠落あり", "不明 (外部の控えなし)" }
	};
	int ja = o->japanese;

	printf(ja ? "区間 %lld、記録 %lld、既知の喪失 %lld、控えのある大きさ %lld\n"
		  : "%lld segments, %lld records, %lld known to be lost, anchored up to size %lld\n",
	       (long long)r->segments, (long long)r->records, (long long)r->dropped, (long long)r->anchored);
	printf(ja ? "完全性: %s%s\n" : "Integrity: %s%s\n", integrity[ja][r->integrity],
	       r->self_attested ? ja ? " (自己証明)" : " (self-attested)" : "");
	printf(ja ? "網羅性: %s\n" : "Completeness: %s\n", complete[ja][r->completeness]);
	fputs(ja ? "記録は封印後に変わっていないことが示されるだけで、真実であることは示されません。\n"
		   "センサーに届かなかったものは含まれません。\n"
		 : "Records are proved unchanged since they were sealed, not true; what never reached the "
		   "sensor\n"
		   "is not there.\n",
	      stdout);
}

/* ---- what is verified ---- */

static int make_evidence(const struct options *o, const char *folder)
{
	struct buf b;
	struct err e = { 0 };
	int status = EXIT_DONE;

	buf_init(&b, EVIDENCE_MAX);
	if (evidence_make(folder, o->evidence, &b, &e) == TK_OK)
		status = cli_write(NULL, buf_slice(&b));
	else
		status = told(TK_EIO, &e);
	buf_free(&b);
	return status;
}

static bool verify_exports(const struct options *o, const struct verify_options *v, struct verify_result *r,
			   struct err *e)
{
	for (size_t i = 0; i < o->n_exports; i++)
		if (verify_export(v, o->exports[i], r, e) != TK_OK)
			return false;
	return true;
}

static int verify_trail(struct options *o, const char *folder)
{
	struct verify_options v = { .folder = folder,
				    .site_key = o->has_key ? &o->site_key : NULL,
				    .site_public = o->has_public ? o->site_public : NULL,
				    .anchors = &o->anchors,
				    .tsa_ca = o->tsa_ca,
				    .actors = o->actors.n > 0 ? &o->actors : NULL,
				    .max_age = o->max_age,
				    .now = sys_now_ns() / NS_PER_SEC,
				    .require_anchor = o->require_anchor,
				    .first_segment = o->first_segment,
				    .pack_altered = o->pack_altered,
				    .found = take,
				    .ctx = o };
	struct verify_result r;
	struct err e = { 0 };

	if (o->evidence >= 0)
		return make_evidence(o, folder);
	if (trail_verify(&v, &r, &e) != TK_OK || (o->db != NULL && verify_db(&v, o->db, &r, &e) != TK_OK) ||
	    !verify_exports(o, &v, &r, &e)) {
		cli_error("%s", e.text);
		return EXIT_INPUT;
	}
	if (o->json)
		print_json_result(&r);
	else
		print_result(o, &r);
	return verify_passed(&r) ? EXIT_DONE : EXIT_NO;
}

static void print_evidence(const struct options *o, const struct evidence_result *r)
{
	struct buf b;
	struct json_out out = json_out(&b);

	buf_init(&b, 16u << 20);
	if (o->json) {
		json_open(&out, '{');
		put_text(&out, "integrity", "ok");
		put_text(&out, "completeness", r->anchored ? "ok" : "unknown");
		put_int(&out, "seq", r->seq);
		put_int(&out, "segment", r->segment);
		put_int(&out, "tree", r->tree);
		put_text(&out, "code", r->code);
		put_flag(&out, "self_attested", r->self_attested);
		json_close(&out, '}');
	} else {
		cli_safe(&b, r->record);
		buf_fmt(&b,
			"\nRecord %lld is in segment %lld of a log of %lld segments, short code "
			"%s%s\nIntegrity: OK%s\n",
			(long long)r->seq, (long long)r->segment, (long long)r->tree, r->code,
			r->anchored ? " (anchored)" : "",
			r->self_attested ? " (self-attested: give --site-key)" : "");
	}
	if (o->json)
		buf_byte(&b, '\n');
	fwrite(b.p, 1, b.n, stdout);
	buf_free(&b);
}

static int verify_evidence(struct options *o, const char *path, struct slice bytes)
{
	struct evidence_result r;
	struct err e = { 0 };
	int rc = evidence_verify(bytes, o->has_key ? &o->site_key : NULL,
				 o->has_public ? o->site_public : NULL, &o->anchors, &r, &e);
	bool lacks = o->require_anchor && !r.anchored;

	if (rc == TK_OK)
		print_evidence(o, &r);
	else
		cli_error("%s: %s", path, e.text);
	if (rc == TK_EMALFORMED && o->json)
		puts("{\"integrity\":\"altered\",\"completeness\":\"unknown\"}");
	buf_free(&r.room);
	return rc == TK_OK ? lacks ? EXIT_NO : EXIT_DONE : rc == TK_EMALFORMED ? EXIT_NO : EXIT_INPUT;
}

static int verify_ledger(const struct options *o, const char *path)
{
	struct ledger_reader *r;
	struct err e = { 0 };
	int64_t n = 0;
	int rc = ledger_reader_open(&r, path, &e);

	if (rc != TK_OK) {
		cli_error("%s", e.text);
		return EXIT_INPUT;
	}
	rc = ledger_verify(r, &n, &e);
	ledger_reader_close(r);
	if (rc != TK_OK)
		cli_error("%s: %s", path, e.text);
	if (rc != TK_OK && rc != TK_EMALFORMED)
		return EXIT_INPUT;
	printf(o->json ? "{\"transactions\":%lld,\"integrity\":\"%s\",\"completeness\":\"unknown\"}\n"
		       : "%lld transactions agree with their rows\nIntegrity: %s\nCompleteness: UNKNOWN "
			 "(verify the "
			 "trail for that)\n",
	       (long long)n,
	       o->json	     ? rc == TK_OK ? "ok" : "altered"
	       : rc == TK_OK ? "OK"
			     : "ALTERED");
	return rc == TK_OK ? EXIT_DONE : EXIT_NO;
}

static int verify_file(struct options *o, const char *path)
{
	struct slice bytes;
	struct err e;
	char head[16] = { 0 };
	int fd = sys_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0), status;
	ssize_t got = fd < 0 ? -1 : sys_read(fd, head, sizeof head);

	sys_close(fd);
	if (got == (ssize_t)sizeof head && memcmp(head, "SQLite format 3", sizeof head) == 0)
		return verify_ledger(o, path);
	if (sys_slurp(path, EVIDENCE_MAX, &bytes, &e) != TK_OK)
		return told(TK_EIO, &e);
	if (!slice_starts(bytes, SLICE("tochoku.dev/evidence@"))) {
		cli_error("%s: is neither a trail's folder, nor a ledger, nor an evidence file", path);
		status = EXIT_INPUT;
	} else {
		status = verify_evidence(o, path, bytes);
	}
	free((void *)(uintptr_t)bytes.p);
	return status;
}

int verify_pack_trail(const char *folder, int64_t first_segment, bool json, bool japanese)
{
	struct options o = {
		.json = json, .japanese = japanese, .evidence = -1, .first_segment = first_segment
	};

	return verify_trail(&o, folder);
}

/* The sums, and their signature by the key that the pack's own trail names. */
static int check_pack(const char *folder, const char *trail, struct err *e)
{
	char path[TRAIL_PATH_MAX];
	struct slice sums = { NULL, 0 }, note = { NULL, 0 };
	struct sha256 *h = sha256_new();
	struct hash32 digest;
	int64_t n;
	int rc = h == NULL ? err_set(e, TK_ENOMEM, "no memory") : sums_check(folder, &n, e);

	file_path(path, sizeof path, folder, SUMS_NAME);
	if (rc == TK_OK && (rc = sys_slurp(path, 64u << 20, &sums, e)) == TK_OK)
		sha256_of(h, sums, digest.b);
	file_path(path, sizeof path, folder, PACK_NOTE);
	if (rc == TK_OK && (rc = sys_slurp(path, NOTE_MAX, &note, e)) == TK_OK)
		rc = pack_verify(trail, note, &digest, e);
	free((void *)(uintptr_t)sums.p);
	free((void *)(uintptr_t)note.p);
	sha256_free(h);
	return rc;
}

/* facts: the pack's own account of itself, which the signature covers. */
static int verify_pack(struct options *o, const char *folder, const char *trail, const char *facts)
{
	struct slice text;
	struct err e = { 0 };

	if (sys_slurp(facts, 65536, &text, &e) != TK_OK)
		return told(TK_EIO, &e);
	if (!scalar_number(cli_member(text, "first_segment"), &o->first_segment))
		err_set(&e, TK_EMALFORMED, PACK_FACTS ": is no pack's");
	free((void *)(uintptr_t)text.p);
	if (e.code == TK_OK)
		check_pack(folder, trail, &e);
	o->pack_altered = e.code == TK_OK ? NULL : e.text;
	return verify_trail(o, trail);
}

/* A pack or a backup holds the trail in a folder of that name. */
static int verify_path(struct options *o, const char *path)
{
	char below[TRAIL_PATH_MAX], facts[TRAIL_PATH_MAX];
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return verify_file(o, path);
	if (file_path(below, sizeof below, path, "trail/notes") && file_there(below)) {
		*strrchr(below, '/') = '\0';
		return file_path(facts, sizeof facts, path, PACK_FACTS) && file_there(facts)
			       ? verify_pack(o, path, below, facts)
			       : verify_trail(o, below);
	}
	return verify_trail(o, path);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct options *o = calloc(1, sizeof *o);
	int status;

	(void)cli;
	if (o == NULL) {
		cli_error("no memory");
		return EXIT_INPUT;
	}
	o->evidence = -1;
	status = read_options(o, argc, argv);
	if (status == EXIT_DONE && optind + 1 != argc)
		status = cli_usage(&command_verify,
				   optind == argc ? "say what to verify: a trail's folder, a ledger or "
						    "an evidence file"
						  : "one path at a time");
	if (status == EXIT_DONE)
		status = verify_path(o, argv[optind]);
	anchors_free(&o->anchors);
	actors_free(&o->actors);
	free(o);
	return status;
}

const struct command command_verify = {
	.name = "verify",
	.summary = "was a record changed, removed, inserted or reordered, and where",
	.help = "Example: tochoku verify /var/lib/tochoku/trail --site-key site-key.vkey --code "
		"FZXA-0JBH-JJ4Y-BPZX-17GN\n"
		"\n"
		"tochoku verify PATH [options]\n"
		"\n"
		"PATH is the folder of a trail, an evidence pack, a ledger file or an evidence file.\n"
		"\n"
		"  --site-key F      the site's public key, from paper: a verifier key, or a file with one\n"
		"                    or with a PEM public key. Without it the log attests itself\n"
		"  --anchor F        what others hold: an anchors.tsv, a checkpoint note, or a collector's\n"
		"                    lines with HEAD messages; may be repeated\n"
		"  --code C          a short code from a printed sheet; may be repeated\n"
		"  --since DIR       an older copy of the trail: shows that it was only added to\n"
		"  --witness K       verifier key of a witness whose cosignatures count as anchors\n"
		"  --tsa-ca F        certificates (PEM) that the time stamps must lead to\n"
		"  --db FILE         the ledger too: each sealed record's row says what the trail says, no row\n"
		"                    more or less, no strange trigger or view\n"
		"  --export FILE     an export of this trail too: its bytes, checkpoint and records are the\n"
		"                    trail's, and its making is recorded; may be repeated\n"
		"  --actors FILE     who may stand in records: one name a line, or CSV with names in its\n"
		"                    first column; anybody else is told\n"
		"  --max-age H       no when the last seal is older than so many hours\n"
		"  --require-anchor  no when no anchor agrees\n"
		"  --evidence SEQ    instead of verifying: the evidence file of one record, to standard "
		"output\n"
		"  --lang L          ja or en (default)\n"
		"  --json            one object a finding, at the end one with both verdicts\n"
		"\n"
		"Integrity says whether what is there is what was sealed, completeness whether all of it is\n"
		"there, which only an anchor can tell.\n"
		"Exit status: 0 unchanged and complete, or only declared gaps, or completeness unknown;\n"
		"1 altered, missing, stale or no anchor where one was required; 2 usage error; 3 it cannot\n"
		"be read.\n",
	.run = run,
};
