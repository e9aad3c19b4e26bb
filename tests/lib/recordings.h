/* The captures of a folder of the shared corpora, one after another, whole in memory. */
#ifndef TK_TESTS_LIB_RECORDINGS_H
#define TK_TESTS_LIB_RECORDINGS_H

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"

static bool is_capture(const char *name)
{
	size_t n = strlen(name);

	return n >= 8 && (strcmp(name + n - 5, ".pcap") == 0 || strcmp(name + n - 7, ".pcapng") == 0);
}

/* False: the folder is not there. */
static bool each_recording(const char *folder,
			   void (*take)(void *ctx, struct slice capture, const char *name), void *ctx)
{
	DIR *d = opendir(folder);
	struct dirent *entry;

	if (d == NULL)
		return false;
	while ((entry = readdir(d)) != NULL) {
		char path[512];
		struct buf b;
		FILE *f;
		size_t n;

		if (!is_capture(entry->d_name))
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		f = fopen(path, "rb");
		buf_init(&b, 1 << 28);
		while (f != NULL && (n = fread(buf_room(&b, 65536), 1, 65536, f)) > 0)
			b.n += n;
		if (f != NULL)
			fclose(f);
		take(ctx, buf_slice(&b), entry->d_name);
		buf_free(&b);
	}
	closedir(d);
	return true;
}

#endif
