/* iCalendar into rows of rosters and days (calendar.md 5). */
#include <stdlib.h>

#include "core/base/zone.h"
#include "rules/calendar/ical.h"
#include "rules/calendar/ical_kind.h"
#include "tests/lib/tap.h"

#define CALENDAR(body) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" body "END:VCALENDAR\r\n"
#define EVENT(body) CALENDAR("BEGIN:VEVENT\r\n" body "END:VEVENT\r\n")

static int32_t days(const char *text)
{
	struct date d;

	return date_parse(slice_str(text), &d) ? date_to_days(d) : INT32_MIN;
}

static bool read_of(struct slice text, const char *kind, struct ical_result *r, struct problems *p)
{
	problems_init(p, "x.ics");
	return ical_read(text, days("2026-11-01"), days("2026-12-31"), kind, r, p);
}

/* What the text gives, roster and days behind one another. */
static void expect(const char *text, const char *roster, const char *site, const char *name)
{
	struct ical_result r;
	struct problems p;

	if (!ok(read_of(slice_str(text), NULL, &r, &p), name))
		for (size_t i = 0; i < p.n; i++)
			printf("# %u:%u %s\n", p.list[i].line, p.list[i].column, p.list[i].text);
	ok_slice(buf_slice(&r.roster), slice_str(roster), "its roster");
	ok_slice(buf_slice(&r.days), slice_str(site), "its days");
	ical_result_free(&r);
	problems_free(&p);
}

static void test_forms(void)
{
	expect(EVENT("DTSTART;VALUE=DATE:20261228\r\nDTEND;VALUE=DATE:20261231\r\nSUMMARY:臨時休診\r\n"), "",
	       "2026-12-28,2026-12-30,closed,臨時休診,,\n", "whole days, the end not included");
	expect(EVENT("DTSTART;VALUE=DATE:20261228\nSUMMARY:休診 工事\n"), "",
	       "2026-12-28,2026-12-28,closed,休診 工事,,\n", "without an end one day; LF alone");
	expect("\xef\xbb\xbf" EVENT("DTSTART;VALUE=DATE:20261103\r\nSUMMARY:文\xe5\r\n \x8c\x96の日\r\n"
				    "CATEGORIES:x,祝\r\n 日\r\n"),
	       "", "2026-11-03,2026-11-03,holiday,文化の日,,\n", "a fold inside a character; a BOM");
	expect(EVENT("DTSTART:20261123T171500\r\nDTEND:20261124T083000\r\nSUMMARY:当直: "
		     "tanaka、role:nurse\r\n"),
	       "2026-11-23,当直,tanaka,17:15,08:30\n2026-11-23,当直,role:nurse,17:15,08:30\n", "",
	       "the site's clocks, names behind the word");
	expect(EVENT("DTSTART:20261123T081500Z\r\nDURATION:PT15H15M\r\nSUMMARY:mori 宿直\r\n"),
	       "2026-11-23,宿直,mori,17:15,08:30\n", "", "UTC, a duration, a name before the word");
	expect(EVENT("DTSTART;TZID=\"America/New_York\":20261123T031500\r\nDTEND;TZID=America/"
		     "New_York:20261123T060000"
		     "\r\nCATEGORIES:DUTY\r\nATTENDEE;CN=\"a:b;c\":MAILTO:ito@example.jp\r\nSUMMARY:"
		     "Nacht\r\n"),
	       "2026-11-23,DUTY,ito,17:15,20:00\n", "", "a zone of IANA, an attendee");
	expect(EVENT("DTSTART;TZID=W. Europe Standard Time:20261123T091500\r\n"
		     "DTEND;TZID=W. Europe Standard Time:20261123T101530\r\nSUMMARY:night ito\r\n"),
	       "2026-11-23,night,ito,17:15,18:16\n", "", "a zone of Windows; seconds are rounded up");
	expect(EVENT("DTSTART;VALUE=DATE:20261123\r\nSUMMARY:日直 ito\r\n"), "2026-11-23,日直,ito,,\n", "",
	       "a duty of a whole day has its shift's hours");
	expect(EVENT("DTSTART:20261123T170000\r\nDTEND:20261125T090000\r\nSUMMARY:duty ito\r\n"),
	       "2026-11-23,duty,ito,17:00,17:00\n2026-11-24,duty,ito,17:00,09:00\n", "",
	       "a duty longer than a day");
	expect(EVENT("DTSTART:20261128T220000\r\nDTEND:20261129T020000\r\nCATEGORIES:maintenance\r\n"
		     "SUMMARY:更新\\, a\\;b\r\nATTENDEE:mailto:se-01@x\r\nATTENDEE:mailto:se-02@x\r\n"),
	       "", "2026-11-28T22:00,2026-11-29T02:00,maintenance,\"更新, a;b\",se-01 se-02,\n",
	       "maintenance");
	expect(EVENT("DTSTART;VALUE=DATE:20261129\r\nSUMMARY:振替診療\r\nTRANSP:TRANSPARENT\r\n"), "",
	       "2026-11-29,2026-11-29,open,振替診療,,\n", "an opened day");
	expect(EVENT("DTSTART;VALUE=DATE:20261129\r\nSUMMARY:代休 ito\r\n"), "2026-11-29,代休,ito,,\n", "",
	       "a day off");
	expect(EVENT("DTSTART;VALUE=DATE:20261129\r\nSUMMARY:休診\r\nBEGIN:VALARM\r\nSUMMARY:x\r\nEND:"
		     "VALARM\r\n"),
	       "", "2026-11-29,2026-11-29,closed,休診,,\n", "an alarm inside is passed over");
}

