#include "sensor/gateway/json_log.h"

int json_log_detect(const struct json_log *l, struct slice line)
{
	struct found f;
	uint8_t marks;

	return paths_collect(&l->paths, line, NULL, &f, &marks) && (marks & l->marks) == l->marks ? 90 : 0;
}

bool json_log_tells(const struct found *f)
{
	return found_request(f) || found_has(f, M_STATUS) || found_has(f, M_OPERATION) ||
	       found_has(f, M_MODEL) || found_has(f, M_INPUT) || found_has(f, M_OUTPUT);
}

int json_log_parse(const struct json_log *l, struct slice line, const struct parse_context *ctx,
		   struct access_event *ev)
{
	struct found f;
	uint8_t marks;
	int rc;

	if (!paths_collect(&l->paths, line, ctx->scratch, &f, &marks))
		return REJECT_MALFORMED;
	rc = l->amend == NULL ? 0 : l->amend(&f, ctx);
	if (rc != 0)
		return rc;
	return json_log_tells(&f) ? found_event(&f, l->habits, ctx, ev) : REJECT_OTHER;
}
