/* Writes a capture of CALLS calls of an LLM in HTTP/1 to stdout, and what is in it to stderr, as JSON: a
 * third of the bodies in gzip, a fifth of the answers event streams, some requests pipelined
 * (tests/lib/talk.h); and FLOWS other connections, begun in between, evenly: open and silent, or of which
 * nothing but a SYN came, or which have sent the first byte of a request.
 *
 *     capgen CALLS FLOWS [silent|syn|slow] */
#include "tests/lib/capture_make.h"

#define TALK 60 /* calls of a connection */

enum flow { SYN = 1, SILENT = 3, SLOW = 4 }; /* packets of each */

struct sum {
	uint64_t calls, input, output, packets, flows, streams;
};

static void record(struct made *m, struct slice frame, struct sum *sum)
{
	static const struct made_way plain = { .only = -1 };

	made_record(m, &plain, frame);
	sum->packets++;
}

/* A handshake, or its beginning, or a byte behind it. */
static void idle(struct made *m, struct sum *sum, enum flow flow)
{
	static struct layers p;
	static const struct piece whole = { 0, 0, false };
	uint64_t i = sum->flows++;
	uint16_t port = (uint16_t)(1024 + i % 60000);
	struct ends ask = { false, { (uint8_t)(100 + i / 60000), 1 }, { 2, 1 }, port, 8080 };
	struct ends answer = { false, { 2, 1 }, { (uint8_t)(100 + i / 60000), 1 }, 8080, port };

	for (int k = 0; k < (int)flow; k++) {
		layers_begin(&p, k == 3 ? SLICE("P") : slice_of(NULL, 0));
		tcp_add(&p, k == 1 ? &answer : &ask,
			k == 1	 ? 7000
			: k == 0 ? 1000
				 : 1001,
			k == 0	 ? 0
			: k == 1 ? 1001
				 : 7001,
			k == 0	 ? TCP_SYN
			: k == 1 ? TCP_SYN | TCP_ACK
				 : TCP_ACK);
		ip_add(&p, k == 1 ? &answer : &ask, 6, &whole);
		link_add(&p, LINK_ETHERNET);
		record(m, layers_slice(&p), sum);
	}
}

static void converse(struct made *m, struct choice *c, struct sum *sum, uint64_t calls)
{
	for (m->talks = 0; m->talks < MADE_TALKS && sum->calls < calls; m->talks++) {
		struct made_talk *k = &m->talk[m->talks];

		k->isn[0] = choose(c, UINT32_MAX);
		k->isn[1] = choose(c, UINT32_MAX);
		talk_begin(&k->talk, c, (uint32_t)sum->calls);
		k->talk.llm = true;
		while (k->talk.calls + 6 <= TALK && sum->calls + k->talk.calls + 6 <= calls)
			if (once_in(c, 8))
				http1_pipeline(&k->talk);
			else
				http1_single(&k->talk, false);
		while (sum->calls + k->talk.calls < calls && k->talk.calls < TALK)
			http1_single(&k->talk, false);
		for (size_t i = 0; i < k->talk.calls; i++) {
			sum->input += (uint64_t)k->talk.call[i].input;
			sum->output += (uint64_t)k->talk.call[i].output;
			sum->streams += k->talk.call[i].event_stream;
		}
		sum->calls += k->talk.calls;
	}
}

/* The packets of the capture that was made, without its header, and idle connections between them. */
static void write_out(struct made *m, struct buf *made, struct sum *sum, uint64_t idle_before_next,
		      enum flow flow)
{
	struct slice in = slice_from(buf_slice(made), 24);

	buf_clear(&m->pcap);
	while (in.n >= 16) {
		uint32_t n = in.p[8] | (uint32_t)in.p[9] << 8 | (uint32_t)in.p[10] << 16;

		while (sum->flows < idle_before_next)
			idle(m, sum, flow);
		record(m, slice_head(slice_from(in, 16), n), sum);
		in = slice_from(in, 16 + (size_t)n);
	}
	fwrite(m->pcap.p, 1, m->pcap.n, stdout);
}

int main(int argc, char **argv)
{
	uint64_t calls = argc > 1 ? strtoull(argv[1], NULL, 10) : 0,
		 flows = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	enum flow flow = argc < 4			? SILENT
			 : strcmp(argv[3], "syn") == 0	? SYN
			 : strcmp(argv[3], "slow") == 0 ? SLOW
							: SILENT;
	struct choice c = choice_seed(1), travel = choice_seed(2);
	struct made_way way = { .c = &travel, .segment = 1400, .only = -1 };
	struct made *m = made_new(&c, 1, false);
	struct sum sum = { 0 };
	struct buf one;
	int64_t ns = MADE_T0;

	if (calls == 0)
		return 2;
	for (bool first = true; sum.calls < calls; first = false) {
		for (size_t i = 0; i < m->talks; i++)
			talk_end(&m->talk[i].talk);
		converse(m, &c, &sum, calls);
		made_capture(m, &way);
		m->clients += MADE_TALKS;
		one = m->pcap;
		if (first)
			fwrite(one.p, 1, 24, stdout);
		buf_init(&m->pcap, 1 << 28);
		m->ns = ns;
		write_out(m, &one, &sum, flows * sum.calls / calls, flow);
		ns = m->ns;
		buf_free(&one);
	}
	made_free(m);
	fprintf(stderr,
		"{\"calls\":%llu,\"input\":%llu,\"output\":%llu,\"packets\":%llu,\"flows\":%llu,\"streams\":%"
		"llu}\n",
		(unsigned long long)sum.calls, (unsigned long long)sum.input, (unsigned long long)sum.output,
		(unsigned long long)sum.packets, (unsigned long long)sum.flows,
		(unsigned long long)sum.streams);
	return fflush(stdout) != 0;
}
