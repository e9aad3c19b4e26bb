/* The five columns of the ministry's cyber security checklist, as an on-site inspection expects them
 * (audit-requirements.md 2.2, exports.md 10): access records alone, no trailer. */
#include <stdio.h>

#include "reports/export/csv_cell.h"
#include "reports/export/record.h"

extern const struct export_format export_mhlw;

static const char *operation_ja(struct slice name)
{
	static const struct {
		const char *name, *ja;
	} rows[] = {
#define OPERATION(name, ja) { name, ja },
#include "reports/export/operations_ja.def"
#undef OPERATION
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (slice_is(name, rows[i].name))
			return rows[i].ja;
	return NULL;
}

static void header(struct export_context *x, struct buf *out)
{
	static const char *const heads[] = { "ユーザーID", "氏名", "時刻", "カテゴリ", "操作情報" };

	if (!x->choice.cp932)
		buf_str(out, CSV_BOM);
	for (size_t i = 0; i < COUNT(heads); i++) {
		if (i > 0)
			csv_next(out);
		csv_cell(out, slice_str(heads[i]), false);
	}
	csv_end(out);
}

/* The user, else the key's label and fingerprint. */
static void put_user(struct export_context *x, const struct access_event *ev, struct buf *out)
{
	struct slice key = export_text(x, ev, F_KEY_ID);
	struct slice label = export_clean(x, export_key_label(x, key), EXPORT_TEXT_MAX);
	char text[2 * EXPORT_TEXT_MAX];

	if (ev_known(ev, F_USER) || key.n == 0) {
		csv_cell(out, export_text(x, ev, F_USER), x->choice.excel_text);
		return;
	}
	snprintf(text, sizeof text, "%.*s%s%.*s", (int)label.n, label.p, label.n > 0 ? " " : "", (int)key.n,
		 key.p);
	csv_cell(out, slice_str(text), x->choice.excel_text);
}

/* "2026/11/22 1:42:07": no leading zero in the hour, as in the ministry's sample. */
static void put_time(const struct access_event *ev, struct buf *out)
{
	char text[32];
	int32_t days, second;
	struct date d;

	zone_wall(export_ms(ev_int(ev, F_TIMESTAMP, 0)) / 1000, &days, &second);
	d = date_from_days(days);
	snprintf(text, sizeof text, "%d/%d/%d %d:%02d:%02d", (int)d.year, d.month, d.day, (int)second / 3600,
		 (int)second / 60 % 60, (int)second % 60);
	csv_cell(out, slice_str(text), false);
}

static void put_category(struct export_context *x, const struct access_event *ev, struct buf *out)
{
	struct slice operation = export_operation(x, ev);
	const char *ja = operation_ja(operation);

	csv_cell(out,
		 ev_known(ev, F_FUNCTION) ? export_text(x, ev, F_FUNCTION)
		 : ja != NULL		  ? slice_str(ja)
					  : operation,
		 false);
}

static void put_deed(struct export_context *x, const struct export_access *a, struct buf *out)
{
	static const char *const outcomes[] = {
		[OUT_SUCCESSFUL] = "成功", [OUT_DENIED] = "拒否",    [OUT_LIMITED] = "制限",
		[OUT_FAILURE] = "失敗",	   [OUT_ERROR] = "エラー",   [OUT_TIMEOUT] = "エラー",
		[OUT_RESET] = "エラー",	   [OUT_OTHER] = "結果不明",
	};
	struct slice operation = export_operation(x, a->ev);
	const char *ja = operation_ja(operation);
	struct slice name = ja != NULL ? slice_str(ja) : operation;
	struct slice model =
		export_text(x, a->ev, ev_known(a->ev, F_RESPONSE_MODEL) ? F_RESPONSE_MODEL : F_REQUEST_MODEL);
	char text[3 * EXPORT_TEXT_MAX];

	snprintf(text, sizeof text, "AI呼び出し（%.*s）%s%s%.*s", (int)name.n, name.p, outcomes[a->outcome],
		 model.n > 0 ? " " : "", (int)model.n, model.p);
	csv_cell(out, slice_str(text), false);
}

static void access(struct export_context *x, const struct export_access *a, struct buf *out)
{
	put_user(x, a->ev, out);
	csv_next(out);
	csv_cell(out, export_text(x, a->ev, F_FULL_NAME), false);
	csv_next(out);
	put_time(a->ev, out);
	csv_next(out);
	put_category(x, a->ev, out);
	csv_next(out);
	put_deed(x, a, out);
	csv_end(out);
}

const struct export_format export_mhlw = {
	.name = "mhlw",
	.doc = "the ministry's five columns (ユーザーID, 氏名, 時刻, カテゴリ, 操作情報)",
	.trailer = TRAILER_NONE,
	.cp932 = true,
	.header = header,
	.access = access,
};
