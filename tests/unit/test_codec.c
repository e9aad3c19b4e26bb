#include <fcntl.h>
#include <lzma.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "core/base/buf.h"
#include "sensor/input/codec.h"
#include "tests/lib/tap.h"

#define PLAIN (3u << 20)

static uint8_t plain[PLAIN];

static void make_plain(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < PLAIN; i++) { /* partly random, so that members are large */
		x = x * 1664525 + 1013904223;
		plain[i] = i % 3 == 0 ? (uint8_t)(x >> 24) : (uint8_t)('a' + i % 17);
	}
}

static void add_gzip(struct buf *out, struct slice in)
{
	z_stream z = { 0 };
	uint8_t *room = buf_room(out, in.n + 1000);

	deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	z.next_in = (Bytef *)(uintptr_t)in.p;
	z.avail_in = (uInt)in.n;
	z.next_out = room;
	z.avail_out = (uInt)in.n + 1000;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	out->n += z.total_out;
	deflateEnd(&z);
}

static void add_zstd(struct buf *out, struct slice in)
{
	size_t cap = ZSTD_compressBound(in.n), n = ZSTD_compress(buf_room(out, cap), cap, in.p, in.n, 3);

	if (ZSTD_isError(n))
		abort();
	out->n += n;
}

static void add_xz(struct buf *out, struct slice in)
{
	size_t cap = lzma_stream_buffer_bound(in.n), at = 0;

	if (lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, in.p, in.n, buf_room(out, cap), &at, cap)
	  != LZMA_OK)
		abort();
	out->n += at;
}

static void add_plain(struct buf *out, struct slice in)
{
	buf_add(out, in);
}

static const struct {
	const char *name;
	void (*add)(struct buf *out, struct slice in);
} kinds[] = { { "plain", add_plain }, { "gzip", add_gzip }, { "zstd", add_zstd }, { "xz", add_xz } };

static int file_of(struct slice s)
{
	FILE *f = tmpfile();
	int fd;

	if (f == NULL || (s.n > 0 && fwrite(s.p, 1, s.n, f) != s.n) || fflush(f) != 0)
		abort();
	fd = dup(fileno(f));
	fclose(f);
	return fd;
}

/* Reads to the first answer that is not TK_OK; the bytes are compared with `plain` as they come. */
static int drain(struct codec_reader *r, size_t cap, size_t *total, bool *same)
{
	uint8_t *out = malloc(cap);
	struct err e = { 0 };
	size_t n;
	int rc;

	while ((rc = codec_read(r, out, cap, &n, &e)) == TK_OK) {
		*same &= n > 0 && n <= cap && *total + n <= PLAIN && memcmp(out, plain + *total, n) == 0;
		*total += n;
	}
	if (rc == TK_EMALFORMED && e.text[0] == 0)
		*same = false; /* an error without words is none */
	free(out);
	return rc;
}

static void check(const char *kind, const char *what, struct slice file, size_t cap, int want_rc,
  size_t want_n)
{
	int fd = file_of(file);
	struct codec_reader *r = codec_open(fd);
	size_t total = 0;
	bool same = true;
	char name[128];
	int rc = drain(r, cap, &total, &same);

	snprintf(name, sizeof name, "%s: %s (%zu bytes a time)", kind, what, cap);
	if (want_rc == TK_EMALFORMED && want_n == SIZE_MAX) /* gzip notices by the checksum at the end */
		same = total > 0;
	if (!ok(same && rc == want_rc && (want_n == SIZE_MAX || total == want_n), name))
		printf("#   rc %d, want %d; %zu bytes, want %zu; same %d\n", rc, want_rc, total, want_n,
		  same);
	codec_close(r);
	close(fd);
}

