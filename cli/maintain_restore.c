/* tochoku maintain restore-test: a backup restored into a scratch folder, checked there, and compared with
 * what is in use. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/maintain.h"
#include "cli/sums.h"
#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/ledger/backup.h"
#include "core/trail/copy.h"
#include "core/trail/files.h"
#include "core/trail/verify.h"

struct testing {
	const struct config *cfg;
	const char *folder;
	char scratch[TRAIL_PATH_MAX], ledger[TRAIL_PATH_MAX], trail[TRAIL_PATH_MAX];
	struct backup_facts f;
	int64_t files;
	struct err e;
};

static int keep_text(struct slice text, char *out, size_t n)
{
	return text.n > 0 && (size_t)snprintf(out, n, "%.*s", (int)text.n, (const char *)text.p) < n;
}

static int read_facts(struct testing *t)
{
	char path[TRAIL_PATH_MAX];
	struct slice text;
	bool good;
	int rc;

	if (!file_path(path, sizeof path, t->folder, BACKUP_FACTS))
		return err_set(&t->e, TK_ECONFIG, "%s: the path is too long", t->folder);
	if ((rc = sys_slurp(path, 4096, &text, &t->e)) != TK_OK)
		return rc;
	good = scalar_number(cli_member(text, "records"), &t->f.records) &&
	       scalar_number(cli_member(text, "segments"), &t->f.sealed) &&
	       scalar_number(cli_member(text, "transactions"), &t->f.transactions) &&
	       keep_text(cli_member(text, "link"), t->f.link, sizeof t->f.link) &&
	       keep_text(cli_member(text, "origin"), t->f.origin, sizeof t->f.origin);
	free((void *)(uintptr_t)text.p);
	return good ? TK_OK : err_set(&t->e, TK_EMALFORMED, "%s: is no backup's", path);
}

static int restore(struct testing *t)
{
	struct trail_part part = { .sealed = t->f.sealed, .end = t->f.records };
	char from[TRAIL_PATH_MAX];
	int rc;

	if (!file_path(t->ledger, sizeof t->ledger, t->scratch, "ledger.db") ||
	    !file_path(t->trail, sizeof t->trail, t->scratch, "trail") ||
	    !file_path(from, sizeof from, t->folder, "ledger.db"))
		return err_set(&t->e, TK_ECONFIG, "%s: the path is too long", t->folder);
	if ((rc = file_copy(from, t->ledger, 0600, &t->e)) != TK_OK)
		return rc;
	file_path(from, sizeof from, t->folder, "trail");
	return trail_copy(from, t->trail, &part, &t->e);
}

static int link_of(const char *path, int64_t n, bool check, char hex[65], struct err *e)
{
	struct ledger_reader *r = NULL;
	uint8_t link[32];
	int64_t transactions = 0;
	int rc = ledger_reader_open(&r, path, e);

	if (rc == TK_OK && check)
		rc = ledger_check(r, e);
	if (rc == TK_OK && check)
		rc = ledger_verify(r, &transactions, e);
	if (rc == TK_OK && check && transactions != n)
		rc = err_set(e, TK_EMALFORMED, "it has %lld transactions, expected %lld",
			     (long long)transactions, (long long)n);
	if (rc == TK_OK)
		rc = ledger_link(r, n, link, e);
	if (rc == TK_OK)
		hex_encode(slice_of(link, 32), hex);
	ledger_reader_close(r);
	return rc;
}

/* The restored ledger opens for writing too, its pages and its chain agree, and it is a beginning of ours. */
static int test_ledger(struct testing *t)
{
	char restored[65], ours[65];
	struct ledger *l = NULL;
	int rc = ledger_open(&l, t->ledger, &t->e);

	ledger_close(l);
	if (rc == TK_OK)
		rc = link_of(t->ledger, t->f.transactions, true, restored, &t->e);
	if (rc == TK_OK)
		rc = link_of(t->cfg->ledger.path, t->f.transactions, false, ours, &t->e);
	if (rc != TK_OK)
		return rc;
	return strcmp(restored, ours) == 0 && strcmp(restored, t->f.link) == 0
		       ? TK_OK
		       : err_set(&t->e, TK_EMALFORMED, "the backup is not of the ledger in use");
}

