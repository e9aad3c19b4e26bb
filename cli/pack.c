/* export --pack: everything an auditor needs of a period, in one folder with a signature over it. */
#include "cli/pack.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/sums.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/trail/copy.h"
#include "core/trail/files.h"
#include "core/trail/reader.h"
#include "core/trail/record.h"
#include "reports/export/export.h"

#define DAYS_MAX 4000
#define TABLE_MAX (64u << 20)
#define DAY_NS (24 * 3600 * NS_PER_SEC)

static const struct {
	const char *id, *source, *en, *ja, *types, *where;
} requirements[] = {
#define REQUIREMENT(id, source, en, ja, types, where) { id, source, en, ja, types, where },
#include "reports/export/requirements.def"
#undef REQUIREMENT
};

struct day_row {
	int64_t access, findings, reviews, segment; /* segment: the last one that seals some of it; -1 */
	char reviewer[128];
};

struct packing {
	const struct config *cfg;
	const struct pack_order *o;
	char folder[TRAIL_PATH_MAX], trail[TRAIL_PATH_MAX];
	struct trail_head head;
	struct trail_part part;
	int64_t count, of[RECORD_TYPES], first[RECORD_TYPES]; /* records of the period, by type */
	int32_t first_day;
	struct day_row *day;
	size_t n_days;
	struct buf erasures, segments;
	char sums[65];
	struct err e;
};

static int put_file(struct packing *p, const char *name, struct slice bytes)
{
	char path[TRAIL_PATH_MAX];

	return file_path(path, sizeof path, p->folder, "%s", name)
		       ? file_put(path, bytes, 0640, &p->e)
		       : err_set(&p->e, TK_ECONFIG, "%s: the path is too long", p->folder);
}

static int put_table(struct packing *p, const char *name, struct buf *b)
{
	int rc = b->failed ? err_set(&p->e, TK_ENOMEM, "no memory") : put_file(p, name, buf_slice(b));

	buf_free(b);
	return rc;
}

/* ---- the trail's part ---- */

/* Segments that were closed before the period cannot hold it. */
static int choose_part(struct packing *p)
{
	int64_t closed, last = -1;
	int rc = TK_OK;

	p->part.sealed = trail_sealed(p->cfg->ledger.trail);
	while (rc == TK_OK && p->part.first + 1 < p->part.sealed &&
	       (rc = trail_segment_end(p->cfg->ledger.trail, p->part.first, &closed, &last, &p->e)) ==
		       TK_OK &&
	       closed * NS_PER_SEC <= p->o->from_ns)
		p->part.first++;
	if (rc == TK_OK)
		rc = trail_segment_end(p->cfg->ledger.trail, p->part.sealed - 1, &closed, &last, &p->e);
	p->part.end = last + 1;
	return rc;
}

static struct day_row *day_at(struct packing *p, int64_t ns)
{
	int32_t day = zone_day_of(ns / NS_PER_SEC);

	return day < p->first_day || (size_t)(day - p->first_day) >= p->n_days ? NULL
									      : &p->day[day - p->first_day];
}

static void put_cell(struct buf *out, struct slice line, const char *key)
{
	struct slice text;
	int64_t n;

	buf_byte(out, '\t');
	if (record_string(line, key, &text))
		cli_safe(out, text);
	else if (record_number(line, key, &n))
		buf_i64(out, n);
}

static void take_erase(struct packing *p, const struct record *r, struct slice line)
{
	static const char *const cells[] = { "segment", "first", "last", "scope", "reason", "policy" };

	buf_i64(&p->erasures, r->seq);
	for (size_t i = 0; i < COUNT(cells); i++)
		put_cell(&p->erasures, line, cells[i]);
	buf_fmt(&p->erasures, "\t%zu\n", record_distinct(line, "approved_by"));
}

/* The time by which the record was chosen. */
static int64_t time_of(const struct record *r, struct slice line)
{
	struct slice text;
	int64_t ns;
	const char *key = r->type == RECORD_ACCESS    ? "@timestamp"
			  : r->type == RECORD_FINDING ? "first"
						      : NULL;

	return key != NULL && record_string(line, key, &text) && time_parse_rfc3339(text, false, &ns)
		       ? ns
		       : r->ts_ns;
}

