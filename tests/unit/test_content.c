/* Coded bodies, made here by zlib, libbrotlienc and libzstd; every case whole, byte by byte and cut at
 * random: the same comes out. */
#include <brotli/encode.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "core/base/buf.h"
#include "sensor/proto/http/content.h"
#include "tests/lib/tap.h"

#define GZIP 31
#define ZLIB 15
#define RAW (-15)

static uint64_t dice_state = 0x9e3779b97f4a7c15u;

static size_t dice(size_t n)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return (size_t)(dice_state % n);
}

static void encode(struct buf *out, struct slice plain, int bits)
{
	z_stream z = { .zalloc = NULL };
	size_t room;

	if (deflateInit2(&z, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		exit(2);
	room = deflateBound(&z, plain.n) + 64;
	z.next_in = (Bytef *)(uintptr_t)plain.p;
	z.avail_in = (uInt)plain.n;
	z.next_out = buf_room(out, room);
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		exit(2);
	out->n += room - z.avail_out;
	deflateEnd(&z);
}

static void encode_brotli(struct buf *out, struct slice plain)
{
	size_t room = BrotliEncoderMaxCompressedSize(plain.n) + 1024;

	if (!BrotliEncoderCompress(5, 22, BROTLI_MODE_TEXT, plain.n, plain.p, &room, buf_room(out, room)))
		exit(2);
	out->n += room;
}

/* In one frame, without its size, as servers send it. */
static void encode_zstd(struct buf *out, struct slice plain, int window_log)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	size_t room = ZSTD_compressBound(plain.n) + 64;
	ZSTD_outBuffer to = { buf_room(out, room), room, 0 };
	ZSTD_inBuffer from = { plain.p, plain.n, 0 };

	ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, window_log);
	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	while (from.pos < from.size)
		ZSTD_compressStream2(z, &to, &from, ZSTD_e_continue);
	if (ZSTD_compressStream2(z, &to, &from, ZSTD_e_end) != 0)
		exit(2);
	out->n += to.pos;
	ZSTD_freeCCtx(z);
}

struct result {
	uint64_t n, largest;
	uint32_t sum;
	char head[64];
};

static void take(void *ctx, struct slice plain)
{
	struct result *r = ctx;

	for (size_t i = 0; i < plain.n && r->n + i < sizeof r->head - 1; i++)
		r->head[r->n + i] = (char)plain.p[i];
	r->n += plain.n;
	r->sum = (uint32_t)crc32(r->sum, plain.p, (uInt)plain.n);
	if (plain.n > r->largest)
		r->largest = plain.n;
}

/* most: bytes of a piece, 0: random. Each piece lies in a block of its own. */
static enum content_state decode(struct content_pool *p, const char *coding, struct slice wire, size_t most,
				 struct result *r)
{
	struct content c;
	enum content_state state;

	memset(r, 0, sizeof *r);
	content_begin(&c, p, slice_str(coding));
	while (wire.n > 0) {
		size_t n = most == 0 ? 1 + dice(300) : most;
		uint8_t *block;

		n = n < wire.n ? n : wire.n;
		block = malloc(n);
		memcpy(block, wire.p, n);
		content_data(&c, slice_of(block, n), take, r);
		free(block);
		wire = slice_from(wire, n);
	}
	state = content_end(&c, take, r);
	return c.out == r->n ? state : (enum content_state) - 1;
}

/* Each way of cutting twice: where short bodies can wait until they are whole, and where all places are
 * taken. */
static void check(const char *name, const char *coding, struct slice wire, enum content_state state,
		  struct slice plain)
{
	static const size_t pieces[] = { SIZE_MAX, 1, 0, 0, 0, 4096 };
	struct content_pool *p = content_pool_new(CONTENT_STACK); /* none may be kept from the next one */
	uint32_t sum = plain.n == 0 ? 0 : (uint32_t)crc32(0, plain.p, (uInt)plain.n);

