/* tochoku maintain backup: one state of ledger and trail in a folder, made while they are written. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/maintain.h"
#include "cli/sums.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "core/ledger/backup.h"
#include "core/trail/copy.h"
#include "core/trail/files.h"
#include "core/trail/reader.h"

static int put_facts(const struct backup_facts *f, const char *folder, struct err *e)
{
	char path[TRAIL_PATH_MAX], made[TIME_TEXT_MAX];
	struct buf b;
	int rc;

	if (!file_path(path, sizeof path, folder, BACKUP_FACTS))
		return err_set(e, TK_ECONFIG, "%s: the path is too long", folder);
	made[time_format_utc(sys_now_ns(), made)] = '\0';
	buf_init(&b, 4096);
	buf_fmt(&b,
		"{\"made\":\"%s\",\"origin\":\"%s\",\"records\":%lld,\"segments\":%lld,\"transactions\":%lld,"
		"\"link\":\"%s\"}\n",
		made, f->origin, (long long)f->records, (long long)f->sealed, (long long)f->transactions,
		f->link);
	rc = file_put(path, buf_slice(&b), 0640, e);
	buf_free(&b);
	return rc;
}

/* Of the copy, so that they agree with it whatever was written meanwhile. */
static int read_facts(const char *ledger, struct backup_facts *f, struct err *e)
{
	struct ledger_reader *r = NULL;
	struct ledger_facts facts;
	uint8_t link[32];
	int rc = ledger_reader_open(&r, ledger, e);

	if (rc == TK_OK)
		rc = ledger_facts(r, &facts, e);
	if (rc == TK_OK)
		rc = ledger_link(r, f->transactions = facts.transactions, link, e);
	if (rc == TK_OK)
		hex_encode(slice_of(link, 32), f->link);
	ledger_reader_close(r);
	return rc;
}

/* The trail first: the ledger may then hold more, and what it holds more is rendered again. */
static int fill(const struct config *cfg, const struct trail_head *head, const char *folder,
		struct ledger_reader *r, struct backup_facts *f, struct err *e)
{
	struct trail_part part = { .sealed = trail_sealed(cfg->ledger.trail), .end = head->end };
	char path[TRAIL_PATH_MAX];
	int rc;

	f->records = head->end;
	f->sealed = part.sealed;
	memcpy(f->origin, head->origin, sizeof f->origin);
	if (!file_path(path, sizeof path, folder, "trail"))
		return err_set(e, TK_ECONFIG, "%s: the path is too long", folder);
	if ((rc = trail_copy(cfg->ledger.trail, path, &part, e)) != TK_OK)
		return rc;
	file_path(path, sizeof path, folder, "ledger.db");
	if ((rc = ledger_copy(r, path, e)) == TK_OK)
		rc = read_facts(path, f, e);
	if (rc == TK_OK)
		rc = put_facts(f, folder, e);
	return rc == TK_OK ? sums_write(folder, e) : rc;
}

/* A folder that is not whole never bears the name that was asked for. */
static int make(const struct config *cfg, struct ledger_reader *r, const char *folder, struct backup_facts *f)
{
	char fresh[TRAIL_PATH_MAX];
	struct trail_head head;
	struct err e = { 0 };
	int rc = TK_OK, status;

	if (snprintf(fresh, sizeof fresh, "%s.partial", folder) >= (int)sizeof fresh - 64)
		rc = err_set(&e, TK_ECONFIG, "%s: the path is too long", folder);
	else if (file_there(folder))
		rc = err_set(&e, TK_ECONFIG, "%s: is there already: name a new folder", folder);
	else if (mkdir(fresh, 0750) != 0)
		rc = err_sys(&e, "%s", fresh);
	if (rc == TK_OK && (status = cli_trail_head(cfg, &head)) != EXIT_DONE) {
		rmdir(fresh);
		return status;
	}
	if (rc == TK_OK)
		rc = fill(cfg, &head, fresh, r, f, &e);
	if (rc == TK_OK && rename(fresh, folder) != 0)
		rc = err_sys(&e, "%s", folder);
	if (rc == TK_OK)
		rc = file_sync_folder(folder, &e);
	if (rc != TK_OK)
		cli_error("%s", e.text);
	return rc == TK_OK ? EXIT_DONE : rc == TK_ECONFIG ? EXIT_USAGE : EXIT_INPUT;
}

int maintain_backup(const struct maintaining *m)
{
	struct backup_facts f = { 0 };
	struct ledger_reader *r;
	struct config *cfg;
	struct buf reply;
	char members[256];
	int status = cli_open_ledger(m->cli, &cfg, &r);

	if (status != EXIT_DONE)
		return status;
	buf_init(&reply, 65536);
	if ((status = make(cfg, r, m->folder, &f)) == EXIT_DONE) {
		snprintf(members, sizeof members,
			 ",\"records\":%lld,\"segments\":%lld,\"transactions\":%lld,\"link\":\"%s\"",
			 (long long)f.records, (long long)f.sealed, (long long)f.transactions, f.link);
		status = maintain_ask(cfg, "backup", members, &reply);
	}
	if (status == EXIT_DONE)
		printf(m->json ? "{\"records\":%lld,\"segments\":%lld,\"transactions\":%lld}\n"
			       : "Backed up: %lld records, %lld sealed segments, %lld transactions. Private "
				 "keys are not in it.\n",
		       (long long)f.records, (long long)f.sealed, (long long)f.transactions);
	buf_free(&reply);
	ledger_reader_close(r);
	config_free(cfg);
	return status;
}