static void take_record(struct packing *p, const struct record *r, struct slice line)
{
	struct day_row *d = day_at(p, time_of(r, line));
	struct slice who;

	p->count++;
	if (p->of[r->type]++ == 0)
		p->first[r->type] = r->seq;
	if (d == NULL)
		return;
	d->access += r->type == RECORD_ACCESS;
	d->findings += r->type == RECORD_FINDING;
	d->reviews += r->type == RECORD_REVIEW;
	if (r->type == RECORD_REVIEW && record_string(line, "actor", &who))
		snprintf(d->reviewer, sizeof d->reviewer, "%.*s", (int)slice_head(who, 100).n,
			 (const char *)who.p);
}

static int read_records(struct packing *p)
{
	const struct export_format *lines = export_by_name(SLICE("jsonl"));
	struct trail_reader *t = NULL;
	struct trail_line line;
	struct record_error why;
	struct record r;
	int rc = trail_reader_open(&t, p->trail, p->part.end, &p->e);

	while (rc == TK_OK && (rc = trail_reader_next(t, 0, &line, &p->e)) == TK_OK) {
		if (!record_read(line.text, &r, &why) || r.type == RECORD_TYPES)
			continue; /* a stub, or what the verification tells */
		if (r.type == RECORD_ERASE)
			take_erase(p, &r, line.text);
		if (lines->chosen(&r, line.text, p->o->from_ns, p->o->to_ns))
			take_record(p, &r, line.text);
	}
	trail_reader_close(t);
	return rc == TK_EEND ? TK_OK : rc;
}

static int read_manifest(struct packing *p, int64_t segment, struct manifest *m)
{
	char path[TRAIL_PATH_MAX];
	struct text_error bad;
	struct slice bytes;
	const char *why;
	struct note n;
	int rc;

	file_path(path, sizeof path, p->trail, "notes/segment-%06lld.note", (long long)segment);
	if ((rc = sys_slurp(path, NOTE_MAX, &bytes, &p->e)) != TK_OK)
		return rc;
	if (!note_read(bytes, &n, &why) || !manifest_read(n.text, m, &bad))
		rc = err_set(&p->e, TK_EMALFORMED, "%s: is no manifest", path);
	free((void *)(uintptr_t)bytes.p);
	return rc;
}

static int read_segments(struct packing *p)
{
	static const char *const clocks[] = { "synced", "unsynced", "unknown" };
	int rc = TK_OK;

	for (int64_t i = 0; i < p->part.sealed && rc == TK_OK; i++) {
		char path[TRAIL_PATH_MAX];
		struct manifest m;

		if ((rc = read_manifest(p, i, &m)) != TK_OK)
			break;
		for (size_t d = 0; d < p->n_days; d++) {
			int64_t begin = zone_day_start(p->first_day + (int32_t)d),
				end = zone_day_start(p->first_day + (int32_t)d + 1);

			if (m.opened < end && m.closed > begin)
				p->day[d].segment = i;
		}
		file_path(path, sizeof path, p->trail, "segments/%s", m.file);
		buf_fmt(&p->segments, "%lld\t", (long long)i);
		put_utc(&p->segments, m.opened);
		buf_byte(&p->segments, '\t');
		put_utc(&p->segments, m.closed);
		buf_fmt(&p->segments, "\t%lld\t%lld\t%lld\t%s\t%lld\t%lld\t%s\n", (long long)m.records,
			(long long)m.first_seq, (long long)m.last_seq, clocks[m.clock.state],
			(long long)m.clock.offset_ms, (long long)m.dropped, file_there(path) ? "yes" : "no");
	}
	return rc;
}

/* ---- the tables ---- */

