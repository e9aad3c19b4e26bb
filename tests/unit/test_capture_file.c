/* Capture files are written here, in both byte orders, and read in chunks of every size. */
#include <stdlib.h>

#include "core/base/buf.h"
#include "sensor/input/capture_file.h"
#include "tests/lib/tap.h"

#define MICRO 0xa1b2c3d4u
#define NANO 0xa1b23c4du
#define SECTION 0x0a0d0d0au

struct writer {
	struct buf b;
	bool big;
};

static void put(struct writer *w, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_byte(&w->b, (uint8_t)(v >> 8 * (w->big ? bytes - 1 - i : i)));
}

static void zeros(struct writer *w, int n)
{
	while (n-- > 0)
		buf_byte(&w->b, 0);
}

static void put_u16(struct writer *w, uint16_t v) { put(w, v, 2); }
static void put_u32(struct writer *w, uint32_t v) { put(w, v, 4); }

static void pcap_header(struct writer *w, uint32_t magic, uint32_t link)
{
	put_u32(w, magic);
	put_u16(w, 2);
	put_u16(w, 4);
	put_u32(w, 0);
	put_u32(w, 0);
	put_u32(w, 65535);
	put_u32(w, link);
}

static void pcap_packet(struct writer *w, uint32_t s, uint32_t fraction, const char *bytes, uint32_t wire)
{
	put_u32(w, s);
	put_u32(w, fraction);
	put_u32(w, (uint32_t)strlen(bytes));
	put_u32(w, wire);
	buf_str(&w->b, bytes);
}

/* Returns where it began, for block_end. */
static size_t block(struct writer *w, uint32_t type)
{
	put_u32(w, type);
	put_u32(w, 0);
	return w->b.n - 8;
}

static void block_end(struct writer *w, size_t start)
{
	struct writer at = *w;
	uint32_t length;

	while (w->b.n % 4 != 0)
		buf_byte(&w->b, 0);
	length = (uint32_t)(w->b.n - start) + 4;
	put_u32(w, length);
	at.b = w->b;
	at.b.n = start + 4;
	put_u32(&at, length);
}

static void section(struct writer *w)
{
	size_t start = block(w, SECTION);

	put_u32(w, 0x1a2b3c4d);
	put_u16(w, 1);
	put_u16(w, 0);
	put(w, UINT64_MAX, 8);
	put_u16(w, 4); /* shb_userappl */
	put_u16(w, 5);
	buf_str(&w->b, "maker");
	buf_add(&w->b, slice_of("\0\0\0", 3));
	put_u32(w, 0);
	block_end(w, start);
}

/* resolution -1: none given */
static void interface(struct writer *w, uint16_t link, uint32_t snap, int resolution, int64_t offset)
{
	size_t start = block(w, 1);

	put_u16(w, link);
	put_u16(w, 0);
	put_u32(w, snap);
	if (resolution >= 0) {
		put_u16(w, 2); /* if_name */
		put_u16(w, 4);
		buf_str(&w->b, "eth0");
		put_u16(w, 9);
		put_u16(w, 1);
		put(w, w->big ? (uint32_t)resolution << 24 : (uint32_t)resolution, 4);
		put_u16(w, 14);
		put_u16(w, 8);
		put(w, (uint64_t)offset, 8);
		put_u32(w, 0);
	}
	block_end(w, start);
}

static void enhanced(struct writer *w, uint32_t id, uint64_t units, const char *bytes, uint32_t wire)
{
	size_t start = block(w, 6);

	put_u32(w, id);
	put_u32(w, (uint32_t)(units >> 32));
	put_u32(w, (uint32_t)units);
	put_u32(w, (uint32_t)strlen(bytes));
	put_u32(w, wire);
	buf_str(&w->b, bytes);
	block_end(w, start);
}

static void old(struct writer *w, uint16_t id, uint64_t units, const char *bytes, uint32_t wire)
{
	size_t start = block(w, 2);

	put_u16(w, id);
	put_u16(w, 7); /* drops */
	put_u32(w, (uint32_t)(units >> 32));
	put_u32(w, (uint32_t)units);
	put_u32(w, (uint32_t)strlen(bytes));
	put_u32(w, wire);
	buf_str(&w->b, bytes);
	block_end(w, start);
}

static void simple(struct writer *w, const char *bytes, uint32_t wire)
{
	size_t start = block(w, 3);

	put_u32(w, wire);
	buf_str(&w->b, bytes);
	block_end(w, start);
}