#define WEEKLY(more)                                                                                         \
	EVENT("UID:1\r\nDTSTART:20261103T171500\r\nDTEND:20261104T083000\r\nSUMMARY:当直 a\r\n" more)

static void test_recurrence(void)
{
	expect(WEEKLY("RRULE:FREQ=WEEKLY;COUNT=3\r\n"),
	       "2026-11-03,当直,a,17:15,08:30\n2026-11-10,当直,a,17:15,08:30\n2026-11-17,当直,a,17:15,08:"
	       "30\n",
	       "", "COUNT");
	expect(WEEKLY("RRULE:FREQ=WEEKLY;UNTIL=20261110T081500Z\r\n"),
	       "2026-11-03,当直,a,17:15,08:30\n2026-11-10,当直,a,17:15,08:30\n", "",
	       "UNTIL in UTC, included");
	expect(WEEKLY("RRULE:FREQ=WEEKLY;UNTIL=20261110T081459Z\r\n"), "2026-11-03,当直,a,17:15,08:30\n", "",
	       "and a second before");
	expect(WEEKLY("RRULE:FREQ=WEEKLY;UNTIL=20261110\r\n"),
	       "2026-11-03,当直,a,17:15,08:30\n2026-11-10,当直,a,17:15,08:30\n", "", "UNTIL as a day");
	expect(WEEKLY("RRULE:FREQ=WEEKLY;COUNT=4\r\nEXDATE:20261110T171500,20261117T081500Z\r\nEXDATE;VALUE="
		      "DATE:20261124"
		      "\r\n"),
	       "2026-11-03,当直,a,17:15,08:30\n", "", "EXDATE as local time, UTC and date");
	expect(WEEKLY("RDATE:20261105T171500,20261107T171500\r\n"),
	       "2026-11-03,当直,a,17:15,08:30\n2026-11-07,当直,a,17:15,08:30\n2026-11-05,当直,a,17:15,08:"
	       "30\n",
	       "", "RDATE");
	expect(CALENDAR(
		       "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261103T171500\r\nDTEND:20261104T083000\r\nSUMMARY:"
		       "当直 a\r\n"
		       "RRULE:FREQ=WEEKLY;COUNT=3\r\nEND:VEVENT\r\n"
		       "BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:20261110T171500\r\nDTSTART:20261111T180000\r\n"
		       "DURATION:PT1H\r\nSUMMARY:当直 b\r\nEND:VEVENT\r\n"
		       "BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:20261117T171500\r\nDTSTART:20261117T171500\r\n"
		       "DURATION:PT1H\r\nSUMMARY:当直 b\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\n"
		       "BEGIN:VEVENT\r\nUID:2\r\nDTSTART:20261103T171500\r\nDURATION:PT1H\r\nSUMMARY:当直 "
		       "c\r\n"
		       "STATUS:CANCELLED\r\nEND:VEVENT\r\n"),
	       "2026-11-03,当直,a,17:15,08:30\n2026-11-11,当直,b,18:00,19:00\n", "",
	       "RECURRENCE-ID moves an instance, CANCELLED drops one");
	expect(EVENT("DTSTART;VALUE=DATE:19000101\r\nRRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=28\r\nSUMMARY:"
		     "休診\r\n"),
	       "", "2026-12-28,2026-12-28,closed,休診,,\n", "only what falls into the range");
	expect(EVENT("DTSTART;TZID=America/"
		     "New_York:20261025T040000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n"
		     "SUMMARY:day a\r\n"),
	       "2026-11-01,day,a,18:00,19:00\n2026-11-08,day,a,18:00,19:00\n", "",
	       "by the clocks of the event's own zone (after 11-01 New York is an hour later here)");
	expect(EVENT("DTSTART;TZID=America/New_York:20261103T040000\r\nDURATION:PT1H\r\nSUMMARY:day a\r\n"
		     "RRULE:FREQ=WEEKLY;UNTIL=20261110T085959Z\r\n"),
	       "2026-11-03,day,a,18:00,19:00\n", "", "UNTIL in UTC against a zone: a second before");
	expect(EVENT("DTSTART;VALUE=DATE:20261230\r\nRRULE:FREQ=DAILY\r\nSUMMARY:休診\r\n"), "",
	       "2026-12-30,2026-12-30,closed,休診,,\n2026-12-31,2026-12-31,closed,休診,,\n",
	       "a rule without an end ends with the range");
}

