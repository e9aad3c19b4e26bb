/* Where the shipped rules lie. */
#include "core/base/shipped.h"
#include "rules/rules.h"

char *rules_shipped_path(void)
{
	return shipped_path("rules", "rules/catalogue");
}
