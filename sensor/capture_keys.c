#include "sensor/capture_keys.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/sys.h"

#define CHUNK (64u << 10)

struct key_file {
	int fd; /* -1: none */
	uint64_t at, size;
	struct key_log_source source;
};

struct capture_keys {
	struct key_log *log;
	struct key_file old, now;
	uint8_t chunk[CHUNK];
};

struct capture_keys *capture_keys_new(uint32_t connections)
{
	struct capture_keys *k = calloc(1, sizeof *k);

	if (k == NULL)
		return NULL;
	k->old.fd = k->now.fd = -1;
	k->log = key_log_new(connections);
	if (k->log != NULL)
		return k;
	free(k);
	return NULL;
}

static void end_file(struct capture_keys *k, struct key_file *f)
{
	key_log_end(k->log, &f->source);
	sys_close(f->fd);
	*f = (struct key_file){ .fd = -1 };
}

void capture_keys_free(struct capture_keys *k)
{
	if (k == NULL)
		return;
	end_file(k, &k->old);
	end_file(k, &k->now);
	key_log_free(k->log);
	free(k);
}

struct key_log *capture_keys_log(struct capture_keys *k)
{
	return k->log;
}

void capture_keys_file(struct capture_keys *k, int fd)
{
	end_file(k, &k->old);
	k->old = k->now;
	explicit_bzero(&k->now, sizeof k->now);
	k->now.fd = fd;
}

static void look(struct capture_keys *k, struct key_file *f)
{
	struct stat st;

	if (f->fd < 0)
		return;
	if (fstat(f->fd, &st) != 0 || st.st_size < 0) {
		end_file(k, f);
		return;
	}
	f->size = (uint64_t)st.st_size;
	if (f->size < f->at) {
		/* The line that it was cut in is none. */
		explicit_bzero(&f->source, sizeof f->source);
		f->at = 0;
	}
}

/* What of `left` was not needed. */
static size_t read_new(struct capture_keys *k, struct key_file *f, size_t left)
{
	while (f->at < f->size && left > 0) {
		uint64_t want = f->size - f->at;
		ssize_t n;

		want = want > CHUNK ? CHUNK : want;
		want = want > left ? left : want;
		n = sys_pread(f->fd, k->chunk, (size_t)want, (off_t)f->at);
		if (n <= 0) { /* cut since: the next look tells */
			f->size = f->at;
			break;
		}
		key_log_feed(k->log, &f->source, slice_of(k->chunk, (size_t)n));
		explicit_bzero(k->chunk, (size_t)n);
		f->at += (uint64_t)n;
		left -= (size_t)n;
	}
	return left;
}

bool capture_keys_step(struct capture_keys *k)
{
	size_t left = CAPTURE_KEYS_STEP;

	look(k, &k->old);
	look(k, &k->now);
	left = read_new(k, &k->now, left);
	read_new(k, &k->old, left);
	return k->now.at < k->now.size || k->old.at < k->old.size;
}
