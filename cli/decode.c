/* tochoku decode: logs and captures to access events as JSON lines, without configuration or ledger. */
#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/decode.h"
#include "core/base/sys.h"
#include "core/event/identity.h"
#include "sensor/gateway/json_fields.h"
#include "sensor/gateway/layout_compile.h"
#include "sensor/input/capture_file.h"

/* ---- what logs and captures share ---- */

struct parse_context decode_context(struct decoder *d)
{
	return (struct parse_context){
		.cache = d->cache,
		.trusted_proxies = d->loopback,
		.n_trusted_proxies = COUNT(d->loopback),
		.scratch = &d->scratch,
	};
}

void decode_event(struct decoder *d, struct access_event *ev, uint32_t ordinal)
{
	struct price_memo memo = { 0 };
	uint8_t id[16];
	int64_t pico;

	event_log_id(ev->digest, SLICE("import"), ordinal, id);
	ev_set_str(ev, F_EVENT_ID, slice_of(id, sizeof id));
	ev_set_str(ev, F_INPUT, SLICE("import"));
	if (d->prices != NULL && price_event(d->prices, ev, &pico) == PRICE_OK)
		ev_set_int(ev, F_COST, pico);
	if (d->prices != NULL && price_estimate(d->prices, &memo, ev, &pico) == PRICE_OK)
		ev_set_int(ev, F_ESTIMATE_COST, pico);
	order_hold(&d->order, ev);
}

int decode_chunk(struct codec_reader *r, uint8_t *out, size_t *n, struct err *e)
{
	size_t got;
	int rc = TK_OK;

	*n = 0;
	while (*n < DECODE_CHUNK && (rc = codec_read(r, out + *n, DECODE_CHUNK - *n, &got, e)) == TK_OK)
		*n += got;
	return *n > 0 ? TK_OK : rc;
}

/* ---- files ---- */

static int decode_fd(struct decoder *d, const char *name, int fd)
{
	struct codec_reader *r = codec_open(fd);
	struct err e = { 0 };
	struct slice first;
	size_t n = 0;
	int rc;

	if (r == NULL) {
		cli_error("%s: no memory", name);
		return EXIT_INPUT;
	}
	rc = decode_chunk(r, d->chunk, &n, &e);
	first = slice_of(d->chunk, n);
	if (rc == TK_OK)
		rc = capture_file_is(first) ? decode_capture(d, name, r, first)
					    : decode_logs(d, name, r, first);
	else {
		cli_error("%s: %s", name, rc == TK_EEND ? "empty" : rc == TK_AGAIN ? "cut off" : e.text);
		rc = EXIT_INPUT;
	}
	codec_close(r);
	return rc;
}

static int decode_file(struct decoder *d, const char *name)
{
	int fd, rc;

	if (strcmp(name, "-") == 0)
		return decode_fd(d, "standard input", STDIN_FILENO);
	fd = sys_open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
	if (fd < 0) {
		cli_error("%s: cannot be opened: %s", name, strerror(errno));
		return EXIT_INPUT;
	}
	rc = decode_fd(d, name, fd);
	sys_close(fd);
	return rc;
}

/* ---- the command ---- */

static void decoder_free(struct decoder *d)
{
	order_free(&d->order);
	prices_free(d->prices);
	key_log_free(d->keys);
	log_format_close(d->given);
	free(d->seen);
	free(d->chunk);
	free(d->scratch.p);
	parse_cache_free(d->cache);
	sha256_free(d->sha);
}

static bool decoder_init(struct decoder *d)
{
	bool host_bits;

	d->sha = sha256_new();
	d->cache = parse_cache_new();
	d->chunk = malloc(DECODE_CHUNK);
	d->keys = key_log_new(DECODE_SECRETS);
	d->scratch = (struct scratch){ malloc(SCRATCH_SIZE), 0, SCRATCH_SIZE };
	if (!order_init(&d->order) || !decode_logs_init(d) || d->sha == NULL || d->cache == NULL ||
	    d->chunk == NULL || d->scratch.p == NULL || d->keys == NULL)
		return false;
	/* as networks.trusted_proxies by default */
	return cidr_parse(SLICE("127.0.0.1/32"), &d->loopback[0], &host_bits) &&
	       cidr_parse(SLICE("::1/128"), &d->loopback[1], &host_bits);
}

