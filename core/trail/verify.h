/* Verification of a trail's folder (audit-trail.md 7): reads and writes nothing else, needs no network, and
 * its memory grows by some 400 bytes a segment, not with records. Everything in the folder is a stranger's.
 * One thread. */
#ifndef TK_TRAIL_VERIFY_H
#define TK_TRAIL_VERIFY_H

#include "core/base/err.h"
#include "core/trail/anchor.h"
#include "core/trail/record.h"

enum trail_effect { EFFECT_NOTE, EFFECT_GAP, EFFECT_MISSING, EFFECT_ALTERED };
enum trail_finding_id {
#define TRAIL_FINDING(id, code, effect, en, ja) FOUND_##id,
#include "core/trail/findings.def"
#undef TRAIL_FINDING
	TRAIL_FINDINGS,
};

struct trail_finding {
	enum trail_finding_id id;
	enum trail_effect effect;
	const char *code, *en, *ja;
	int64_t segment, seq,
		offset;	    /* -1: does not apply. offset: bytes from the start of the (plain) file */
	const char *file;   /* relative to the folder, or as given; NULL */
	const char *detail; /* what exactly; may hold strangers' bytes; NULL */
};
typedef void (*trail_finding_fn)(void *ctx, const struct trail_finding *f);
/* Every sound record line of the segments, in order, without LF. */
typedef int (*trail_record_fn)(void *ctx, int64_t segment, const struct record *r, struct slice line,
			       struct err *e);

/* The names that may stand as actors in records, by name. */
struct actors {
	struct slice *name;
	size_t n, cap;
	struct slice bytes;
};
/* One name a line, or CSV with the names in its first column (as identities.users_file); '#' begins a
 * comment. Frees with actors_free, also after an error. */
int actors_read(struct actors *a, const char *path, struct err *e);
void actors_free(struct actors *a);

struct verify_options {
	const char *folder;
	const struct vkey *site_key; /* the site key from outside, */
	const uint8_t *site_public;  /* or its 32 bytes alone; neither: from the folder, and said so */
	const struct anchors *anchors;
	const char *tsa_ca; /* a PEM file, or NULL */
	const struct actors *actors; /* NULL: any */
	int64_t max_age;    /* seconds; 0: any */
	int64_t now;	    /* UTC seconds */
	bool require_anchor;
	int64_t first_segment; /* a pack's: files of the segments before it need not be there */
	const char *pack_altered; /* what is wrong with the pack around the trail; NULL: nothing */
	trail_record_fn record; /* NULL: none */
	trail_finding_fn found;
	void *ctx;
};

enum integrity { INTEGRITY_OK, INTEGRITY_ALTERED };
enum completeness { COMPLETE_OK, COMPLETE_GAPS, COMPLETE_MISSING, COMPLETE_UNKNOWN };
struct verify_result {
	char origin[ORIGIN_MAX + 1];
	enum integrity integrity;
	enum completeness completeness;
	bool stale, self_attested, no_anchor; /* no_anchor: one was required */
	int64_t segments, records, dropped, erased_records, unsealed;
	int64_t anchored;		   /* the largest size that an anchor shows; 0: none */
	int64_t first_opened, last_closed; /* UTC seconds; 0: no segment */
	int64_t bytes;
	int64_t next_seq; /* behind the last record, sealed or not */
	int64_t findings[EFFECT_ALTERED + 1]; /* how many of each effect */
};

/* TK_OK with a result, whatever was found. TK_ENOTFOUND, TK_EIO: no log there, or it cannot be read. */
int trail_verify(const struct verify_options *o, struct verify_result *out, struct err *e);
/* A finding of what lies beside the trail (seq -1: of no record): told, and counted into the verdict. */
void trail_tell(const struct verify_options *o, struct verify_result *r, enum trail_finding_id id,
		int64_t seq, const char *detail);
/* The same of a place in a file. */
void trail_tell_in(const struct verify_options *o, struct verify_result *r, enum trail_finding_id id,
		   const char *file, int64_t seq, int64_t offset, const char *detail);
/* The answer of it: both verdicts allow a yes, and neither staleness nor the want of an anchor forbids it. */
bool verify_passed(const struct verify_result *r);
const char *integrity_name(enum integrity i);	    /* "ok", "altered" */
const char *completeness_name(enum completeness c); /* "ok", "declared-gaps", "missing", "unknown" */

#endif
