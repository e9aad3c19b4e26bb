#include "core/trail/pack.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/sys.h"
#include "core/trail/reader.h"
#include "core/trail/writer_state.h"

void put_pack_seal(struct buf *out, const struct pack_seal *p)
{
	buf_fmt(out, "tochoku.dev/pack@v1\norigin %s\nsegments %lld\nsha256 ", p->origin,
		(long long)p->segments);
	put_hex(out, hash_slice(&p->sums));
	buf_byte(out, '\n');
}

static bool take_field(struct slice *text, const char *name, struct slice *value)
{
	size_t n = strlen(name);
	struct slice line;

	if (!take_line(text, &line) || !slice_starts(line, slice_str(name)))
		return false;
	*value = slice_from(line, n);
	return true;
}

bool pack_seal_read(struct slice text, struct pack_seal *out)
{
	struct slice first, origin, segments, sums;

	if (!take_line(&text, &first) || !slice_is(first, "tochoku.dev/pack@v1") ||
	    !take_field(&text, "origin ", &origin) || !take_field(&text, "segments ", &segments) ||
	    !take_field(&text, "sha256 ", &sums) || text.n > 0 || origin.n > ORIGIN_MAX)
		return false;
	memcpy(out->origin, origin.p, origin.n);
	out->origin[origin.n] = '\0';
	return origin.n > 0 && scalar_number(segments, &out->segments) && scalar_hex32(sums, &out->sums);
}

int trail_sign_pack(struct trail *t, const struct hash32 *sums, struct buf *note, struct err *e)
{
	struct pack_seal p = { .segments = t->segments, .sums = *sums };
	char name[KEY_NAME_MAX + 1];
	struct buf text;
	bool good;

	memcpy(p.origin, t->epoch.origin, sizeof p.origin);
	buf_init(&text, NOTE_MAX);
	put_pack_seal(&text, &p);
	note_begin(note, buf_slice(&text));
	snprintf(name, sizeof name, "%s/day", t->epoch.origin);
	good = note_sign(note, buf_slice(&text), slice_str(name), t->day);
	buf_free(&text);
	return good && !note->failed ? TK_OK : err_set(e, TK_EIO, "trail: OpenSSL does not sign");
}

/* The key that signs what comes behind the last segment. */
static int next_key(const char *folder, int64_t segments, struct vkey *out, struct err *e)
{
	char path[TRAIL_PATH_MAX];
	struct text_error bad;
	struct manifest m;
	struct slice bytes;
	const char *why;
	struct note n;
	int rc;

	if (!file_path(path, sizeof path, folder, "notes/segment-%06lld.note", (long long)segments - 1))
		return err_set(e, TK_ECONFIG, "%s: the path is too long", folder);
	if ((rc = sys_slurp(path, NOTE_MAX, &bytes, e)) != TK_OK)
		return rc;
	if (!note_read(bytes, &n, &why) || !manifest_read(n.text, &m, &bad))
		rc = err_set(e, TK_EMALFORMED, "%s: is no manifest", path);
	else
		*out = m.next_key;
	free((void *)(uintptr_t)bytes.p);
	return rc;
}

int pack_verify(const char *trail_folder, struct slice note, const struct hash32 *sums, struct err *e)
{
	struct pack_seal p;
	const char *why = "its text is no pack's";
	struct vkey key;
	struct note n;
	int rc;

	if (!note_read(note, &n, &why) || !pack_seal_read(n.text, &p))
		return err_set(e, TK_EMALFORMED, "SHA256SUMS.note: %s", why);
	if (!hash_eq(&p.sums, sums))
		return err_set(e, TK_EMALFORMED, "SHA256SUMS.note: is of another SHA256SUMS");
	if (p.segments == 0 || p.segments != trail_sealed(trail_folder))
		return err_set(e, TK_EMALFORMED, "SHA256SUMS.note: is of a log of %lld segments",
			       (long long)p.segments);
	if ((rc = next_key(trail_folder, p.segments, &key, e)) != TK_OK)
		return rc;
	if (note_signed_by(&n, &key) != NOTE_GOOD)
		return err_set(e, TK_EMALFORMED, "SHA256SUMS.note: is not signed by the key of that time");
	return TK_OK;
}
