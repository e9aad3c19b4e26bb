/* SHA256SUMS of a folder, as sha256sum writes and checks it. Private to cli. */
#ifndef TK_CLI_SUMS_H
#define TK_CLI_SUMS_H

#include "core/base/buf.h"
#include "core/base/err.h"

#define SUMS_NAME "SHA256SUMS"

/* Writes the sums of every file below the folder but SHA256SUMS itself and its note. */
int sums_write(const char *folder, struct err *e);
/* Every file that the sums name is there as they say, and no other file is. TK_EMALFORMED with the file that
 * is not so. *n: how many. */
int sums_check(const char *folder, int64_t *n, struct err *e);

#endif
