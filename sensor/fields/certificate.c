/* Client certificates as gateways forward them (mTLS): whom they name. */
#include "sensor/fields/person.h"
#include "sensor/fields/secret.h"
#include "sensor/fields/text.h"

#define CERTIFICATE_MAX 8192 /* base64; more is not read */

/* ---- a subject as text ---- */

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static uint8_t hex_value(uint8_t c)
{
	return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* One value, up to a separator that is not escaped; escapes undone (RFC 4514 2.4) into `out`, of in->n bytes.
 * The separator is taken. */
static size_t take_value(struct slice *in, const char *separators, uint8_t *out)
{
	size_t i = 0, n = 0;
	bool quoted = in->n > 0 && in->p[0] == '"';

	for (i += quoted; i < in->n; i++) {
		uint8_t c = in->p[i];

		if (quoted && c == '"') {
			quoted = false;
			continue;
		}
		if (!quoted && strchr(separators, c) != NULL && c != 0)
			break;
		if (c == '\\' && i + 2 < in->n && is_hex(in->p[i + 1]) && is_hex(in->p[i + 2])) {
			c = (uint8_t)(hex_value(in->p[i + 1]) << 4 | hex_value(in->p[i + 2]));
			i += 2;
		} else if (c == '\\' && i + 1 < in->n) {
			c = in->p[++i];
		}
		out[n++] = c;
	}
	*in = slice_from(*in, i + 1);
	return n;
}

static bool is_cn(struct slice type)
{
	return (type.n == 2 && (type.p[0] | 0x20) == 'c' && (type.p[1] | 0x20) == 'n') ||
	       slice_is(type, "2.5.4.3") || slice_is(type, "OID.2.5.4.3");
}

/* The first CN: RFC 4514 writes the most specific one first, and so does nearly every other form have one. */
static struct slice subject_cn(struct slice dn, struct scratch *s)
{
	const char *separators = dn.n > 0 && dn.p[0] == '/' ? "/" : ",;+";
	uint8_t *out = dn.n == 0 ? NULL : scratch_take(s, dn.n);

	if (out == NULL)
		return slice_of(NULL, 0);
	if (separators[0] == '/')
		dn = slice_from(dn, 1);
	while (dn.n > 0) {
		const uint8_t *equals = memchr(dn.p, '=', dn.n);
		struct slice type;
		size_t n;

		if (equals == NULL)
			break;
		type = text_trim(slice_head(dn, (size_t)(equals - dn.p)));
		dn = slice_from(dn, (size_t)(equals - dn.p) + 1);
		while (dn.n > 0 && dn.p[0] == ' ')
			dn = slice_from(dn, 1);
		n = take_value(&dn, separators, out);
		if (is_cn(type))
			return text_trim(slice_of(out, n));
	}
	return slice_of(NULL, 0);
}

/* ---- Envoy: By=...;Hash=...;Subject="...";URI=..., the next element behind a comma ---- */

static bool key_is(struct slice s, const char *name)
{
	size_t n = strlen(name);

	if (s.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((s.p[i] | 0x20) != name[i])
			return false;
	return true;
}

/* The value of one key of the first element, quotes and escapes as they are. */
static struct slice envoy_value(struct slice list, const char *key)
{
	while (list.n > 0) {
		size_t i = 0, equals = 0;
		bool quoted = false;
		struct slice pair;

		for (; i < list.n && (quoted || (list.p[i] != ';' && list.p[i] != ',')); i++) {
			if (list.p[i] == '"')
				quoted = !quoted;
			else if (list.p[i] == '\\' && quoted)
				i++;
			else if (list.p[i] == '=' && equals == 0)
				equals = i;
		}
		pair = slice_head(list, i);
		if (equals > 0 && equals < pair.n && key_is(text_trim(slice_head(pair, equals)), key))
			return text_trim(slice_from(pair, equals + 1));
		if (i >= list.n || list.p[i] == ',')
			break;
		list = slice_from(list, i + 1);
	}
	return slice_of(NULL, 0);
}

/* Without the quotes around it, and its quotes and backslashes no longer escaped. */
static struct slice unquoted(struct slice v, struct scratch *s)
{
	uint8_t *out;
	size_t n = 0;

	if (v.n < 2 || v.p[0] != '"' || v.p[v.n - 1] != '"')
		return v;
	v = slice_of(v.p + 1, v.n - 2);
	out = v.n == 0 || memchr(v.p, '\\', v.n) == NULL ? NULL : scratch_take(s, v.n);
	if (out == NULL)
		return v;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '\\' && i + 1 < v.n && (v.p[i + 1] == '"' || v.p[i + 1] == '\\'))
			i++;
		out[n++] = v.p[i];
	}
	return slice_of(out, n);
}