#define KEYLOG_MAX (256u << 20)

extern const struct command command_decode;

static int unknown_format(const char *name)
{
	const char *names[64], *near;
	struct err e = { 0 };
	size_t n = 0, at = 0;

	if (is_pattern(slice_str(name)) && pattern_check(slice_str(name), &at, &e) != TK_OK)
		return cli_usage(&command_decode, "--format: byte %zu of the pattern: %s", at + 1, e.text);
	if (is_fields(slice_str(name)) && fields_check(slice_str(name), &e) != TK_OK)
		return cli_usage(&command_decode, "--format: %s", e.text);
	while (n < COUNT(names) && log_format_at(n) != NULL) {
		names[n] = log_format_at(n)->name;
		n++;
	}
	near = nearest(slice_str(name), names, n);
	if (near != NULL)
		return cli_usage(&command_decode, "unknown format \"%s\"; did you mean \"%s\"?", name, near);
	return cli_usage(&command_decode, "unknown format \"%s\"; tochoku decode --help lists them", name);
}

/* Options before files, in any order; argv is packed to the files. EXIT_DONE to go on. */
static int read_options(struct decoder *d, int argc, char **argv, int *n_files)
{
	bool options = true;

	*n_files = 0;
	for (int i = 1; i < argc; i++) {
		if (!options || argv[i][0] != '-' || argv[i][1] == 0) {
			argv[(*n_files)++] = argv[i];
		} else if (strcmp(argv[i], "--") == 0) {
			options = false;
		} else if (strcmp(argv[i], "--json") == 0) {
			continue; /* the only form there is */
		} else if (strcmp(argv[i], "--format") == 0 && i + 1 < argc) {
			d->format_name = argv[++i];
		} else if (strncmp(argv[i], "--format=", 9) == 0) {
			d->format_name = argv[i] + 9;
		} else if (strcmp(argv[i], "--prices") == 0 && i + 1 < argc) {
			d->prices_file = argv[++i];
		} else if (strncmp(argv[i], "--prices=", 9) == 0) {
			d->prices_file = argv[i] + 9;
		} else if (strcmp(argv[i], "--keylog") == 0 && i + 1 < argc) {
			d->keylog_file = argv[++i];
		} else if (strncmp(argv[i], "--keylog=", 9) == 0) {
			d->keylog_file = argv[i] + 9;
		} else {
			return cli_usage(&command_decode,
					 strcmp(argv[i], "--format") == 0   ? "%s needs the name of a format"
					 : strcmp(argv[i], "--prices") == 0 ? "%s needs a file"
					 : strcmp(argv[i], "--keylog") == 0 ? "%s needs a file"
									    : "unknown option \"%s\"",
					 argv[i]);
		}
	}
	if (*n_files == 0)
		return cli_usage(&command_decode, "no file named; \"-\" is standard input");
	if (d->format_name == NULL || strcmp(d->format_name, "auto") == 0)
		return EXIT_DONE;
	d->given = log_format_open(slice_str(d->format_name), NULL);
	return d->given != NULL ? EXIT_DONE : unknown_format(d->format_name);
}

static bool load_prices(struct decoder *d)
{
	struct buf problems;
	const char *text;

	buf_init(&problems, 1 << 16);
	d->prices = prices_load(d->prices_file, &problems);
	text = buf_cstr(&problems);
	if (d->prices == NULL)
		cli_error("%s", text == NULL || *text == 0 ? "no memory for prices" : text);
	buf_free(&problems);
	return d->prices != NULL;
}

