/* The forms of a report, one function a line of outputs.def: appends a document of 1 or 2 sheets (languages).
 * Figures and words are in the tree; an output only lays them out, and makes untrusted text safe. TK_OK, also
 * where out->failed tells that memory ran out; TK_ENOTFOUND: something that it needs is not installed. */
#ifndef TK_REPORTS_OUTPUTS_H
#define TK_REPORTS_OUTPUTS_H

#include "reports/sheet.h"

#define OUTPUT(name) \
	int report_output_##name(const struct sheet *const *sheets, size_t n, struct buf *out, struct err *e);
/* NULL in a program that is not linked with it. */
#define OUTPUT_APART(name)                                                                     \
	int report_output_##name(const struct sheet *const *sheets, size_t n, struct buf *out, \
				 struct err *e) __attribute__((weak));
#include "reports/outputs.def"
#undef OUTPUT_APART
#undef OUTPUT

#endif
