/* Whom headers and credentials name: certificates in every form that gateways forward, JWT, Basic, Digest;
 * which header counts; what is believed of whom. */
#include <stdio.h>

#include "core/base/addr.h"
#include "sensor/fields/cache.h"
#include "sensor/fields/person.h"
#include "sensor/fields/secret.h"
#include "sensor/fields/text.h"
#include "sensor/proto/exchange.h"
#include "tests/lib/tap.h"

static uint8_t room[SCRATCH_SIZE];
static struct scratch scratch = { room, 0, sizeof room };
static const uint8_t key[32] = "0123456789abcdef0123456789abcde";

static const struct {
	const char *value, *name;
} certificates[] = {
	{ "CN=yamada.t,OU=3F,O=Hospital,C=JP", "yamada.t" },
	{ "emailAddress=y@x.example,CN=yamada.t,O=Hospital", "yamada.t" },
	{ "/C=JP/O=Hospital/CN=yamada.t", "yamada.t" },
	{ "/CN=yamada.t/emailAddress=a", "yamada.t" },
	{ "C = JP, O = Hospital, CN = yamada.t", "yamada.t" },
	{ "cn=Yamada\\, Taro,o=x", "Yamada, Taro" },
	{ "CN=\\E5\\B1\\B1\\E7\\94\\B0,O=x", "山田" },
	{ "CN=\"Yamada, Taro\",O=x", "Yamada, Taro" },
	{ "O=x+CN=two", "two" },
	{ "2.5.4.3=oid", "oid" },
	{ "O=CN=trap,C=JP", "" },
	{ "OU=x,O=y", "" },
	{ "yamada.t", "yamada.t" },
	{ "", "" },
	{ "By=spiffe://a/b;Hash=00ff;Subject=\"CN=yamada.t,OU=3F\";URI=spiffe://c/d", "yamada.t" },
	{ "By=spiffe://a;Hash=0;Subject=\"CN=\\\"q\\\" x,O=y\";DNS=a.b", "q x" },
	{ "Hash=0;Subject=\"CN=a\\;b,O=x\"", "a;b" },
	{ "By=spiffe://a;Hash=00ff;URI=spiffe://hospital/ward-7", "spiffe://hospital/ward-7" },
	{ "Subject=\"CN=client,O=x\",By=z;Subject=\"CN=proxy,O=x\"", "client" },
	{ "By=z,Subject=\"CN=proxy,O=x\"", "" },
	{ "Hash=0;Cert=\"x\"", "" },
	{ "subject=\"CN=x", "" }, /* cut */
};

static void test_certificates(void)
{
	for (size_t i = 0; i < COUNT(certificates); i++, scratch.n = 0)
		ok_slice(person_of_certificate(slice_str(certificates[i].value), &scratch),
			 slice_str(certificates[i].name), certificates[i].value);
}

/* A certificate, as far as its subject, made here: TLV by TLV. */
static size_t tlv(uint8_t *out, uint8_t tag, const uint8_t *body, size_t n)
{
	size_t head = n < 128 ? 2 : n < 256 ? 3 : 4;

	memmove(out + head, body, n);
	out[0] = tag;
	if (head == 2) {
		out[1] = (uint8_t)n;
	} else {
		out[1] = (uint8_t)(0x80 | (head - 2));
		out[2] = (uint8_t)(head == 3 ? n : n >> 8);
		if (head == 4)
			out[3] = (uint8_t)n;
	}
	return head + n;
}

static size_t name_of(uint8_t *out, const char *cn)
{
	static const uint8_t organisation[] = {
		0x31, 12, 0x30, 10, 6, 3, 0x55, 4, 10, 0x0c, 3, 'H', 'o', 's'
	};
	uint8_t pair[600], set[700];
	size_t n = 0;

	memcpy(pair, (const uint8_t[]){ 6, 3, 0x55, 4, 3 }, 5);
	n = 5 + tlv(pair + 5, 0x0c, (const uint8_t *)cn, strlen(cn));
	n = tlv(set, 0x30, memcpy(set, pair, n), n);
	memcpy(pair, set, n);
	n = tlv(set, 0x31, pair, n);
	memcpy(out, organisation, sizeof organisation);
	memcpy(out + sizeof organisation, set, n);
	n += sizeof organisation;
	return tlv(out, 0x30, memmove(set, out, n), n);
}