	for (size_t i = 0; i < 2 * COUNT(pieces); i++) {
		struct content held[CONTENT_STACK] = { 0 };
		struct result r;
		enum content_state got;

		for (size_t k = 0; i >= COUNT(pieces) && k < COUNT(held); k++)
			content_begin(&held[k], p, SLICE("gzip"));
		got = decode(p, coding, wire, pieces[i % COUNT(pieces)], &r);
		for (size_t k = 0; k < COUNT(held); k++)
			content_drop(&held[k]);
		if (got != state || r.n != plain.n || r.sum != sum) {
			ok(false, name);
			printf("#   pieces of %zu%s: state %d, want %d; %llu bytes, want %zu: %s\n",
			       pieces[i % COUNT(pieces)], i < COUNT(pieces) ? "" : ", no place to wait", got,
			       state, (unsigned long long)r.n, plain.n, r.head);
			content_pool_free(p);
			return;
		}
	}
	ok(true, name);
	content_pool_free(p);
}

static struct slice coded(struct buf *b, struct slice plain, int bits)
{
	buf_clear(b);
	encode(b, plain, bits);
	return buf_slice(b);
}

/* b, wrapped once more. */
static struct slice again(struct buf *b, int bits)
{
	struct buf out;

	buf_init(&out, 1 << 26);
	encode(&out, buf_slice(b), bits);
	buf_free(b);
	*b = out;
	return buf_slice(b);
}

static const struct slice small = SLICE("{\"usage\":{\"input_tokens\":12}}");

static void single(struct buf *b, struct slice large)
{
	check("no coding", "", small, CONTENT_OK, small);
	check("no coding, nothing", "", slice_of(NULL, 0), CONTENT_OK, slice_of(NULL, 0));
	check("identity", " identity ,", small, CONTENT_OK, small);
	check("gzip", "gzip", coded(b, small, GZIP), CONTENT_OK, small);
	check("gzip, large", "gzip", coded(b, large, GZIP), CONTENT_OK, large);
	check("x-gzip, any case", " X-GZip", coded(b, small, GZIP), CONTENT_OK, small);
	check("gzip with junk in the header", ", gzip;x=1,", coded(b, small, GZIP), CONTENT_OK, small);
	check("gzip of nothing", "gzip", coded(b, slice_of(NULL, 0), GZIP), CONTENT_OK, slice_of(NULL, 0));
	check("nothing where gzip is said", "gzip", slice_of(NULL, 0), CONTENT_OK, slice_of(NULL, 0));
	check("deflate as zlib", "deflate", coded(b, large, ZLIB), CONTENT_OK, large);
	check("deflate, bare", "deflate", coded(b, large, RAW), CONTENT_OK, large);
	check("deflate, bare, of nothing", "deflate", coded(b, slice_of(NULL, 0), RAW), CONTENT_OK,
	      slice_of(NULL, 0));
	check("deflate that is gzip", "deflate", coded(b, small, GZIP), CONTENT_OK, small);
	/* a stored block whose first byte may be zlib's: 0x78 & 0x0f is 8 */
	check("deflate, bare, that begins as zlib", "deflate",
	      SLICE("\x78\x02\x00\xfd\xffhi\x01\x00\x00\xff\xff"), CONTENT_OK, SLICE("hi"));
	check("plain under deflate", "deflate", SLICE("X5O!P%@AP"), CONTENT_OK, SLICE("X5O!P%@AP"));
	check("plain under deflate, of no block type", "deflate", SLICE("Not coded"), CONTENT_OK,
	      SLICE("Not coded"));
	check("deflate, and plain in it", "deflate, deflate", coded(b, SLICE("X5O!P"), ZLIB), CONTENT_OK,
	      SLICE("X5O!P"));
	check("plain under gzip", "gzip", small, CONTENT_OK, small);
	check("plain under gzip, one byte", "gzip", SLICE("x"), CONTENT_OK, SLICE("x"));
	check("plain under gzip, half the magic", "gzip", SLICE("\x1fx"), CONTENT_OK, SLICE("\x1fx"));
	check("half the magic alone", "gzip", SLICE("\x1f"), CONTENT_CUT, slice_of(NULL, 0));
}