static void test_own_zone(void)
{
	expect(CALENDAR("BEGIN:VEVENT\r\nDTSTART;TZID=Own:20261123T100000\r\nDURATION:PT1H\r\nSUMMARY:duty "
			"a\r\nEND:VEVENT"
			"\r\nBEGIN:VTIMEZONE\r\nTZID:Own\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
			"TZOFFSETFROM:+0530\r\nTZOFFSETTO:+0530\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"),
	       "2026-11-23,duty,a,13:30,14:30\n", "", "a zone that the file defines");
}

static void test_errors(void)
{
	static const struct {
		const char *text;
		uint32_t line, column;
		const char *says;
	} rows[] = {
		{ "", 1, 1, "VCALENDAR" },
		{ "BEGIN:VEVENT\r\n", 1, 1, "VCALENDAR" },
		{ "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:1\n", 3, 1, "ends inside" },
		{ "BEGIN:VCALENDAR\nBEGIN:VEVENT\nwhat\nEND:VEVENT\n", 3, 1, "NAME:VALUE" },
		{ "BEGIN:VCALENDAR\nX:\x01\n", 2, 1, "control" },
		{ "BEGIN:VCALENDAR\nX:\xff\n", 2, 1, "UTF-8" },
		{ EVENT("SUMMARY:休診\r\n"), 3, 1, "DTSTART" },
		{ EVENT("DTSTART:20261323T100000\r\nSUMMARY:duty a\r\n"), 4, 9, "no time" },
		{ EVENT("DTSTART;VALUE=DATE:20260230\r\nSUMMARY:休診\r\n"), 4, 20, "no time" },
		{ EVENT("DTSTART:20261123T100000\r\nSUMMARY:duty a\r\n"), 3, 1, "DTEND or DURATION" },
		{ EVENT("DTSTART:20261123T100000\r\nDTEND:20261123T090000\r\nSUMMARY:duty a\r\n"), 5, 7,
		  "after" },
		{ EVENT("DTSTART:20261123T100000\r\nDURATION:-PT1H\r\nSUMMARY:duty a\r\n"), 5, 10,
		  "duration" },
		{ EVENT("DTSTART;TZID=Mars:20261123T100000\r\nDURATION:PT1H\r\nSUMMARY:duty a\r\n"), 4, 19,
		  "Mars" },
		{ EVENT("DTSTART:20261123T100000\r\nDTSTART:20261123T100000\r\n"), 5, 1, "twice" },
		{ WEEKLY("RRULE:FREQ=SECONDLY;COUNT=1000000000\r\n"), 8, 7, "by the hour" },
		{ WEEKLY("RRULE:FREQ=NEVER\r\n"), 8, 7, "FREQ=WEEKLY" },
		{ WEEKLY("RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5,6\r\n"), 8, 7, "once a day" },
		{ WEEKLY("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\r\n"), 8, 7, "never happens" },
		{ WEEKLY("RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=300\r\n"), 8, 7, "BYSETPOS" },
		{ WEEKLY("EXDATE:x\r\n"), 8, 8, "no time" },
		{ WEEKLY("RDATE;VALUE=PERIOD:20261123T100000/PT1H\r\n"), 8, 1, "PERIOD" },
		{ CALENDAR("BEGIN:VTIMEZONE\r\nTZID:x\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
			   "RRULE:FREQ=SECONDLY\r\nTZOFFSETFROM:+0900\r\nTZOFFSETTO:+0900\r\nEND:STANDARD\r\n"
			   "END:VTIMEZONE\r\n"),
		  3, 1, "no zone does" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ical_result r;
		struct problems p;

		ok(!read_of(slice_str(rows[i].text), NULL, &r, &p) && p.n >= 1 &&
			   strstr(p.list[0].text, rows[i].says) != NULL,
		   rows[i].says);
		ok(r.roster.n == 0 && r.days.n == 0, "nothing is taken");
		if (p.n > 0) {
			ok_int(p.list[0].line, rows[i].line, "its line");
			ok_int(p.list[0].column, rows[i].column, "its column");
		}
		ical_result_free(&r);
		problems_free(&p);
	}
}

static void test_counts(void)
{
	static const char text[] = CALENDAR(
		"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261123\r\nSUMMARY:忘年会\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261123\r\nSUMMARY:当直\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nDTSTART:20261123T130000\r\nDURATION:PT1H\r\nSUMMARY:休診\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261123\r\nSUMMARY:休診\r\nSTATUS:CANCELLED\r\nEND:"
		"VEVENT\r\n");
	struct ical_result r;
	struct problems p;

	ok(read_of(SLICE(text), NULL, &r, &p), "events that are not for us");
	ok_int((int64_t)r.events, 4, "counted");
	ok_int((int64_t)r.left_out, 3, "unknown kind, nobody's duty, closed by the hour");
	ok_int((int64_t)r.cancelled, 1, "cancelled");
	ical_result_free(&r);
	ok(read_of(SLICE(EVENT("DTSTART;VALUE=DATE:20261123\r\nSUMMARY:元日\r\n")), "holiday", &r, &p),
	   "a kind for all");
	ok_slice(buf_slice(&r.days), SLICE("2026-11-23,2026-11-23,holiday,元日,,\n"), "is the kind");
	ical_result_free(&r);
	ok(read_of(SLICE(EVENT("DTSTART;VALUE=DATE:20261123\r\nSUMMARY:ito\r\n")), "duty", &r, &p),
	   "a shift for all");
	ok_slice(buf_slice(&r.roster), SLICE("2026-11-23,duty,ito,,\n"), "with the names of the summary");
	ical_result_free(&r);
	ok(!read_of(SLICE(EVENT("")), "party", &r, &p), "an unknown kind is refused");
	problems_free(&p);
}

static void test_bounds(void)
{
	struct ical_result r;
	struct problems p;
	struct buf b;

	buf_init(&b, 64 << 20);
	buf_str(&b, "BEGIN:VCALENDAR\n");
	for (int i = 0; i < 10001; i++)
		buf_str(&b, "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261123\nEND:VEVENT\n");
	buf_str(&b, "END:VCALENDAR\n");
	ok(!read_of(buf_slice(&b), NULL, &r, &p) && strstr(p.list[0].text, "10000") != NULL, "10,000 events");
	problems_free(&p);
	while (b.n <= ICAL_BYTES_MAX)
		buf_str(&b, "X:0123456789012345678901234567890123456789012345678901234567890123456789\n");
	ok(!read_of(buf_slice(&b), NULL, &r, &p) && strstr(p.list[0].text, "10 MB") != NULL, "10 MB");
	problems_free(&p);
	buf_clear(&b);
	buf_str(&b, "BEGIN:VCALENDAR\n");
	for (int i = 0; i < 9; i++)
		buf_str(&b, "BEGIN:VEVENT\nDTSTART;VALUE=DATE:17000101\nRRULE:FREQ=DAILY\nSUMMARY:休診\nEND:"
			    "VEVENT\n");
	ok(!read_of(buf_slice(&b), NULL, &r, &p) && strstr(p.list[0].text, "1000000") != NULL,
	   "steps of all rules of a file");
	problems_free(&p);
	buf_clear(&b);
	buf_str(&b, "BEGIN:VCALENDAR\nBEGIN:VEVENT\n");
	for (int i = 0; i < 7000; i++)
		buf_str(&b, "ATTENDEE:mailto:0123456789@x\n");
	ok(!read_of(buf_slice(&b), NULL, &r, &p) && strstr(p.list[0].text, "attendees") != NULL, "attendees");
	problems_free(&p);
	buf_free(&b);
}

int main(void)
{
	zone_use("Asia/Tokyo", NULL);
	test_forms();
	test_recurrence();
	test_own_zone();
	test_errors();
	test_counts();
	test_bounds();
	return tap_done();
}