static bool is_envoy(struct slice v)
{
	static const char *const keys[] = { "by", "hash", "subject", "uri", "dns", "cert", "chain" };
	const uint8_t *equals = v.n == 0 ? NULL : memchr(v.p, '=', v.n);

	for (size_t i = 0; equals != NULL && i < COUNT(keys); i++)
		if (key_is(text_trim(slice_head(v, (size_t)(equals - v.p))), keys[i]))
			return true;
	return false;
}

/* ---- the certificate itself: DER (X.690 8.1, 10.1), as far as the subject (RFC 5280 4.1) ---- */

#define DER_INTEGER 0x02
#define DER_OID 0x06
#define DER_SEQUENCE 0x30
#define DER_SET 0x31
#define DER_VERSION 0xa0

/* Takes one element; its tag, or -1: there is none that is whole. */
static int der_take(struct slice *in, struct slice *content)
{
	size_t n, head = 2;
	int tag;

	if (in->n < 2)
		return -1;
	tag = in->p[0];
	n = in->p[1];
	if (n > 0x82 || n == 0x80)
		return -1;
	if (n > 0x80) {
		head += n - 0x80;
		if (in->n < head)
			return -1;
		n = head == 3 ? in->p[2] : (size_t)in->p[2] << 8 | in->p[3];
	}
	if (n > in->n - head)
		return -1;
	*content = slice_of(in->p + head, n);
	*in = slice_from(*in, head + n);
	return tag;
}

static struct slice name_cn(struct slice name)
{
	static const uint8_t cn[] = { 0x55, 0x04, 0x03 };
	struct slice set, pair, type, value;

	while (der_take(&name, &set) == DER_SET)
		while (der_take(&set, &pair) == DER_SEQUENCE)
			if (der_take(&pair, &type) == DER_OID && type.n == sizeof cn &&
			    memcmp(type.p, cn, sizeof cn) == 0 && der_take(&pair, &value) >= 0)
				return value;
	return slice_of(NULL, 0);
}

static struct slice der_cn(struct slice der)
{
	struct slice c, tbs, part;
	int tag;

	if (der_take(&der, &c) != DER_SEQUENCE || der_take(&c, &tbs) != DER_SEQUENCE)
		return slice_of(NULL, 0);
	tag = der_take(&tbs, &part);
	if (tag == DER_VERSION)
		tag = der_take(&tbs, &part);
	if (tag != DER_INTEGER)
		return slice_of(NULL, 0);
	for (int i = 0; i < 4; i++) /* signature, issuer, validity, subject */
		if (der_take(&tbs, &part) != DER_SEQUENCE)
			return slice_of(NULL, 0);
	return name_cn(part);
}

/* Base64 without what stands around and between it: PEM's lines and frame, the colons of RFC 9440. */
static struct slice base64_body(struct slice v, struct scratch *s)
{
	uint8_t *out = v.n == 0 || v.n > CERTIFICATE_MAX ? NULL : scratch_take(s, v.n);
	const uint8_t *frame;
	size_t n;

	if (out == NULL)
		return slice_of(NULL, 0);
	n = memchr(v.p, '%', v.n) == NULL ? 0 : text_unpercent(v, out);
	if (n > 0)
		v = slice_of(out, n);
	if (slice_starts(v, SLICE("-----BEGIN CERTIFICATE-----"))) {
		v = slice_from(v, 27);
		frame = v.n == 0 ? NULL : memmem(v.p, v.n, "-----", 5);
		if (frame == NULL)
			return slice_of(NULL, 0);
		v.n = (size_t)(frame - v.p);
	}
	n = 0;
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] > ' ' && v.p[i] != ':')
			out[n++] = v.p[i];
	return slice_of(out, n);
}

static struct slice certificate_cn(struct slice value, struct scratch *s)
{
	return der_cn(secret_base64(base64_body(value, s), CERTIFICATE_MAX, s));
}

/* Subject and Cert are one certificate; which of them Envoy writes is set there. */
static struct slice envoy_name(struct slice value, struct scratch *s)
{
	struct slice cn = subject_cn(unquoted(envoy_value(value, "subject"), s), s);

	if (cn.n == 0)
		cn = certificate_cn(unquoted(envoy_value(value, "cert"), s), s);
	return cn.n > 0 ? cn : unquoted(envoy_value(value, "uri"), s);
}

struct slice person_of_certificate(struct slice value, struct scratch *s)
{
	struct slice name;

	value = text_trim(value);
	if (is_envoy(value))
		return envoy_name(value, s);
	name = certificate_cn(value, s);
	if (name.n > 0)
		return name;
	if (value.n > 0 && memchr(value.p, '=', value.n) != NULL)
		return subject_cn(value, s);
	return value.n <= 255 && memchr(value.p, '\n', value.n) == NULL ? value : slice_of(NULL, 0);
}