static void members(struct buf *b, struct slice large)
{
	struct buf twice;

	buf_init(&twice, 1 << 24);
	buf_add(&twice, large);
	buf_add(&twice, small);
	coded(b, large, GZIP);
	encode(b, small, GZIP);
	check("two members", "gzip", buf_slice(b), CONTENT_OK, buf_slice(&twice));
	buf_str(b, "trailing\x1f\x8b");
	check("two members and junk", "gzip", buf_slice(b), CONTENT_OK, buf_slice(&twice));
	coded(b, small, GZIP);
	buf_add(b, SLICE("\x1f\x1f\x8b"));
	check("junk that begins like a member", "gzip", buf_slice(b), CONTENT_OK, small);
	coded(b, small, GZIP);
	buf_add(b, SLICE("\x1f\x8b"));
	check("a member that only begins", "gzip", buf_slice(b), CONTENT_CUT, small);
	coded(b, small, ZLIB);
	buf_str(b, "junk");
	check("junk behind zlib", "deflate", buf_slice(b), CONTENT_OK, small);
	buf_free(&twice);
}

static void stacks(struct buf *b, struct slice large)
{
	coded(b, large, GZIP);
	check("gzip, gzip", "gzip, gzip", again(b, GZIP), CONTENT_OK, large);
	coded(b, large, ZLIB);
	check("deflate, then gzip", "deflate, gzip", again(b, GZIP), CONTENT_OK, large);
	coded(b, large, GZIP);
	check("gzip, then deflate", "gzip,identity, deflate", again(b, RAW), CONTENT_OK, large);
	check("gzip, gzip, undone once", "gzip, gzip", coded(b, small, GZIP), CONTENT_OK, small);
	check("gzip, gzip, undone twice", "gzip, gzip", small, CONTENT_OK, small);
	coded(b, small, RAW);
	again(b, GZIP);
	again(b, ZLIB);
	check("four of them", "deflate, gzip, deflate, gzip", again(b, GZIP), CONTENT_OK, small);
	check("five of them", "gzip, gzip, gzip, gzip, gzip", coded(b, small, GZIP), CONTENT_UNKNOWN,
	      slice_of(NULL, 0));
	coded(b, small, GZIP);
	b->n -= 9;
	check("the inner one is cut", "gzip, gzip", again(b, GZIP), CONTENT_CUT, small);
}

static void faults(struct buf *b, struct slice large)
{
	static const char *const unknown[] = {
		"compress", "gzip, dcb", "gzip_x", "brotli", "aws-chunked", "("
	};
	char name[64];

	for (size_t i = 0; i < COUNT(unknown); i++) {
		snprintf(name, sizeof name, "unknown: %s", unknown[i]);
		check(name, unknown[i], coded(b, small, GZIP), CONTENT_UNKNOWN, slice_of(NULL, 0));
	}
	coded(b, small, GZIP);
	b->n -= 1;
	check("cut in the trailer", "gzip", buf_slice(b), CONTENT_CUT, small);
	b->n = 5;
	check("cut in the header", "gzip", buf_slice(b), CONTENT_CUT, slice_of(NULL, 0));
	coded(b, small, GZIP);
	b->p[b->n - 6] ^= 1;
	check("wrong checksum", "gzip", buf_slice(b), CONTENT_DAMAGED, small);
	coded(b, small, GZIP);
	b->p[3] |= 0x80;
	check("wrong flags", "gzip", buf_slice(b), CONTENT_DAMAGED, slice_of(NULL, 0));
	coded(b, large, GZIP);
	memset(b->p + 2000, 0xff, 40);
	{
		struct content_pool *p = content_pool_new(1);
		struct result whole, cut;

		ok(decode(p, "gzip", buf_slice(b), SIZE_MAX, &whole) == CONTENT_DAMAGED && whole.n > 1000 &&
			   decode(p, "gzip", buf_slice(b), 1, &cut) == CONTENT_DAMAGED && whole.n == cut.n &&
			   whole.sum == cut.sum,
		   "damage in the middle: what is sound comes out");
		ok(whole.largest <= 256 << 10, "pieces are 256 KiB at most");
		content_pool_free(p);
	}
	/* FDICT: a zlib stream that needs a dictionary */
	check("zlib with a dictionary", "deflate", SLICE("\x78\xbb\x01\x02\x03\x04zzzz"), CONTENT_DAMAGED,
	      slice_of(NULL, 0));
}

