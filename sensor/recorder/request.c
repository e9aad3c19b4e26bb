#include "sensor/recorder/request.h"

#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/zone.h"
#include "core/ledger/backup.h"
#include "sensor/recorder/fingerprint.h"
#include "sensor/recorder/reprice.h"
#include "sensor/recorder/request_context.h"

#define ADOPT_MAX 1024

/* ---- reading ---- */

static bool keep_text(struct request *r, struct slice raw, struct slice *out)
{
	size_t n;

	if (raw.n > r->cap - r->used)
		return false;
	n = json_unescape(raw, r->text + r->used);
	if (n == SIZE_MAX)
		return false;
	*out = slice_of(r->text + r->used, n);
	r->used += n;
	return true;
}

static bool read_list(struct request *r, struct json *j)
{
	enum json_type t;

	while ((t = json_next(j)) == JSON_STRING)
		if (r->n_list == LIST_MAX || !keep_text(r, j->text, &r->list[r->n_list++]))
			return false;
	return t == JSON_ARRAY_END;
}

static bool read_request(struct request *r, struct slice text)
{
	struct json j;
	enum json_type t;

	json_init(&j, text);
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return false;
	while ((t = json_next(&j)) == JSON_KEY) {
		struct journal_member *m = &r->member[r->n];

		if (r->n == MEMBERS_MAX || !keep_text(r, j.text, &m->key))
			return false;
		t = json_next(&j);
		if (t == JSON_ARRAY_BEGIN) {
			if (!read_list(r, &j))
				return false;
			continue;
		}
		if (t != JSON_STRING && t != JSON_NUMBER)
			return false;
		if (!keep_text(r, j.text, &m->value))
			return false;
		r->n++;
	}
	return t == JSON_OBJECT_END && json_next(&j) == JSON_END;
}

/* ---- requests ---- */

static bool is_fingerprint(struct slice s)
{
	uint8_t bytes[8];

	return s.n == 16 && hex_decode(s, bytes, sizeof bytes);
}

static void put_member(struct json_out *o, const char *key, struct slice value)
{
	if (value.n == 0)
		return;
	json_key(o, key);
	json_str(o, value);
}

static int record(struct context *c, const char *type, const char *did, const struct key_entry *k)
{
	struct buf b;
	struct json_out o;
	int rc;

	buf_init(&b, 1 << 20);
	o = json_out(&b);
	json_open(&o, '{');
	json_key(&o, "action");
	json_str(&o, slice_str(did));
	json_key(&o, "actor");
	json_str(&o, c->actor);
	if (k != NULL) {
		put_member(&o, "tochoku.key.id", k->fingerprint);
		put_member(&o, "id", k->id);
		put_member(&o, "user.name", k->user);
	} else {
		for (size_t i = 0; i < c->r->n; i++) {
			char key[64];

			if (c->r->member[i].key.n >= sizeof key || slice_is(c->r->member[i].key, "do"))
				continue;
			memcpy(key, c->r->member[i].key.p, c->r->member[i].key.n);
			key[c->r->member[i].key.n] = '\0';
			json_key(&o, key);
			json_str(&o, c->r->member[i].value);
		}
	}
	json_close(&o, '}');
	rc = ledger_record(c->l, type, c->now_ns, buf_slice(&b), c->e);
	buf_free(&b);
	return rc;
}

static int put_key(struct context *c, const struct key_entry *k, const char *did)
{
	int rc = ledger_key_put(c->l, k, c->now_ns, c->e);

	c->next.keys_changed = true;
	c->count++;
	return rc == TK_OK ? record(c, "key", did, k) : rc;
}

/* A day at its beginning, or at its end; empty: 0. False: there is no such day. */
static bool take_day(struct slice text, bool end, int64_t *ns)
{
	struct date d;

	*ns = 0;
	if (text.n == 0)
		return true;
	if (!date_parse(text, &d))
		return false;
	*ns = zone_day_start(date_to_days(d) + end) * NS_PER_SEC;
	return true;
}

