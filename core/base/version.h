#ifndef TK_BASE_VERSION_H
#define TK_BASE_VERSION_H

#define TK_VERSION "0.1"

#endif
