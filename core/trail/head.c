#include "core/trail/head.h"

#include <stdio.h>

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/zone.h"

#define HEAD_PRI (10 * 8 + 5)
#define HOST_MAX 255
#define SEQUENCE_MAX 2147483647 /* RFC 5424 7.3.1 */
#define BOM "\xef\xbb\xbf"
#define MARK "{\"head\":\"tochoku.dev/head@v1\""
#define MESSAGE_MAX 8192

/* ---- out ---- */

static void put_host(struct buf *out, const char *host)
{
	for (size_t i = 0; host[i] != '\0' && i < HOST_MAX; i++)
		buf_byte(out, host[i] > 0x20 && host[i] < 0x7f ? (uint8_t)host[i] : '_');
	if (host[0] == '\0')
		buf_byte(out, '-');
}

static void put_param(struct buf *out, const char *name, const char *value)
{
	buf_fmt(out, " %s=\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\' || *value == ']')
			buf_byte(out, '\\');
		buf_byte(out, (uint8_t)*value);
	}
	buf_byte(out, '"');
}

/* RFC 5424 7.1: syncAccuracy in microseconds, only of a clock that is synchronised. */
static void put_clock(struct buf *out, const struct clock *c)
{
	buf_fmt(out, "[timeQuality tzKnown=\"1\" isSynced=\"%d\"", c->state == CLOCK_SYNCED);
	if (c->state == CLOCK_SYNCED)
		buf_fmt(out, " syncAccuracy=\"%lld\"", (long long)c->offset_ms * 1000);
	buf_byte(out, ']');
}

static void put_hash(struct json_out *o, const char *key, const struct hash32 *h)
{
	char hex[65];

	hex_encode(hash_slice(h), hex);
	json_key(o, key);
	json_str(o, slice_str(hex));
}

static void put_said(struct buf *out, const struct trail_said *said)
{
	char code[SHORT_CODE_LEN + 1];
	struct json_out o = json_out(out);

	json_open(&o, '{');
	json_key(&o, "head");
	json_str(&o, SLICE("tochoku.dev/head@v1"));
	json_key(&o, "origin");
	json_str(&o, slice_str(said->origin));
	if (said->seq >= 0) {
		json_key(&o, "seq");
		json_int(&o, said->seq);
		put_hash(&o, "h", &said->h);
	}
	json_key(&o, "size");
	json_int(&o, said->size);
	if (said->size > 0) {
		put_hash(&o, "checkpoint", &said->checkpoint);
		short_code(&said->checkpoint, code);
		json_key(&o, "code");
		json_str(&o, slice_str(code));
	}
	json_close(&o, '}');
}

void put_head_message(struct buf *out, const struct head_sender *s, const struct trail_said *said)
{
	char at[TIME_TEXT_MAX], number[24];
	size_t n = time_format_utc(s->now_ns / 1000 * 1000, at); /* TIME-SECFRAC has six digits */

	buf_fmt(out, "<%d>1 ", HEAD_PRI);
	buf_add(out, slice_of(at, n));
	buf_byte(out, ' ');
	put_host(out, s->host);
	buf_fmt(out, " tochoku %lld HEAD ", (long long)s->pid);
	put_clock(out, &s->clock);
	if (s->enterprise_number > 0) {
		buf_fmt(out, "[head@%lld", (long long)s->enterprise_number);
		put_param(out, "origin", said->origin);
		snprintf(number, sizeof number, "%lld", (long long)said->seq);
		put_param(out, "seq", said->seq < 0 ? "" : number);
		snprintf(number, sizeof number, "%lld", (long long)said->size);
		put_param(out, "size", number);
		buf_byte(out, ']');
	}
	buf_fmt(out, "[meta sequenceId=\"%lld\"] " BOM, (long long)((s->sequence - 1) % SEQUENCE_MAX + 1));
	put_said(out, said);
}

/* ---- in ---- */

static const uint8_t *find(struct slice text)
{
	return text.n == 0 ? NULL : memmem(text.p, text.n, MARK, sizeof MARK - 1);
}

bool holds_heads(struct slice text)
{
	return find(text) != NULL;
}

static bool take_origin(struct slice raw, char out[ORIGIN_MAX + 1])
{
	uint8_t text[MESSAGE_MAX];
	size_t n = raw.n > sizeof text ? SIZE_MAX : json_unescape(raw, text);

	if (n == SIZE_MAX || n == 0 || n > ORIGIN_MAX || memchr(text, '\n', n) != NULL ||
	    !is_note_text(slice_of(text, n)))
		return false;
	memcpy(out, text, n);
	out[n] = '\0';
	return true;
}

enum { HAS_ORIGIN = 1, HAS_SEQ = 2, HAS_H = 4, HAS_SIZE = 8, HAS_CHECKPOINT = 16 };

/* One member; unknown ones are passed over. False: it is not as it must be, or comes again. */
static bool take_member(struct json *j, struct trail_said *out, int *has)
{
	struct slice key = j->text;
	enum json_type t = json_next(j);
	bool text = t == JSON_STRING, number = t == JSON_NUMBER, good = text || number;
	int what = 0;

	if (slice_is(key, "origin"))
		what = HAS_ORIGIN, good = text && take_origin(j->text, out->origin);
	else if (slice_is(key, "seq"))
		what = HAS_SEQ, good = number && scalar_number(j->text, &out->seq);
	else if (slice_is(key, "h"))
		what = HAS_H, good = text && scalar_hex32(j->text, &out->h);
	else if (slice_is(key, "size"))
		what = HAS_SIZE, good = number && scalar_number(j->text, &out->size);
	else if (slice_is(key, "checkpoint"))
		what = HAS_CHECKPOINT, good = text && scalar_hex32(j->text, &out->checkpoint);
	good = good && (*has & what) == 0;
	*has |= what;
	return good;
}

bool head_in_line(struct slice line, struct trail_said *out)
{
	const uint8_t *at = find(line);
	struct json j;
	enum json_type t;
	int has = 0;

	*out = (struct trail_said){ .seq = -1 };
	if (at == NULL)
		return false;
	line = slice_from(line, (size_t)(at - line.p));
	json_init(&j, slice_head(line, MESSAGE_MAX));
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return false;
	while ((t = json_next(&j)) == JSON_KEY)
		if (!take_member(&j, out, &has))
			return false;
	return t == JSON_OBJECT_END && (has & HAS_ORIGIN) != 0 && (has & HAS_SIZE) != 0 &&
	       ((has & HAS_SEQ) != 0) == ((has & HAS_H) != 0) &&
	       (out->size > 0) == ((has & HAS_CHECKPOINT) != 0);
}
