/* Values of duty items that no report's sheet has. Private to reports. */
#ifndef TK_REPORTS_DUTY_FILL_H
#define TK_REPORTS_DUTY_FILL_H

#include "reports/duty.h"

void fill_answered(struct duty *d, struct duty_line *l);
void fill_incidents(struct duty *d, struct duty_line *l);
void fill_carried(struct duty *d, struct duty_line *l);
void fill_extract(struct duty *d, struct duty_line *l);
void fill_calls(struct duty *d, struct duty_line *l);
void fill_departments(struct duty *d, struct duty_line *l);
void fill_functions(struct duty *d, struct duty_line *l);
void fill_errors(struct duty *d, struct duty_line *l);
void fill_users(struct duty *d, struct duty_line *l);
void fill_frequency(struct duty *d, struct duty_line *l);
void fill_trend(struct duty *d, struct duty_line *l);
void fill_windows(struct duty *d, struct duty_line *l);
void fill_availability(struct duty *d, struct duty_line *l);
void fill_outages(struct duty *d, struct duty_line *l);
void fill_mttr(struct duty *d, struct duty_line *l);
void fill_security(struct duty *d, struct duty_line *l);
void fill_keys(struct duty *d, struct duty_line *l);
void fill_findings(struct duty *d, struct duty_line *l);
void fill_done(struct duty *d, struct duty_line *l);
void fill_evidence(struct duty *d, struct duty_line *l);

/* Sets the value: a word and as many strings as it has %s. */
void duty_say(struct duty *d, struct duty_line *l, enum word w, ...);
const char *duty_text(struct duty *d, const char *fmt, ...) TK_PRINTF(2, 3);

#endif
