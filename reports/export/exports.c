#include "reports/export/export.h"

#define EXPORT(name) extern const struct export_format export_##name;
#include "reports/export/exports.def"
#undef EXPORT

static const struct export_format *const formats[] = {
#define EXPORT(name) &export_##name,
#include "reports/export/exports.def"
#undef EXPORT
};

const struct export_format *export_by_name(struct slice name)
{
	for (size_t i = 0; i < COUNT(formats); i++)
		if (slice_is(name, formats[i]->name))
			return formats[i];
	return NULL;
}

const struct export_format *export_at(size_t i)
{
	return i < COUNT(formats) ? formats[i] : NULL;
}
