#include "sensor/proto/tls/tls_hello.h"

#include "sensor/proto/tls/tls_bytes.h"
#include "sensor/proto/tls/tls_fingerprint.h"

enum extension { /* IANA, TLS ExtensionType Values */
	SERVER_NAME = 0,
	SUPPORTED_GROUPS = 10,
	EC_POINT_FORMATS = 11,
	SIGNATURE_ALGORITHMS = 13,
	ALPN = 16,
	ENCRYPT_THEN_MAC = 22,
	SESSION_TICKET = 35,
	PRE_SHARED_KEY = 41,
	EARLY_DATA = 42,
	SUPPORTED_VERSIONS = 43,
	KEY_SHARE = 51,
	ECH_FIRST_DRAFT = 0xfe08,
	ECH = 0xfe0d, /* RFC 9849 */
	ESNI = 0xffce /* what it was before */
};

/* ---- ClientHello ---- */

/* The first host name of the list (RFC 6066 3). */
static void server_name(struct slice s, struct tls_hello *h)
{
	struct slice list, type, name;

	if (!tls_take_vector(&s, 2, &list))
		return;
	while (tls_take(&list, 1, &type) && tls_take_vector(&list, 2, &name))
		if (type.p[0] == 0 && h->sni_n == 0) {
			h->sni_cut = name.n > TLS_NAME_MAX;
			name = slice_head(name, TLS_NAME_MAX);
			if (name.n != 0)
				memcpy(h->sni, name.p, name.n);
			h->sni_n = (uint16_t)name.n;
		}
}

static void protocols(struct slice s, struct tls_hello *h, struct tls_lists *l)
{
	struct slice list, name;
	bool first = true;

	if (!tls_take_vector(&s, 2, &list))
		return;
	while (tls_take_vector(&list, 1, &name)) {
		if (first)
			l->alpn = name;
		if (h->alpn_n + name.n + 1u > TLS_ALPN_MAX)
			break;
		if (!first)
			h->alpn[h->alpn_n++] = ',';
		else
			h->alpn_first_n = (uint8_t)name.n;
		if (name.n != 0)
			memcpy(h->alpn + h->alpn_n, name.p, name.n);
		h->alpn_n = (uint16_t)(h->alpn_n + name.n);
		first = false;
	}
}

static uint16_t first_value(struct slice list)
{
	for (; list.n >= 2; list = slice_from(list, 2))
		if (!tls_is_grease(tls_u16(list.p)))
			return tls_u16(list.p);
	return 0;
}

static uint16_t count_values(struct slice list)
{
	uint16_t n = 0;

	for (; list.n >= 2; list = slice_from(list, 2))
		n += !tls_is_grease(tls_u16(list.p));
	return n;
}

static void supported_versions(struct slice s, struct tls_hello *h)
{
	struct slice list;
	uint16_t best = 0;

	if (!tls_take_vector(&s, 1, &list))
		return;
	h->versions = count_values(list);
	for (; list.n >= 2; list = slice_from(list, 2))
		if (!tls_is_grease(tls_u16(list.p)) && tls_u16(list.p) > best)
			best = tls_u16(list.p);
	if (best != 0)
		h->version = best;
}

static void key_shares(struct slice s, struct tls_hello *h)
{
	struct slice list, key;
	uint16_t group;

	if (!tls_take_vector(&s, 2, &list))
		return;
	while (h->group == 0 && tls_take_u16(&list, &group) && tls_take_vector(&list, 2, &key))
		if (!tls_is_grease(group))
			h->group = group;
}

static void client_extension(uint16_t type, struct slice s, struct tls_hello *h, struct tls_lists *l)
{
	switch (type) {
	case SERVER_NAME:
		l->sni = true;
		server_name(s, h);
		break;
	case SUPPORTED_GROUPS:
		if (tls_take_vector(&s, 2, &l->groups))
			h->first_group = first_value(l->groups);
		break;
	case EC_POINT_FORMATS:
		(void)tls_take_vector(&s, 1, &l->formats);
		break;
	case SIGNATURE_ALGORITHMS:
		if (tls_take_vector(&s, 2, &l->signatures))
			h->first_signature = first_value(l->signatures);
		break;
	case ALPN:
		protocols(s, h, l);
		break;
	case SUPPORTED_VERSIONS:
		supported_versions(s, h);
		break;
	case KEY_SHARE:
		key_shares(s, h);
		break;
	case SESSION_TICKET:
		h->ticket = s.n > 0;
		break;
	case PRE_SHARED_KEY:
		h->psk = true;
		break;
	case EARLY_DATA:
		h->early_data = true;
		break;
	default:
		h->ech |= (type >= ECH_FIRST_DRAFT && type <= ECH) || type == ESNI;
	}
}

