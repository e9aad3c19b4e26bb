/* Where the shipped rules lie. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rules/rules.h"

char *rules_shipped_path(void)
{
	/* installed: PREFIX/bin/tochoku; built: build/tochoku, build/VARIANT/tochoku */
	static const char *const beside[] = { "/../share/tochoku/rules", "/../rules/catalogue",
					      "/../../rules/catalogue" };
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	self[n] = 0;
	slash = strrchr(self, '/');
	if (slash == NULL)
		return NULL;
	*slash = 0;
	for (size_t i = 0; i < COUNT(beside); i++) {
		char *path;
		struct stat st;

		if (asprintf(&path, "%s%s", self, beside[i]) < 0)
			return NULL;
		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
			char *real = realpath(path, NULL);

			free(path);
			return real;
		}
		free(path);
	}
	return NULL;
}
