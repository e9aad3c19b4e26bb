/* Evidence packs (audit-requirements.md 5, exports.md 11). Private to cli. */
#ifndef TK_CLI_PACK_H
#define TK_CLI_PACK_H

#include "cli/reading.h"

#define PACK_FACTS "pack.json"
#define PACK_NOTE "SHA256SUMS.note"

struct pack_order {
	const char *folder; /* must not be there */
	const char *requested_by, *reason, *approved_by; /* NULL: not said */
	int64_t from_ns, to_ns;
};
/* export --pack. */
int pack_make(const struct config *cfg, const struct pack_order *order);

/* verify.c: the trail of a pack, its result on standard output. */
int verify_pack_trail(const char *folder, int64_t first_segment, bool json, bool japanese);

/* The texts that are the same in every pack (pack_texts.c), Japanese and English. */
extern const char pack_readme[], pack_index_ja[], pack_index_en[], pack_limits[];

#endif
