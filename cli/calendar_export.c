/* tochoku calendar export: the calendar for groupware, as iCalendar (RFC 5545). The same calendar gives the
 * same bytes. */
#include <stdio.h>

#include "cli/calendar.h"

#define OUT_BYTES_MAX (64u << 20)
#define FOLD 75 /* octets of a line, without its end */

/* A content line, folded between characters. */
static void put_line(struct buf *out, struct slice line)
{
	size_t room = FOLD;

	while (line.n > room) {
		size_t n = room;

		while (n > 1 && (line.p[n] & 0xc0) == 0x80)
			n--;
		buf_add(out, slice_head(line, n));
		buf_str(out, "\r\n ");
		line = slice_from(line, n);
		room = FOLD - 1;
	}
	buf_add(out, line);
	buf_str(out, "\r\n");
}

static void put_text(struct buf *out, const char *name, struct slice text)
{
	struct buf line;

	buf_init(&line, 65536);
	buf_str(&line, name);
	buf_byte(&line, ':');
	for (size_t i = 0; i < text.n; i++) {
		if (memchr("\\,;", text.p[i], 3) != NULL)
			buf_byte(&line, '\\');
		buf_byte(&line, text.p[i]);
	}
	put_line(out, buf_slice(&line));
	out->failed |= line.failed;
	buf_free(&line);
}

static void put_day(struct buf *out, const struct day_info *d, const char *category, struct slice summary)
{
	struct date day = date_from_days(d->days), next = date_from_days(d->days + 1);
	char text[80];

	put_line(out, SLICE("BEGIN:VEVENT"));
	snprintf(text, sizeof text, "UID:%04d%02d%02d@tochoku", day.year, day.month, day.day);
	put_line(out, slice_str(text));
	snprintf(text, sizeof text, "DTSTAMP:%04d%02d%02dT000000Z", day.year, day.month, day.day);
	put_line(out, slice_str(text));
	snprintf(text, sizeof text, "DTSTART;VALUE=DATE:%04d%02d%02d", day.year, day.month, day.day);
	put_line(out, slice_str(text));
	snprintf(text, sizeof text, "DTEND;VALUE=DATE:%04d%02d%02d", next.year, next.month, next.day);
	put_line(out, slice_str(text));
	put_text(out, "SUMMARY", summary);
	put_text(out, "CATEGORIES", slice_str(category));
	put_line(out, SLICE("TRANSP:TRANSPARENT"));
	put_line(out, SLICE("END:VEVENT"));
}

int calendar_export(struct calendar *c, int32_t from, int32_t to, const char *file)
{
	struct buf out;
	int status;

	buf_init(&out, OUT_BYTES_MAX);
	put_line(&out, SLICE("BEGIN:VCALENDAR"));
	put_line(&out, SLICE("VERSION:2.0"));
	put_line(&out, SLICE("PRODID:-//tochoku//calendar//JA"));
	for (int32_t d = from; d <= to; d++) {
		const struct day_info *info = calendar_day(c, d);

		if (info->holiday != NULL)
			put_day(&out, info, "holiday", slice_str(info->holiday));
		else if (info->kind == CAL_CLOSURE)
			put_day(&out, info, "closed", SLICE("休診"));
		else if (strcmp(info->reason, "extra_open") == 0)
			put_day(&out, info, "open", SLICE("振替診療"));
	}
	put_line(&out, SLICE("END:VCALENDAR"));
	if (out.failed)
		cli_error("more than 64 MB: ask for a shorter range");
	status = out.failed ? EXIT_INPUT : cli_write(file, buf_slice(&out));
	buf_free(&out);
	return status;
}