static void unknown(struct writer *w, size_t n)
{
	size_t start = block(w, 0xbad);

	while (n-- > 0)
		buf_byte(&w->b, 0xee);
	block_end(w, start);
}

/* ---- cases ---- */

static void micro(struct writer *w)
{
	pcap_header(w, MICRO, 1);
	pcap_packet(w, 1700000000, 123456, "one", 3);
	pcap_packet(w, 1700000001, 0, "", 0);
	pcap_packet(w, 4000000000u, 999999, "cut", 1500);
}

static void nano(struct writer *w)
{
	pcap_header(w, NANO, 0x34000071); /* FCS of 4 bytes, LINUX_SLL */
	pcap_packet(w, 1700000000, 123456789, "one", 3);
}

static void cut_packet(struct writer *w)
{
	pcap_header(w, MICRO, 1);
	pcap_packet(w, 1, 0, "one", 3);
	pcap_packet(w, 2, 0, "two", 3);
	w->b.n--;
}

static void huge(struct writer *w)
{
	pcap_header(w, MICRO, 1);
	pcap_packet(w, 1, 0, "one", 3);
	zeros(w, 8);
	put_u32(w, CAPTURE_PACKET_MAX + 1);
	put_u32(w, CAPTURE_PACKET_MAX + 1);
}

static void old_version(struct writer *w)
{
	put_u32(w, MICRO);
	put_u16(w, 2);
	put_u16(w, 2);
	zeros(w, 16);
}

static void modified(struct writer *w) { put_u32(w, 0xa1b2cd34); }
static void nothing(struct writer *w) { (void)w; }
static void text(struct writer *w) { buf_str(&w->b, "GET / HTTP/1.1"); }
static void only_header(struct writer *w) { pcap_header(w, MICRO, 1); }

static void resolutions(struct writer *w)
{
	section(w);
	interface(w, 1, 0, -1, 0);
	interface(w, 113, 0, 9, 0);
	interface(w, 101, 0, 0, -3600);
	interface(w, 276, 0, 0x80 | 10, 0);
	interface(w, 1, 0, 12, 0);
	interface(w, 1, 0, 0x80 | 127, 5);
	interface(w, 1, 0, 127, 6);
	interface(w, 1, 0, 9, INT64_MAX);
	interface(w, 1, 0, 9, INT64_MIN);
	unknown(w, 100);
	enhanced(w, 0, 1700000000123456, "a", 1);
	enhanced(w, 1, 1700000000123456789, "bc", 2);
	enhanced(w, 2, 1700003600, "def", 1500);
	enhanced(w, 3, (UINT64_C(1700000000) << 10) + 512, "ghij", 4);
	enhanced(w, 4, 1700000000123456789, "k", 1);
	enhanced(w, 5, UINT64_MAX, "l", 1);
	enhanced(w, 6, UINT64_MAX, "m", 1);
	enhanced(w, 7, UINT64_MAX, "n", 1);
	enhanced(w, 8, UINT64_MAX, "o", 1);
	enhanced(w, 2, UINT64_MAX, "p", 1);
}

static void other_blocks(struct writer *w)
{
	section(w);
	interface(w, 1, 4, 9, 0);
	simple(w, "abc", 3); /* before any time */
	old(w, 0, 42, "abcd", 9);
	unknown(w, 0);
	simple(w, "abcd", 9); /* cut at the snap length */
	simple(w, "", 0);
}

/* Another section has another order and interfaces of its own. */
static void sections(struct writer *w)
{
	section(w);
	interface(w, 1, 0, 9, 0);
	interface(w, 1, 0, 9, 0);
	enhanced(w, 1, 1, "a", 1);
	w->big = !w->big;
	section(w);
	interface(w, 101, 0, 9, 0);
	enhanced(w, 0, 2, "b", 1);
	enhanced(w, 1, 3, "c", 1); /* was in the section before */
	old(w, 9, 4, "d", 1);
	section(w);
	simple(w, "e", 1);
}

static void many_interfaces(struct writer *w)
{
	section(w);
	for (int i = 0; i < 258; i++)
		interface(w, (uint16_t)i, 0, 9, 0);
	enhanced(w, 255, 1, "a", 1);
	enhanced(w, 256, 2, "b", 1);
	enhanced(w, 257, 3, "c", 1);
	enhanced(w, UINT32_MAX, 3, "d", 1);
}

static void cut_block(struct writer *w)
{
	section(w);
	interface(w, 1, 0, 9, 0);
	enhanced(w, 0, 1, "a", 1);
	w->b.n -= 2; /* the packet is there, its block has no end */
}