/* What is wrong with it; NULL: nothing. */
static const char *take_entry(const struct slice text[KEY_TEXTS], struct key_entry *k)
{
	*k = (struct key_entry){ .fingerprint = text[KEY_FINGERPRINT],
				 .id = text[KEY_ID],
				 .user = text[KEY_USER],
				 .state = text[KEY_REVOKED].n > 0 ? SLICE("revoked") : SLICE("active"),
				 .kind = text[KEY_KIND].n > 0 ? text[KEY_KIND] : SLICE("person"),
				 .owner = text[KEY_OWNER],
				 .department = text[KEY_DEPARTMENT],
				 .models = text[KEY_MODELS],
				 .paths = text[KEY_PATHS] };
	if (!is_fingerprint(k->fingerprint) || k->id.n == 0)
		return "a key needs a fingerprint and an id";
	if (!take_day(text[KEY_ISSUED], false, &k->issued_ns) ||
	    !take_day(text[KEY_FROM], false, &k->from_ns) ||
	    !take_day(text[KEY_EXPIRES], true, &k->expires_ns) ||
	    !take_day(text[KEY_REVOKED], false, &k->revoked_ns))
		return "not a date (2026-12-31)";
	return NULL;
}

/* All of them or none: each is looked at before the first is written. */
static int do_key_add(struct context *c)
{
	char mark[FINGERPRINT_TEXT + 1];
	int rc = ledger_fingerprint_mark(c->l, mark, c->e);
	struct key_entry k;

	if (rc != TK_OK && rc != TK_ENOTFOUND)
		return rc;
	if (rc == TK_OK && !slice_is(member(c->r, "mark"), mark))
		c->refusal = "the fingerprint key is not the one of the ledger: put the right "
			     "fingerprint.key back into ledger.keys";
	else if (c->r->n_list == 0 || c->r->n_list % KEY_TEXTS != 0)
		c->refusal = "not a list of keys";
	for (size_t i = 0; i < c->r->n_list && c->refusal == NULL; i += KEY_TEXTS)
		c->refusal = take_entry(&c->r->list[i], &k);
	if (c->refusal != NULL)
		return TK_OK;
	rc = rc == TK_ENOTFOUND ? ledger_set_fingerprint_mark(c->l, member(c->r, "mark"), c->e) : TK_OK;
	for (size_t i = 0; i < c->r->n_list && rc == TK_OK; i += KEY_TEXTS) {
		take_entry(&c->r->list[i], &k);
		rc = put_key(c, &k, "add");
	}
	return rc;
}

/* The fingerprint key has changed on the disk. A wrong one is refused before anything is written. */
static int do_key_settle(struct context *c)
{
	bool lost = member(c->r, "lost").n > 0;
	struct fingerprint_keys keys;
	int64_t n = 0;
	int rc;

	if ((lost ? fingerprint_read(c->cfg, &keys, c->e) : fingerprint_keys(c->cfg, false, &keys, c->e)) !=
	    TK_OK) {
		c->refusal = c->e->text;
		return TK_OK;
	}
	rc = lost ? fingerprint_lose(c->l, &keys, &n, c->e)
		  : fingerprint_settle(c->l, &keys, c->cfg->ledger.keys, &n, c->e);
	explicit_bzero(&keys, sizeof keys);
	c->count = n < 0 ? 0 : n;
	c->next.keys_changed = true;
	return rc == TK_OK && n >= 0 ? record(c, "key", lost ? "lost" : "rotate", NULL) : rc;
}

static int do_key_revoke(struct context *c)
{
	struct slice id = member(c->r, "id");
	struct key_entry k = { .id = id };
	int rc = ledger_key_revoke(c->l, id, c->now_ns, c->e);

	if (rc == TK_ENOTFOUND) {
		c->refusal = "no key of that id is registered, or it is revoked already";
		return TK_OK;
	}
	c->next.keys_changed = true;
	c->count = 1;
	return rc == TK_OK ? record(c, "key", "revoke", &k) : rc;
}

struct adopted {
	struct key_entry entry[ADOPT_MAX];
	struct buf text[ADOPT_MAX];
	size_t n;
	const struct request *r;
};

