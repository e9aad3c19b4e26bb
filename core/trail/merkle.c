#include "core/trail/merkle.h"

void merkle_leaf(struct sha256 *s, struct slice bytes, struct hash32 *out)
{
	sha256_begin(s);
	sha256_add(s, slice_of("\0", 1));
	sha256_add(s, bytes);
	sha256_end(s, out->b);
}

void merkle_node(struct sha256 *s, const struct hash32 *left, const struct hash32 *right, struct hash32 *out)
{
	uint8_t three[65];

	three[0] = 1;
	memcpy(three + 1, left->b, 32);
	memcpy(three + 33, right->b, 32);
	sha256_of(s, slice_of(three, sizeof three), out->b);
}

/* full[i] is in use when bit i of n is set. */
void merkle_add(struct merkle *t, struct sha256 *s, const struct hash32 *leaf)
{
	struct hash32 carry = *leaf;
	int level = 0;

	for (; t->n >> level & 1; level++)
		merkle_node(s, &t->full[level], &carry, &carry);
	t->full[level] = carry;
	t->n++;
}

void merkle_root(const struct merkle *t, struct sha256 *s, struct hash32 *out)
{
	bool any = false;

	if (t->n == 0)
		sha256_of(s, slice_of(NULL, 0), out->b);
	for (int level = 0; level < 63; level++) {
		if (!(t->n >> level & 1))
			continue;
		if (any)
			merkle_node(s, &t->full[level], out, out);
		else
			*out = t->full[level];
		any = true;
	}
}

void merkle_root_of(struct sha256 *s, const struct hash32 *leaf, int64_t n, struct hash32 *out)
{
	struct merkle t = { 0 };

	for (int64_t i = 0; i < n; i++)
		merkle_add(&t, s, &leaf[i]);
	merkle_root(&t, s, out);
}

static int64_t split(int64_t n)
{
	int64_t k = 1;

	while (k < n - k)
		k *= 2;
	return k;
}

size_t merkle_inclusion(struct sha256 *s, const struct hash32 *leaf, int64_t m, int64_t n,
			struct hash32 out[MERKLE_LEVELS])
{
	int64_t k;
	size_t at;

	if (n <= 1)
		return 0;
	k = split(n);
	if (m < k) {
		at = merkle_inclusion(s, leaf, m, k, out);
		merkle_root_of(s, leaf + k, n - k, &out[at]);
	} else {
		at = merkle_inclusion(s, leaf + k, m - k, n - k, out);
		merkle_root_of(s, leaf, k, &out[at]);
	}
	return at + 1;
}

/* RFC 6962 2.1.2's SUBPROOF; `known`: the root of these m leaves is one the verifier has. */
static size_t subproof(struct sha256 *s, const struct hash32 *leaf, int64_t m, int64_t n, bool known,
		       struct hash32 *out)
{
	int64_t k;
	size_t at;

	if (m == n) {
		if (known)
			return 0;
		merkle_root_of(s, leaf, m, out);
		return 1;
	}
	k = split(n);
	if (m <= k) {
		at = subproof(s, leaf, m, k, known, out);
		merkle_root_of(s, leaf + k, n - k, &out[at]);
	} else {
		at = subproof(s, leaf + k, m - k, n - k, false, out);
		merkle_root_of(s, leaf, k, &out[at]);
	}
	return at + 1;
}

size_t merkle_consistency(struct sha256 *s, const struct hash32 *leaf, int64_t m, int64_t n,
			  struct hash32 out[MERKLE_LEVELS + 1])
{
	return subproof(s, leaf, m, n, true, out);
}

bool merkle_included(struct sha256 *s, const struct hash32 *leaf, int64_t m, int64_t n,
		     const struct hash32 *path, size_t n_path, const struct hash32 *root)
{
	struct hash32 r = *leaf;
	int64_t fn = m, sn = n - 1;

	if (m < 0 || m >= n)
		return false;
	for (size_t i = 0; i < n_path; i++) {
		if (sn == 0)
			return false;
		if (fn & 1 || fn == sn) {
			merkle_node(s, &path[i], &r, &r);
			while (!(fn & 1) && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(s, &r, &path[i], &r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && hash_eq(&r, root);
}

bool merkle_consistent(struct sha256 *s, int64_t m, const struct hash32 *old_root, int64_t n,
		       const struct hash32 *new_root, const struct hash32 *proof, size_t n_proof)
{
	struct hash32 fr, sr;
	int64_t fn = m - 1, sn = n - 1;
	size_t i = 0;

	if (m <= 0 || m > n)
		return false;
	if (m == n)
		return n_proof == 0 && hash_eq(old_root, new_root);
	if ((m & (m - 1)) != 0 && n_proof == 0)
		return false;
	while (fn & 1) {
		fn >>= 1;
		sn >>= 1;
	}
	if ((m & (m - 1)) == 0)
		fr = *old_root;
	else
		fr = proof[i++];
	sr = fr;
	for (; i < n_proof; i++) {
		if (sn == 0)
			return false;
		if (fn & 1 || fn == sn) {
			merkle_node(s, &proof[i], &fr, &fr);
			merkle_node(s, &proof[i], &sr, &sr);
			while (!(fn & 1) && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(s, &sr, &proof[i], &sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && hash_eq(&fr, old_root) && hash_eq(&sr, new_root);
}
