/* What others answer of a checkpoint, beside it in the trail's folder: the query for a time stamp, its reply,
 * the signatures of a witness. The command has read and verified them; here nothing of them is parsed, and
 * nothing that is there already is changed. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/trail/files.h"
#include "core/trail/note.h"
#include "sensor/recorder/request_context.h"

#define RECEIPT_MAX 65536 /* the verifier reads no more */

struct receipt {
	const char *action; /* of the record */
	int64_t size;	    /* of the checkpoint */
	char path[TRAIL_PATH_MAX];
	struct buf data;
};

static bool path_of(const struct context *c, const struct receipt *r, const char *end,
		    char out[TRAIL_PATH_MAX])
{
	return file_path(out, TRAIL_PATH_MAX, c->cfg->ledger.trail, "notes/checkpoint-%06lld.%s",
			 (long long)r->size, end);
}

static bool there(const struct context *c, const struct receipt *r, const char *end)
{
	char path[TRAIL_PATH_MAX];

	return !path_of(c, r, end, path) || file_there(path);
}

/* A note goes on from its own bytes: only signatures are added. */
static const char *check_witness(const struct receipt *r)
{
	struct slice have;
	struct err e;
	bool goes_on;

	if (sys_slurp(r->path, NOTE_MAX, &have, &e) != TK_OK)
		return "the checkpoint cannot be read";
	goes_on = r->data.n > have.n && r->data.n <= NOTE_MAX && memcmp(r->data.p, have.p, have.n) == 0;
	free((void *)(uintptr_t)have.p);
	return goes_on ? NULL : "it does not go on from the checkpoint as it is";
}

/* NULL, or what is wrong with it. A stamp is over the note's bytes: after the query they stay. */
static const char *check(const struct context *c, struct receipt *r)
{
	struct slice kind = member(c->r, "kind");

	if (!scalar_number(member(c->r, "size"), &r->size) || !there(c, r, "note"))
		return "there is no such checkpoint";
	if (slice_is(kind, "query")) {
		r->action = "stamp-query";
		return there(c, r, "tsq") || !path_of(c, r, "tsq", r->path) ? "a query of it is there already"
									    : NULL;
	}
	if (slice_is(kind, "reply")) {
		r->action = "stamp-reply";
		return there(c, r, "tsr") || !path_of(c, r, "tsr", r->path) ? "it has a time stamp already"
									    : NULL;
	}
	if (!slice_is(kind, "witness"))
		return "no such receipt";
	r->action = "witness";
	if (there(c, r, "tsq") || there(c, r, "tsr"))
		return "a time stamp was asked for its bytes as they are: take the witness's signature of "
		       "another one";
	return path_of(c, r, "note", r->path) ? check_witness(r) : "there is no such checkpoint";
}

static int write_record(struct context *c, const struct receipt *r)
{
	struct sha256 *h = sha256_new();
	struct hash32 digest;
	struct json_out o;
	struct buf b;
	char hex[65];
	int rc;

	if (h == NULL)
		return err_set(c->e, TK_ENOMEM, "no memory");
	sha256_of(h, buf_slice(&r->data), digest.b);
	sha256_free(h);
	hex_encode(hash_slice(&digest), hex);
	buf_init(&b, 4096);
	o = json_out(&b);
	json_open(&o, '{');
	json_key(&o, "action");
	json_str(&o, slice_str(r->action));
	json_key(&o, "actor");
	json_str(&o, c->actor);
	json_key(&o, "size");
	json_int(&o, r->size);
	json_key(&o, "sha256");
	json_str(&o, slice_str(hex));
	json_close(&o, '}');
	rc = ledger_record(c->l, "control", c->now_ns, buf_slice(&b), c->e);
	buf_free(&b);
	return rc;
}

int do_trail_receipt(struct context *c)
{
	struct slice coded = member(c->r, "data");
	struct receipt r = { 0 };
	size_t n = coded.n;
	struct err why;
	uint8_t *room;
	int rc = TK_OK;

	buf_init(&r.data, 2 * RECEIPT_MAX);
	room = buf_room(&r.data, n);
	if (room == NULL || !base64_read(coded, room, &n) || n == 0 || n > RECEIPT_MAX)
		c->refusal = "a receipt is 1 to 65,536 bytes in base64";
	else
		r.data.n = n;
	if (c->refusal == NULL)
		c->refusal = check(c, &r);
	if (c->refusal == NULL && file_put(r.path, buf_slice(&r.data), 0640, &why) != TK_OK)
		c->refusal = "it cannot be written into the trail's folder";
	c->count = 1;
	if (c->refusal == NULL)
		rc = write_record(c, &r);
	buf_free(&r.data);
	return rc;
}
