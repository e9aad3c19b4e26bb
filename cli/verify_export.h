/* Exports against the trail that they were made of (audit-trail.md 8, T37). */
#ifndef TK_CLI_VERIFY_EXPORT_H
#define TK_CLI_VERIFY_EXPORT_H

#include "core/trail/verify.h"

/* Compares the file with the verified trail of `o`: its trailer's count, digest and checkpoint; the leaf of
 * every record where the format has it, and of jsonl the lines; and that the trail has a record of an export
 * with these bytes. What does not agree is told as a finding and counted into `r`. TK_EMALFORMED, TK_EIO: it
 * is no export. */
int verify_export(const struct verify_options *o, const char *path, struct verify_result *r, struct err *e);

#endif
