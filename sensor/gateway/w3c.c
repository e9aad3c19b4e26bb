#include "sensor/gateway/w3c.h"

#include <stdlib.h>

#include "sensor/fields/text.h"
#include "sensor/gateway/layout_compile.h"

struct told {
	struct log_format format;
	struct layout layout;
	struct piece pieces[PIECES_MAX];
};

static struct piece field(struct slice name)
{
	static const struct {
		const char *name;
		uint8_t what, shape, rank;
	} rows[] = {
#define FIELD(name, what, shape, rank) { name, M_##what, SHAPE_##shape, rank },
#include "sensor/gateway/w3c_fields.def"
#undef FIELD
	};
	bool asked = slice_starts(name, SLICE("cs(")), answered = slice_starts(name, SLICE("sc("));

	for (size_t i = 0; i < COUNT(rows); i++)
		if (slice_is(name, rows[i].name))
			return (struct piece){ "\t", rows[i].what, rows[i].shape, rows[i].rank, NULL };
	if ((asked || answered) && slice_ends(name, SLICE(")")))
		return header_value("\t", slice_head(slice_from(name, 3), name.n - 4), answered);
	return (struct piece){ "\t", M_NOTHING, SHAPE_CELL, 0, NULL };
}

/* False: too many, or not those of a request. */
static bool take_fields(struct slice names, struct told *out)
{
	bool time = false, status = false;
	size_t n = 0;

	while (names.n > 0) {
		struct slice name = text_word(&names);
		struct piece *p = &out->pieces[n];

		if (name.n == 0 || slice_is(name, "time"))
			continue;
		if (n++ + 1 == PIECES_MAX)
			return false;
		*p = field(name);
		if (p->shape == SHAPE_TEXT)
			p->shape = SHAPE_CELL;
		time |= p->what == M_TIME;
		status |= p->what == M_STATUS;
	}
	out->pieces[0].before = "";
	out->pieces[n] = (struct piece){ "", M_NOTHING, SHAPE_END, 0, NULL };
	return time && status;
}

static int parse(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	return layouts_parse(ctx->layout, 1, line, ctx, ev);
}

bool w3c_header(struct slice line, const struct log_format **next)
{
	struct told *out;

	*next = NULL;
	if (!slice_starts(line, SLICE("#")))
		return false;
	if (!slice_starts(line, SLICE("#Fields:")))
		return true;
	out = calloc(1, sizeof *out);
	if (out == NULL || !take_fields(text_trim(slice_from(line, 8)), out)) {
		free(out);
		return true;
	}
	out->layout = (struct layout){ out->pieces, ESCAPES_PERCENT, HABIT_UTC };
	out->format = (struct log_format){
		.name = "#Fields", .parse = parse, .header = w3c_header, .layout = &out->layout
	};
	*next = &out->format;
	return true;
}
