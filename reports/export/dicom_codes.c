#include "reports/export/dicom_codes.h"

static const struct dicom_kind left = {
	.event = { "110106", "Export" },
	.lifecycle = "transmit",
	.lifecycle_display = "Transmit Record Lifecycle Event",
	.action = "R",
	.object_lifecycle = "10",
	.object_lifecycle_display = "Export",
};
static const struct dicom_kind stayed = {
	.event = { "110112", "Query" },
	.lifecycle = "access",
	.lifecycle_display = "Access/View Record Lifecycle Event",
	.action = "E",
	.object_lifecycle = "6",
	.object_lifecycle_display = "Access / Use",
};
static const struct dicom_kind refused = {
	.event = { "110114", "User Authentication" },
	.type = { "110122", "Login" },
	.action = "E",
	.object_lifecycle = "6",
	.object_lifecycle_display = "Access / Use",
};

const struct dicom_kind *dicom_kind_of(const struct export_context *x, const struct export_access *a)
{
	if (a->outcome == OUT_DENIED)
		return &refused;
	return export_leaves(x, a->ev) ? &left : &stayed;
}

const char *dicom_outcome(const struct export_access *a)
{
	switch (a->outcome) {
	case OUT_SUCCESSFUL:
	case OUT_OTHER:
		return "0";
	case OUT_ERROR:
		return "8";
	default:
		return "4";
	}
}

const char *dicom_finding_outcome(const struct export_finding *f)
{
	static const char *const by_level[LEVEL_COUNT] = { "0", "0", "4", "8", "12" };

	return by_level[f->level];
}

const struct dicom_code *dicom_alert_type(struct slice rule_id)
{
	static const struct {
		const char *begin;
		struct dicom_code code;
	} types[] = {
#define ALERT(begin, code, display) { begin, { code, display } },
#include "reports/export/alert_codes.def"
#undef ALERT
	};
	size_t i = 0;

	while (!slice_starts(rule_id, slice_str(types[i].begin)))
		i++; /* the last row fits all */
	return &types[i].code;
}
