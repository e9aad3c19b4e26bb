/* A damaged ledger: what is still there stays as it is under another name, and recording goes on. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/sys.h"
#include "sensor/recorder/recorder_state.h"

#define PATH_BYTES 4200

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static int record(struct recorder *r, const char *aside, const char *why, int64_t salvaged, struct err *e)
{
	struct json_out o;
	struct buf body;
	int rc;

	buf_init(&body, 8192);
	o = json_out(&body);
	json_open(&o, '{');
	json_key(&o, "action");
	json_str(&o, SLICE("ledger-set-aside"));
	json_key(&o, "file");
	json_str(&o, slice_str(file_name(aside)));
	json_key(&o, "keys_kept");
	json_int(&o, salvaged);
	json_key(&o, "reason");
	json_str(&o, slice_str(why));
	json_close(&o, '}');
	rc = ledger_record(r->ledger, "control", sys_now_ns(), buf_slice(&body), e);
	buf_free(&body);
	return rc;
}

/* The first transaction of the new ledger. */
static int begin_ledger(struct recorder *r, const char *aside, const char *why, struct err *e)
{
	int64_t records = sealer_records(r->sealer), salvaged = 0, now = sys_now_ns();
	int rc = ledger_begin(r->ledger, e);

	if (rc == TK_OK)
		rc = ledger_begin_behind(r->ledger, records, e);
	if (rc == TK_OK)
		rc = ledger_salvage(r->ledger, aside, &salvaged, e);
	if (rc == TK_OK)
		rc = record(r, aside, why, salvaged, e);
	if (rc == TK_OK) {
		evaluate_disk(r->evaluate, &(struct disk_notice){ .aside = file_name(aside) });
		rc = evaluate_notices_now(r->evaluate, now, e);
	}
	if (rc == TK_OK)
		rc = evaluate_flush(r->evaluate, now, e);
	if (rc == TK_OK)
		rc = ledger_commit(r->ledger, now, e);
	if (rc == TK_OK)
		fprintf(stderr,
			"tochoku: the ledger is damaged (%s): it is set aside as %s, and a new one begun "
			"behind record"
			" %" PRId64 " of the trail; logs are read anew, %" PRId64
			" rows of the register of keys were"
			" taken over\n",
			why, aside, records, salvaged);
	return rc;
}

int recorder_begin_anew(struct recorder *r, struct err *e)
{
	char aside[PATH_BYTES], why[sizeof e->text];
	int rc;

	memcpy(why, e->text, sizeof why);
	recorder_close_ledger(r);
	*e = (struct err){ 0 };
	rc = ledger_set_aside(r->cfg->ledger.path, sys_now_ns(), aside, sizeof aside, e);
	if (rc == TK_OK)
		rc = recorder_open_ledger(r, e);
	if (rc == TK_OK)
		rc = begin_ledger(r, aside, why, e);
	r->reload = true; /* keys that were taken over */
	return rc;
}
