/* The field table and what is printed from it. */
#include "core/base/zone.h"
#include "core/event/event.h"
#include "core/event/identity.h"
#include "tests/lib/tap.h"

static void test_table(void)
{
	int bad = 0;

	for (int f = 0; f < F_COUNT; f++) {
		bad += field_by_name(slice_str(event_fields[f].name)) != (enum field_id)f;
		bad += event_parts[event_fields[f].part].first + event_fields[f].slot != f;
		bad += event_fields[f].doc[0] == '\0';
	}
	ok_int(bad, 0, "names are unique, slots fit, each is documented");
	ok_int(field_by_name(SLICE("no.such")), F_COUNT, "unknown name");
}

static void test_states(void)
{
	struct flat_event fe;

	flat_event_reset(&fe);
	ok(!ev_known(&fe.ev, F_STATUS) && !ev_absent(&fe.ev, F_STATUS), "unknown at first");
	ev_set_absent(&fe.ev, F_KEY_ID);
	ok(ev_absent(&fe.ev, F_KEY_ID) && !ev_known(&fe.ev, F_KEY_ID), "absent");
	ev_set_str(&fe.ev, F_KEY_ID, SLICE("x"));
	ok(!ev_absent(&fe.ev, F_KEY_ID) && ev_known(&fe.ev, F_KEY_ID), "known after all");
}

static void test_json(void)
{
	struct flat_event fe;
	struct addr ip;
	struct buf out;

	zone_use("Asia/Tokyo", NULL);
	buf_init(&out, 10000);
	flat_event_reset(&fe);
	addr_parse(SLICE("10.0.0.9"), &ip);
	ev_set_int(&fe.ev, F_TIMESTAMP, INT64_C(1795400670819000000));
	ev_set_int(&fe.ev, F_STATUS, 200);
	ev_set_ip(&fe.ev, F_SOURCE_IP, ip);
	ev_set_int(&fe.ev, F_LAT, -35500000);
	ev_set_str(&fe.ev, F_ROLES, SLICE("nurse,physician"));
	ev_set_str(&fe.ev, F_USER_AGENT, SLICE("a\"\n\xff"));
	ev_set_int(&fe.ev, F_STREAM, 1);
	event_to_json(&fe.ev, &out);
	ok_slice(buf_slice(&out),
		 SLICE("{\"@timestamp\":\"2026-11-23T02:24:30.819Z\",\"http.response.status_code\":200,"
		       "\"source.ip\":\"10.0.0.9\","
		       "\"source.geo.location.lat\":\"-35.5\",\"user.roles\":[\"nurse\",\"physician\"],"
		       "\"user_agent.original\":\"a\\\"\\n\xef\xbf\xbd\",\"tochoku.stream\":true}"),
		 "flat JSON");
	buf_free(&out);
}

static void test_identity(void)
{
	uint8_t digest[16] = { 1 }, a[16], b[16], c[16];

	event_log_id(digest, SLICE("gateway"), 1, a);
	event_log_id(digest, SLICE("gateway"), 2, b);
	event_log_id(digest, SLICE("other"), 1, c);
	ok(memcmp(a, b, 16) != 0, "the ordinal tells identical lines apart");
	ok(memcmp(a, c, 16) != 0, "the input tells identical lines apart");
	event_log_id(digest, SLICE("gateway"), 1, b);
	ok(memcmp(a, b, 16) == 0, "stable");
}

int main(void)
{
	test_table();
	test_states();
	test_json();
	test_identity();
	return tap_done();
}