static struct slice brotli(struct buf *b, struct slice plain)
{
	buf_clear(b);
	encode_brotli(b, plain);
	return buf_slice(b);
}

static struct slice zstd(struct buf *b, struct slice plain, int window_log)
{
	buf_clear(b);
	encode_zstd(b, plain, window_log);
	return buf_slice(b);
}

static void brotlis(struct buf *b, struct slice large)
{
	struct buf out;

	check("br", "br", brotli(b, small), CONTENT_OK, small);
	check("br, large", "BR", brotli(b, large), CONTENT_OK, large);
	check("br of nothing", "br", brotli(b, slice_of(NULL, 0)), CONTENT_OK, slice_of(NULL, 0));
	check("nothing where br is said", "br", slice_of(NULL, 0), CONTENT_OK, slice_of(NULL, 0));
	check("JSON under br", "br", small, CONTENT_OK, small);
	brotli(b, large);
	buf_str(b, "junk");
	check("junk behind br", "br", buf_slice(b), CONTENT_OK, large);
	brotli(b, small);
	b->n--;
	check("br, cut", "br", buf_slice(b), CONTENT_CUT, slice_head(small, small.n - 1));
	brotli(b, large);
	check("br, then gzip", "br, gzip", again(b, GZIP), CONTENT_OK, large);
	coded(b, large, GZIP);
	buf_init(&out, 1 << 26);
	encode_brotli(&out, buf_slice(b));
	check("gzip, then br", "gzip,br", buf_slice(&out), CONTENT_OK, large);
	buf_free(&out);
}

/* A head of its own, put out before the rest begins; the rest in one piece, as long as it is. */
static struct slice brotli_after(struct buf *b, struct slice head, struct slice rest, uint32_t window)
{
	BrotliEncoderState *s = BrotliEncoderCreateInstance(NULL, NULL, NULL);
	size_t room = BrotliEncoderMaxCompressedSize(head.n + rest.n) + 1024, before = room;
	uint8_t *to;

	buf_clear(b);
	to = buf_room(b, room);
	BrotliEncoderSetParameter(s, BROTLI_PARAM_QUALITY, 5);
	BrotliEncoderSetParameter(s, BROTLI_PARAM_LGWIN, window);
	BrotliEncoderSetParameter(s, BROTLI_PARAM_SIZE_HINT, 1 << 30);
	BrotliEncoderCompressStream(s, BROTLI_OPERATION_FLUSH, &head.n, &head.p, &room, &to, NULL);
	BrotliEncoderCompressStream(s, BROTLI_OPERATION_FINISH, &rest.n, &rest.p, &room, &to, NULL);
	if (!BrotliEncoderIsFinished(s))
		exit(2);
	BrotliEncoderDestroyInstance(s);
	b->n = before - room;
	return buf_slice(b);
}

/* Windows that wait for the coded bytes that the ratio asks for (content_brotli.c). */
static void brotli_windows(struct buf *b)
{
	enum { SIZE = 40 << 20 };
	static const struct {
		uint32_t window, noise, n;
	} sound[] = { { 22, 2400, 2200 << 10 }, { 24, 10000, 9 << 20 } };
	static const uint32_t windows[] = { 22, 24 };
	uint8_t *plain = malloc(SIZE);
	struct slice wire;

	for (size_t i = 0; i < COUNT(sound); i++) {
		memset(plain, 'a', SIZE);
		memcpy(plain, small.p, small.n);
		for (size_t k = small.n; k < sound[i].noise; k++)
			plain[k] = (uint8_t)dice(256);
		wire = brotli_after(b, small, slice_of(plain + small.n, sound[i].n), sound[i].window);
		check("br, a large window", "br", wire, CONTENT_OK, slice_of(plain, small.n + sound[i].n));
		check("br, cut before a large window", "br", slice_head(wire, 1000), CONTENT_CAPPED, small);
	}
	memset(plain, 'a', SIZE);
	for (size_t i = 0; i < COUNT(windows); i++) {
		wire = brotli_after(b, small, slice_of(plain, SIZE), windows[i]);
		check("40 MiB under br in a large window: what was before them", "br", wire, CONTENT_CAPPED,
		      small);
	}
	memcpy(plain, small.p, small.n);
	wire = brotli_after(b, small, slice_of(plain + small.n, SIZE - small.n), 21);
	check("in a small one: the ratio is capped", "br", wire, CONTENT_CAPPED,
	      slice_of(plain, CONTENT_RATIO_FROM));
	free(plain);
}