static void cut_unknown(struct writer *w)
{
	section(w);
	unknown(w, 100);
	w->b.n -= 50;
}

static void two_lengths(struct writer *w)
{
	section(w);
	unknown(w, 4);
	w->b.p[w->b.n - (w->big ? 1 : 4)]++;
	unknown(w, 4);
}

static void packet_over_block(struct writer *w)
{
	section(w);
	interface(w, 1, 0, 9, 0);
	enhanced(w, 0, 1, "abcd", 1);
	w->b.p[w->b.n - 12 + (w->big ? 3 : 0) - 4]++;
}

static void simple_over_block(struct writer *w)
{
	section(w);
	interface(w, 1, 0, 9, 0);
	simple(w, "abcd", 5);
}

static void option_over_block(struct writer *w)
{
	size_t start;

	section(w);
	start = block(w, 1);
	zeros(w, 8);
	put_u16(w, 2);
	put_u16(w, 9);
	zeros(w, 8);
	block_end(w, start);
}

static void odd_resolution(struct writer *w)
{
	size_t start;

	section(w);
	start = block(w, 1);
	zeros(w, 8);
	put_u16(w, 9);
	put_u16(w, 2);
	zeros(w, 4);
	block_end(w, start);
}

static void odd_offset(struct writer *w)
{
	size_t start;

	section(w);
	start = block(w, 1);
	zeros(w, 8);
	put_u16(w, 14);
	put_u16(w, 4);
	zeros(w, 4);
	block_end(w, start);
}

/* A block's beginning. */
static void begun(struct writer *w, uint32_t type, uint32_t length)
{
	section(w);
	put_u32(w, type);
	put_u32(w, length);
}

static void bad_length(struct writer *w) { begun(w, 0xbad, 14); }
static void short_length(struct writer *w) { begun(w, 0xbad, 8); }
static void short_packet_block(struct writer *w) { begun(w, 6, 28); }
static void long_interface(struct writer *w) { begun(w, 1, 65540); }
static void short_simple_block(struct writer *w) { begun(w, 3, 12); }
static void short_interface(struct writer *w) { begun(w, 1, 16); }

static void huge_enhanced(struct writer *w)
{
	begun(w, 6, 2u << 20);
	zeros(w, 12);
	put_u32(w, CAPTURE_PACKET_MAX + 1);
	put_u32(w, CAPTURE_PACKET_MAX + 1);
}

static void huge_simple(struct writer *w)
{
	begun(w, 3, 2u << 20);
	put_u32(w, CAPTURE_PACKET_MAX + 1);
}

static void short_section(struct writer *w)
{
	put_u32(w, SECTION);
	put_u32(w, 24);
	put_u32(w, 0x1a2b3c4d);
	put_u16(w, 1);
	zeros(w, 10);
}

static void no_order(struct writer *w)
{
	put_u32(w, SECTION);
	put_u32(w, 28);
	zeros(w, 16);
}

static void next_version(struct writer *w)
{
	put_u32(w, SECTION);
	put_u32(w, 28);
	put_u32(w, 0x1a2b3c4d);
	put_u16(w, 2);
	zeros(w, 10);
}

#define BROKEN(byte, text) "!byte " byte " of the capture file: " text

