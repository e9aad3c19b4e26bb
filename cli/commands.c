#include "cli/commands.h"

#define COMMAND(name) extern const struct command command_##name;
#include "cli/commands.def"
#undef COMMAND

static const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "cli/commands.def"
#undef COMMAND
};

const struct command *command_at(size_t i)
{
	return i < COUNT(commands) ? commands[i] : NULL;
}

const struct command *command_find(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

const char *command_nearest(const char *name)
{
	const char *names[COUNT(commands)];
	size_t i;

	for (i = 0; i < COUNT(commands); i++)
		names[i] = commands[i]->name;
	return nearest(slice_str(name), names, COUNT(names));
}
