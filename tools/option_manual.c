/* The list of options of tochoku.yml(5), from the table that the program reads by. */
#include <stdio.h>

#include "core/config/option.h"

/* roff reads '\\', and '.' or '\'' at the beginning of a line; '-' would be a hyphen. */
static void put(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
}

static void row(void *ctx, const char *path, const struct option *o)
{
	static const char *const shapes[] = { [SECTION] = "section",
					      [RECORDS] = "list of entries",
					      [NAMED] = "entries by name",
					      [PREFIXED] = "keys that begin so",
					      [ANY] = "anything" };

	(void)ctx;
	fputs(".TP\n.B ", stdout);
	put(path);
	fputs("\n(", stdout);
	put(o->shape == ONE ? o->type->what : o->shape == MANY ? "list: " : shapes[o->shape]);
	if (o->shape == MANY)
		put(o->type->what);
	fputs((o->flags & REQUIRED) != 0 ? "; required)\n" : ")\n", stdout);
	if (o->doc[0] == '.' || o->doc[0] == '\'')
		fputs("\\&", stdout);
	putchar(o->doc[0] >= 'a' && o->doc[0] <= 'z' ? o->doc[0] - 'a' + 'A' : o->doc[0]);
	put(o->doc + 1);
	fputs(".\n", stdout);
	if ((o->flags & LATER) != 0)
		puts("This version reads and checks it, warns, and does not act on it.");
	if (o->preset == NULL)
		return;
	fputs("Default:\n.BR ", stdout);
	putchar('"');
	put(o->preset);
	puts("\" .");
}

int main(void)
{
	option_walk(row, NULL);
	return 0;
}
