/* Azure API Management: rows of ApiManagementGatewayLogs (requests) and ApiManagementGatewayLlmLog (tokens),
 * as Log Analytics exports them, or the records of a diagnostic setting, several in a line ({"records":
 * [...]}). Both rows of a call have its CorrelationId. Times are the start, in UTC; durations are ms.
 * https://learn.microsoft.com/azure/azure-monitor/reference/tables/apimanagementgatewayllmlog */
#include "sensor/gateway/json_log.h"

/* In a table a column, in a diagnostic record a property. */
#define COLUMN(name, what, rank) PATH(name, what, rank), PATH("properties." name, what, rank)

static const struct path_row rows[] = {
	MARK("CorrelationId", 0),
	MARK("Category", 1),
	MARK("Type", 1),
	MARK("TimeGenerated", 2),
	MARK("time", 2),
	MARK("records.CorrelationId", 0),
	MARK("records.Category", 1),
	MARK("records.time", 2),
	PATH("TimeGenerated", START, 2),
	PATH("TimeGenerated [UTC]", START, 2),
	PATH("time", START, 1),
	PATH("CorrelationId", REQUEST_ID, 1),
	PATH("CallerIpAddress", CLIENT, 1),
	COLUMN("TotalTime", DURATION_MS, 2),
	PATH("durationMs", DURATION_MS, 1),
	COLUMN("UserId", USER, 1),
	COLUMN("ApimSubscriptionId", KEY, 1),
	COLUMN("Method", METHOD, 1),
	COLUMN("Url", TARGET, 1),
	COLUMN("ResponseCode", STATUS, 1),
	COLUMN("RequestSize", REQUEST_BYTES, 1),
	COLUMN("ResponseSize", RESPONSE_BYTES, 1),
	COLUMN("ClientProtocol", VERSION, 1),
	COLUMN("ClientTlsVersion", TLS_VERSION, 1),
	COLUMN("DeploymentName", MODEL, 1),
	COLUMN("ModelName", MODEL_SERVED, 1),
	COLUMN("PromptTokens", INPUT, 1),
	COLUMN("CompletionTokens", OUTPUT, 1),
	COLUMN("TotalTokens", TOTAL, 1),
	COLUMN("IsStreamCompletion", STREAM, 1),
	/* of a message in several rows the first has the tokens */
	COLUMN("SequenceNumber", ARGUMENTS, 1),
};

static int amend(struct found *f, const struct parse_context *ctx)
{
	bool more = found_has(f, M_ARGUMENTS) && !found_is(f, M_ARGUMENTS, "0");

	(void)ctx;
	f->rank[M_ARGUMENTS] = 0;
	return more ? REJECT_OTHER : 0;
}

static const struct json_log own = {
	.paths = JSON_ROWS_FOLD(rows),
	.habits = HABIT_UTC,
	.marks = 7,
	.amend = amend,
};

JSON_LOG_FORMAT(azure_apim, .name = "azure-apim", .several = "records",
		.doc = "Azure API Management: GatewayLogs and GatewayLlmLogs rows as JSON");