bool tls_hello_client(struct slice body, char transport, struct tls_hello *h)
{
	struct slice s, compression, content, rest;
	struct tls_lists l = { .sni = false };
	uint16_t type;

	memset(h, 0, sizeof *h);
	if (!tls_take_u16(&body, &h->legacy_version) || !tls_take(&body, TLS_RANDOM, &s))
		return false;
	memcpy(h->random, s.p, TLS_RANDOM);
	if (!tls_take_vector(&body, 1, &s) || s.n > sizeof h->session_id ||
	    !tls_take_vector(&body, 2, &l.suites) || !tls_take_vector(&body, 1, &compression))
		return false;
	if (s.n != 0)
		memcpy(h->session_id, s.p, s.n);
	h->session_id_n = (uint8_t)s.n;
	h->version = h->legacy_version;
	h->suites = count_values(l.suites);
	h->damaged = l.suites.n % 2 != 0 || (body.n != 0 && !tls_take_vector(&body, 2, &l.extensions));
	rest = l.extensions;
	while (tls_extension(&rest, &type, &content)) {
		h->extensions += !tls_is_grease(type);
		client_extension(type, content, h, &l);
	}
	h->damaged |= rest.n != 0;
	if (!h->damaged)
		tls_fingerprints(&l, transport, h);
	return true;
}

/* ---- what the server answers ---- */

/* SHA-256 of "HelloRetryRequest" (RFC 8446 4.1.3). */
static const uint8_t retry_random[TLS_RANDOM] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c
};

static void server_extension(uint16_t type, struct slice s, struct tls_choice *c)
{
	struct slice list, name;

	switch (type) {
	case ALPN:
		if (tls_take_vector(&s, 2, &list) && tls_take_vector(&list, 1, &name) && name.n != 0) {
			memcpy(c->alpn, name.p, name.n);
			c->alpn_n = (uint8_t)name.n;
			c->alpn[name.n] = 0;
		}
		break;
	case SUPPORTED_VERSIONS:
		if (s.n == 2)
			c->version = tls_u16(s.p);
		break;
	case KEY_SHARE:
		if (s.n >= 2)
			c->group = tls_u16(s.p);
		break;
	case ENCRYPT_THEN_MAC:
		c->encrypt_then_mac = true;
		break;
	case EARLY_DATA:
		c->early_data = true;
		break;
	default:
		break;
	}
}

static void server_extensions(struct slice body, struct tls_choice *c)
{
	struct slice block, content;
	uint16_t type;

	if (!tls_take_vector(&body, 2, &block))
		return;
	while (tls_extension(&block, &type, &content))
		server_extension(type, content, c);
}

bool tls_hello_server(struct slice body, struct tls_choice *c)
{
	struct slice s, id;

	memset(c, 0, sizeof *c);
	if (!tls_take_u16(&body, &c->version) || !tls_take(&body, TLS_RANDOM, &s))
		return false;
	memcpy(c->random, s.p, TLS_RANDOM);
	if (!tls_take_vector(&body, 1, &id) || id.n > 32 || !tls_take_u16(&body, &c->suite) ||
	    !tls_take(&body, 1, &s))
		return false;
	c->retry = memcmp(c->random, retry_random, TLS_RANDOM) == 0;
	server_extensions(body, c);
	return true;
}

bool tls_hello_encrypted_extensions(struct slice body, struct tls_choice *c)
{
	struct tls_choice seen;

	memset(&seen, 0, sizeof seen);
	if (body.n < 2)
		return false;
	server_extensions(body, &seen);
	memcpy(c->alpn, seen.alpn, sizeof c->alpn);
	c->alpn_n = seen.alpn_n;
	c->early_data = seen.early_data;
	return true;
}
