/* Merkle trees as RFC 6962 2.1: split at the largest power of two below n, a lone node goes up unchanged;
 * leaves and interior nodes hash under different first bytes. Pure functions; any thread. */
#ifndef TK_TRAIL_MERKLE_H
#define TK_TRAIL_MERKLE_H

#include "core/base/hash.h"
#include "core/trail/scalar.h"

#define MERKLE_LEVELS 63 /* of an audit path, at most */

void merkle_leaf(struct sha256 *s, struct slice bytes, struct hash32 *out);
void merkle_node(struct sha256 *s, const struct hash32 *left, const struct hash32 *right, struct hash32 *out);

/* A tree that grows at its end, in constant memory: the roots of its full subtrees, largest first. */
struct merkle {
	int64_t n;
	struct hash32 full[64];
};
void merkle_add(struct merkle *t, struct sha256 *s, const struct hash32 *leaf);
void merkle_root(const struct merkle *t, struct sha256 *s, struct hash32 *out); /* empty: SHA-256("") */
/* Of n leaves in memory. */
void merkle_root_of(struct sha256 *s, const struct hash32 *leaf, int64_t n, struct hash32 *out);

/* Audit path of leaf m of n, and proof that the tree of n begins with that of m (0 < m <= n), from the
 * leaves. Returns how many hashes were put into `out`. */
size_t merkle_inclusion(struct sha256 *s, const struct hash32 *leaf, int64_t m, int64_t n,
			struct hash32 out[MERKLE_LEVELS]);
size_t merkle_consistency(struct sha256 *s, const struct hash32 *leaf, int64_t m, int64_t n,
			  struct hash32 out[MERKLE_LEVELS + 1]);
/* RFC 9162 2.1.3.2 and 2.1.4.2: true only if the proof has exactly the length that (m, n) asks. */
bool merkle_included(struct sha256 *s, const struct hash32 *leaf, int64_t m, int64_t n,
		     const struct hash32 *path, size_t n_path, const struct hash32 *root);
bool merkle_consistent(struct sha256 *s, int64_t m, const struct hash32 *old_root, int64_t n,
		       const struct hash32 *new_root, const struct hash32 *proof, size_t n_proof);

#endif