static size_t certificate(uint8_t *out, const char *issuer, const char *subject, bool version)
{
	uint8_t tbs[2000], part[1000];
	size_t n = 0;

	if (version) {
		memcpy(tbs, (const uint8_t[]){ 0xa0, 3, 2, 1, 2 }, 5);
		n = 5;
	}
	memcpy(tbs + n, (const uint8_t[]){ 2, 1, 7, 0x30, 0 }, 5);
	n += 5;
	memcpy(tbs + n, part, name_of(part, issuer));
	n += name_of(part, issuer);
	memcpy(tbs + n, (const uint8_t[]){ 0x30, 0 }, 2);
	n += 2;
	memcpy(tbs + n, part, name_of(part, subject));
	n += name_of(part, subject);
	n = tlv(out, 0x30, memmove(out + 8, tbs, n), n);
	return tlv(out, 0x30, memmove(tbs, out, n), n);
}

static size_t base64(const uint8_t *in, size_t n, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t k = 0;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)in[i] << 16 | (i + 1 < n ? (uint32_t)in[i + 1] << 8 : 0) |
			     (i + 2 < n ? in[i + 2] : 0);

		out[k++] = digits[v >> 18];
		out[k++] = digits[v >> 12 & 63];
		out[k++] = i + 1 < n ? digits[v >> 6 & 63] : '=';
		out[k++] = i + 2 < n ? digits[v & 63] : '=';
	}
	out[k] = '\0';
	return k;
}

static void test_der(void)
{
	uint8_t der[3000];
	char code[5000], text[9000], longest[300];
	size_t n;

	for (int version = 0; version < 2; version++) {
		base64(der, certificate(der, "ca", "yamada.t", version), code);
		scratch.n = 0;
		ok_slice(person_of_certificate(slice_str(code), &scratch), SLICE("yamada.t"), "bare base64");
		snprintf(text, sizeof text, ":%s:", code);
		ok_slice(person_of_certificate(slice_str(text), &scratch), SLICE("yamada.t"), "RFC 9440");
		snprintf(text, sizeof text,
			 "-----BEGIN CERTIFICATE-----\n%.20s\n%s\n-----END CERTIFICATE-----\n", code,
			 code + 20);
		ok_slice(person_of_certificate(slice_str(text), &scratch), SLICE("yamada.t"), "PEM");
		for (char *p = text; *p != 0; p++)
			*p = *p == '\n' ? ' ' : *p;
		ok_slice(person_of_certificate(slice_str(text), &scratch), SLICE("yamada.t"),
			 "PEM in one line");
		snprintf(text, sizeof text,
			 "-----BEGIN%%20CERTIFICATE-----%%0A%s%%0A-----END%%20CERTIFICATE-----%%0A", code);
		ok_slice(person_of_certificate(slice_str(text), &scratch), SLICE("yamada.t"),
			 "PEM, percent-encoded");
		memmove(text + 14, text, strlen(text) + 1);
		memcpy(text, "Hash=00;Cert=\"", 14);
		strcat(text, "\";URI=spiffe://x");
		ok_slice(person_of_certificate(slice_str(text), &scratch), SLICE("yamada.t"), "Envoy's Cert");
	}
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	n = certificate(der, longest, longest, true);
	base64(der, n, code);
	scratch.n = 0;
	ok_slice(person_of_certificate(slice_str(code), &scratch), slice_str(longest),
		 "lengths of two bytes");
	for (size_t cut = 0; cut < n; cut += 7) {
		base64(der, cut, code);
		scratch.n = 0;
		if (person_of_certificate(slice_str(code), &scratch).n == strlen(longest) && cut < n / 2)
			ok(false, "a cut certificate names nobody");
	}
	ok(true, "cut certificates");
}

