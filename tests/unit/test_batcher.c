/* Lines that hold several events, on their way into a batch: each is an event or a reject, and all of a line
 * are in one batch. */
#include "sensor/input/batcher.h"
#include "tests/lib/tap.h"

static const uint8_t key[32] = { 1 };

#define SPAN(op)                                                                                             \
	"{\"traceId\":\"t\",\"startTimeUnixNano\":\"1795400061823000000\",\"attributes\":["                  \
	"{\"key\":\"gen_ai.operation.name\",\"value\":{\"stringValue\":\"" op "\"}}]}"
#define LINE(spans) "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[" spans "]}]}]}"

static int add(struct batcher *b, const char *text, struct line_counts *file)
{
	struct line line = { .text = slice_str(text), .offset = 7, .number = 3 };

	return batcher_line(b, log_format_by_name(SLICE("otel-genai-spans")), &line, file);
}

/* Events and rejects of the batch, the digests of the first two events, and where the rejects stand. */
static void read_back(struct batcher *b, unsigned want_events, unsigned want_rejects, bool alike)
{
	struct batch_head head = { .mode = BATCH_TAIL, .path = SLICE("x") };
	struct slice payload = batch_finish(b->w, &head);
	struct batch_reader *r = batch_reader_new();
	uint8_t digest[2][16] = { { 0 } };
	unsigned events = 0, rejects = 0;
	uint32_t def[P_COUNT];
	struct access_event ev;
	struct part parts[P_COUNT];
	struct reject reject;
	struct err e;

	for (int i = 0; i < P_COUNT; i++)
		ev.part[i] = &parts[i];
	ok_int(batch_open(r, payload, &head, &e), TK_OK, "the batch opens");
	while (batch_next_reject(r, &reject) == TK_OK) {
		ok(reject.offset == 7 && reject.line == 3, "  a reject stands where its line stands");
		rejects++;
	}
	while (batch_next(r, &ev, def, &e) == TK_OK && events < 2)
		memcpy(digest[events++], ev.digest, 16);
	ok_int(head.n_events, want_events, "  events");
	ok_int(rejects, want_rejects, "  rejects");
	if (events == 2)
		ok((memcmp(digest[0], digest[1], 16) == 0) == alike, "  each event is its own bytes");
	batch_reader_free(r);
}

static void long_line(struct batcher *b, struct line_counts *file)
{
	static char text[100000];
	size_t n = (size_t)snprintf(text, sizeof text,
				    "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[" SPAN("chat"));

	while (n < 80000)
		n += (size_t)snprintf(text + n, sizeof text - n, "," SPAN("chat"));
	snprintf(text + n, sizeof text - n, "]}]}]}");
	batch_begin(b->w);
	ok_int(add(b, LINE(SPAN("chat")), file), TK_OK, "a line");
	ok_int(add(b, text, file), TK_ELIMIT, "a long line behind it begins a batch of its own");
	ok_int(file->events, 1, "  nothing of it was taken");
	read_back(b, 1, 0, true);
	batch_begin(b->w);
	ok_int(add(b, text, file), TK_OK, "  there it goes");
	ok(file->events > 500, "  all of it");
	ok_int(add(b, LINE(SPAN("chat")), file), TK_OK, "a short one has room behind it");
}

int main(void)
{
	struct line_counts file = { 0 };
	struct batcher b;

	if (batcher_init(&b, slice_of(key, sizeof key), NULL, 0) != TK_OK)
		return 1;
	batch_begin(b.w);
	ok_int(add(&b, LINE(SPAN("chat") "," SPAN("execute_tool") "," SPAN("embeddings")), &file), TK_OK,
	       "three spans");
	ok_int(file.events, 2, "  two of them calls");
	ok_int(file.rejected, 1, "  one is none");
	read_back(&b, 2, 1, false);
	file = (struct line_counts){ 0 };
	batch_begin(b.w);
	ok_int(add(&b, "{\"resourceSpans\":[", &file), TK_OK, "a line that is cut off");
	read_back(&b, 0, 1, false);
	file = (struct line_counts){ 0 };
	long_line(&b, &file);
	batcher_free(&b);
	return tap_done();
}
