/* Queries for time stamps and what is answered; signatures of witnesses. Read and verified here, so that the
 * recorder meets none of it (sensor/recorder/receipt.c). */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/anchor.h"
#include "cli/reading.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/trail/anchor.h"
#include "core/trail/copy.h"
#include "core/trail/files.h"
#include "core/trail/reader.h"
#include "core/trail/stamp.h"

#define REPLY_MAX 65536

static bool note_path(const struct config *cfg, int64_t size, const char *end, char out[TRAIL_PATH_MAX])
{
	return file_path(out, TRAIL_PATH_MAX, cfg->ledger.trail, "notes/checkpoint-%06lld.%s",
			 (long long)size, end);
}

static int slurp(const char *path, size_t max, struct slice *out)
{
	struct err e;

	*out = slice_of(NULL, 0);
	if (sys_slurp(path, max, out, &e) == TK_OK)
		return EXIT_DONE;
	cli_error("%s", e.text);
	return EXIT_INPUT;
}

static void release(struct slice s)
{
	free((void *)(uintptr_t)s.p);
}

/* A file beside a checkpoint; false: it is not there. */
static bool beside(const struct config *cfg, int64_t size, const char *end, struct slice *out)
{
	char path[TRAIL_PATH_MAX];
	struct err lost;

	*out = slice_of(NULL, 0);
	return note_path(cfg, size, end, path) && file_there(path) &&
	       sys_slurp(path, NOTE_MAX, out, &lost) == TK_OK;
}

static int hand_in(const struct config *cfg, const char *kind, int64_t size, struct slice data)
{
	struct buf request, reply, coded;
	struct json_out o;
	int status;

	buf_init(&request, 1 << 18);
	buf_init(&reply, 65536);
	buf_init(&coded, 1 << 18);
	put_base64(&coded, data);
	o = json_out(&request);
	json_open(&o, '{');
	json_key(&o, "do");
	json_str(&o, SLICE("trail.receipt"));
	json_key(&o, "kind");
	json_str(&o, slice_str(kind));
	json_key(&o, "size");
	json_int(&o, size);
	json_key(&o, "data");
	json_str(&o, buf_slice(&coded));
	json_close(&o, '}');
	status = cli_request(cfg, buf_slice(&request), &reply);
	buf_free(&request);
	buf_free(&reply);
	buf_free(&coded);
	return status;
}

/* ---- query ---- */

static int make_query(const struct config *cfg, int64_t size, struct buf *query)
{
	struct slice note;
	struct err e = { 0 };
	int status = EXIT_INPUT;

	if (!beside(cfg, size, "note", &note))
		cli_error("checkpoint %lld cannot be read", (long long)size);
	else if (stamp_query(note, query, &e) != TK_OK)
		cli_error("%s", e.text);
	else
		status = hand_in(cfg, "query", size, buf_slice(query));
	release(note);
	return status;
}

/* A segment's closing is told in whole seconds, rounded up; an authority that answers within that second, in
 * whole ones rounded down, would have stamped it too early. */
static void let_close(const struct config *cfg, int64_t size)
{
	int64_t closed, last, left;
	struct err e;

	if (trail_segment_end(cfg->ledger.trail, size - 1, &closed, &last, &e) != TK_OK)
		return;
	left = closed * NS_PER_SEC - sys_now_ns();
	if (left > 0 && left <= NS_PER_SEC)
		nanosleep(&(struct timespec){ .tv_sec = left / NS_PER_SEC, .tv_nsec = left % NS_PER_SEC },
			  NULL);
}

int anchor_query(const struct config *cfg, const struct anchor_options *o)
{
	int64_t size = trail_sealed(cfg->ledger.trail);
	int status = EXIT_DONE;
	struct slice have = { NULL, 0 };
	char path[TRAIL_PATH_MAX];
	struct buf query;

	if (size == 0) {
		cli_error("%s: nothing is sealed yet: tochoku seal", cfg->ledger.trail);
		return EXIT_INPUT;
	}
	buf_init(&query, 65536);
	if (beside(cfg, size, "tsq", &have))
		buf_add(&query, have);
	else
		status = make_query(cfg, size, &query);
	let_close(cfg, size);
	if (status == EXIT_DONE && o->out != NULL)
		status = cli_write(o->out, buf_slice(&query));
	if (!note_path(cfg, size, "tsq", path))
		path[0] = '\0';
	if (status == EXIT_DONE)
		printf("Query for a time stamp of checkpoint %lld: %s\n"
		       "Ask an authority (content type application/timestamp-query), then: tochoku anchor "
		       "reply FILE\n",
		       (long long)size, o->out != NULL ? o->out : path);
	release(have);
	buf_free(&query);
	return status;
}

/* ---- reply ---- */

/* The checkpoint whose query it answers; 0: none. */
static int64_t asked_by(const struct config *cfg, struct slice reply)
{
	for (int64_t size = trail_sealed(cfg->ledger.trail); size > 0; size--) {
		struct slice query;
		bool same = beside(cfg, size, "tsq", &query) && stamp_answers(query, reply);

		release(query);
		if (same)
			return size;
	}
	return 0;
}

