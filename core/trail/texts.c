#include "core/trail/texts.h"

#include "core/base/zone.h"

/* ---- the values of lines ---- */

enum kind {
	K_HEAD,
	K_ORIGIN,
	K_NUMBER,
	K_COUNT,
	K_HASH,
	K_MAYBE_HASH,
	K_ROOT,
	K_FILE,
	K_UTC,
	K_ZONE,
	K_CLOCK,
	K_REASON,
	K_VKEY
};

struct line_row {
	const char *key; /* K_HEAD: the whole line; NULL: the value stands alone */
	enum kind kind;
	size_t offset;
};

static const char *const reasons[] = { "init", "rotate", "recover", NULL };
static const char *const clock_states[] = { "synced", "unsynced", "unknown", NULL };

static bool read_word(const char *const *words, struct slice text, int64_t *out)
{
	for (int64_t i = 0; words[i] != NULL; i++)
		if (slice_is(text, words[i])) {
			*out = i;
			return true;
		}
	return false;
}

static bool read_text(struct slice text, char *out, size_t max)
{
	if (text.n == 0 || text.n > max)
		return false;
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return true;
}

/* What a key's name may be made of. */
static bool read_origin(struct slice text, char *out)
{
	struct vkey k;
	uint8_t none[PUBLIC_LEN] = { 0 };

	return vkey_make(&k, text, KEY_ED25519, none) && read_text(text, out, ORIGIN_MAX);
}

static bool read_zone(struct slice text, char *out)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

		if (!letter && !(c >= '0' && c <= '9') && memchr("_/+-", c, 4) == NULL)
			return false;
	}
	return read_text(text, out, ZONE_MAX);
}

static bool read_clock(struct slice text, struct clock *out)
{
	const uint8_t *blank = text.n == 0 ? NULL : memchr(text.p, ' ', text.n);
	size_t n = blank == NULL ? 0 : (size_t)(blank - text.p);

	return n > 0 && read_word(clock_states, slice_head(text, n), &out->state) &&
	       scalar_number(slice_from(text, n + 1), &out->offset_ms);
}

bool segment_file_read(struct slice text, int64_t *segment)
{
	static const char shape[] = "0000/00/000000-00000000.jsonl";
	struct date d;
	char date[11];

	if (text.n != FILE_LEN)
		return false;
	for (size_t i = 0; i < FILE_LEN; i++)
		if (shape[i] == '0' ? text.p[i] < '0' || text.p[i] > '9' : text.p[i] != (uint8_t)shape[i])
			return false;
	memcpy(date, text.p + 15, 4);
	date[4] = date[7] = '-';
	memcpy(date + 5, text.p + 19, 2);
	memcpy(date + 8, text.p + 21, 2);
	if (!date_parse(slice_of(date, 10), &d) || memcmp(text.p, text.p + 15, 4) != 0 ||
	    memcmp(text.p + 5, text.p + 19, 2) != 0)
		return false;
	*segment = 0;
	for (size_t i = 8; i < 14; i++)
		*segment = *segment * 10 + (text.p[i] - '0');
	return true;
}

static bool read_value(enum kind kind, struct slice text, void *to)
{
	int64_t segment;

	switch (kind) {
	case K_HEAD:
		return text.n == 0;
	case K_ORIGIN:
		return read_origin(text, to);
	case K_NUMBER:
		return scalar_number(text, to);
	case K_COUNT:
		return scalar_number(text, to) && *(int64_t *)to > 0;
	case K_HASH:
		return scalar_hex32(text, to);
	case K_MAYBE_HASH: {
		struct maybe_hash *m = to;

		m->none = slice_is(text, "none");
		return m->none || scalar_hex32(text, &m->hash);
	}
	case K_ROOT:
		return scalar_base64_32(text, to);
	case K_FILE:
		return segment_file_read(text, &segment) && read_text(text, to, FILE_LEN);
	case K_UTC:
		return scalar_utc(text, to);
	case K_ZONE:
		return read_zone(text, to);
	case K_CLOCK:
		return read_clock(text, to);
	case K_REASON:
		return read_word(reasons, text, to);
	case K_VKEY:
		return vkey_read(text, to);
	}
	return false;
}

static void put_value(struct buf *out, enum kind kind, const void *from)
{
	switch (kind) {
	case K_HEAD:
		break;
	case K_ORIGIN:
	case K_FILE:
	case K_ZONE:
		buf_str(out, from);
		break;
	case K_NUMBER:
	case K_COUNT:
		buf_i64(out, *(const int64_t *)from);
		break;
	case K_HASH:
		put_hex(out, slice_of(from, 32));
		break;
	case K_MAYBE_HASH: {
		const struct maybe_hash *m = from;

		if (m->none)
			buf_str(out, "none");
		else
			put_hex(out, hash_slice(&m->hash));
		break;
	}
	case K_ROOT:
		put_base64(out, slice_of(from, 32));
		break;
	case K_UTC:
		put_utc(out, *(const int64_t *)from);
		break;
	case K_CLOCK: {
		const struct clock *c = from;

		buf_fmt(out, "%s %lld", clock_states[c->state], (long long)c->offset_ms);
		break;
	}
	case K_REASON:
		buf_str(out, reasons[*(const int64_t *)from]);
		break;
	case K_VKEY:
		put_vkey(out, from);
		break;
	}
}

