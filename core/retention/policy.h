/* How long each class of records is kept (audit-requirements.md 4): the profile's years, or the
 * configuration's own period. Local days, in the process's zone. */
#ifndef TK_RETENTION_POLICY_H
#define TK_RETENTION_POLICY_H

#include "core/base/buf.h"
#include "core/config/config.h"
#include "core/trail/record.h"

#define RETENTION_FLOOR_DAYS 365 /* nothing is kept for less without saying why */

/* Of KEEP_ACCESS and KEEP_FINDINGS. */
struct cfg_period retention_period(const struct config *cfg, enum record_class c);
struct cfg_period retention_reports(const struct config *cfg);
/* Is it over at `now` for what was closed then? UTC seconds. Years and months are the calendar's, and a year
 * has at least 365 days, a month 30, as the verifier counts them. */
bool retention_over(struct cfg_period p, int64_t closed, int64_t now);
/* Shorter than the floor. */
bool retention_short(struct cfg_period p);
/* One person's approval is enough once the longest of these classes' periods is over, and a year. */
bool retention_young(const struct config *cfg, unsigned classes, int64_t closed, int64_t now);
/* "jp-hospital access-5y findings-5y": the longest last, which is the one that a verifier reads. */
void put_policy(struct buf *out, const struct config *cfg, unsigned classes);
void put_period(struct buf *out, struct cfg_period p); /* "5y" */
const char *record_class_name(enum record_class c);    /* "access" */

#endif