#define JWT(payload) "eyJhbGciOiJub25lIn0." payload ".c2ln"
static const struct {
	const char *value, *claim, *part;
} claims[] = {
	/* {"iss":"x","sub":"yamada.t","azp":"ehr"} */
	{ "Bearer " JWT("eyJpc3MiOiJ4Iiwic3ViIjoieWFtYWRhLnQiLCJhenAiOiJlaHIifQ"), "yamada.t", "yamada.t" },
	{ JWT("eyJpc3MiOiJ4Iiwic3ViIjoieWFtYWRhLnQiLCJhenAiOiJlaHIifQ"), "yamada.t", "yamada.t" },
	{ "DPoP " JWT("eyJpc3MiOiJ4Iiwic3ViIjoieWFtYWRhLnQiLCJhenAiOiJlaHIifQ"), "yamada.t", "yamada.t" },
	/* {"preferred_username":"sato","email":"s@x"} {"email":"s@x","azp":"ehr"} {"client_id":"batch"} */
	{ JWT("eyJwcmVmZXJyZWRfdXNlcm5hbWUiOiJzYXRvIiwiZW1haWwiOiJzQHgifQ"), "sato", "sato" },
	{ JWT("eyJlbWFpbCI6InNAeCIsImF6cCI6ImVociJ9"), "s@x", "s@x" },
	{ JWT("eyJjbGllbnRfaWQiOiJiYXRjaCJ9"), "batch", "batch" },
	/* {"sub":"sk-EXAMPLE0001"}: the name is itself a key */
	{ JWT("eyJzdWIiOiJzay1FWEFNUExFMDAwMSJ9"), "", "sk-EXAMPLE0001" },
	{ "Basic eWFtYWRhLnQ6RVhBTVBMRQ==", "yamada.t", "yamada.t" }, /* yamada.t:EXAMPLE */
	{ "Basic OnNrLUVYQU1QTEUwMDAx", "", "sk-EXAMPLE0001" },	      /* :sk-EXAMPLE0001 */
	{ "Basic YWJjZGVmMDEyMzQ1Njc4OTo=", "", "abcdef0123456789" }, /* abcdef0123456789: */
	{ "Digest username=\"yamada.t\", realm=\"x\", response=\"00\"", "yamada.t", "yamada.t" },
	{ "Digest realm=\"x\"", "", "realm=\"x\"" },
	{ "Bearer sk-EXAMPLE0001", "", "sk-EXAMPLE0001" },
	{ "AWS4-ECDSA-P256-SHA256 Credential=AKIAEXAMPLE/20260819/bedrock/aws4_request, Signature=0", "",
	  "AKIAEXAMPLE" },
	{ "GOOG4-RSA-SHA256 Credential=a@b.example/20260819/auto/storage/goog4_request", "", "a@b.example" },
	{ "OAuth ya29.EXAMPLE", "", "ya29.EXAMPLE" },
};

static void test_claims(void)
{
	for (size_t i = 0; i < COUNT(claims); i++, scratch.n = 0) {
		ok_slice(secret_claim(slice_str(claims[i].value), &scratch), slice_str(claims[i].claim),
			 claims[i].value);
		ok_slice(secret_part(slice_str(claims[i].value), &scratch), slice_str(claims[i].part),
			 "  its key");
	}
}

static struct parse_context context(void)
{
	static struct cidr trusted;
	bool host_bits;

	cidr_parse(SLICE("10.0.0.1/32"), &trusted, &host_bits);
	return (struct parse_context){ .fingerprint_key = slice_of(key, sizeof key),
				       .trusted_proxies = &trusted,
				       .n_trusted_proxies = 1,
				       .scratch = &scratch };
}

/* A log line's credential names its user where nothing better does, in either order, and a name that has the
 * same fingerprint as a token's subject names nobody, also behind such a line. */
