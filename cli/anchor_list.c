/* tochoku anchor list: which checkpoints others have answered for. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/anchor.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/trail/anchor.h"
#include "core/trail/files.h"
#include "core/trail/reader.h"
#include "core/trail/stamp.h"

#define OUT_MAX (16u << 20)
#define OWN_SIGNATURES 2 /* of the day key and the log key */

struct row {
	int64_t size, stamped; /* stamped: UTC seconds; 0: no time stamp */
	char code[SHORT_CODE_LEN + 1];
	bool asked, damaged; /* damaged: the stamp is of other data, or no reply */
	struct note note;
};

static bool read_beside(const char *folder, int64_t size, const char *end, struct slice *out)
{
	char path[TRAIL_PATH_MAX];
	struct err lost;

	*out = slice_of(NULL, 0);
	return file_path(path, sizeof path, folder, "notes/checkpoint-%06lld.%s", (long long)size, end) &&
	       file_there(path) && sys_slurp(path, NOTE_MAX, out, &lost) == TK_OK;
}

static void release(struct slice s)
{
	free((void *)(uintptr_t)s.p);
}

static void take_stamp(const char *folder, struct row *r, struct slice note)
{
	struct slice query, reply;
	struct err lost;

	r->asked = read_beside(folder, r->size, "tsq", &query);
	if (read_beside(folder, r->size, "tsr", &reply))
		r->damaged = stamp_verify(reply, note, NULL, 0, &r->stamped, &lost) != STAMP_UNCHECKED;
	release(query);
	release(reply);
}

static void put_json(struct buf *out, const struct row *r)
{
	char text[TIME_TEXT_MAX];
	struct json_out o = json_out(out);

	json_open(&o, '{');
	json_key(&o, "size");
	json_int(&o, r->size);
	json_key(&o, "code");
	json_str(&o, slice_str(r->code));
	json_key(&o, "stamp");
	json_str(&o, slice_str(r->damaged	 ? "damaged"
			       : r->stamped != 0 ? "stamped"
			       : r->asked	 ? "asked"
						 : "none"));
	if (r->stamped != 0) {
		json_key(&o, "stamped");
		json_str(&o, slice_of(text, time_format_utc(r->stamped * NS_PER_SEC, text)));
	}
	json_key(&o, "witnesses");
	json_open(&o, '[');
	for (size_t i = OWN_SIGNATURES; i < r->note.n_signatures; i++)
		json_str(&o, r->note.signature[i].name);
	json_close(&o, ']');
	json_close(&o, '}');
	buf_byte(out, '\n');
}

static void put_text(struct buf *out, const struct row *r)
{
	char text[TIME_TEXT_MAX] = "";

	if (r->stamped != 0)
		time_format_local(r->stamped * NS_PER_SEC, text);
	buf_fmt(out, "%6lld  %s  %-25s", (long long)r->size, r->code,
		r->damaged	  ? "DAMAGED"
		: r->stamped != 0 ? text
		: r->asked	  ? "asked"
				  : "-");
	for (size_t i = OWN_SIGNATURES; i < r->note.n_signatures; i++) {
		buf_str(out, i == OWN_SIGNATURES ? "  " : ", ");
		cli_safe(out, r->note.signature[i].name);
	}
	buf_byte(out, '\n');
}

/* One that somebody was asked of, or the newest. */
static void take(const char *folder, int64_t size, bool newest, bool json, struct sha256 *h, struct buf *out)
{
	struct row r = { .size = size };
	struct hash32 hash;
	struct slice note;
	const char *why;

	if (read_beside(folder, size, "note", &note) && note_read(note, &r.note, &why)) {
		sha256_of(h, r.note.text, hash.b);
		short_code(&hash, r.code);
		take_stamp(folder, &r, note);
		if (newest || r.asked || r.stamped != 0 || r.damaged || r.note.n_signatures > OWN_SIGNATURES)
			(json ? put_json : put_text)(out, &r);
	}
	release(note);
}

int anchor_list(const struct config *cfg, const struct anchor_options *o)
{
	int64_t sealed = trail_sealed(cfg->ledger.trail);
	struct sha256 *h = sha256_new();
	struct buf out;
	int status;

	buf_init(&out, OUT_MAX);
	if (!o->json)
		buf_str(&out, "  SIZE  SHORT CODE                TIME STAMP                 WITNESSES\n");
	for (int64_t size = 1; size <= sealed && h != NULL; size++)
		take(cfg->ledger.trail, size, size == sealed, o->json, h, &out);
	status = cli_write(NULL, buf_slice(&out));
	if (sealed == 0)
		cli_error("%s: nothing is sealed yet: tochoku seal", cfg->ledger.trail);
	buf_free(&out);
	sha256_free(h);
	return status;
}