static void zstds(struct buf *b, struct slice large)
{
	struct buf twice;

	check("zstd", "zstd", zstd(b, small, 21), CONTENT_OK, small);
	check("zstd, large", "ZStd", zstd(b, large, 17), CONTENT_OK, large);
	check("zstd of nothing", "zstd", zstd(b, slice_of(NULL, 0), 21), CONTENT_OK, slice_of(NULL, 0));
	check("nothing where zstd is said", "zstd", slice_of(NULL, 0), CONTENT_OK, slice_of(NULL, 0));
	check("plain under zstd", "zstd", small, CONTENT_OK, small);
	check("plain under zstd that begins like it", "zstd", SLICE("\x28\xb5\x2fx"), CONTENT_OK,
	      SLICE("\x28\xb5\x2fx"));
	check("less than its magic", "zstd", SLICE("\x28\xb5\x2f"), CONTENT_CUT, slice_of(NULL, 0));
	buf_init(&twice, 1 << 24);
	buf_add(&twice, large);
	buf_add(&twice, small);
	buf_clear(b);
	buf_add(b, SLICE("\x5a\x2a\x4d\x18\x03\x00\x00\x00xyz")); /* a frame to be skipped */
	encode_zstd(b, large, 21);
	encode_zstd(b, small, 21);
	check("two frames", "zstd", buf_slice(b), CONTENT_OK, buf_slice(&twice));
	buf_str(b, "\x28\xb5 and junk");
	check("two frames and junk", "zstd", buf_slice(b), CONTENT_OK, buf_slice(&twice));
	buf_free(&twice);
	zstd(b, small, 21);
	b->n -= 5;
	check("zstd, cut", "zstd", buf_slice(b), CONTENT_CUT, slice_head(small, small.n - 1));
	zstd(b, small, 21);
	b->p[b->n - 1] ^= 1;
	check("zstd, wrong checksum", "zstd", buf_slice(b), CONTENT_DAMAGED, small);
	check("zstd, a bad block behind a plain one", "zstd",
	      SLICE("\x28\xb5\x2f\xfd\x00\x58\x28\x00\x00hello\xff\xff\xff"), CONTENT_DAMAGED,
	      SLICE("hello"));
	buf_clear(b);
	buf_add(b, SLICE("\x28\xb5\x2f\xfd\x40\x00\x00\x00\x60\x09\x00")); /* of 256 bytes; a block of 300 */
	for (int i = 0; i < 300; i++)
		buf_byte(b, 'a');
	check("zstd, longer than it says", "zstd", buf_slice(b), CONTENT_DAMAGED, slice_of(b->p + 11, 256));
	zstd(b, large, 21);
	check("zstd, then gzip", "zstd, gzip", again(b, GZIP), CONTENT_OK, large);
	check("zstd, window of 8 MiB", "zstd", zstd(b, large, 23), CONTENT_OK, large);
	check("zstd, window of 16 MiB", "zstd", zstd(b, large, 24), CONTENT_CAPPED, slice_of(NULL, 0));
	check("zstd, short", "zstd", zstd(b, small, 24), CONTENT_CAPPED, slice_of(NULL, 0));
}

/* Damage somewhere in the middle: what comes out, and what is said, is the same however it is cut. */
static void damage(struct buf *b, struct slice large)
{
	static const char *const which[] = { "br", "zstd", "gzip" };
	struct content_pool *p = content_pool_new(1);
	int differs = 0, sound = 0, seen[CONTENT_NO_ROOM + 1] = { 0 };

	for (int i = 0; i < 240; i++) {
		struct result whole, cut;
		enum content_state a, z;

		i % 3 == 0 ? brotli(b, large) : i % 3 == 1 ? zstd(b, large, 17) : coded(b, large, GZIP);
		for (int k = 0; k < 3; k++)
			b->p[dice(b->n)] ^= (uint8_t)(1u << dice(8));
		a = decode(p, which[i % 3], buf_slice(b), SIZE_MAX, &whole);
		z = decode(p, which[i % 3], buf_slice(b), (size_t)(i & 1), &cut);
		differs += a != z || whole.n != cut.n || whole.sum != cut.sum;
		sound += whole.n > 0 && whole.n < large.n;
		seen[a]++;
	}
	ok(differs == 0, "240 damaged bodies: the same however they are cut");
	ok(seen[CONTENT_DAMAGED] > 100 && sound > 50, "most are found damaged, and what is sound comes out");
	content_pool_free(p);
}

