/* Where the files lie that come with the program: under its prefix when installed, in the source tree when
 * built there. */
#ifndef TK_BASE_SHIPPED_H
#define TK_BASE_SHIPPED_H

/* `installed` below PREFIX/share/tochoku, `source` below the root of the source tree. The real path of the
 * one that exists, malloc'ed; NULL: neither. */
char *shipped_path(const char *installed, const char *source);
/* A program that comes with this one: beside it, or in PREFIX/libexec/tochoku. As above. */
char *shipped_program(const char *name);

#endif