static void pass_over(void *ctx, const struct trail_finding *f)
{
	(void)ctx, (void)f;
}

static bool same_file(struct testing *t, const char *name)
{
	char path[2][TRAIL_PATH_MAX];
	struct slice a = { NULL, 0 }, b = { NULL, 0 };
	struct err e;
	bool same = file_path(path[0], TRAIL_PATH_MAX, t->trail, "%s", name) &&
		    file_path(path[1], TRAIL_PATH_MAX, t->cfg->ledger.trail, "%s", name) &&
		    sys_slurp(path[0], NOTE_MAX, &a, &e) == TK_OK &&
		    sys_slurp(path[1], NOTE_MAX, &b, &e) == TK_OK && slice_eq(a, b);

	free((void *)(uintptr_t)a.p);
	free((void *)(uintptr_t)b.p);
	return same;
}

/* Its last checkpoint is one of ours, and everything under it verifies. */
static int test_trail(struct testing *t)
{
	struct anchors none = { 0 };
	struct verify_options o = { .folder = t->trail,
				    .anchors = &none,
				    .now = sys_now_ns() / NS_PER_SEC,
				    .found = pass_over };
	struct verify_result r;
	char name[64];
	int rc = trail_verify(&o, &r, &t->e);

	snprintf(name, sizeof name, "notes/checkpoint-%06lld.note", (long long)t->f.sealed);
	if (rc != TK_OK)
		return rc;
	if (!verify_passed(&r))
		return err_set(&t->e, TK_EMALFORMED, "the trail does not verify: tochoku verify %s/trail",
			       t->folder);
	if (r.segments != t->f.sealed || r.records + r.unsealed + r.erased_records < t->f.records)
		return err_set(&t->e, TK_EMALFORMED,
			       "the trail has %lld segments and %lld records, expected %lld and %lld",
			       (long long)r.segments, (long long)(r.records + r.unsealed),
			       (long long)t->f.sealed, (long long)t->f.records);
	if (!same_file(t, "site-key.vkey") || (t->f.sealed > 0 && !same_file(t, name)))
		return err_set(&t->e, TK_EMALFORMED, "the backup is not of the trail in use");
	return TK_OK;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

static int test(struct testing *t)
{
	const char *top = getenv("TMPDIR");
	int rc = sums_check(t->folder, &t->files, &t->e);

	if (rc == TK_OK)
		rc = read_facts(t);
	if (rc != TK_OK)
		return rc;
	snprintf(t->scratch, sizeof t->scratch, "%s/tochoku-restore-XXXXXX", top == NULL ? "/tmp" : top);
	if (mkdtemp(t->scratch) == NULL)
		return err_sys(&t->e, "%s", t->scratch);
	if ((rc = restore(t)) == TK_OK && (rc = test_ledger(t)) == TK_OK)
		rc = test_trail(t);
	nftw(t->scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return rc;
}

int maintain_restore_test(const struct maintaining *m)
{
	struct testing t = { .cfg = cli_config(m->cli, true), .folder = m->folder };
	struct buf reply;
	char members[256];
	int status, rc;

	if (t.cfg == NULL)
		return EXIT_USAGE;
	buf_init(&reply, 65536);
	rc = test(&t);
	if (rc != TK_OK)
		cli_error("%s: %s", m->folder, t.e.text);
	snprintf(members, sizeof members, ",\"result\":\"%s\",\"records\":%lld,\"transactions\":%lld",
		 rc == TK_OK ? "ok" : "failed", (long long)t.f.records, (long long)t.f.transactions);
	status = maintain_ask(t.cfg, "restore-test", members, &reply);
	if (status == EXIT_DONE && rc == TK_OK)
		printf(m->json ? "{\"result\":\"ok\",\"files\":%lld,\"records\":%lld,\"transactions\":%lld}\n"
			       : "The backup is sound: %lld files, %lld records, %lld transactions, all of "
				 "the ledger and trail in use.\n",
		       (long long)t.files, (long long)t.f.records, (long long)t.f.transactions);
	buf_free(&reply);
	config_free((struct config *)(uintptr_t)t.cfg);
	return rc == TK_EMALFORMED || rc == TK_ENOTFOUND ? EXIT_NO : rc != TK_OK ? EXIT_INPUT : status;
}