static int put_requirements(struct packing *p)
{
	struct buf b;

	buf_init(&b, TABLE_MAX);
	buf_str(&b, "# version " REQUIREMENTS_VERSION "\nid\tsource\ten\tja\trecords\tfirst_seq\twhere\n");
	for (size_t i = 0; i < COUNT(requirements); i++) {
		int64_t n = 0, first = -1;

		for (int t = 0; t < RECORD_TYPES; t++) {
			const char *at = strstr(requirements[i].types, record_type_name((enum record_type)t));

			if (at == NULL || p->of[t] == 0)
				continue;
			n += p->of[t];
			if (first < 0 || p->first[t] < first)
				first = p->first[t];
		}
		buf_fmt(&b, "%s\t%s\t%s\t%s\t%lld\t", requirements[i].id, requirements[i].source,
			requirements[i].en, requirements[i].ja, (long long)n);
		if (first >= 0)
			buf_i64(&b, first);
		buf_fmt(&b, "\t%s\n", requirements[i].where);
	}
	return put_table(p, "requirements.tsv", &b);
}

static int put_coverage(struct packing *p)
{
	struct buf b;

	buf_init(&b, TABLE_MAX);
	buf_str(&b, "day\tsealed_in\taccess\tfindings\treviews\tlast_reviewer\n");
	for (size_t i = 0; i < p->n_days; i++) {
		struct date d = date_from_days(p->first_day + (int32_t)i);
		const struct day_row *r = &p->day[i];

		buf_fmt(&b, "%04d-%02u-%02u\t", (int)d.year, (unsigned)d.month, (unsigned)d.day);
		if (r->segment >= 0)
			buf_i64(&b, r->segment);
		buf_fmt(&b, "\t%lld\t%lld\t%lld\t", (long long)r->access, (long long)r->findings,
			(long long)r->reviews);
		cli_safe(&b, slice_str(r->reviewer));
		buf_byte(&b, '\n');
	}
	return put_table(p, "coverage.tsv", &b);
}

static void put_line(struct buf *b, const char *what, const char *text)
{
	buf_fmt(b, "%s: ", what);
	cli_safe(b, slice_str(text == NULL ? "-" : text));
	buf_byte(b, '\n');
}

static void put_period(struct buf *b, const char *what, int64_t ns)
{
	char text[TIME_TEXT_MAX];

	text[time_format_local(ns, text)] = '\0';
	put_line(b, what, text);
}

static int put_cover(struct packing *p)
{
	struct buf b;

	buf_init(&b, 65536);
	buf_str(&b, "証跡パック / Evidence pack\n\n");
	put_line(&b, "施設 / Site", p->cfg->site.name);
	put_line(&b, "ログ / Log", p->head.origin);
	put_line(&b, "依頼者 / Requested by", p->o->requested_by);
	put_line(&b, "理由 / Reason", p->o->reason);
	put_line(&b, "承認者 / Approved by", p->o->approved_by);
	put_period(&b, "期間（から）/ From", p->o->from_ns);
	put_period(&b, "期間（まで、含まない）/ To (not included)", p->o->to_ns);
	put_period(&b, "作成 / Made", sys_now_ns());
	buf_fmt(&b, "記録 / Records: %lld\n区間 / Segments: %lld (%lld-%lld)\n", (long long)p->count,
		(long long)p->part.sealed, (long long)p->part.first, (long long)p->part.sealed - 1);
	put_line(&b, "チェックポイント / Checkpoint (SHA-256)", p->head.checkpoint);
	buf_str(&b, "\n記録の限界は limits.txt にあります。 / For the limits of these records see limits.txt.\n");
	return put_table(p, "cover.txt", &b);
}

static int put_facts(struct packing *p)
{
	struct buf b;
	struct json_out o = json_out(&b);
	char text[TIME_TEXT_MAX];

	buf_init(&b, 65536);
	json_open(&o, '{');
	json_key(&o, "pack");
	json_int(&o, 1);
	json_key(&o, "origin");
	json_str(&o, slice_str(p->head.origin));
	json_key(&o, "from");
	json_str(&o, slice_of(text, time_format_utc(p->o->from_ns, text)));
	json_key(&o, "to");
	json_str(&o, slice_of(text, time_format_utc(p->o->to_ns, text)));
	json_key(&o, "records");
	json_int(&o, p->count);
	json_key(&o, "first_segment");
	json_int(&o, p->part.first);
	json_key(&o, "segments");
	json_int(&o, p->part.sealed);
	json_key(&o, "checkpoint");
	json_str(&o, slice_str(p->head.checkpoint));
	json_close(&o, '}');
	buf_byte(&b, '\n');
	return put_table(p, PACK_FACTS, &b);
}