/* Windows that were written to are accounted over all bodies, and given back. */
static void memory(struct buf *b)
{
	enum { BODIES = 400, SIZE = 3 << 20 };
	struct content_pool *p = content_pool_new(BODIES);
	struct content *c = calloc(BODIES, sizeof *c);
	uint8_t *noise = malloc(SIZE);
	int cut = 0, refused = 0;
	struct result r;

	for (size_t i = 0; i < SIZE; i++)
		noise[i] = (uint8_t)(i % 64 < 8 ? dice(256) : 'a');
	for (int round = 0; round < 4; round++) {
		struct slice wire = round % 2 == 0 ? brotli(b, slice_of(noise, SIZE))
						   : zstd(b, slice_of(noise, SIZE), 23);

		for (int i = 0; i < BODIES; i++) {
			content_begin(&c[i], p, round % 2 == 0 ? SLICE("br") : SLICE("zstd"));
			content_data(&c[i], slice_head(wire, i < 40 ? wire.n - 1 : 64), take, &r);
		}
		for (int i = 0; i < BODIES; i++) {
			enum content_state s = content_end(&c[i], take, &r);

			cut += s == CONTENT_CUT;
			refused += s == CONTENT_NO_ROOM;
		}
	}
	ok(cut + refused == 4 * BODIES && refused > 4 * 100 && cut > 4 * 12,
	   "too many windows at once: some bodies are not read");
	ok(decode(p, "br", brotli(b, slice_of(noise, SIZE)), SIZE_MAX, &r) == CONTENT_OK && r.n == SIZE &&
		   decode(p, "zstd", zstd(b, slice_of(noise, SIZE), 23), SIZE_MAX, &r) == CONTENT_OK &&
		   r.n == SIZE,
	   "and there is room again behind them");
	free(noise);
	free(c);
	content_pool_free(p);
}

/* n bytes of zeros under gzip, `times` over. */
static void bomb(struct buf *b, size_t n, int times)
{
	uint8_t *zeros = calloc(1, n);

	coded(b, slice_of(zeros, n), GZIP);
	for (int i = 1; i < times; i++)
		again(b, GZIP);
	free(zeros);
}

