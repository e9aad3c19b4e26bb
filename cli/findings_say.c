/* A finding as JSON or as a line. */
#include <inttypes.h>

#include "cli/findings.h"
#include "core/base/columns.h"
#include "core/base/json.h"
#include "core/ledger/finding_json.h"
#include "reports/words.h"

static void put_time(struct json_out *o, const char *key, int64_t ns)
{
	char text[TIME_TEXT_MAX];

	json_key(o, key);
	json_str(o, slice_of(text, time_format_utc(ns, text)));
}

static void put_str(struct json_out *o, const char *key, struct slice v)
{
	if (v.n == 0)
		return;
	json_key(o, key);
	json_str(o, v);
}

/* Who decided, when and why. */
static void put_decision(struct json_out *o, const struct decision *now)
{
	put_str(o, "owner", now->owner);
	put_str(o, "incident", now->incident);
	if (now->window != 0) {
		json_key(o, "status.window");
		json_int(o, now->window);
	}
	if (now->last == NULL)
		return;
	put_str(o, "status.by", now->last->actor);
	put_time(o, "status.at", now->last->ts_ns);
	put_str(o, "status.reason", now->reason);
	put_str(o, "status.text", now->text);
	if (now->until_ns != 0)
		put_time(o, "status.until", now->until_ns);
	put_str(o, "status.reopened_by", slice_str(now->reopened_by));
}

/* As the trail has it, and what was decided behind it. */
void findings_put_json(struct buf *out, const struct finding *f, const struct decision *now)
{
	struct json_out o = { out, true };

	finding_json(out, f);
	if (out->n > 0)
		out->n--; /* its closing brace */
	put_decision(&o, now);
	json_close(&o, '}');
	buf_byte(out, '\n');
}

const char *findings_level(enum lang lang, enum level level)
{
	static const enum word words[LEVEL_COUNT] = {
		[LEVEL_INFORMATIONAL] = W_L_INFO, [LEVEL_LOW] = W_L_LOW,
		[LEVEL_MEDIUM] = W_L_MEDIUM,	  [LEVEL_HIGH] = W_L_HIGH,
		[LEVEL_CRITICAL] = W_L_CRITICAL,
	};

	return word(lang, words[level]);
}

const char *findings_colour(enum level level, bool colour)
{
	if (!colour)
		return "";
	return level == LEVEL_CRITICAL ? "\033[1;31m"
	       : level == LEVEL_HIGH   ? "\033[31m"
	       : level == LEVEL_MEDIUM ? "\033[33m"
				       : "\033[0m";
}

static const char *status_text(enum lang lang, enum finding_status s)
{
	static const enum word words[FINDING_STATUSES] = {
		[FINDING_NEW] = W_FS_NEW,
		[FINDING_ACKNOWLEDGED] = W_FS_ACKNOWLEDGED,
		[FINDING_ESCALATED] = W_FS_ESCALATED,
		[FINDING_ACCEPTED] = W_FS_ACCEPTED,
		[FINDING_SUPPRESSED] = W_FS_SUPPRESSED,
		[FINDING_CLOSED] = W_FS_CLOSED,
		[FINDING_REOPENED] = W_FS_REOPENED,
	};

	return word(lang, words[s]);
}

static void put_state(struct buf *out, enum lang lang, const struct decision *now)
{
	if (now->status == FINDING_NEW && now->owner.n == 0)
		return;
	buf_fmt(out, "  (%s", status_text(lang, now->status));
	if (now->reason.n > 0 && now->status == FINDING_CLOSED) {
		buf_str(out, " ");
		cli_safe(out, now->reason);
	}
	if (now->incident.n > 0 && now->status == FINDING_ESCALATED) {
		buf_str(out, " #");
		cli_safe(out, now->incident);
	}
	if (now->window != 0)
		buf_fmt(out, "%s%lld", word(lang, W_BY_WINDOW), (long long)now->window);
	if (now->until_ns != 0) {
		buf_str(out, " ~ ");
		cli_put_minute(out, now->until_ns);
	}
	if (now->owner.n > 0) {
		buf_str(out, " → ");
		cli_safe(out, now->owner);
	}
	buf_byte(out, ')');
}

void findings_put_line(struct buf *out, const struct findings_desk *d, struct titles *titles,
		       const struct finding *f, const struct decision *now, bool colour)
{
	enum level level = LEVEL_INFORMATIONAL;
	struct buf reason;

	level_parse(f->level, &level);
	buf_str(out, findings_colour(level, colour));
	columns_pad(out, slice_str(findings_level(d->lang, level)), 8);
	buf_str(out, colour ? "\033[0m" : "");
	buf_fmt(out, "%6" PRId64 "  ", f->id);
	cli_put_minute(out, f->first_ns);
	if (f->count > 1)
		buf_fmt(out, "  x%" PRId64, f->count);
	buf_str(out, "  ");
	buf_init(&reason, 1 << 16);
	titles_say(titles, d->lang, f, &reason);
	cli_safe(out, buf_slice(&reason));
	buf_free(&reason);
	put_state(out, d->lang, now);
	if (f->provisional)
		buf_str(out, word(d->lang, W_PROVISIONAL));
	if (f->withdrawn)
		buf_str(out, d->lang == LANG_JA ? "［取下げ］" : " [withdrawn]");
	buf_byte(out, '\n');
}