/* Copies what is to be adopted first: writing while a statement reads would change what it reads. */
static int note_adopted(void *ctx, const struct key_entry *k)
{
	struct adopted *a = ctx;
	struct buf *b = &a->text[a->n];
	bool wanted = a->r->n_list == 0;

	for (size_t i = 0; i < a->r->n_list; i++)
		wanted |= slice_eq(a->r->list[i], k->fingerprint);
	if (!wanted || a->n == ADOPT_MAX)
		return TK_OK;
	buf_init(b, 65536);
	buf_add(b, k->fingerprint);
	buf_add(b, k->user);
	if (b->failed)
		return TK_ENOMEM;
	a->entry[a->n] = *k;
	a->entry[a->n].fingerprint = a->entry[a->n].id = slice_head(buf_slice(b), k->fingerprint.n);
	a->entry[a->n].user = slice_from(buf_slice(b), k->fingerprint.n);
	a->entry[a->n].state = SLICE("active");
	a->entry[a->n].kind = SLICE("person");
	a->n++;
	return TK_OK;
}

static int do_key_adopt(struct context *c)
{
	struct adopted *a = calloc(1, sizeof *a);
	int rc;

	if (a == NULL)
		return err_set(c->e, TK_ENOMEM, "no memory");
	a->r = c->r;
	rc = ledger_keys_unregistered(c->l, note_adopted, a, c->e);
	for (size_t i = 0; i < a->n && rc == TK_OK; i++) {
		if (member(c->r, "user").n > 0)
			a->entry[i].user = member(c->r, "user");
		rc = put_key(c, &a->entry[i], "adopt");
	}
	for (size_t i = 0; i < a->n; i++)
		buf_free(&a->text[i]);
	free(a);
	return rc;
}

static int do_log_used(struct context *c)
{
	c->count = 1;
	return record(c, "log-used", "read", NULL);
}

/* The files of calendar and prices are the site's; what was done to them is told here, and they are read
 * anew. */
static int do_file(struct context *c, const char *did)
{
	c->next.keys_changed = true;
	c->count = 1;
	return record(c, "config", did, NULL);
}

static int do_calendar_import(struct context *c)
{
	return do_file(c, "calendar.import");
}

static int do_prices_import(struct context *c)
{
	return do_file(c, "prices.import");
}

static int do_calendar_emergency(struct context *c)
{
	if (member(c->r, "reason").n == 0 || member(c->r, "approver").n == 0)
		c->refusal = "an emergency needs a reason and an approver";
	return c->refusal != NULL ? TK_OK : do_file(c, "calendar.emergency");
}

static int do_reprice(struct context *c)
{
	struct reprice_order order = { .table = member(c->r, "table"), .name = member(c->r, "name"),
				       .reason = member(c->r, "reason"), .actor = c->actor };

	if (!json_i64(member(c->r, "from"), &order.from_ns) || !json_i64(member(c->r, "to"), &order.to_ns)) {
		c->refusal = "pricing anew needs `from` and `to` in nanoseconds";
		return TK_OK;
	}
	return reprice_run(c->l, &order, c->now_ns, c->reply, &c->refusal, &c->count, c->e);
}

static int do_invoice(struct context *c)
{
	struct slice month = member(c->r, "month");
	int64_t pico;

	if (month.n != 7 || !json_i64(member(c->r, "pico_usd"), &pico) || pico < 0)
		c->refusal = "an invoice needs a month (2026-11) and an amount";
	c->count = 1;
	return c->refusal != NULL ? TK_OK : record(c, "entry", "prices.invoice", NULL);
}

/* The last record of the segment; the recorder seals it. */
static int do_seal(struct context *c)
{
	c->next.trail.what = TRAIL_SEAL;
	return record(c, "control", "segment-closing", NULL);
}

static int do_head(struct context *c)
{
	c->next.trail.what = TRAIL_HEAD;
	return TK_OK;
}

/* The recorder composes what it signs: nobody gets another text signed. */
static int do_sign_pack(struct context *c)
{
	if (scalar_hex32(member(c->r, "sha256"), &c->next.trail.sums))
		c->next.trail.what = TRAIL_SIGN;
	else
		c->refusal = "not a SHA-256";
	return TK_OK;
}

/* A finished export: its making is a use of the log, and what came of it a record of its own. */
static int do_export(struct context *c)
{
	int rc = do_log_used(c);

	return rc == TK_OK ? record(c, "export", "export", NULL) : rc;
}