static void caps(struct buf *b)
{
	static const size_t pieces[] = { SIZE_MAX, 777 };
	struct content_pool *p = content_pool_new(2);
	struct buf many;
	struct result r;
	uint8_t *noise = malloc(1 << 20);

	for (size_t i = 0; i < COUNT(pieces); i++) {
		bomb(b, 40 << 20, 1);
		ok(decode(p, "gzip", buf_slice(b), pieces[i], &r) == CONTENT_CAPPED &&
			   r.n == CONTENT_RATIO_FROM,
		   "40 MiB of zeros: the ratio is capped");
		bomb(b, 1 << 20, 1);
		ok(decode(p, "gzip", buf_slice(b), pieces[i], &r) == CONTENT_OK && r.n == 1 << 20,
		   "1 MiB of zeros: not yet");
		bomb(b, 40 << 20, 2);
		ok(decode(p, "gzip,gzip", buf_slice(b), pieces[i], &r) == CONTENT_CAPPED &&
			   r.n == CONTENT_RATIO_FROM,
		   "zeros, coded twice");
		buf_clear(b);
		encode_brotli(b, slice_of(memset(noise, 0, 1 << 20), 1 << 20));
		ok(decode(p, "br", buf_slice(b), pieces[i], &r) == CONTENT_OK && r.n == 1 << 20,
		   "1 MiB of zeros under br: not yet");
		{
			uint8_t *zeros = calloc(1, 40 << 20);

			ok(decode(p, "br", brotli(b, slice_of(zeros, 40 << 20)), pieces[i], &r) ==
					   CONTENT_CAPPED &&
				   r.n == 0,
			   "zeros under br: none is made");
			ok(decode(p, "zstd", zstd(b, slice_of(zeros, 40 << 20), 21), pieces[i], &r) ==
					   CONTENT_CAPPED &&
				   r.n == CONTENT_RATIO_FROM,
			   "zeros under zstd");
			free(zeros);
		}
		coded(b, small, GZIP); /* the intermediate stage makes zeros that the last one passes over */
		memset(buf_room(b, 40 << 20), 0, 40 << 20);
		b->n += 40 << 20;
		ok(decode(p, "gzip,gzip", again(b, GZIP), pieces[i], &r) == CONTENT_CAPPED && r.n == small.n,
		   "at the intermediate stage");
	}
	/* 260 MiB that compress 20 times: members of noise and its repetition */
	for (size_t i = 0; i < 1 << 20; i++)
		noise[i] = (uint8_t)(i % 20480 < 1000 ? dice(256) : 'a');
	coded(b, slice_of(noise, 1 << 20), GZIP);
	buf_init(&many, 1 << 26);
	for (int i = 0; i < 260; i++)
		buf_add(&many, buf_slice(b));
	ok(decode(p, "gzip", buf_slice(&many), SIZE_MAX, &r) == CONTENT_CAPPED && r.n == CONTENT_OUT_MAX,
	   "260 MiB: 256 come out");
	buf_free(&many);
	free(noise);
	content_pool_free(p);
}

static void pool(struct buf *b)
{
	struct content_pool *p = content_pool_new(1), *none = content_pool_new(0);
	struct content waits, a, c, zero = { .n = 0 };
	struct result ra = { 0 }, rc = { 0 };
	struct slice wire = coded(b, small, GZIP);

	content_begin(&waits, p, SLICE("gzip")); /* the one place to wait is taken */
	content_begin(&a, p, SLICE("deflate"));
	content_data(&a, slice_head(wire, 12), take, &ra);
	content_begin(&c, p, SLICE("deflate"));
	content_data(&c, wire, take, &rc);
	ok(content_end(&c, take, &rc) == CONTENT_NO_ROOM && rc.n == 0 && c.in == wire.n,
	   "no decoder is free: nothing comes out");
	ok(decode(p, "gzip", small, 1, &rc) == CONTENT_OK && rc.n == small.n, "a plain body needs none");
	content_data(&a, slice_from(wire, 12), take, &ra);
	ok(content_end(&a, take, &ra) == CONTENT_OK && ra.n == small.n, "the first one goes on");
	ok(decode(p, "deflate", wire, 3, &rc) == CONTENT_OK && rc.n == small.n, "and gave its decoder back");
	ok(content_end(&a, take, &ra) == CONTENT_OK &&
		   decode(p, "gzip, gzip", again(b, GZIP), 3, &rc) == CONTENT_NO_ROOM && rc.n == 0,
	   "an end twice gives nothing twice");
	ok(decode(none, "gzip", wire = coded(b, small, GZIP), 9, &rc) == CONTENT_NO_ROOM, "a pool of none");
	content_drop(&waits);
	ok(content_end(&zero, take, &ra) == CONTENT_OK, "the end of what never began");
	content_pool_free(p);
	content_pool_free(none);
	content_pool_free(NULL);
}

int main(void)
{
	struct buf b, large;

	buf_init(&b, 1 << 26);
	buf_init(&large, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_fmt(&large, "data: %u\n", (unsigned)dice(100000));
	single(&b, buf_slice(&large));
	members(&b, buf_slice(&large));
	stacks(&b, buf_slice(&large));
	faults(&b, buf_slice(&large));
	brotlis(&b, buf_slice(&large));
	brotli_windows(&b);
	zstds(&b, buf_slice(&large));
	damage(&b, buf_slice(&large));
	memory(&b);
	caps(&b);
	pool(&b);
	buf_free(&b);
	buf_free(&large);
	return tap_done();
}