/* ---- verification and signature ---- */

/* In a process of its own, whose standard output is the file. */
static int put_verification(struct packing *p, const char *name, bool json)
{
	char path[TRAIL_PATH_MAX];
	pid_t child;
	int state;

	file_path(path, sizeof path, p->folder, "%s", name);
	fflush(stdout);
	if ((child = fork()) < 0)
		return err_sys(&p->e, "fork");
	if (child == 0) {
		int fd = sys_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

		if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
			_exit(EXIT_INPUT);
		state = verify_pack_trail(p->trail, p->part.first, json, false);
		fflush(stdout);
		_exit(state);
	}
	if (waitpid(child, &state, 0) != child || !WIFEXITED(state) || WEXITSTATUS(state) == EXIT_INPUT)
		return err_set(&p->e, TK_EIO, "%s: the trail could not be verified", path);
	return TK_OK; /* what it found is part of the evidence */
}

static int sign(struct packing *p)
{
	char path[TRAIL_PATH_MAX];
	struct buf request, reply, note;
	struct slice sums, said;
	struct sha256 *h = sha256_new();
	uint8_t digest[32], *room;
	size_t n;
	int rc;

	file_path(path, sizeof path, p->folder, SUMS_NAME);
	if (h == NULL || (rc = sys_slurp(path, TABLE_MAX, &sums, &p->e)) != TK_OK) {
		sha256_free(h);
		return h == NULL ? err_set(&p->e, TK_ENOMEM, "no memory") : rc;
	}
	sha256_of(h, sums, digest);
	sha256_free(h);
	free((void *)(uintptr_t)sums.p);
	hex_encode(slice_of(digest, 32), p->sums);
	buf_init(&request, 4096);
	buf_init(&reply, 262144);
	buf_init(&note, 262144);
	buf_fmt(&request, "{\"do\":\"pack.sign\",\"sha256\":\"%s\"}", p->sums);
	rc = cli_request(p->cfg, buf_slice(&request), &reply) == EXIT_DONE
		     ? TK_OK
		     : err_set(&p->e, TK_EIO, "the pack could not be signed");
	said = cli_member(buf_slice(&reply), "note");
	room = buf_room(&note, said.n + 1);
	if (rc == TK_OK && room != NULL && (n = json_unescape(said, room)) != SIZE_MAX)
		rc = put_file(p, PACK_NOTE, slice_of(room, n));
	buf_free(&request);
	buf_free(&reply);
	buf_free(&note);
	return rc;
}

/* ---- the whole ---- */

/* Days of the period of which there can be records. */
static int make_days(struct packing *p)
{
	struct manifest m;
	int64_t from = p->o->from_ns, to = p->o->to_ns, now = sys_now_ns();
	int rc = read_manifest(p, 0, &m);

	if (rc != TK_OK)
		return rc;
	if (to > now)
		to = now + 1;
	if (from < to - DAYS_MAX * DAY_NS)
		from = to - DAYS_MAX * DAY_NS;
	p->first_day = zone_day_of(from / NS_PER_SEC);
	p->n_days = to <= from ? 0 : (size_t)(zone_day_of((to - 1) / NS_PER_SEC) - p->first_day + 1);
	p->day = calloc(p->n_days + 1, sizeof *p->day);
	if (p->day == NULL)
		return err_set(&p->e, TK_ENOMEM, "no memory");
	for (size_t i = 0; i < p->n_days; i++)
		p->day[i].segment = -1;
	return TK_OK;
}

static int put_texts(struct packing *p)
{
	static const struct {
		const char *name, *text;
	} files[] = { { "README.txt", pack_readme },
		      { "index-ja.txt", pack_index_ja },
		      { "index-en.txt", pack_index_en },
		      { "limits.txt", pack_limits } };
	int rc = TK_OK;

	for (size_t i = 0; i < COUNT(files) && rc == TK_OK; i++)
		rc = put_file(p, files[i].name, slice_str(files[i].text));
	return rc;
}

