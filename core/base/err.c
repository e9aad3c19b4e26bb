#include "core/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int set_text(struct err *e, int code, const char *fmt, va_list ap)
{
	if (e != NULL) {
		e->code = code;
		vsnprintf(e->text, sizeof e->text, fmt, ap);
	}
	return code;
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_text(e, code, fmt, ap);
	va_end(ap);
	return code;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char inner[sizeof e->text];
	va_list ap;
	size_t n;

	if (e == NULL)
		return TK_EIO;
	memcpy(inner, e->text, sizeof inner);
	va_start(ap, fmt);
	set_text(e, e->code, fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof e->text - n, ": %s", inner);
	return e->code;
}

/* What more room, another quota or another mount would mend. */
static int code_of(int number)
{
	return number == ENOSPC || number == EDQUOT || number == EROFS ? TK_EFULL : TK_EIO;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int saved = errno, code = code_of(saved);
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	set_text(e, code, fmt, ap);
	va_end(ap);
	if (e != NULL) {
		n = strlen(e->text);
		snprintf(e->text + n, sizeof e->text - n, ": %s", strerror(saved));
	}
	errno = saved;
	return code;
}
