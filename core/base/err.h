/* Errors are values: a code for programs, a bounded text for people.
 * The innermost cause is set first; each caller adds where it was. */
#ifndef TK_BASE_ERR_H
#define TK_BASE_ERR_H

#include <stdarg.h>

enum tk_code {
	TK_OK = 0,
	TK_ENOMEM,     /* no memory */
	TK_EIO,        /* the system refused: open, read, write, SQLite */
	TK_EMALFORMED, /* the input is not what it should be */
	TK_ELIMIT,     /* a documented limit was reached */
	TK_ECONFIG,    /* configuration, rule or usage error */
	TK_ENOTFOUND,
	TK_EBUSY,      /* another process holds it */
	TK_EEND,       /* end of input, peer gone */
	TK_AGAIN,      /* not now */
	TK_EFULL,      /* the disk takes no write: no room, no inode, a quota, read-only, an I/O error */
	TK_EDAMAGED,   /* the ledger's file is damaged: in its pages, its tables, or what stands in them */
};

struct err {
	int code;
	char text[512];
};

#define TK_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Both return the code. `e` may be NULL. */
int err_set(struct err *e, int code, const char *fmt, ...) TK_PRINTF(3, 4);
/* Puts "text: " before what is there. */
int err_wrap(struct err *e, const char *fmt, ...) TK_PRINTF(2, 3);
/* As err_set, with ": strerror(errno)" behind; keeps errno. TK_EFULL where it says so, else TK_EIO. */
int err_sys(struct err *e, const char *fmt, ...) TK_PRINTF(2, 3);

#endif
