#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/trail/writer_state.h"

#define FLUSH_AT (1u << 20)

int64_t trail_next_seq(const struct trail *t)
{
	return t->first_seq + t->records;
}

/* Nonces come from a key that dies with the day key: until the seal a record can be rendered again to the
 * same bytes, and afterwards nobody can. */
static bool nonce(struct trail *t, int64_t seq, uint8_t out[16])
{
	int64_t pair = seq / 2;

	if (pair != t->nonces_of) {
		uint8_t number[8];

		for (int i = 0; i < 8; i++)
			number[i] = (uint8_t)(pair >> (8 * i));
		if (!hmac_sha256(slice_of(t->nonce_key, 32), slice_of(number, 8), t->nonces))
			return false;
		t->nonces_of = pair;
	}
	memcpy(out, t->nonces + 16 * (seq & 1), 16);
	return true;
}

void trail_take_line(struct trail *t, struct slice line)
{
	struct hash32 leaf;

	sha256_of(t->hash, line, t->last.b);
	merkle_leaf(t->hash, line, &leaf);
	merkle_add(&t->leaves, t->hash, &leaf);
	sha256_add(t->file_hash, line);
	sha256_add(t->file_hash, SLICE("\n"));
	t->records++;
	t->bytes += (int64_t)line.n + 1;
}

static int flush(struct trail *t, struct err *e)
{
	char path[TRAIL_PATH_MAX];

	if (t->out.failed)
		return err_set(e, TK_ENOMEM, "trail: no memory");
	if (t->out.n > 0 && sys_write_all(t->fd, t->out.p, t->out.n) != 0) {
		trail_path(t, path, "open.jsonl");
		return err_sys(e, "%s: cannot write", path);
	}
	buf_clear(&t->out);
	return TK_OK;
}

static int begin_line(struct trail *t, int64_t ts_ns, const char *type, struct record_head *h, struct err *e)
{
	*h = (struct record_head){ .seq = trail_next_seq(t), .ts_ns = ts_ns, .type = type, .h = t->last };
	buf_clear(&t->line);
	return nonce(t, h->seq, h->nonce) ? TK_OK : err_set(e, TK_EIO, "trail: OpenSSL makes no nonce");
}

static int end_line(struct trail *t, struct err *e)
{
	if (t->line.failed || t->line.n > RECORD_MAX)
		return err_set(e, TK_ELIMIT, "trail: record %lld does not fit into a line of 8 MiB",
			       (long long)trail_next_seq(t));
	trail_take_line(t, buf_slice(&t->line));
	buf_add(&t->out, buf_slice(&t->line));
	buf_byte(&t->out, '\n');
	return t->out.n >= FLUSH_AT || t->out.failed ? flush(t, e) : TK_OK;
}

int trail_access(struct trail *t, int64_t ts_ns, const struct access_event *ev, struct err *e)
{
	struct record_head h;
	int rc = begin_line(t, ts_ns, record_type_name(RECORD_ACCESS), &h, e);

	if (rc != TK_OK)
		return rc;
	put_access_record(t->renderer, &t->line, &h, ev);
	return end_line(t, e);
}

int trail_record(struct trail *t, int64_t ts_ns, const char *type, struct slice body, struct err *e)
{
	struct record_head h;
	int rc = begin_line(t, ts_ns, type, &h, e);

	if (rc != TK_OK)
		return rc;
	put_record(t->renderer, &t->line, &h, body);
	return end_line(t, e);
}

int trail_head(struct trail *t, struct err *e)
{
	int rc = flush(t, e);

	return rc == TK_OK && sys_fsync(t->fd) != 0 ? err_sys(e, "trail: cannot sync the open segment") : rc;
}

void trail_state(const struct trail *t, struct trail_state *out)
{
	*out = (struct trail_state){ .segment = t->segments,
				     .next_seq = trail_next_seq(t),
				     .records = t->records,
				     .bytes = t->bytes,
				     .last = t->last,
				     .checkpoint = t->checkpoint,
				     .opened = t->closed,
				     .size = t->log_tree.n };
	memcpy(out->origin, t->epoch.origin, sizeof out->origin);
	if (t->log_tree.n > 0)
		short_code(&t->checkpoint, out->code);
}