/* The whole file: what of it is sound is used. */
static bool load_keys(struct decoder *d)
{
	struct key_log_source source = { 0 };
	struct slice text;
	struct err e = { 0 };

	if (sys_slurp(d->keylog_file, KEYLOG_MAX, &text, &e) != TK_OK) {
		cli_error("%s: %s", d->keylog_file, e.text);
		return false;
	}
	key_log_feed(d->keys, &source, text);
	key_log_end(d->keys, &source);
	if (key_log_bad_lines(d->keys) > 0)
		cli_error("%s: %" PRIu64 " lines are no lines of a key log (LABEL RANDOM SECRET, in hex)",
			  d->keylog_file, key_log_bad_lines(d->keys));
	explicit_bzero((void *)(uintptr_t)text.p, text.n);
	free((void *)(uintptr_t)text.p);
	return true;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct decoder d = { 0 };
	int n_files, rc = read_options(&d, argc, argv, &n_files);

	(void)cli;
	tzset(); /* times without a zone are in the process's */
	if (rc != EXIT_DONE)
		return rc;
	if (d.prices_file != NULL && !load_prices(&d))
		return EXIT_USAGE;
	if (!decoder_init(&d)) {
		cli_error("no memory");
		decoder_free(&d);
		return EXIT_INPUT;
	}
	if (d.keylog_file != NULL && !load_keys(&d)) {
		decoder_free(&d);
		return EXIT_INPUT;
	}
	for (int i = 0; i < n_files; i++)
		if (decode_file(&d, argv[i]) != EXIT_DONE)
			rc = EXIT_INPUT;
	order_flush(&d.order);
	if (d.order.left_out > 0) {
		cli_error("no memory: %" PRIu64 " events are left out", d.order.left_out);
		rc = EXIT_INPUT;
	}
	if (fflush(stdout) != 0 || d.order.failed) {
		cli_error("standard output: %s", strerror(errno));
		rc = EXIT_INPUT;
	}
	decoder_free(&d);
	return rc;
}

const struct command command_decode = {
	.name = "decode",
	.summary = "captures and logs to access events as JSON lines, without configuration or ledger",
	.help = "  tochoku decode /var/log/nginx/access.log | head\n"
		"  tochoku decode --format nginx-json access.log.1.gz\n"
		"  tcpdump -w - tcp port 8080 | tochoku decode -\n"
		"\n"
		"usage: tochoku decode [--json] [--format NAME] [--prices FILE] [--keylog FILE] FILE...\n"
		"\n"
		"Prints one JSON object a call, in order of completion, and changes nothing. FILE is a\n"
		"capture (pcap, pcapng) or a gateway log, plain, .gz, .zst or .xz (told by its content);\n"
		"\"-\" is standard input. What cannot be read is counted on standard error. Zones,\n"
		"geography, keys and the register of users need a configuration and are left out.\n"
		"\n"
		"  --format NAME   auto (default), nginx-combined, nginx-json, nginx-ingress,\n"
		"                  apache-common, apache-combined, apache-vhost-timed, haproxy-httplog,\n"
		"                  envoy-default, traefik-clf, aws-alb, aws-cloudfront, haproxy-json,\n"
		"                  caddy-json, traefik, kong-file-log, apisix-ai, apisix-file-logger,\n"
		"                  envoy-ai-gateway, litellm-spendlogs, aws-apigw, cloudflare-ai-gateway,\n"
		"                  azure-apim, otel-genai-spans; or a pattern of your own, nginx's\n"
		"                  log_format or Apache's LogFormat: '$remote_addr $status'; or the members\n"
		"                  of a JSON log, such as json:time=ts,client=net.ip,status=code\n"
		"                  (tochoku(1): Fields)\n"
		"  --prices FILE   a price table (our YAML or LiteLLM's JSON): adds the cost of each call\n"
		"  --keylog FILE   secrets of TLS connections (SSLKEYLOGFILE): what is encrypted is read\n"
		"  --json          JSON lines, which is the only form\n"
		"\n"
		"exit status: 0 done, also where some lines were rejected; 2 usage error; 3 a file cannot\n"
		"be opened or holds nothing known\n",
	.run = run,
};
