/* RFC 6962 trees: the shared vectors, every proof of small trees against a slow reference, and tampering. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/sys.h"
#include "core/trail/merkle.h"
#include "tests/lib/tap.h"

#define SHARED "../shared/corpora/audit-trail/"
#define LEAVES 300

static struct sha256 *sha;
static struct hash32 leaf[LEAVES];

/* The definition of RFC 6962 2.1, word for word. */
static struct hash32 slow_root(int64_t from, int64_t to)
{
	struct hash32 out, a, b;
	int64_t n = to - from, k = 1;

	if (n == 0) {
		sha256_of(sha, slice_of(NULL, 0), out.b);
		return out;
	}
	if (n == 1)
		return leaf[from];
	while (k * 2 < n)
		k *= 2;
	a = slow_root(from, from + k);
	b = slow_root(from + k, to);
	merkle_node(sha, &a, &b, &out);
	return out;
}

static void test_random_trees(void)
{
	struct merkle t = { 0 };
	bool roots = true, included = true, consistent = true, tampered = true;

	for (int i = 0; i < LEAVES; i++)
		merkle_leaf(sha, slice_of(&i, sizeof i), &leaf[i]);
	for (int n = 0; n <= LEAVES; n++) {
		struct hash32 root, slow = slow_root(0, n), proof[MERKLE_LEVELS + 1];

		merkle_root(&t, sha, &root);
		roots &= hash_eq(&root, &slow);
		for (int m = 0; m < n; m += n < 20 ? 1 : 17) {
			struct hash32 old = slow_root(0, m + 1);
			size_t k = merkle_inclusion(sha, leaf, m, n, proof);

			included &= merkle_included(sha, &leaf[m], m, n, proof, k, &root);
			tampered &= !merkle_included(sha, &leaf[m], m + 1, n, proof, k, &root) &&
				    !merkle_included(sha, &leaf[m], m, n, proof, k + 1, &root) &&
				    (k == 0 || !merkle_included(sha, &leaf[m], m, n, proof, k - 1, &root)) &&
				    !merkle_included(sha, &leaf[m], n, n, proof, k, &root);
			k = merkle_consistency(sha, leaf, m + 1, n, proof);
			consistent &= merkle_consistent(sha, m + 1, &old, n, &root, proof, k);
			old.b[0] ^= 1;
			tampered &= !merkle_consistent(sha, m + 1, &old, n, &root, proof, k);
		}
		if (n < LEAVES)
			merkle_add(&t, sha, &leaf[n]);
	}
	ok(roots, "roots of 0 to 300 leaves");
	ok(included, "audit paths lead to the root");
	ok(consistent, "consistency proofs hold");
	ok(tampered, "another index, length or old root does not");
}

static void test_second_preimage(void)
{
	struct hash32 root, node, twice, path[MERKLE_LEVELS];
	uint8_t interior[64];

	merkle_root_of(sha, leaf, 2, &root);
	memcpy(interior, leaf[0].b, 32);
	memcpy(interior + 32, leaf[1].b, 32);
	merkle_leaf(sha, slice_of(interior, 64), &node);
	ok(!hash_eq(&node, &root), "T35 an interior node is no leaf");
	leaf[3] = leaf[2];
	merkle_root_of(sha, leaf, 3, &root);
	merkle_root_of(sha, leaf, 4, &twice);
	ok(!hash_eq(&root, &twice), "T35 a last leaf twice is another tree");
	merkle_inclusion(sha, leaf, 1, 2, path);
	ok(!merkle_included(sha, &leaf[1], -1, 2, path, 1, &root), "no index below 0");
}

/* ---- the shared vectors ---- */

static struct hash32 classic[8];

static size_t read_proof(char *text, struct hash32 out[8])
{
	size_t n = 0;

	if (strcmp(text, "-") == 0)
		return 0;
	for (char *h = strtok(text, ","); h != NULL; h = strtok(NULL, ","))
		scalar_hex32(slice_str(h), &out[n++]);
	return n;
}

static FILE *open_table(const char *name)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, SHARED "%s", name);
	f = fopen(path, "r");
	if (f != NULL && fgets(path, sizeof path, f) == NULL) {
		fclose(f);
		return NULL;
	}
	return f;
}

static void test_vectors(void)
{
	FILE *roots = open_table("rfc6962-roots.tsv"), *in = open_table("rfc6962-inclusion.tsv"),
	     *con = open_table("rfc6962-consistency.tsv");
	char a[80], b[80], c[1024], d[80];
	struct hash32 want, root, proof[8], have[MERKLE_LEVELS + 1];
	int good = 0, n = 0;

	if (roots == NULL || in == NULL || con == NULL) {
		tap_skip("no shared vectors");
		return;
	}
	while (fscanf(roots, "%79s %79s %1023s %79s", a, b, c, d) == 4) {
		uint8_t bytes[32] = { 0 };
		size_t k = b[0] == '(' || b[0] == '-' ? 0 : strlen(b) / 2;
		int size = atoi(a);

		hex_decode(slice_str(b), bytes, k);
		if (size > 0)
			merkle_leaf(sha, slice_of(bytes, k), &classic[size - 1]);
		merkle_root_of(sha, classic, size, &root);
		scalar_hex32(slice_str(d), &want);
		good += hash_eq(&root, &want);
		n++;
	}
	ok_int(good, 9, "roots of the classic leaves");
	for (good = n = 0; fscanf(in, "%79s %79s %1023s", a, b, c) == 3; n++) {
		size_t k = read_proof(c, proof), got = merkle_inclusion(sha, classic, atoi(a), atoi(b), have);

		good += k == got && memcmp(proof, have, k * sizeof proof[0]) == 0;
	}
	ok(n == 36 && good == n, "every inclusion proof of sizes 1 to 8");
	for (good = n = 0; fscanf(con, "%79s %79s %1023s", a, b, c) == 3; n++) {
		size_t k = read_proof(c, proof),
		       got = merkle_consistency(sha, classic, atoi(a), atoi(b), have);

		good += k == got && memcmp(proof, have, k * sizeof proof[0]) == 0;
	}
	ok(n == 36 && good == n, "every consistency proof of sizes 1 to 8");
	fclose(roots);
	fclose(in);
	fclose(con);
}

int main(void)
{
	sha = sha256_new();
	test_random_trees();
	test_second_preimage();
	test_vectors();
	sha256_free(sha);
	return tap_done();
}