/* A pack: its use of the log is recorded before it is made, so that it is in it. */
static int do_export_pack(struct context *c)
{
	c->count = 1;
	return record(c, "export", "export", NULL);
}

/* What was done to ledger and trail outside, or is to be done inside. */
static int do_backup(struct context *c)
{
	return record(c, "control", "backup", NULL);
}

static int do_restore_test(struct context *c)
{
	return record(c, "control", "restore-test", NULL);
}

static int do_optimise(struct context *c)
{
	int rc = ledger_optimise(c->l, &c->count, c->e);

	return rc == TK_OK ? record(c, "control", "optimise", NULL) : rc;
}

static int do_status(struct context *c)
{
	json_key(c->reply, "wal_bytes");
	json_int(c->reply, ledger_wal_bytes(c->l));
	return TK_OK;
}

static const struct {
	const char *name;
	int (*run)(struct context *c);
} requests[] = {
	{ "keys.add", do_key_add },
	{ "keys.revoke", do_key_revoke },
	{ "keys.adopt", do_key_adopt },
	{ "keys.settle", do_key_settle },
	{ "calendar.import", do_calendar_import },
	{ "calendar.emergency", do_calendar_emergency },
	{ "log-used", do_log_used },
	{ "export", do_export },
	{ "export.pack", do_export_pack },
	{ "head", do_head },
	{ "pack.sign", do_sign_pack },
	{ "maintain.backup", do_backup },
	{ "maintain.restore-test", do_restore_test },
	{ "maintain.optimise", do_optimise },
	{ "maintain.prune", do_erase },
	{ "maintain.erase", do_erase },
	{ "maintain.carry-out", do_carry_out },
	{ "hold.place", do_hold },
	{ "hold.release", do_hold },
	{ "seal", do_seal },
	{ "trail.receipt", do_trail_receipt },
	{ "prices.import", do_prices_import },
	{ "prices.invoice", do_invoice },
	{ "prices.reprice", do_reprice },
	{ "findings.acknowledge", do_finding },
	{ "findings.assign", do_finding },
	{ "findings.escalate", do_finding },
	{ "findings.accept", do_finding },
	{ "findings.suppress", do_finding },
	{ "findings.close", do_finding },
	{ "findings.reopen", do_finding },
	{ "duty.verdict", do_duty },
	{ "duty.enter", do_duty },
	{ "duty.sign", do_duty },
	{ "duty.handover", do_duty },
	{ "duty.assume", do_fact },
	{ "duty.register", do_fact },
	{ "incident.open", do_incident },
	{ "incident.update", do_incident },
	{ "incident.close", do_incident },
	{ "incident.reopen", do_incident },
	{ "incident.window", do_incident },
	{ "incident.cancel", do_incident },
	{ "status", do_status },
};

int request_run(struct ledger *l, const struct config *cfg, struct slice text, struct slice actor,
		int64_t now_ns, struct buf *reply, struct request_next *next, struct err *e)
{
	struct request *r = calloc(1, sizeof *r + text.n);
	struct json_out o = json_out(reply);
	struct context c = { .l = l,
			     .cfg = cfg,
			     .r = r,
			     .actor = actor,
			     .now_ns = now_ns,
			     .reply = &o,
			     .e = e,
			     .refusal = "no such request" };
	int rc = TK_OK;

	if (r == NULL)
		return err_set(e, TK_ENOMEM, "no memory");
	r->cap = text.n;
	json_open(&o, '{');
	if (!read_request(r, text))
		c.refusal = "not a request";
	else
		for (size_t i = 0; i < COUNT(requests); i++)
			if (slice_is(member(r, "do"), requests[i].name)) {
				c.refusal = NULL;
				rc = requests[i].run(&c);
				break;
			}
	json_key(&o, "ok");
	json_bool(&o, c.refusal == NULL);
	json_key(&o, c.refusal != NULL ? "error" : "count");
	if (c.refusal != NULL)
		json_str(&o, slice_str(c.refusal));
	else
		json_int(&o, c.count);
	json_close(&o, '}');
	*next = c.next;
	free(r);
	return rc;
}
