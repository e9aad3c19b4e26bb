/* Live heads: the message to a collector, what is read back of it, and what a verifier makes of it (T2, T7,
 * T8, T16 between two seals, where no checkpoint is yet). */
#include "tests/lib/attack.h"

#include "core/base/endpoint.h"

/* ---- the message ---- */

static struct trail_said said_of(const struct forge *g, int64_t seq, const struct hash32 *h)
{
	struct trail_said s = { .seq = seq, .h = *h, .size = g->segment, .checkpoint = g->checkpoint };

	snprintf(s.origin, sizeof s.origin, "%s", FORGE_ORIGIN);
	return s;
}

static const char *message(const struct head_sender *s, const struct trail_said *said)
{
	static struct buf b;

	buf_free(&b);
	buf_init(&b, 8192);
	put_head_message(&b, s, said);
	return buf_cstr(&b);
}

static bool reads_back(const char *text, const struct trail_said *want)
{
	struct trail_said got;

	return head_in_line(slice_str(text), &got) && strcmp(got.origin, want->origin) == 0 &&
	       got.seq == want->seq && hash_eq(&got.h, &want->h) && got.size == want->size &&
	       hash_eq(&got.checkpoint, &want->checkpoint);
}

static void test_message(void)
{
	struct head_sender s = { .host = "gw 1",
				 .pid = 7,
				 .sequence = 1,
				 .now_ns = FORGE_BEGIN * NS_PER_SEC + 123456789,
				 .clock = { CLOCK_SYNCED, 3 } };
	struct trail_said said = { .origin = "tochoku/病院\"]\\/0badcafe",
				   .seq = 41,
				   .size = 3,
				   .h = { { 1 } },
				   .checkpoint = { { 2 } } };
	const char *m = message(&s, &said);

	ok(strncmp(m,
		   "<85>1 2026-11-20T15:00:00.123456Z gw_1 tochoku 7 HEAD [timeQuality tzKnown=\"1\" "
		   "isSynced=\"1\" "
		   "syncAccuracy=\"3000\"][meta sequenceId=\"1\"] "
		   "\xef\xbb\xbf{\"head\":\"tochoku.dev/head@v1\",",
		   155) == 0,
	   "the message as RFC 5424 has it");
	ok(reads_back(m, &said), "is read back");
	s.enterprise_number = 55555;
	s.clock.state = CLOCK_UNSYNCED;
	s.sequence = (INT64_C(1) << 31) + 4;
	m = message(&s, &said);
	ok(strstr(m, "isSynced=\"0\"][head@55555 origin=\"tochoku/病院\\\"\\]\\\\/0badcafe\" seq=\"41\" "
		     "size=\"3\"][meta "
		     "sequenceId=\"5\"]") != NULL,
	   "with a number of one's own our element too, escaped; the sequence wraps");
	ok(reads_back(m, &said), "and read back");
	said = (struct trail_said){ .origin = "o", .seq = -1 };
	ok(reads_back(message(&s, &said), &said), "of a log that has nothing yet");
}

static void refuses(const char *name, const char *from, const char *to)
{
	struct head_sender s = { .host = "", .clock = { CLOCK_UNKNOWN, 0 }, .sequence = 1 };
	struct trail_said said = { .origin = "o", .seq = 5, .size = 1 }, got;
	const char *m = message(&s, &said), *at = strstr(m, from);
	char changed[4096];

	if (at == NULL)
		forge_die(from);
	snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - m), m, to, at + strlen(from));
	ok(!head_in_line(slice_str(changed), &got), name);
}

