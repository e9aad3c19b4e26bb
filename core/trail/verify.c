#include "core/trail/verify.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/trail/verify_state.h"

static const struct {
	const char *code, *en, *ja;
	enum trail_effect effect;
} kinds[] = {
#define TRAIL_FINDING(id, code, effect, en, ja) { code, en, ja, EFFECT_##effect },
#include "core/trail/findings.def"
#undef TRAIL_FINDING
};

void found(struct verify *v, enum trail_finding_id id, struct place at, const char *fmt, ...)
{
	char detail[512];
	struct trail_finding f = { .id = id,
				   .effect = kinds[id].effect,
				   .code = kinds[id].code,
				   .en = kinds[id].en,
				   .ja = kinds[id].ja,
				   .segment = at.segment,
				   .seq = at.seq,
				   .offset = at.offset,
				   .file = at.file };
	va_list ap;

	if (fmt != NULL) {
		va_start(ap, fmt);
		vsnprintf(detail, sizeof detail, fmt, ap);
		va_end(ap);
		f.detail = detail;
	}
	v->r->findings[f.effect]++;
	v->o->found(v->o->ctx, &f);
}

struct sealed *sealed_at(struct verify *v, int64_t segment)
{
	size_t low = 0, high = v->n_sealed;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (v->sealed[mid].segment < segment)
			low = mid + 1;
		else
			high = mid;
	}
	return low < v->n_sealed && v->sealed[low].segment == segment ? &v->sealed[low] : NULL;
}

bool verify_unable(struct verify *v, int rc, const char *why)
{
	if (rc != TK_EIO && rc != TK_EFULL && rc != TK_ENOMEM)
		return false;
	if (v->unable == TK_OK)
		v->unable = err_set(v->e, rc, "%s: %s", v->o->folder, why);
	return true;
}

bool verify_signed(struct verify *v, const struct note *n, const struct vkey *k)
{
	enum note_verdict is = note_signed_by(n, k);

	return is == NOTE_GOOD ||
	       (is == NOTE_UNCHECKED && verify_unable(v, TK_ENOMEM, "no memory for a signature"));
}

bool verify_grow(struct verify *v, void **p, size_t n, size_t *cap, size_t each)
{
	size_t more = *cap == 0 ? 64 : *cap * 2;
	void *q;

	if (n < *cap)
		return true;
	if ((q = realloc(*p, more * each)) == NULL) {
		err_set(v->e, TK_ENOMEM, "no memory");
		return false;
	}
	*p = q;
	*cap = more;
	return true;
}

/* ---- steps ---- */

/* The site key that was given, else the folder's own. */
static int site_key(struct verify *v)
{
	struct slice text, line;
	int rc;

	if (v->o->site_key != NULL)
		v->site_key = *v->o->site_key;
	if (v->o->site_key != NULL || v->o->site_public != NULL)
		return TK_OK;
	rc = file_read_below(v->folder, "site-key.vkey", 4096, &v->note, v->e);
	if (rc == TK_ENOTFOUND || rc == TK_EMALFORMED)
		return err_set(v->e, rc, "%s: no site key there: give it with --site-key", v->o->folder);
	if (rc != TK_OK)
		return rc;
	text = buf_slice(&v->note);
	if (!take_line(&text, &line) || !vkey_read(line, &v->site_key))
		return err_set(v->e, TK_EMALFORMED,
			       "%s/site-key.vkey: is no verifier key: give the site key "
			       "with --site-key",
			       v->o->folder);
	v->r->self_attested = true;
	found(v, FOUND_SELF_ATTESTED, NOWHERE, "%s", v->site_key.name);
	return TK_OK;
}

static void freshness(struct verify *v)
{
	int64_t age = v->o->now - v->r->last_closed;

	if (v->o->max_age == 0 || (v->n_sealed > 0 && age <= v->o->max_age))
		return;
	v->r->stale = true;
	found(v, FOUND_STALE, NOWHERE, "%lld hours", (long long)(age / 3600));
}

static void verdicts(struct verify *v)
{
	struct verify_result *r = v->r;

	r->integrity = r->findings[EFFECT_ALTERED] > 0 ? INTEGRITY_ALTERED : INTEGRITY_OK;
	r->completeness = r->findings[EFFECT_MISSING] > 0 ? COMPLETE_MISSING
			  : r->anchored == 0		  ? COMPLETE_UNKNOWN
			  : r->findings[EFFECT_GAP] > 0	  ? COMPLETE_GAPS
							  : COMPLETE_OK;
	r->no_anchor = v->o->require_anchor && r->anchored == 0;
}

static int run_steps(struct verify *v)
{
	int rc = site_key(v);

	if (v->o->pack_altered != NULL)
		found(v, FOUND_PACK, NOWHERE, "%s", v->o->pack_altered);
	if (v->o->first_segment > 0)
		found(v, FOUND_PACK_PART, NOWHERE, "from segment %lld on", (long long)v->o->first_segment);
	if (rc == TK_OK)
		rc = verify_notes(v);
	if (rc == TK_OK)
		rc = verify_strays(v);
	if (rc == TK_OK)
		rc = verify_segments(v);
	if (rc == TK_OK)
		rc = verify_open_segment(v);
	if (rc == TK_OK)
		verify_erasures(v);
	if (rc == TK_OK)
		rc = verify_stamps(v);
	if (rc == TK_OK)
		rc = verify_anchors(v);
	if (rc != TK_OK)
		return rc;
	verify_heads(v);
	freshness(v);
	verdicts(v);
	return TK_OK;
}

int trail_verify(const struct verify_options *o, struct verify_result *out, struct err *e)
{
	struct verify v = { .o = o, .r = out, .e = e };
	int rc;

	*out = (struct verify_result){ 0 };
	*e = (struct err){ 0 };
	v.folder = sys_open(o->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (v.folder < 0)
		return err_sys(e, "%s: cannot open the folder", o->folder);
	buf_init(&v.note, NOTE_MAX + 8192);
	v.hash = sha256_new();
	rc = v.hash == NULL ? err_set(e, TK_ENOMEM, "no memory") : run_steps(&v);
	sha256_free(v.hash);
	buf_free(&v.note);
	free(v.epoch);
	free(v.sealed);
	free(v.erasure);
	free(v.stubs);
	sys_close(v.folder);
	return rc;
}

void trail_tell_in(const struct verify_options *o, struct verify_result *r, enum trail_finding_id id,
		   const char *file, int64_t seq, int64_t offset, const char *detail)
{
	struct verify v = { .o = o, .r = r };
	struct place at = { -1, seq, offset, file };

	if (detail == NULL)
		found(&v, id, at, NULL);
	else
		found(&v, id, at, "%s", detail);
	verdicts(&v);
}

void trail_tell(const struct verify_options *o, struct verify_result *r, enum trail_finding_id id,
		int64_t seq, const char *detail)
{
	trail_tell_in(o, r, id, NULL, seq, -1, detail);
}

bool verify_passed(const struct verify_result *r)
{
	return r->integrity == INTEGRITY_OK && r->completeness != COMPLETE_MISSING && !r->stale &&
	       !r->no_anchor;
}

const char *integrity_name(enum integrity i)
{
	return i == INTEGRITY_OK ? "ok" : "altered";
}

const char *completeness_name(enum completeness c)
{
	static const char *const names[] = { "ok", "declared-gaps", "missing", "unknown" };

	return names[c];
}