static const struct {
	const char *name;
	void (*write)(struct writer *w);
	const char *want; /* a packet is "ns link wire:bytes|" */
} cases[] = {
	{ "microseconds", micro,
	  "1700000000123456000 1 3:one|1700000001000000000 1 0:|4000000000999999000 1 1500:cut|+0" },
	{ "nanoseconds, bits above the link type", nano, "1700000000123456789 113 3:one|+0" },
	{ "a header alone", only_header, "+0" },
	{ "nothing", nothing, "+0" },
	{ "a packet that is cut off", cut_packet, "1000000000 1 3:one|+18" },
	{ "a packet that is too long", huge,
	  "1000000000 1 3:one|" BROKEN("43", "a packet of 1048577 bytes, more than 1048576") },
	{ "version 2.2", old_version, BROKEN("0", "pcap version 2.2, where only 2.4 is read") },
	{ "the modified form", modified,
	  BROKEN("0", "a pcap of the modified form (magic a1b2cd34), which is not read; "
	  "`tcpdump -r FILE -w NEW` writes it anew") },
	{ "a text", text, BROKEN("0", "47455420 is neither pcap nor pcapng") },

	{ "resolutions and offsets", resolutions, "1700000000123456000 1 1:a|1700000000123456789 113 2:bc|"
	  "1700000000000000000 101 1500:def|1700000000500000000 276 4:ghij|1700000000123456 1 1:k|"
	  "5000000000 1 1:l|6000000000 1 1:m|9223372036854775807 1 1:n|-9223372036854775808 1 1:o|"
	  "9223372036854775807 101 1:p|+0" },
	{ "simple and old packets", other_blocks, "0 1 3:abc|42 1 9:abcd|42 1 9:abcd|42 1 0:|+0" },
	{ "sections", sections, "1 1 1:a|2 101 1:b|2 4294967295 1:c|2 4294967295 1:d|2 4294967295 1:e|+0" },
	{ "many interfaces", many_interfaces,
	  "1 255 1:a|1 4294967295 1:b|1 4294967295 1:c|1 4294967295 1:d|+0" },
	{ "a block without its end", cut_block, "1 1 1:a|+34" },
	{ "an unknown block that is cut off", cut_unknown, "+62" },
	{ "a length that is no multiple of 4", bad_length, BROKEN("44", "a block of 14 bytes") },
	{ "a length that is too short", short_length, BROKEN("44", "a block of 8 bytes") },
	{ "two lengths", two_lengths, BROKEN("44", "a block of 16 bytes that ends with the length 17") },
	{ "a packet longer than its block", packet_over_block,
	  BROKEN("96", "a packet of 5 bytes in a block of 36") },
	{ "a simple packet longer than its block", simple_over_block,
	  BROKEN("96", "a packet of 5 bytes in a block of 20") },
	{ "a block too short for a packet", short_packet_block, BROKEN("44", "a packet block of 28 bytes") },
	{ "an interface block that is too long", long_interface,
	  BROKEN("44", "an interface block of 65540 bytes") },
	{ "an option longer than its block", option_over_block,
	  BROKEN("44", "an interface with a broken option") },
	{ "a resolution of two bytes", odd_resolution, BROKEN("44", "an interface with a broken option") },
	{ "an offset of four bytes", odd_offset, BROKEN("44", "an interface with a broken option") },
	{ "a simple packet block of 12", short_simple_block, BROKEN("44", "a packet block of 12 bytes") },
	{ "an interface block of 16", short_interface, BROKEN("44", "an interface block of 16 bytes") },
	{ "an enhanced packet that is too long", huge_enhanced,
	  BROKEN("44", "a packet of 1048577 bytes in a block of 2097152") },
	{ "a simple packet that is too long", huge_simple,
	  BROKEN("44", "a packet of 1048577 bytes in a block of 2097152") },
	{ "a section of 24", short_section, BROKEN("0", "a section header of 24 bytes") },
	{ "a section without byte order", no_order, BROKEN("0", "a section header without byte order") },
	{ "pcapng version 2", next_version, BROKEN("0", "pcapng version 2, where only 1 is read") },
};

/* The chunk is a copy that is overwritten and freed behind the reader's back: it may keep nothing of it. */
static int feed(struct capture_file *c, struct slice chunk, struct buf *out)
{
	uint8_t *copy = malloc(chunk.n == 0 ? 1 : chunk.n);
	struct packet p;
	struct err e;
	int rc;

	if (copy == NULL)
		abort();
	memcpy(copy, chunk.p, chunk.n);
	capture_file_feed(c, slice_of(copy, chunk.n));
	while ((rc = capture_file_next(c, &p, &e)) == TK_OK) {
		buf_fmt(out, "%" PRId64 " %u %u:", p.ns, p.link_type, p.wire_len);
		buf_add(out, p.bytes);
		buf_byte(out, '|');
	}
	if (rc != TK_AGAIN)
		buf_fmt(out, "!%s", e.text);
	memset(copy, 0xdd, chunk.n);
	free(copy);
	return rc;
}

static void read_all(struct slice in, size_t chunk, struct buf *out)
{
	struct capture_file *c = capture_file_new();
	int rc = TK_AGAIN;

	if (c == NULL)
		abort();
	buf_clear(out);
	for (size_t at = 0; at < in.n && rc == TK_AGAIN; at += chunk)
		rc = feed(c, slice_head(slice_from(in, at), chunk), out);
	if (rc == TK_AGAIN)
		buf_fmt(out, "+%zu", capture_file_rest(c));
	capture_file_free(c);
}