static void test_reading(void)
{
	struct trail_said got;

	refuses("another version", "head@v1", "head@v2");
	refuses("no origin", "\"origin\":\"o\",", "");
	refuses("an origin that is no text", "\"origin\":\"o\"", "\"origin\":7");
	refuses("an empty one", "\"origin\":\"o\"", "\"origin\":\"\"");
	refuses("one with a NUL", "\"origin\":\"o\"", "\"origin\":\"a\\u0000\"");
	refuses("a member twice", "\"seq\":5", "\"seq\":5,\"seq\":6");
	refuses("a leading zero", "\"seq\":5", "\"seq\":05");
	refuses("a negative number", "\"seq\":5", "\"seq\":-5");
	refuses("a record without its hash", "\"h\":\"", "\"g\":\"");
	refuses("a hash in capitals", "\"h\":\"00", "\"h\":\"AA");
	refuses("a tree without its checkpoint", "\"checkpoint\":\"", "\"cp\":\"");
	refuses("a checkpoint of no tree", "\"size\":1", "\"size\":0");
	refuses("no end", "\"}", "\"");
	ok(!head_in_line(slice_of(NULL, 0), &got) && !holds_heads(SLICE("{\"head\":")), "nothing");
}

static void test_endpoint(void)
{
	static const char *const bad[] = { "",
					   "udp://",
					   "udp://1.2.3.4",
					   "1.2.3.4:514",
					   "tls://1.2.3.4:514",
					   "udp://gw:514",
					   "udp://1.2.3.4:",
					   "udp://1.2.3.4:0514",
					   "udp://1.2.3.4:65536",
					   "udp://[1.2.3.4]:1",
					   "udp://2001:db8::5:1",
					   "tcp://[::1]",
					   "udp://1.2.3.4:5x",
					   "tcp://[::1:514" };
	struct endpoint e;

	for (size_t i = 0; i < COUNT(bad); i++)
		ok(!endpoint_parse(slice_str(bad[i]), &e), bad[i]);
	ok(endpoint_parse(SLICE("udp://192.0.2.5:514"), &e) && !e.tcp && e.port == 514 && addr_is_v4(&e.ip),
	   "udp, IPv4");
	ok(endpoint_parse(SLICE("tcp://[2001:db8::5]:65535"), &e) && e.tcp && e.port == 65535, "tcp, IPv6");
}

/* ---- against a log ---- */

/* As verify_anchors gets them: through a file of a collector. */
static struct anchors collected(const struct trail_said *said, size_t n)
{
	struct head_sender s = { .host = "gw", .sequence = 1, .clock = { CLOCK_UNKNOWN, 0 } };
	struct anchors a = { 0 };
	struct err e = { 0 };
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s.heads", f.folder);
	if ((file = fopen(path, "w")) == NULL)
		forge_die(path);
	for (size_t i = 0; i < n; i++)
		fprintf(file, "Nov 26 gw kernel: no head\nNov 26 gw %s\n", message(&s, &said[i]));
	fclose(file);
	if (anchors_add_file(&a, path, &e) != TK_OK)
		forge_die(e.text);
	unlink(path);
	return a;
}

/* Heads after record 1, 4, 5 (sealed each) and 8 of `honest`, which is made here. */
static size_t heads_of_honest(struct trail_said said[4])
{
	begin();
	fill(1);
	said[0] = said_of(&f, 1, &f.last);
	for (int i = 0; i < 2; i++)
		forge_record(&f, "access", ACCESS);
	forge_record(&f, "control", CLOSING);
	said[1] = said_of(&f, 4, &f.last);
	forge_seal(&f);
	fill(0);
	forge_seal(&f);
	said[2] = said_of(&f, 5, &f.last);
	fill(2);
	said[3] = said_of(&f, 8, &f.last);
	forge_record(&f, "control", CLOSING);
	forge_seal(&f);
	return 4;
}

static void located(const char *name, struct anchors *a, enum trail_finding_id id, int64_t segment,
		    int64_t seq)
{
	struct seen s = look(a);

	if (!ok(s.rc == TK_OK && !verify_passed(&s.r) && s.count[id] > 0 && s.first[id].segment == segment &&
			s.first[id].seq == seq && (seq < 0 || segment < 0 || s.first[id].offset >= 0),
		name))
		describe(&s);
	anchors_free(a);
	forge_close(&f);
}

