/* Each allocation in turn fails in what must not come out otherwise for it: a trail's record, a key's id, a
 * signature's verdict, an event's id. Either it is as it is with memory, or there is none and it says so. */
#include <stdlib.h>

#include "core/base/buf.h"
#include "core/event/event.h"
#include "core/event/identity.h"
#include "core/trail/note.h"
#include "core/trail/record.h"
#include "core/trail/signature.h"
#include "tests/lib/tap.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HOOKED 0 /* the sanitizer's allocator is not to be replaced: the ways are gone once, with memory */
#else
#define HOOKED 1
#endif

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static int calls, fail_at; /* 0: none */

#if HOOKED
static bool fails(void)
{
	return ++calls == fail_at;
}

void *malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}
#endif

/* One way to go, with the memory there is. */
enum outcome { SAME, REFUSED, OTHER };
typedef enum outcome (*way_fn)(void);

static void each_allocation(way_fn way, int least, const char *name)
{
	int n, told = 0;
	bool good;

	fail_at = calls = 0;
	good = way() == SAME;
	calls = 0;
	good &= way() == SAME;
	n = calls;
	for (int i = 1; i <= n && good; i++) {
		enum outcome o;

		calls = 0;
		fail_at = i;
		o = way();
		fail_at = 0;
		good = o != OTHER;
		told += o == REFUSED;
		if (!good)
			printf("#   %s: other at allocation %d of %d\n", name, i, n);
	}
	ok(good, name);
	ok(!HOOKED || (n >= least && (least == 0 || told > 0)), "allocations failed in it");
}

/* ---- records ---- */

#define BODY                                                                                                 \
	"{\"b\":[1,-2,{\"z\":\"" LONG "\",\"a\":null}],\"a b\":\"\\u3042" LONG                               \
	"\",\"n\":90071992547409930,\"t\":true}"
#define LONG                                                                                                 \
	"01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567" \
	"89"

static enum outcome renders(void)
{
	static char first[4096];
	static size_t first_n;
	struct record_head h = { .seq = 7, .ts_ns = INT64_C(1764000000) * 1000000000, .type = "finding" };
	struct renderer *r = renderer_new();
	struct buf out;
	enum outcome o = REFUSED;

	buf_init(&out, 1 << 20);
	if (r != NULL) {
		put_record(r, &out, &h, SLICE(BODY));
		if (!out.failed && first_n == 0 && out.n < sizeof first)
			memcpy(first, out.p, first_n = out.n);
		o = out.failed ? REFUSED : slice_eq(buf_slice(&out), slice_of(first, first_n)) ? SAME : OTHER;
	}
	buf_free(&out);
	renderer_free(r);
	return o;
}

/* A number that JSON readers would round, which stands as text. */
static enum outcome renders_number(void)
{
	static struct flat_event fe;
	struct record_head h = { .seq = 7, .type = "access" };
	struct renderer *r = renderer_new();
	enum outcome o = REFUSED;
	struct buf out;

	buf_init(&out, 1 << 20);
	flat_event_reset(&fe);
	ev_set_int(&fe.ev, F_DURATION, INT64_C(1) << 60);
	if (r != NULL) {
		put_access_record(r, &out, &h, &fe.ev);
		buf_byte(&out, 0);
		o = out.failed						       ? REFUSED
		    : strstr((const char *)out.p, "\"1152921504606846976\"") != NULL ? SAME
									       : OTHER;
	}
	buf_free(&out);
	renderer_free(r);
	return o;
}

/* ---- signatures ---- */

static const uint8_t seed[SEED_LEN] = { 1, 2, 3 };
static struct vkey key;
static char note_text[4096];
static size_t note_n;

static void make_note(void)
{
	uint8_t public[PUBLIC_LEN];
	struct buf b;

	buf_init(&b, sizeof note_text);
	ed25519_public(seed, public);
	vkey_make(&key, SLICE("test/site"), KEY_ED25519, public);
	note_begin(&b, SLICE("a text\n"));
	note_sign(&b, SLICE("a text\n"), SLICE("test/site"), seed);
	memcpy(note_text, b.p, note_n = b.n);
	buf_free(&b);
}

static enum outcome verdict(enum note_verdict want)
{
	struct note n;
	const char *why;
	enum note_verdict is;

	if (!note_read(slice_of(note_text, note_n), &n, &why))
		return OTHER;
	is = note_signed_by(&n, &key);
	return is == want ? SAME : is == NOTE_UNCHECKED ? REFUSED : OTHER;
}

static enum outcome good_note(void)
{
	return verdict(NOTE_GOOD);
}

static enum outcome bad_note(void)
{
	return verdict(NOTE_BAD);
}

static enum outcome key_ids(void)
{
	struct vkey k;

	return vkey_make(&k, SLICE("test/site"), KEY_ED25519, key.key) &&
			       memcmp(k.id, key.id, sizeof k.id) == 0
		       ? SAME
		       : OTHER;
}

/* ---- events ---- */

/* Two in turn, so that what an earlier call left on the stack is not the answer. */
static enum outcome event_ids(void)
{
	static uint8_t first[2][16];
	static bool known;
	const uint8_t digest[16] = { 9 };
	uint8_t id[2][16] = { 0 };

	event_log_id(digest, SLICE("gateway"), 3, id[0]);
	event_log_id(digest, SLICE("gateway"), 4, id[1]);
	if (!known)
		memcpy(first, id, sizeof first);
	known = true;
	return memcmp(first, id, sizeof first) == 0 ? SAME : OTHER;
}

int main(void)
{
	make_note();
	ok(note_n > 50, "a note");
	each_allocation(renders, 5, "a record is whole or refused");
	each_allocation(renders_number, 3, "a large number is whole or refused");
	each_allocation(good_note, 3, "a good signature is good or unchecked");
	note_text[0] = 'A';
	each_allocation(bad_note, 3, "a wrong one is wrong or unchecked");
	each_allocation(key_ids, 0, "a key's id");
	each_allocation(event_ids, 0, "an event's id");
	return tap_done();
}
