#include "core/trail/stamp.h"

#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#include "core/base/hash.h"

static int refused(struct err *e, const char *what)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return err_set(e, TK_EMALFORMED, "%s: %s", what, why == NULL ? "OpenSSL refuses it" : why);
}

static bool digest(struct slice data, uint8_t out[32])
{
	struct sha256 *s = sha256_new();

	if (s == NULL)
		return false;
	sha256_of(s, data, out);
	sha256_free(s);
	return true;
}

/* ---- query ---- */

static bool fill_query(TS_REQ *q, const uint8_t hash[32])
{
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	ASN1_INTEGER *nonce = ASN1_INTEGER_new();
	uint8_t random[8];
	uint64_t number;
	bool good =
		imprint != NULL && algorithm != NULL && nonce != NULL && random_bytes(random, sizeof random);

	memcpy(&number, random, sizeof number);
	good = good && X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
	       TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
	       TS_MSG_IMPRINT_set_msg(imprint, (unsigned char *)(uintptr_t)hash, 32) == 1 &&
	       ASN1_INTEGER_set_uint64(nonce, number >> 1) == 1 && TS_REQ_set_version(q, 1) == 1 &&
	       TS_REQ_set_msg_imprint(q, imprint) == 1 && TS_REQ_set_nonce(q, nonce) == 1 &&
	       TS_REQ_set_cert_req(q, 1) == 1;
	TS_MSG_IMPRINT_free(imprint);
	X509_ALGOR_free(algorithm);
	ASN1_INTEGER_free(nonce);
	return good;
}

int stamp_query(struct slice data, struct buf *out, struct err *e)
{
	TS_REQ *q = TS_REQ_new();
	uint8_t hash[32], *der = NULL;
	int n = -1;

	if (q != NULL && digest(data, hash) && fill_query(q, hash))
		n = i2d_TS_REQ(q, &der);
	if (n > 0)
		buf_add(out, slice_of(der, (size_t)n));
	OPENSSL_free(der);
	TS_REQ_free(q);
	return n > 0 && !out->failed ? TK_OK : refused(e, "time stamp query");
}

/* ---- reply ---- */

/* The time stamp's digest may be another of the SHA-2 family. */
static bool same_data(TS_TST_INFO *info, struct slice data)
{
	TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
	ASN1_OCTET_STRING *have = TS_MSG_IMPRINT_get_msg(imprint);
	const ASN1_OBJECT *name;
	const EVP_MD *md;
	uint8_t want[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	X509_ALGOR_get0(&name, NULL, NULL, TS_MSG_IMPRINT_get_algo(imprint));
	switch (OBJ_obj2nid(name)) {
	case NID_sha256:
		md = EVP_sha256();
		break;
	case NID_sha384:
		md = EVP_sha384();
		break;
	case NID_sha512:
		md = EVP_sha512();
		break;
	default:
		return false;
	}
	return EVP_Digest(data.p, data.n, want, &n, md, NULL) == 1 && ASN1_STRING_length(have) == (int)n &&
	       memcmp(ASN1_STRING_get0_data(have), want, n) == 0;
}

static int64_t stamp_time(TS_TST_INFO *info)
{
	struct tm tm;

	if (ASN1_TIME_to_tm((const ASN1_TIME *)TS_TST_INFO_get_time(info), &tm) != 1)
		return 0;
	return timegm(&tm);
}

static X509_STORE *open_store(const char *ca, int64_t now)
{
	X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *p = X509_VERIFY_PARAM_new();

	if (store == NULL || p == NULL || X509_STORE_load_file(store, ca) != 1) {
		X509_STORE_free(store);
		X509_VERIFY_PARAM_free(p);
		return NULL;
	}
	X509_VERIFY_PARAM_set_time(p, now);
	X509_STORE_set1_param(store, p);
	X509_VERIFY_PARAM_free(p);
	return store;
}

/* Signature, chain and purpose (RFC 3161 2.3); the imprint was compared before. */
static bool verify_reply(TS_RESP *reply, const char *ca, int64_t now, struct err *e)
{
	TS_VERIFY_CTX *c = TS_VERIFY_CTX_new();
	X509_STORE *store = open_store(ca, now);
	bool good = false;

	if (store == NULL) {
		refused(e, ca);
	} else if (c != NULL) {
		TS_VERIFY_CTX_set_flags(c, TS_VFY_SIGNATURE | TS_VFY_VERSION);
		TS_VERIFY_CTX_set_store(c, store); /* owns it now */
		store = NULL;
		good = TS_RESP_verify_response(c, reply) == 1;
		if (!good)
			refused(e, "time stamp");
	}
	X509_STORE_free(store);
	TS_VERIFY_CTX_free(c);
	return good;
}

enum stamp_verdict stamp_verify(struct slice bytes, struct slice data, const char *ca, int64_t now,
				int64_t *at, struct err *e)
{
	const unsigned char *p = bytes.p;
	TS_RESP *reply = d2i_TS_RESP(NULL, &p, (long)bytes.n);
	TS_TST_INFO *info = reply == NULL ? NULL : TS_RESP_get_tst_info(reply);
	enum stamp_verdict v = STAMP_INVALID;

	if (info == NULL || p != bytes.p + bytes.n) {
		refused(e, "no time stamp reply");
	} else if (!same_data(info, data)) {
		v = STAMP_OTHER_DATA;
	} else {
		*at = stamp_time(info);
		v = ca == NULL			      ? STAMP_UNCHECKED
		    : verify_reply(reply, ca, now, e) ? STAMP_GOOD
						      : STAMP_INVALID;
	}
	ERR_clear_error();
	TS_RESP_free(reply);
	return v;
}

bool stamp_answers(struct slice query, struct slice reply)
{
	const unsigned char *p = query.p, *q = reply.p;
	TS_REQ *asked = d2i_TS_REQ(NULL, &p, (long)query.n);
	TS_RESP *said = d2i_TS_RESP(NULL, &q, (long)reply.n);
	TS_TST_INFO *info = said == NULL ? NULL : TS_RESP_get_tst_info(said);
	bool same = asked != NULL && info != NULL && TS_REQ_get_nonce(asked) != NULL &&
		    TS_TST_INFO_get_nonce(info) != NULL &&
		    ASN1_INTEGER_cmp(TS_REQ_get_nonce(asked), TS_TST_INFO_get_nonce(info)) == 0;

	ERR_clear_error();
	TS_REQ_free(asked);
	TS_RESP_free(said);
	return same;
}