static void test_log_fields(void)
{
	struct parse_context ctx = context();
	struct memo_key memo[MEMO_END];
	struct flat_event fe;

	ctx.cache = parse_cache_new();
	flat_event_reset(&fe);
	secret_set_key(&fe.ev, slice_str(claims[0].value), &ctx);
	ok_slice(ev_str(&fe.ev, F_USER), SLICE("yamada.t"), "the subject is the user");
	set_text(&fe.ev, F_USER, SLICE("-"), &ctx);
	ok_slice(ev_str(&fe.ev, F_USER), SLICE("yamada.t"), "also where the log has none");
	for (int p = MEMO_FIRST; p < MEMO_END; p++) {
		memo_begin(&memo[p], MEMO_JSON);
		memo_piece(&memo[p], SLICE("same texts"));
	}
	memo_keep(&ctx, memo, &fe.ev);
	ok(!memo_recall(ctx.cache, memo, &fe.ev), "such a line's user is not remembered");
	set_text(&fe.ev, F_USER, SLICE("sato"), &ctx);
	ok_slice(ev_str(&fe.ev, F_USER), SLICE("sato"), "the log's own word counts more");
	flat_event_reset(&fe);
	set_text(&fe.ev, F_USER, SLICE("sato"), &ctx);
	secret_set_key(&fe.ev, slice_str(claims[0].value), &ctx);
	ok_slice(ev_str(&fe.ev, F_USER), SLICE("sato"), "in either order");
	flat_event_reset(&fe);
	secret_set_key(&fe.ev, SLICE("yamada.t"), &ctx);
	ok(!ev_known(&fe.ev, F_USER) && ev_known(&fe.ev, F_KEY_ID), "a credential's name is no user");
	memo_keep(&ctx, memo, &fe.ev);
	ok(memo_recall(ctx.cache, memo, &fe.ev), "other lines are remembered");
	flat_event_reset(&fe);
	secret_set_key(&fe.ev, slice_str(claims[0].value), &ctx);
	ok(!memo_recall(ctx.cache, memo, &fe.ev), "and do not take the place of one that names its user");
	flat_event_reset(&fe);
	secret_set_key(&fe.ev, SLICE("Negotiate YIIabcdefgh"), &ctx);
	ok(!ev_known(&fe.ev, F_KEY_ID) && !ev_absent(&fe.ev, F_KEY_ID),
	   "good for one connection: there was one, not which");
	parse_cache_free(ctx.cache);
}

/* ---- heads ---- */

static struct exchange exchange;

/* "Name: value\n..." seen from a trusted or another peer; the event. */
static struct access_event *seen(const char *head, bool trusted, const struct wanted_headers *wanted)
{
	static struct flat_event fe;
	struct parse_context ctx = context();
	struct exchange_ends ends = { .port = { 1, 2 } };
	struct slice rest = slice_str(head);

	ctx.wanted = wanted;
	memset(&exchange, 0, sizeof exchange);
	scratch.n = 0;
	flat_event_reset(&fe);
	addr_parse(trusted ? SLICE("10.0.0.1") : SLICE("10.0.0.2"), &ends.addr[0]);
	exchange.message[REQUEST].begun = exchange.message[REQUEST].head = true;
	while (rest.n > 0) {
		const uint8_t *colon = memchr(rest.p, ':', rest.n), *end = memchr(rest.p, '\n', rest.n);
		size_t at = (size_t)(colon - rest.p), n = end == NULL ? rest.n : (size_t)(end - rest.p);

		exchange_header(&exchange, REQUEST, slice_head(rest, at),
				slice_of(rest.p + at + 2, n - at - 2), &ctx);
		rest = slice_from(rest, n + 1);
	}
	exchange_event(&exchange, &ends, &ctx, &fe.ev);
	return &fe.ev;
}

static void expect_user(const char *head, bool trusted, const char *user)
{
	struct access_event *ev = seen(head, trusted, NULL);

	char label[2048];

	snprintf(label, sizeof label, "%s%s", trusted ? "trusted: " : "", head);
	for (char *p = label; *p != 0; p++)
		*p = *p == '\n' ? '|' : *p;
	ok_slice(ev_str(ev, F_USER), slice_str(user), label);
}

static bool same_key(const char *head, const char *secret)
{
	uint8_t bytes[8];
	char hex[17] = "";
	struct access_event *ev = seen(head, true, NULL);

	if (fingerprint_make(slice_of(key, sizeof key), slice_str(secret), bytes)) {
		static const char digits[] = "0123456789abcdef";

		for (int i = 0; i < 16; i++)
			hex[i] = digits[bytes[i / 2] >> (i % 2 ? 0 : 4) & 15];
	}
	return slice_is(ev_str(ev, F_KEY_ID), hex);
}

