/* main() of a fuzz target without a fuzzer: replays tests/corpora/NAME, each file whole, cut short and
 * with bytes changed (the same way each time), and what breaks parsers everywhere. Meant for a build
 * with sanitizers, which end the program at the first fault; the file at hand is printed before. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define VARIANTS 48
#define INPUT_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state = 88172645463325252u;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* From a block of exactly its size, so that a read behind the end is seen. */
static void one(const uint8_t *data, size_t n)
{
	uint8_t *exact = malloc(n == 0 ? 1 : n);

	if (exact == NULL)
		exit(2);
	if (n > 0)
		memcpy(exact, data, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

static void variants(const uint8_t *data, size_t n)
{
	uint8_t *copy = malloc(n == 0 ? 1 : n);

	if (copy == NULL)
		exit(2);
	for (int i = 0; i < VARIANTS && n > 0; i++) {
		memcpy(copy, data, n);
		if (i % 3 == 0) {
			one(copy, next() % n);
			continue;
		}
		for (uint64_t k = 0; k <= next() % 4; k++)
			copy[next() % n] = i % 3 == 1 ? (uint8_t)next()
						      : (uint8_t) "\0\"'\\{}[]:,\n\xff\x80-0"[next() % 16];
		one(copy, n);
	}
	free(copy);
}

static bool file(const char *path)
{
	uint8_t *data = malloc(INPUT_MAX);
	FILE *f = fopen(path, "rb");
	size_t n;
	double start = now();

	if (f == NULL || data == NULL) {
		printf("# %s: cannot be read\n", path);
		return false;
	}
	n = fread(data, 1, INPUT_MAX, f);
	fclose(f);
	printf("# %s, %zu bytes\n", path, n);
	fflush(stdout);
	one(data, n);
	variants(data, n);
	free(data);
	return now() - start < 1.0 * (VARIANTS + 1);
}

static void hostile(void)
{
	enum { N = 65536 };
	uint8_t *b = malloc(N);

	if (b == NULL)
		exit(2);
	for (int kind = 0; kind < 8; kind++) {
		static const char *const unit[] = { "\0", "\xff",	  "[",	 "{\"a\":",
						    "\"", "a: &a [*a]\n", "\\u", "" };
		size_t len = kind == 0 ? 1 : strlen(unit[kind]);

		for (size_t i = 0; i < N; i++)
			b[i] = len == 0 ? (uint8_t)next() : (uint8_t)unit[kind][i % len];
		one(b, N);
		one(b, N / 7);
		one(b, 1);
	}
	one(b, 0);
	free(b);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0];
	char folder[512], path[1024];
	struct stat st;
	struct dirent *d;
	bool good = true;
	int n = 0;
	DIR *dir;

	(void)argc;
	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	snprintf(folder, sizeof(folder), "tests/corpora/%s", name);
	dir = opendir(folder);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
			good &= file(path);
			n++;
		}
	}
	if (dir != NULL)
		closedir(dir);
	hostile();
	printf("%sok 1 - %s: %d files and their variants, each under a second\n1..1\n", good ? "" : "not ",
	       name, n);
	return good ? 0 : 1;
}