static void every_chunking(size_t i, bool big, struct buf *out)
{
	struct writer w = { .big = big };
	char name[128];
	size_t chunk;

	buf_init(&w.b, 1 << 20);
	cases[i].write(&w);
	read_all(buf_slice(&w.b), w.b.n + 1, out);
	snprintf(name, sizeof name, "%s, %s-endian", cases[i].name, big ? "big" : "little");
	ok_slice(buf_slice(out), slice_str(cases[i].want), name);
	for (chunk = 1; chunk <= 130 && slice_is(buf_slice(out), cases[i].want); chunk++)
		read_all(buf_slice(&w.b), chunk, out);
	snprintf(name, sizeof name, "%s, %s-endian, in chunks of every size", cases[i].name,
		 big ? "big" : "little");
	if (!ok(chunk == 131, name))
		printf("#   in chunks of %zu: \"%.*s\"\n", chunk - 1, (int)out->n, (const char *)out->p);
	buf_free(&w.b);
}

static void kinds(void)
{
	static const struct { const char *head; size_t n; bool is; } heads[] = {
		{ "\xa1\xb2\xc3\xd4", 4, true }, { "\xd4\xc3\xb2\xa1", 4, true },
		{ "\xa1\xb2\x3c\x4d", 4, true }, { "\x4d\x3c\xb2\xa1", 4, true },
		{ "\x0a\x0d\x0d\x0a", 4, true }, { "\x34\xcd\xb2\xa1", 4, true },
		{ "{\"ts", 4, false }, { "\x1f\x8b\x08\x00", 4, false },
		{ "\xa1\xb2\xc3", 3, false }, { "", 0, false },
	};

	for (size_t i = 0; i < COUNT(heads); i++) {
		char name[64];

		snprintf(name, sizeof name, "head %zu is %s capture file", i, heads[i].is ? "a" : "no");
		ok(capture_file_is(slice_of(heads[i].head, heads[i].n)) == heads[i].is, name);
	}
}

/* A packet of the greatest length, in one piece and in many; and it is not copied where it need not be. */
static void longest(void)
{
	struct capture_file *c = capture_file_new();
	struct writer w = { .big = false };
	struct packet p;
	struct err e;
	size_t chunk = 300000, seen = 0;

	buf_init(&w.b, 4 << 20);
	pcap_header(&w, MICRO, 1);
	pcap_packet(&w, 1, 0, "", 0);
	w.b.p[w.b.n - 6] = 0x10; /* 1 MiB */
	memset(buf_room(&w.b, CAPTURE_PACKET_MAX), 'x', CAPTURE_PACKET_MAX);
	w.b.n += CAPTURE_PACKET_MAX;
	capture_file_feed(c, buf_slice(&w.b));
	ok(capture_file_next(c, &p, &e) == TK_OK && p.bytes.n == CAPTURE_PACKET_MAX &&
	   p.bytes.p == w.b.p + 40, "the longest packet, in one piece, is lent out of the chunk");
	capture_file_free(c);
	c = capture_file_new();
	for (size_t at = 0; at < w.b.n; at += chunk) {
		capture_file_feed(c, slice_head(slice_from(buf_slice(&w.b), at), chunk));
		while (capture_file_next(c, &p, &e) == TK_OK)
			seen += p.bytes.n;
	}
	ok(seen == CAPTURE_PACKET_MAX && memcmp(p.bytes.p, w.b.p + 40, seen) == 0,
	   "the longest packet, in pieces");
	capture_file_free(c);
	buf_free(&w.b);
}

static void stays_broken(void)
{
	struct capture_file *c = capture_file_new();
	struct packet p;
	struct err e;

	capture_file_feed(c, SLICE("no capture"));
	ok_int(capture_file_next(c, &p, &e), TK_EMALFORMED, "what is broken");
	capture_file_feed(c, SLICE("\xd4\xc3\xb2\xa1"));
	memset(&e, 0, sizeof e);
	ok_int(capture_file_next(c, &p, &e), TK_EMALFORMED, "stays broken");
	ok_str(e.text, "byte 0 of the capture file: 6e6f2063 is neither pcap nor pcapng", "and says so");
	ok_int(capture_file_next(c, &p, NULL), TK_EMALFORMED, "to whoever does not want to know why, too");
	capture_file_free(c);
	capture_file_free(NULL);
}

int main(void)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	kinds();
	for (size_t i = 0; i < COUNT(cases); i++) {
		every_chunking(i, false, &out);
		every_chunking(i, true, &out);
	}
	longest();
	stays_broken();
	buf_free(&out);
	return tap_done();
}