static void test_heads(void)
{
	static const char jwt[] =
		"Authorization: Bearer " JWT("eyJpc3MiOiJ4Iiwic3ViIjoieWFtYWRhLnQiLCJhenAiOiJlaHIifQ");
	char text[1024];

	expect_user("X-User: b\nX-Consumer-Username: a", true, "a");
	expect_user("X-Consumer-Username: a\nX-User: b", true, "a");
	expect_user("X-Consumer-Username: a", false, "");
	expect_user("X-Consumer-Username: -\nRemote-User: c", true, "c");
	expect_user("X-SSL-Client-S-DN: CN=d,O=x", true, "d");
	expect_user("X-SSL-Client-S-DN: CN=d,O=x\nX-Forwarded-User: e", true, "e");
	expect_user("X-Forwarded-Client-Cert: Hash=0;Subject=\"CN=f,O=x\"", true, "f");
	expect_user("X-Forwarded-Client-Cert: Hash=0;Subject=\"CN=f,O=x\"", false, "");
	expect_user("X-SSL-Client-S-DN: O=x\nX-Client-Cert: g", true, "g");
	expect_user(jwt, false, "yamada.t");
	snprintf(text, sizeof text, "%s\nX-Forwarded-User: h", jwt);
	expect_user(text, true, "h");
	expect_user(text, false, "yamada.t");
	snprintf(text, sizeof text, "Cookie: theme=dark; access=%s; x=y", strchr(jwt, 'y') - 1);
	expect_user(text, false, "yamada.t");
	ok(same_key(text, "yamada.t"), "a cookie that is a JWT is a key");
	ok(ev_absent(seen("Cookie: session=0123456789abcdef", false, NULL), F_KEY_ID),
	   "another cookie is none");
	ok(same_key("Authorization: Bearer sk-provider0001\nX-Litellm-Api-Key: sk-virtual0001",
		    "sk-virtual0001"),
	   "the gateway's key says more than the provider's");
	ok(same_key("X-Litellm-Api-Key: sk-virtual0001\nAuthorization: Bearer sk-provider0001",
		    "sk-virtual0001"),
	   "whatever their order");
	ok(same_key("Authorization: Bearer sk-provider0001\nX-Credential-Identifier: ward-7", "ward-7"),
	   "and so does its name of the key");
	ok_slice(ev_str(seen("X-Dept: 2\nX-Department: 1", true, NULL), F_DEPARTMENT), SLICE("1"),
		 "department");
}

static void test_wanted(void)
{
	struct wanted_headers w = {
		.person = { { SLICE("x-staff-id"), PERSON_USER }, { SLICE("x-user"), PERSON_USER } },
		.n_person = 2,
		.condition = { { SLICE("x-function"), SLICE("sum*") }, { SLICE("x-app"), SLICE("ehr") } },
		.n_conditions = 2,
		.function = { { SLICE("0:both"), 3 }, { SLICE("1:one"), 1 } },
		.n_functions = 2
	};

	ok_slice(ev_str(seen("X-Consumer-Username: a\nX-User: b\nX-Staff-Id: c", true, &w), F_USER),
		 SLICE("c"), "the site's own list, in its order");
	ok(!ev_known(seen("X-Consumer-Username: a", true, &w), F_USER), "what is not in it is not believed");
	ok_slice(ev_str(seen("X-Function: summary", true, &w), F_FUNCTION), SLICE("1:one\x1f"),
		 "one condition");
	ok_slice(ev_str(seen("X-App: ehr\nX-Function: summary", true, &w), F_FUNCTION),
		 SLICE("0:both\x1f"
		       "1:one\x1f"),
		 "both");
	ok(!ev_known(seen("X-App: EHR\nX-Function: x", true, &w), F_FUNCTION), "none");
}

int main(void)
{
	test_certificates();
	test_der();
	test_claims();
	test_log_fields();
	test_heads();
	test_wanted();
	return tap_done();
}
