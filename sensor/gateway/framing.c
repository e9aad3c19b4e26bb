#include "sensor/gateway/framing.h"

#include "core/base/json.h"
#include "core/base/zone.h"
#include "sensor/fields/text.h"

#define FRAMES_MAX 3 /* syslog in Docker, and one more hop */

/* ---- CRI: TIME STREAM TAGS TEXT, a line each; tag P is a piece that goes on, F the last ---- */

struct piece {
	struct slice time, stream, text;
	bool goes_on;
};

static bool cri_piece(struct slice line, struct piece *p)
{
	struct slice tags;

	if (line.n < 20 || line.p[4] != '-' || line.p[10] != 'T')
		return false;
	p->time = text_word(&line);
	p->stream = text_word(&line);
	tags = text_word(&line);
	if (!slice_is(p->stream, "stdout") && !slice_is(p->stream, "stderr"))
		return false;
	if (tags.n == 0 || (tags.p[0] != 'P' && tags.p[0] != 'F') || (tags.n > 1 && tags.p[1] != ':'))
		return false;
	p->goes_on = tags.p[0] == 'P';
	p->text = line;
	return true;
}

/* ---- Docker: {"log":"TEXT\n","stream":"stdout","time":"..."}; a piece that goes on has no \n ---- */

static const struct slice docker_begin = { (const uint8_t *)"{\"log\":\"", 8 };

static bool docker_piece(struct slice line, struct piece *p)
{
	struct json j;
	enum json_type t;

	if (!slice_starts(line, docker_begin))
		return false;
	memset(p, 0, sizeof *p);
	json_init(&j, line);
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return false;
	while ((t = json_next(&j)) == JSON_KEY) {
		struct slice *to = slice_is(j.text, "log")	? &p->text
				   : slice_is(j.text, "stream") ? &p->stream
				   : slice_is(j.text, "time")	? &p->time
								: NULL;

		if (to == NULL) {
			if (!json_skip(&j))
				return false;
			continue;
		}
		if (json_next(&j) != JSON_STRING)
			return false;
		*to = j.text;
	}
	if (t != JSON_OBJECT_END || json_next(&j) != JSON_END || p->stream.n == 0 || p->time.n == 0)
		return false;
	p->goes_on = !slice_ends(p->text, SLICE("\\n"));
	return true;
}

bool frame_continues(struct slice line)
{
	struct piece p;

	if (line.n < 20)
		return false;
	return line.p[10] == 'T' ? cri_piece(line, &p) && p.goes_on
				 : line.p[0] == '{' && docker_piece(line, &p) && p.goes_on;
}

/* Takes the next line off a text of several. */
static struct slice next_line(struct slice *text)
{
	const uint8_t *lf = text->n == 0 ? NULL : memchr(text->p, '\n', text->n);
	struct slice line = slice_head(*text, lf == NULL ? text->n : (size_t)(lf - text->p));

	*text = slice_from(*text, line.n + 1);
	return line;
}

/* Appends a piece's text to the room; the room has the length of all pieces as they are written. */
static bool append(struct slice text, bool json, uint8_t *room, size_t *n)
{
	size_t k = text.n;

	if (json)
		k = json_unescape(text, room + *n);
	else if (k > 0)
		memcpy(room + *n, text.p, k);
	if (k == SIZE_MAX)
		return false;
	*n += k;
	return true;
}

/* The pieces of one line joined; they are of one stream. */
static bool open_pieces(struct slice line, bool json, struct scratch *s, struct framed *out)
{
	bool (*take)(struct slice, struct piece *) = json ? docker_piece : cri_piece;
	struct piece first, p;
	size_t n = 0, mark = s->n;
	uint8_t *room;

	if (!take(next_line(&line), &first) || !time_parse_rfc3339(first.time, false, &out->time))
		return false;
	if (!json && line.n == 0) {
		out->text = first.text;
		return true;
	}
	room = scratch_take(s, first.text.n + line.n);
	if (room == NULL)
		return false;
	if (!append(first.text, json, room, &n))
		goto bad;
	while (line.n > 0)
		if (!take(next_line(&line), &p) || !slice_eq(p.stream, first.stream) ||
		    !append(p.text, json, room, &n))
			goto bad;
	while (n > 0 && (room[n - 1] == '\n' || room[n - 1] == '\r'))
		n--;
	s->n = (size_t)(room - s->p) + n;
	out->text = slice_of(room, n);
	return true;
bad:
	s->n = mark;
	return false;
}

