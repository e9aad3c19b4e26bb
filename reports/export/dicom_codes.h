/* Which DICOM code says what kind of event it was: shared by FHIR AuditEvent and the DICOM audit message
 * (exports.md 2 and 3; PS3.15 A.5, PS3.16 CID 400-403). */
#ifndef TK_REPORTS_EXPORT_DICOM_CODES_H
#define TK_REPORTS_EXPORT_DICOM_CODES_H

#include "reports/export/record.h"

struct dicom_code {
	const char *code, *display;
};

struct dicom_kind {
	struct dicom_code event;
	const char *lifecycle, *lifecycle_display; /* iso-21089-lifecycle; NULL: `type` says it */
	struct dicom_code type;
	const char *action;
	const char *object_lifecycle, *object_lifecycle_display; /* ParticipantObjectDataLifeCycle */
};

const struct dicom_kind *dicom_kind_of(const struct export_context *x, const struct export_access *a);
const char *dicom_outcome(const struct export_access *a);         /* "0", "4", "8" */
const char *dicom_finding_outcome(const struct export_finding *f); /* and "12" */
const struct dicom_code *dicom_alert_type(struct slice rule_id);

#endif
