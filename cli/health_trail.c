/* How the audit trail stands, as far as its files tell without verifying them. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/health.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/ledger/backup.h"
#include "core/trail/files.h"
#include "core/trail/scalar.h"

#define LATE_NS (26 * 3600 * NS_PER_SEC) /* a day, and the two hours that a midnight may be off */

/* The last row of anchors.tsv: segment and short code. */
static bool last_seal(const struct config *cfg, int *segment, char code[SHORT_CODE_LEN + 1], int64_t *age_ns)
{
	char path[TRAIL_PATH_MAX];
	struct slice text, row, last = { NULL, 0 };
	struct stat st;
	struct err e;
	bool good;

	if (!file_path(path, sizeof path, cfg->ledger.trail, "anchors.tsv") || stat(path, &st) != 0 ||
	    sys_slurp(path, 64u << 20, &text, &e) != TK_OK)
		return false;
	*age_ns = sys_now_ns() - st.st_mtim.tv_sec * NS_PER_SEC;
	for (struct slice rest = text; take_line(&rest, &row);)
		last = row;
	good = last.n > SHORT_CODE_LEN && last.n < 300;
	if (good) {
		char line[300];

		memcpy(line, last.p, last.n);
		line[last.n] = '\0';
		memcpy(code, line + last.n - SHORT_CODE_LEN, SHORT_CODE_LEN + 1);
		good = sscanf(line, "%d", segment) == 1;
	}
	free((void *)(uintptr_t)text.p);
	return good;
}

void health_trail(struct report_out *o, const struct config *cfg)
{
	char path[TRAIL_PATH_MAX], code[SHORT_CODE_LEN + 1];
	int64_t age;
	int segment;

	if (!file_path(path, sizeof path, cfg->ledger.trail, "notes/epoch-0001.note") || !file_there(path)) {
		health_tell(o, HEALTH_WARN, "trail", "%s: there is none yet; `tochoku run` makes it",
			    cfg->ledger.trail);
		return;
	}
	if (file_path(path, sizeof path, cfg->ledger.keys, "site.key") && file_there(path))
		health_tell(o, HEALTH_WARN, "trail",
			    "the private site key lies in %s: take it offline, in two copies", path);
	if (!last_seal(cfg, &segment, code, &age))
		health_tell(o, HEALTH_OK, "trail", "no segment is sealed yet");
	else
		health_tell(o, age > LATE_NS ? HEALTH_WARN : HEALTH_OK, "trail",
			    "segment %d sealed %s, short code %s", segment,
			    age > LATE_NS ? "more than a day ago" : "within a day", code);
}

static void put_ago(struct buf *out, const char *what, int64_t ns)
{
	buf_str(out, what);
	if (ns == 0) {
		buf_str(out, "never");
		return;
	}
	health_age(out, sys_now_ns() - ns);
	buf_str(out, " ago");
}

void health_backup(struct report_out *o, struct ledger_reader *r)
{
	int64_t made, tested;
	struct buf text;
	struct err e;

	if (r == NULL || ledger_last_control(r, "backup", &made, &e) != TK_OK ||
	    ledger_last_control(r, "restore-test", &tested, &e) != TK_OK)
		return;
	buf_init(&text, 4096);
	put_ago(&text, "made ", made);
	put_ago(&text, ", tested ", tested);
	health_tell(o, HEALTH_OK, "backup", "%s", buf_cstr(&text));
	buf_free(&text);
}