static void one_kind(size_t k)
{
	struct buf one, two, damaged;
	const char *name = kinds[k].name;
	size_t half;

	buf_init(&one, 16 << 20);
	buf_init(&two, 16 << 20);
	buf_init(&damaged, 16 << 20);
	kinds[k].add(&one, slice_of(plain, PLAIN));
	kinds[k].add(&two, slice_of(plain, PLAIN / 2));
	half = two.n;
	kinds[k].add(&two, slice_of(plain + PLAIN / 2, PLAIN - PLAIN / 2));
	ok_str(codec_detect(buf_slice(&one))->name, name, "detected");
	check(name, "whole", buf_slice(&one), 65536, TK_EEND, PLAIN);
	check(name, "whole", buf_slice(&one), 7919, TK_EEND, PLAIN);
	check(name, "whole", buf_slice(&one), PLAIN * 2, TK_EEND, PLAIN);
	check(name, "two members", buf_slice(&two), 65536, TK_EEND, PLAIN);
	if (k > 0) {
		check(name, "cut in the second member", slice_head(buf_slice(&two), half + 1000), 65536,
		  TK_AGAIN, SIZE_MAX);
		check(name, "cut in the magic of the second", slice_head(buf_slice(&two), half + 2),
		  65536, TK_AGAIN, PLAIN / 2);
		check(name, "last byte missing", slice_head(buf_slice(&one), one.n - 1), 65536, TK_AGAIN,
		  SIZE_MAX);
		buf_add(&damaged, buf_slice(&one));
		memset(damaged.p + damaged.n / 2, 0x55, 64);
		check(name, "damaged in the middle", buf_slice(&damaged), 65536, TK_EMALFORMED, SIZE_MAX);
		buf_clear(&damaged);
		buf_add(&damaged, buf_slice(&one));
		buf_add(&damaged, SLICE("\0\0\0\0\0\0\0\0"));
		check(name, "zeros behind", buf_slice(&damaged), 65536, TK_EEND, PLAIN);
		buf_add(&damaged, SLICE("10.0.0.1 - - plain text"));
		check(name, "something else behind", buf_slice(&damaged), 65536, TK_EMALFORMED, PLAIN);
	}
	buf_free(&one);
	buf_free(&two);
	buf_free(&damaged);
}

/* A file that is still being written: what is appended is read on the next call. */
static void growing(size_t k)
{
	struct buf all;
	int fd = file_of(slice_of(NULL, 0)), rc[4];
	struct codec_reader *r = codec_open(fd);
	size_t total = 0, third;
	bool same = true;

	buf_init(&all, 16 << 20);
	kinds[k].add(&all, slice_of(plain, PLAIN));
	third = all.n / 3;
	rc[0] = drain(r, 65536, &total, &same);
	for (size_t i = 0; i < 3; i++) {
		size_t from = i * third, n = i == 2 ? all.n - from : third;

		if (pwrite(fd, all.p + from, n, (off_t)from) != (ssize_t)n)
			abort();
		rc[i + 1] = drain(r, 65536, &total, &same);
	}
	ok(rc[0] == TK_EEND && rc[1] == (k == 0 ? TK_EEND : TK_AGAIN)
	  && rc[2] == rc[1] && rc[3] == TK_EEND && same &&
	   total == PLAIN, kinds[k].name);
	codec_close(r);
	close(fd);
	buf_free(&all);
}

/* From a pipe, byte by byte at first, so that the magic comes in pieces. */
static void piped(size_t k)
{
	struct buf all;
	int fd[2];
	struct codec_reader *r;
	size_t total = 0;
	bool same = true;
	uint8_t out[4096];
	size_t n;
	struct err e;
	int rc;

	buf_init(&all, 1 << 20);
	kinds[k].add(&all, slice_of(plain, 3000));
	if (pipe(fd) != 0 || write(fd[1], all.p, all.n) != (ssize_t)all.n)
		abort();
	close(fd[1]);
	r = codec_open(fd[0]);
	while ((rc = codec_read(r, out, sizeof out, &n, &e)) == TK_OK) {
		same &= memcmp(out, plain + total, n) == 0;
		total += n;
	}
	ok(rc == TK_EEND && same && total == 3000, kinds[k].name);
	ok(codec_seek(r, 5) == TK_EMALFORMED, "no seeking in a pipe");
	codec_close(r);
	close(fd[0]);
	buf_free(&all);
}

static void seeking(void)
{
	int fd = file_of(slice_of(plain, 1000));
	struct codec_reader *r = codec_open(fd);
	uint8_t out[2000];
	struct err e;
	size_t n;

	ok(codec_seek(r, 900) == TK_OK, "seek in a plain file");
	ok(codec_read(r, out, sizeof out, &n, &e) == TK_OK && n == 100 && memcmp(out, plain + 900, 100) == 0,
	   "reads on from there");
	codec_close(r);
	close(fd);
}

int main(void)
{
	make_plain();
	for (size_t k = 0; k < COUNT(kinds); k++) {
		one_kind(k);
		growing(k);
		piped(k);
	}
	seeking();
	return tap_done();
}
