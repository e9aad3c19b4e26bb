/* Every command: a unique name, a summary, a help text that starts with an example, a line in the manual. */
#include <stdlib.h>

#include "cli/commands.h"
#include "core/base/sys.h"
#include "tests/lib/tap.h"

#define MANUAL "man/tochoku.1"

static bool has_run_line(const char *manual, const char *name)
{
	char bold[80], alone[80], word[80];

	snprintf(bold, sizeof bold, "\n.B %s", name);
	snprintf(alone, sizeof alone, "\n.BI \"%s ", name);
	snprintf(word, sizeof word, "\n.BR \"%s ", name);
	return strstr(manual, bold) != NULL || strstr(manual, alone) != NULL || strstr(manual, word) != NULL;
}

/* The first line, or the one below a heading, is the command as one would type it. */
static bool starts_with_example(const struct command *c)
{
	char typed[80];
	const char *at, *p;
	int lines = 0;

	snprintf(typed, sizeof typed, "tochoku %s", c->name);
	at = strstr(c->help, typed);
	if (at == NULL) { /* with -c FILE between */
		snprintf(typed, sizeof typed, " %s", c->name);
		at = strncmp(c->help, "Example: tochoku -c ", 20) == 0 ? strstr(c->help, typed) : NULL;
	}
	for (p = c->help; at != NULL && p < at; p++)
		lines += *p == '\n';
	return at != NULL && lines <= 1;
}

int main(void)
{
	const struct command *c;
	struct slice manual;
	struct err e;
	size_t i, k;

	if (sys_slurp(MANUAL, 1 << 20, &manual, &e) != TK_OK) {
		ok(false, e.text);
		return tap_done();
	}
	for (i = 0; (c = command_at(i)) != NULL; i++) {
		ok(starts_with_example(c), c->name);
		ok(c->help[strlen(c->help) - 1] == '\n', "its help ends with a line");
		ok(c->summary[0] != 0 && c->run != NULL, "it has a summary and runs");
		ok(has_run_line((const char *)manual.p, c->name), "it is in the manual");
		ok(command_find(c->name) == c, "it is found by its name, so the name is unique");
		for (k = 0; c->summary[k] != 0 && c->summary[k] != '\n'; k++)
			;
		ok(c->summary[k] == 0 && k <= 100, "its summary is one line");
	}
	ok(i > 0, "there are commands");
	ok(command_find("rnu") == NULL, "no such command");
	ok_str(command_nearest("rnu"), "run", "its nearest name");
	ok(command_nearest("zzzzzzz") == NULL, "no name is near");
	free((void *)(uintptr_t)manual.p);
	return tap_done();
}