/* ---- the lines of a text ---- */

static bool read_line(struct slice line, const struct line_row *row, void *out)
{
	size_t n = row->key == NULL ? 0 : strlen(row->key);

	if (!slice_starts(line, slice_str(row->key)))
		return false;
	line = slice_from(line, n);
	if (row->key != NULL && row->kind != K_HEAD) {
		if (line.n == 0 || line.p[0] != ' ')
			return false;
		line = slice_from(line, 1);
	}
	return read_value(row->kind, line, (char *)out + row->offset);
}

static bool read_lines(struct slice text, const struct line_row *rows, size_t n, void *out,
		       struct text_error *why)
{
	struct slice line;

	for (size_t i = 0; i < n; i++) {
		*why = (struct text_error){ rows[i].key == NULL ? "its value" : rows[i].key, (int)i + 1 };
		if (!take_line(&text, &line) || !read_line(line, &rows[i], out))
			return false;
	}
	*why = (struct text_error){ "the end of the text", (int)n + 1 };
	return text.n == 0;
}

static void put_lines(struct buf *out, const struct line_row *rows, size_t n, const void *from)
{
	for (size_t i = 0; i < n; i++) {
		if (rows[i].key != NULL)
			buf_str(out, rows[i].key);
		if (rows[i].key != NULL && rows[i].kind != K_HEAD)
			buf_byte(out, ' ');
		put_value(out, rows[i].kind, (const char *)from + rows[i].offset);
		buf_byte(out, '\n');
	}
}

#define IN(type, member) offsetof(struct type, member)

static const struct line_row epoch_lines[] = {
	{ "tochoku.dev/epoch@v1", K_HEAD, 0 },
	{ "origin", K_ORIGIN, IN(epoch, origin) },
	{ "epoch", K_COUNT, IN(epoch, number) },
	{ "reason", K_REASON, IN(epoch, reason) },
	{ "start-segment", K_NUMBER, IN(epoch, start_segment) },
	{ "prev-epoch", K_MAYBE_HASH, IN(epoch, prev_epoch) },
	{ "prev-checkpoint", K_MAYBE_HASH, IN(epoch, prev_checkpoint) },
	{ "first-key", K_VKEY, IN(epoch, first_key) },
	{ "log-key", K_VKEY, IN(epoch, log_key) },
	{ "created", K_UTC, IN(epoch, created) },
};

static const struct line_row manifest_lines[] = {
	{ "tochoku.dev/segment@v1", K_HEAD, 0 },	  { "origin", K_ORIGIN, IN(manifest, origin) },
	{ "segment", K_NUMBER, IN(manifest, segment) },	  { "prev", K_HASH, IN(manifest, prev) },
	{ "records", K_COUNT, IN(manifest, records) },	  { "first-seq", K_NUMBER, IN(manifest, first_seq) },
	{ "last-seq", K_NUMBER, IN(manifest, last_seq) }, { "leaf-root", K_ROOT, IN(manifest, leaf_root) },
	{ "last-hash", K_HASH, IN(manifest, last_hash) }, { "file", K_FILE, IN(manifest, file) },
	{ "size", K_COUNT, IN(manifest, size) },	  { "sha256", K_HASH, IN(manifest, sha256) },
	{ "opened", K_UTC, IN(manifest, opened) },	  { "closed", K_UTC, IN(manifest, closed) },
	{ "zone", K_ZONE, IN(manifest, zone) },		  { "clock", K_CLOCK, IN(manifest, clock) },
	{ "dropped", K_NUMBER, IN(manifest, dropped) },	  { "next-key", K_VKEY, IN(manifest, next_key) },
};

static const struct line_row checkpoint_lines[] = {
	{ NULL, K_ORIGIN, IN(checkpoint, origin) },
	{ NULL, K_COUNT, IN(checkpoint, size) },
	{ NULL, K_ROOT, IN(checkpoint, root) },
};

bool epoch_read(struct slice text, struct epoch *out, struct text_error *why)
{
	return read_lines(text, epoch_lines, COUNT(epoch_lines), out, why);
}

bool manifest_read(struct slice text, struct manifest *out, struct text_error *why)
{
	if (!read_lines(text, manifest_lines, COUNT(manifest_lines), out, why))
		return false;
	*why = (struct text_error){ "last-seq", 7 };
	return out->last_seq - out->first_seq == out->records - 1;
}

bool checkpoint_read(struct slice text, struct checkpoint *out, struct text_error *why)
{
	return read_lines(text, checkpoint_lines, COUNT(checkpoint_lines), out, why);
}

void put_epoch(struct buf *out, const struct epoch *e)
{
	put_lines(out, epoch_lines, COUNT(epoch_lines), e);
}

void put_manifest(struct buf *out, const struct manifest *m)
{
	put_lines(out, manifest_lines, COUNT(manifest_lines), m);
}

void put_checkpoint(struct buf *out, const struct checkpoint *c)
{
	put_lines(out, checkpoint_lines, COUNT(checkpoint_lines), c);
}