static void test_honest(void)
{
	struct trail_said said[4];
	struct anchors a;
	struct seen s;

	heads_of_honest(said);
	a = collected(said, 4);
	s = look(&a);
	if (!ok(verify_passed(&s.r) && s.r.completeness == COMPLETE_OK && s.r.anchored == 2 &&
			s.count[FOUND_HEAD_AGREES] == 1 &&
			strcmp(s.first[FOUND_HEAD_AGREES].code, "head-agrees") == 0,
		"heads of an honest log agree"))
		describe(&s);
	forge_close(&f);
	anchors_free(&a);
}

static void test_rewritten(void)
{
	struct trail_said said[4];
	struct anchors a;

	heads_of_honest(said);
	a = collected(said, 1); /* the collector knows the first alone */
	forge_close(&f);
	begin(); /* an insider who has the key of the day makes that day anew */
	forge_record(&f, "access", "{\"user.name\":\"sato\"}");
	fill(3);
	forge_seal(&f);
	located("T2, T3 before its seal a day was made anew by one who has its key", &a, FOUND_HEAD_RECORD, 0,
		1);
	heads_of_honest(said);
	said[3].h.b[0] ^= 1;
	a = collected(said, 4);
	located("one head among many", &a, FOUND_HEAD_RECORD, 2, 8);
	heads_of_honest(said);
	said[2].checkpoint.b[0] ^= 1;
	a = collected(said, 4);
	located("T16 a checkpoint that a head names is another", &a, FOUND_ANCHOR_ROOT, 1, -1);
}

static void test_cut(void)
{
	struct trail_said said[4];
	struct anchors a;
	struct seen s;

	heads_of_honest(said);
	a = collected(said, 4);
	sh("rm " SEG(
		"2",
		"23") " notes/segment-000002.note notes/checkpoint-000003.note && sed -i '$d' anchors.tsv");
	located("T7 the last segment removed, of which only its head was told", &a, FOUND_HEAD_BEYOND, -1, 8);
	heads_of_honest(said);
	said[2].size = said[3].size = 9;
	a = collected(said, 4);
	located("T17 a head with a larger tree", &a, FOUND_ANCHOR_LARGER, 8, -1);
	heads_of_honest(said);
	snprintf(said[1].origin, sizeof said[1].origin, "tochoku/other/00000000");
	a = collected(said, 4);
	s = look(&a);
	ok(s.count[FOUND_ANCHOR_ORIGIN] == 1 && !verify_passed(&s.r), "T15 a head of another log, told once");
	anchors_free(&a);
	forge_close(&f);
}

static void test_gone(void)
{
	struct trail_said said[4];
	struct anchors a;
	struct seen s;

	heads_of_honest(said);
	a = collected(said, 4);
	sh("rm " SEG("0", "21"));
	s = look(&a);
	ok(s.count[FOUND_HEAD_RECORD] == 0 && s.count[FOUND_HEAD_BEYOND] == 0 &&
		   s.count[FOUND_SEGMENT_MISSING] == 1,
	   "of a segment that is not there the manifest says the last line");
	anchors_free(&a);
	forge_close(&f);
	heads_of_honest(said);
	sh("rm " SEG("0", "21"));
	said[1].h.b[0] ^= 1;
	a = collected(said, 4);
	s = look(&a);
	ok(s.count[FOUND_HEAD_RECORD] == 1 && s.first[FOUND_HEAD_RECORD].segment == 0 &&
		   s.first[FOUND_HEAD_RECORD].seq == 4,
	   "which is told with its place");
	anchors_free(&a);
	forge_close(&f);
}

int main(void)
{
	test_message();
	test_reading();
	test_endpoint();
	test_honest();
	test_rewritten();
	test_cut();
	test_gone();
	return tap_done();
}