static int fill(struct packing *p)
{
	int rc = choose_part(p);

	if (rc == TK_OK)
		rc = trail_copy(p->cfg->ledger.trail, p->trail, &p->part, &p->e);
	if (rc == TK_OK)
		rc = make_days(p);
	if (rc == TK_OK)
		rc = read_segments(p);
	if (rc == TK_OK)
		rc = read_records(p);
	if (rc == TK_OK)
		rc = put_table(p, "segments.tsv", &p->segments);
	if (rc == TK_OK)
		rc = put_table(p, "erasures.tsv", &p->erasures);
	if (rc == TK_OK)
		rc = put_requirements(p);
	if (rc == TK_OK)
		rc = put_coverage(p);
	if (rc == TK_OK)
		rc = put_cover(p);
	if (rc == TK_OK)
		rc = put_facts(p);
	if (rc == TK_OK)
		rc = put_texts(p);
	if (rc == TK_OK)
		rc = put_verification(p, "verify.txt", false);
	if (rc == TK_OK)
		rc = put_verification(p, "verify.json", true);
	if (rc == TK_OK)
		rc = sums_write(p->folder, &p->e);
	return rc == TK_OK ? sign(p) : rc;
}

static int begin(struct packing *p)
{
	if (snprintf(p->folder, sizeof p->folder, "%s.partial", p->o->folder) >= (int)sizeof p->folder - 128)
		return err_set(&p->e, TK_ECONFIG, "%s: the path is too long", p->o->folder);
	if (file_there(p->o->folder))
		return err_set(&p->e, TK_ECONFIG, "%s: is there already: name a new folder", p->o->folder);
	if (mkdir(p->folder, 0750) != 0)
		return err_sys(&p->e, "%s", p->folder);
	file_path(p->trail, sizeof p->trail, p->folder, "trail");
	buf_init(&p->segments, TABLE_MAX);
	buf_init(&p->erasures, TABLE_MAX);
	buf_str(&p->segments,
		"segment\topened\tclosed\trecords\tfirst_seq\tlast_seq\tclock\toffset_ms\tdropped\t"
		"in_pack\n");
	buf_str(&p->erasures, "seq\tsegment\tfirst\tlast\tscope\treason\tpolicy\tapprovers\n");
	return TK_OK;
}

/* Its making is in it: the use of the log is recorded and sealed before anything is copied. */
static int seal(struct packing *p)
{
	struct buf reply;
	int status;

	cli_log_used(p->cfg, "export pack", p->o->from_ns, p->o->to_ns, 0);
	buf_init(&reply, 65536);
	status = cli_request(p->cfg, SLICE("{\"do\":\"seal\"}"), &reply);
	buf_free(&reply);
	if (status == EXIT_DONE)
		status = cli_trail_head(p->cfg, &p->head);
	return status == EXIT_DONE ? TK_OK : err_set(&p->e, TK_EIO, "the trail could not be sealed");
}

int pack_make(const struct config *cfg, const struct pack_order *order)
{
	struct packing *p = calloc(1, sizeof *p);
	int rc;

	if (p == NULL)
		return EXIT_INPUT;
	p->cfg = cfg;
	p->o = order;
	rc = begin(p);
	if (rc == TK_OK && (rc = seal(p)) == TK_OK)
		rc = fill(p);
	if (rc == TK_OK && rename(p->folder, order->folder) != 0)
		rc = err_sys(&p->e, "%s", order->folder);
	if (rc == TK_OK)
		rc = file_sync_folder(order->folder, &p->e);
	if (rc == TK_OK)
		cli_log_export(cfg, "pack", order->from_ns, order->to_ns, p->count, p->sums);
	else
		cli_error("%s: the pack is not whole", p->e.text);
	buf_free(&p->segments);
	buf_free(&p->erasures);
	free(p->day);
	free(p);
	return rc == TK_OK ? EXIT_DONE : rc == TK_ECONFIG ? EXIT_USAGE : EXIT_INPUT;
}
