/* Notes and their texts: any bytes are read or refused, and what is read is written again the same. */
#include <stdlib.h>

#include "core/trail/anchor.h"
#include "core/trail/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void same(const struct buf *b, struct slice text)
{
	if (b->failed || !slice_eq(buf_slice(b), text))
		abort();
}

static void read_texts(struct slice text)
{
	struct text_error why;
	struct epoch e;
	struct manifest m;
	struct checkpoint c;
	struct pack_seal pack;
	struct buf b;

	buf_init(&b, NOTE_MAX + 4096);
	if (epoch_read(text, &e, &why)) {
		put_epoch(&b, &e);
		same(&b, text);
	}
	buf_clear(&b);
	if (manifest_read(text, &m, &why)) {
		put_manifest(&b, &m);
		same(&b, text);
	}
	buf_clear(&b);
	if (checkpoint_read(text, &c, &why)) {
		put_checkpoint(&b, &c);
		same(&b, text);
	}
	buf_clear(&b);
	if (pack_seal_read(text, &pack)) {
		put_pack_seal(&b, &pack);
		same(&b, text);
	}
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice in = slice_of(p, n);
	char code[SHORT_CODE_LEN + 1];
	struct anchors a = { 0 };
	struct vkey k;
	struct note note;
	const char *why;
	int line;

	if (note_read(in, &note, &why)) {
		if (note.n_signatures == 0 || note.text.n >= n)
			abort();
		read_texts(note.text);
	}
	read_texts(in);
	if (vkey_read(in, &k)) {
		struct buf b;

		buf_init(&b, 1024);
		put_vkey(&b, &k);
		same(&b, in);
		buf_free(&b);
	}
	short_code_read(in, code);
	anchors_read_table(&a, in, "fuzz", &line);
	anchors_free(&a);
	return 0;
}