static int check_reply(const struct config *cfg, const struct anchor_options *o, int64_t size,
		       struct slice reply)
{
	char at[TIME_TEXT_MAX];
	int64_t seconds = 0;
	struct slice note;
	struct err e = { 0 };
	enum stamp_verdict v = STAMP_INVALID;

	if (beside(cfg, size, "note", &note))
		v = stamp_verify(reply, note, o->tsa_ca, sys_now_ns() / NS_PER_SEC, &seconds, &e);
	release(note);
	if (v == STAMP_OTHER_DATA)
		cli_error("%s: its imprint is not that of checkpoint %lld", o->word, (long long)size);
	if (v == STAMP_INVALID)
		cli_error("%s: %s", o->word, e.text);
	if (v == STAMP_OTHER_DATA || v == STAMP_INVALID)
		return EXIT_NO;
	time_format_local(seconds * NS_PER_SEC, at);
	printf("Checkpoint %lld is stamped as of %s%s\n", (long long)size, at,
	       v == STAMP_UNCHECKED ? "; its signature was not checked: --tsa-ca" : "");
	return EXIT_DONE;
}

int anchor_reply(const struct config *cfg, const struct anchor_options *o)
{
	struct slice reply;
	int64_t size;
	int status = slurp(o->word, REPLY_MAX, &reply);

	if (status != EXIT_DONE)
		return status;
	if ((size = asked_by(cfg, reply)) == 0) {
		cli_error("%s: answers no query of this trail (tochoku anchor list shows them); is it the "
			  "reply in "
			  "DER, as the authority sent it?",
			  o->word);
		status = EXIT_NO;
	}
	if (status == EXIT_DONE && (status = check_reply(cfg, o, size, reply)) == EXIT_DONE)
		status = hand_in(cfg, "reply", size, reply);
	release(reply);
	return status;
}

/* ---- witness ---- */

/* The signature lines of a note, or the file as it is where it has none but them. */
static struct slice signatures(struct slice file)
{
	const uint8_t *blank = file.n == 0 ? NULL : memmem(file.p, file.n, "\n\n", 2);

	return blank == NULL ? file : slice_from(file, (size_t)(blank - file.p) + 2);
}

/* Our note with those of the lines that the key made; false: none of them is good for its text. */
static bool cosigned(struct slice note, struct slice lines, const struct vkey *k, struct buf *out)
{
	bool any = false;
	struct slice line;

	while (take_line(&lines, &line)) {
		struct note n;
		const char *why;
		size_t before;

		if (!any) {
			buf_clear(out);
			buf_add(out, note);
		}
		before = out->n;
		buf_add(out, line);
		buf_byte(out, '\n');
		if (note_read(buf_slice(out), &n, &why) && n.n_signatures > 0 &&
		    note_signed_by(&n, k) == NOTE_GOOD &&
		    slice_is(n.signature[n.n_signatures - 1].name, k->name))
			any = true;
		else
			out->n = before;
	}
	return any;
}

static int take_witness(const struct config *cfg, const struct anchor_options *o, const struct vkey *k,
			struct slice lines)
{
	bool found = false;
	int status = EXIT_NO;
	struct buf combined;

	buf_init(&combined, 2 * NOTE_MAX);
	for (int64_t size = trail_sealed(cfg->ledger.trail); size > 0 && !found; size--) {
		struct slice note;
		struct note n;
		const char *why;

		found = beside(cfg, size, "note", &note) && cosigned(note, lines, k, &combined);
		if (found && note_read(note, &n, &why) && note_signed_by(&n, k) == NOTE_GOOD) {
			printf("Checkpoint %lld has this signature already\n", (long long)size);
			status = EXIT_DONE;
		} else if (found &&
			   (status = hand_in(cfg, "witness", size, buf_slice(&combined))) == EXIT_DONE) {
			printf("Checkpoint %lld is cosigned by %s\n", (long long)size, k->name);
		}
		release(note);
	}
	if (!found)
		cli_error("%s: has no signature of %s over a checkpoint of this trail", o->word, k->name);
	buf_free(&combined);
	return status;
}

int anchor_witness(const struct config *cfg, const struct anchor_options *o)
{
	struct anchors keys = { 0 };
	struct slice file;
	struct err e;
	int status;

	if (o->key == NULL)
		return cli_usage(&command_anchor, "anchor witness needs --key, the witness's verifier key");
	if (anchors_add_witness(&keys, o->key, &e) != TK_OK) {
		cli_error("--key: %s", e.text);
		return EXIT_USAGE;
	}
	if ((status = slurp(o->word, NOTE_MAX, &file)) != EXIT_DONE)
		return status;
	status = take_witness(cfg, o, &keys.witness[0], signatures(file));
	release(file);
	return status;
}
