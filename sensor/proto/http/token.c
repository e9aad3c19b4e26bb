#include "sensor/proto/http/token.h"

bool token_char(uint8_t c)
{
	static const bool chars[UINT8_MAX + 1] = {
		['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
		['!'] = true, ['#'] = true, ['$'] = true, ['%'] = true, ['&'] = true, ['\''] = true,
		['*'] = true, ['+'] = true, ['-'] = true, ['.'] = true, ['^'] = true, ['_'] = true,
		['`'] = true, ['|'] = true, ['~'] = true,
	};

	return chars[c];
}

struct slice token_trim(struct slice s)
{
	while (s.n > 0 && token_blank(s.p[0]))
		s = slice_from(s, 1);
	while (s.n > 0 && token_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct slice token_of(struct slice s)
{
	size_t n = 0;

	while (n < s.n && token_char(s.p[n]))
		n++;
	return slice_head(s, n);
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool token_same(struct slice s, const char *word)
{
	for (size_t i = 0; i < s.n; i++)
		if (word[i] == 0 || lower(s.p[i]) != lower((uint8_t)word[i]))
			return false;
	return word[s.n] == 0;
}

bool token_list(struct slice *list, struct slice *element)
{
	while (list->n > 0) {
		const uint8_t *comma = memchr(list->p, ',', list->n);
		size_t n = comma == NULL ? list->n : (size_t)(comma - list->p);

		*element = token_trim(slice_head(*list, n));
		*list = slice_from(*list, n + 1);
		if (element->n > 0)
			return true;
	}
	return false;
}
