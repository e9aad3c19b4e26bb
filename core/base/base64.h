/* Digits of base64 (RFC 4648 4). Pure. */
#ifndef TK_BASE_BASE64_H
#define TK_BASE_BASE64_H

#include <stdint.h>

/* 0 to 63, or -1 for what is none. */
static inline int base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

#endif
