/* An export format: one file that ends in one const struct export_format, one line in exports.def.
 * A format renders one record; what all share (range, order, trailer, digest, encoding) is in export_run.c.
 * Mappings: exports.md. One thread. */
#ifndef TK_REPORTS_EXPORT_EXPORT_H
#define TK_REPORTS_EXPORT_EXPORT_H

#include "core/config/config.h"
#include "core/ledger/reader.h"
#include "core/trail/texts.h"
#include "reports/titles.h"
#include "reports/words.h"
#include "rules/rules.h"

/* Takes the bytes of an export as they are made. Non-zero from `put` stops it and is returned. */
struct export_sink {
	int (*put)(void *ctx, struct slice bytes, struct err *e);
	void *ctx;
};

/* What the user chose; a zeroed struct is the default. */
struct export_choice {
	enum lang lang;      /* of headings */
	bool excel_text;     /* csv: an apostrophe before each id, so that a spreadsheet keeps it as it is */
	bool cp932;          /* csv, mhlw: for old tools; 〓 for a character that is not in it */
	bool gen_ai_provider; /* ecs: gen_ai.provider.name, as from ECS 9.5 on, for gen_ai.system */
	bool http_activity;  /* ocsf: HTTP Activity (4002) for API Activity (6003) */
};

/* The trail behind the ledger. folder NULL: there is none that agrees with it, and nothing is said of it. */
struct export_trail {
	const char *folder;
	int64_t end;		      /* the seq behind its last record */
	int64_t size;		      /* of its newest checkpoint; 0: nothing is sealed yet */
	char checkpoint[65];	      /* SHA-256 of that one's text */
	char origin[ORIGIN_MAX + 1];
};

struct key_labels;
struct record;
struct export_context {
	const struct config *cfg;
	struct export_choice choice;
	struct key_labels *keys; /* labels of registered keys */
	struct titles *titles;   /* of rules; may be NULL */
	struct buf text; /* of the record at hand: record.h's helpers return slices of it; it never moves */
};

struct export_access {
	int64_t seq; /* in the trail */
	int64_t recorded_ns;
	const struct hash32 *leaf; /* of its line in the trail (audit-trail.md 3.1); NULL: not known */
	const struct access_event *ev;
	enum outcome outcome;
};

/* The subject's slices live in x->text. Absent: an empty slice. */
struct export_finding {
	const struct finding *f;
	enum level level;
	struct slice id, user, key, ip, country;
};

enum trailer { TRAILER_JSON, TRAILER_HASH /* "# count=..." */, TRAILER_XML /* a comment */, TRAILER_NONE };

struct export_format {
	const char *name, *doc;
	enum trailer trailer;
	bool cp932; /* may be encoded in it */
	bool leaf;  /* says each record's leaf */
	/* Not NULL: the trail's own lines are the records, and this chooses them; then nothing below is
	 * there. */
	bool (*chosen)(const struct record *r, struct slice line, int64_t from_ns, int64_t to_ns);
	void (*header)(struct export_context *x, struct buf *out); /* NULL: none */
	/* One whole record with its line end. */
	void (*access)(struct export_context *x, const struct export_access *a, struct buf *out);
	/* NULL: access records only. */
	void (*finding)(struct export_context *x, const struct export_finding *f, struct buf *out);
};

/* exports.c: the roof of the folder. */
const struct export_format *export_by_name(struct slice name); /* NULL: none */
const struct export_format *export_at(size_t i);               /* NULL behind the last */

struct export_result {
	int64_t count;	 /* records */
	char sha256[65]; /* of all bytes before the trailer */
};
/* Access events chosen by @timestamp and findings chosen by `first` in [from, to) ns, the former in order of
 * seq; then the trailer. */
int export_run(const struct export_format *f, const struct config *cfg, const struct export_choice *choice,
	       struct ledger_reader *r, const struct export_trail *trail, int64_t from_ns, int64_t to_ns,
	       const struct export_sink *sink, struct export_result *out, struct err *e);

#endif
