#include "core/base/shipped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/slice.h"

static char *real_path(const char *folder, const char *up, const char *below)
{
	char *path, *real;

	if (asprintf(&path, "%s%s/%s", folder, up, below) < 0)
		return NULL;
	real = realpath(path, NULL); /* NULL: there is no such file */
	free(path);
	return real;
}

struct place {
	const char *up, *below; /* from the program's folder */
};

static char *first_of(const struct place *places, size_t n)
{
	char self[4096], *slash, *found = NULL;
	ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);

	if (size <= 0)
		return NULL;
	self[size] = 0;
	slash = strrchr(self, '/');
	if (slash == NULL)
		return NULL;
	*slash = 0;
	for (size_t i = 0; i < n && found == NULL; i++)
		found = real_path(self, places[i].up, places[i].below);
	return found;
}

char *shipped_path(const char *installed, const char *source)
{
	/* installed: PREFIX/bin/tochoku; built: build/tochoku, build/VARIANT/tochoku */
	const struct place places[] = { { "/../share/tochoku", installed },
					{ "/..", source },
					{ "/../..", source } };

	return first_of(places, COUNT(places));
}

char *shipped_program(const char *name)
{
	const struct place places[] = { { "", name }, { "/../libexec/tochoku", name } };

	return first_of(places, COUNT(places));
}
