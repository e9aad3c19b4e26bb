/* One check of status or doctor: what was looked at, how it stands, what to do. Private to cli. */
#ifndef TK_CLI_HEALTH_H
#define TK_CLI_HEALTH_H

#include "cli/reading.h"

enum health { HEALTH_OK, HEALTH_WARN, HEALTH_FAIL };

struct report_out {
	struct buf out;
	bool json;
	enum health worst;
};

/* One line "OK   subject: text", or one JSON object with check, state, text. */
void health_tell(struct report_out *r, enum health h, const char *subject, const char *fmt, ...)
	TK_PRINTF(4, 5);
/* "3 minutes", "2 days": for people. */
void health_age(struct buf *out, int64_t ns);

/* Checks that both commands make. `r` may be NULL where there is no ledger. */
void health_recorder(struct report_out *o, const struct config *cfg);
/* How far the processes of `run` are confined, as the kernel tells it (health_processes.c). */
void health_processes(struct report_out *o, const struct config *cfg);
void health_ledger(struct report_out *o, const struct config *cfg, struct ledger_reader *r);
void health_inputs(struct report_out *o, const struct config *cfg, struct ledger_reader *r);
/* ", 12 kernel_drop, 3 stream_gap": by the names of core/event/losses.def. Nothing where nothing was lost. */
void health_losses(struct buf *out, const struct losses *l);
void health_coverage(struct report_out *o, struct ledger_reader *r);
/* The reminder of next year's holidays, an emergency; `everything`: holidays and roster too. */
void health_calendar(struct report_out *o, const struct config *cfg, bool everything);
/* doctor alone: what a capture needs, and why it may see nothing (doctor_capture.c). */
void health_captures(struct report_out *o, const struct config *cfg, struct ledger_reader *r);
void health_geoip(struct report_out *o, const struct config *cfg);
/* Its age, and models whose prices run out (health_prices.c). */
void health_prices(struct report_out *o, const struct config *cfg);
void health_rules(struct report_out *o, const struct config *cfg);
void health_keys(struct report_out *o, const struct config *cfg, struct ledger_reader *r);
/* The site key is offline, and the last day is sealed. */
void health_trail(struct report_out *o, const struct config *cfg);
/* When a backup was made last, and one tested. */
void health_backup(struct report_out *o, struct ledger_reader *r);
/* Periods, holds, what is not finished, and the size limit (health_retention.c). */
void health_retention(struct report_out *o, const struct config *cfg, struct ledger_reader *r);
/* Room where the ledger lies, how long it lasts, and what the recorder makes of it (health_disk.c). `r` may
 * be NULL. */
void health_disk(struct report_out *o, const struct config *cfg, struct ledger_reader *r);
/* Damaged ledgers that were set aside and lie there still. */
void health_asides(struct report_out *o, const struct config *cfg);

#endif