/* ---- syslog ---- */

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* <PRI>, 0 to 191 (RFC 5424 6.2.1). */
static bool take_priority(struct slice *s)
{
	size_t n = 1;

	if (s->n < 3 || s->p[0] != '<')
		return false;
	while (n < s->n && n < 4 && is_digit(s->p[n]))
		n++;
	if (n == 1 || n == s->n || s->p[n] != '>')
		return false;
	*s = slice_from(*s, n + 1);
	return true;
}

/* "Nov 23 02:24:36 " (RFC 3164 4.1.2); the day has a blank or, with some, a zero in front. */
static bool take_bsd_time(struct slice *s)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static const char form[] = "Mmm d0 00:00:00 ";

	if (s->n < sizeof form - 1)
		return false;
	for (size_t i = 3; i < sizeof form - 1; i++) {
		bool fits = form[i] == '0'   ? is_digit(s->p[i])
			    : form[i] == 'd' ? is_digit(s->p[i]) || s->p[i] == ' '
					     : s->p[i] == (uint8_t)form[i];

		if (!fits)
			return false;
	}
	for (size_t m = 0; m < 36; m += 3)
		if (memcmp(s->p, names + m, 3) == 0) {
			*s = slice_from(*s, sizeof form - 1);
			return true;
		}
	return false;
}

/* TAG: or TAG[PID]: */
static bool is_tag(struct slice s)
{
	if (s.n < 2 || s.p[s.n - 1] != ':')
		return false;
	for (size_t i = 0; i + 1 < s.n; i++)
		if (s.p[i] == ':' || s.p[i] == '"' || s.p[i] == '{')
			return false;
	return true;
}

/* [HOST] TAG: TEXT behind the time. */
static bool take_tag(struct slice s, struct slice *text)
{
	if (!is_tag(text_word(&s)) && !is_tag(text_word(&s)))
		return false;
	*text = s;
	return true;
}

/* Structured data (RFC 5424 6.3): "-" or [ID NAME="VALUE"]..., quotes and brackets escaped by a backslash. */
static bool take_structured(struct slice *s)
{
	bool quoted = false;
	size_t i = 0;

	if (s->n > 0 && s->p[0] == '-') {
		*s = slice_from(*s, 1);
		return true;
	}
	while (i < s->n && s->p[i] == '[') {
		for (i++; i < s->n && (quoted || s->p[i] != ']'); i++) {
			if (quoted && s->p[i] == '\\')
				i++;
			else if (s->p[i] == '"')
				quoted = !quoted;
		}
		if (i >= s->n)
			return false;
		i++;
	}
	*s = slice_from(*s, i);
	return i > 0;
}

/* VERSION TIME HOST APP PROCID MSGID DATA [TEXT] behind the priority. */
static bool open_rfc5424(struct slice s, struct framed *out)
{
	static const struct slice bom = { (const uint8_t *)"\xef\xbb\xbf", 3 };
	struct slice time;

	if (!slice_is(text_word(&s), "1"))
		return false;
	time = text_word(&s);
	for (int i = 0; i < 4; i++)
		if (text_word(&s).n == 0)
			return false;
	if (!time_parse_rfc3339(time, false, &out->time)) {
		if (!slice_is(time, "-"))
			return false;
		out->time = 0;
	}
	if (!take_structured(&s) || s.n == 0 || s.p[0] != ' ')
		return false;
	s = slice_from(s, 1);
	out->text = slice_starts(s, bom) ? slice_from(s, 3) : s;
	return true;
}

static bool open_syslog(struct slice line, struct framed *out)
{
	bool priority = take_priority(&line);
	struct slice rest = line, time;

	if (take_bsd_time(&rest)) {
		out->time = 0;
		return take_tag(rest, &out->text);
	}
	if (priority && line.n > 2 && line.p[1] == ' ')
		return open_rfc5424(line, out);
	if (rest.n < 20 || rest.p[10] != 'T')
		return false;
	time = text_word(&rest); /* rsyslog's own form: TIME HOST TAG: TEXT */
	return time_parse_rfc3339(time, false, &out->time) && take_tag(rest, &out->text);
}

/* ---- all of them ---- */

static bool open_one(struct slice line, struct scratch *s, struct framed *out)
{
	struct piece p;

	if (line.n == 0)
		return false;
	if (line.p[0] == '{')
		return open_pieces(line, true, s, out);
	if (line.n > 20 && line.p[10] == 'T' && cri_piece(line, &p))
		return open_pieces(line, false, s, out);
	return open_syslog(line, out);
}

bool frame_open(struct slice line, struct scratch *s, struct framed *out)
{
	struct framed one;
	int n = 0;

	out->text = line;
	out->time = 0;
	while (n < FRAMES_MAX && open_one(out->text, s, &one)) {
		out->text = one.text;
		if (one.time != 0) /* the inner one is nearer to the gateway */
			out->time = one.time;
		n++;
	}
	return n > 0;
}
