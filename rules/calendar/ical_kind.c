#include "rules/calendar/ical_kind.h"

#include "rules/calendar/ical_lines.h"
#include "rules/calendar/shifts.h"

static const struct {
	const char *word;
	enum site_kind kind;
} kinds[] = {
#define ICAL_KIND(word, kind) { word, kind },
#include "rules/calendar/ical_kinds.def"
#undef ICAL_KIND
};

bool ical_kind_of_word(struct slice word, struct ical_kind *out)
{
	out->kind = -1;
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (ical_is(word, kinds[i].word))
			out->kind = (int)kinds[i].kind;
	if (out->kind < 0 && shift_of_word(word) >= 0) {
		out->kind = ICAL_DUTY;
		out->word = word;
	}
	return out->kind >= 0;
}

/* Bytes of a separator at the beginning: blank, comma, colon and the like, or one of their wide forms. */
static size_t separator(struct slice t)
{
	static const char *const wide[] = { "　", "、", "，", "：", "・", "／", "（", "）" };

	if (t.n > 0 && memchr(" ,/()\t", t.p[0], 6) != NULL)
		return 1;
	for (size_t i = 0; i < COUNT(wide); i++)
		if (slice_starts(t, slice_str(wide[i])))
			return strlen(wide[i]);
	return 0;
}

bool ical_next_name(struct slice *rest, struct slice *name)
{
	size_t n;

	while ((n = separator(*rest)) > 0)
		*rest = slice_from(*rest, n);
	for (n = 0; n < rest->n && separator(slice_from(*rest, n)) == 0;)
		n++;
	*name = slice_head(*rest, n);
	*rest = slice_from(*rest, n);
	while (name->n > 1 && name->p[name->n - 1] == ':') /* "当直: tanaka" */
		name->n--;
	return name->n > 0;
}

/* The word that ends a name, where Japanese has no blanks: 内科当直, 臨時休診. */
static bool ends_in_word(struct slice name, struct ical_kind *out)
{
	for (size_t i = 1; i < name.n; i++)
		if (name.p[i] >= 0xc0 && name.p[i - 1] >= 0x80 && ical_kind_of_word(slice_from(name, i), out))
			return true;
	return false;
}

void ical_kind_of(struct slice categories, struct slice summary, struct ical_kind *out)
{
	struct slice rest = categories, name, before;

	*out = (struct ical_kind){ .kind = -1, .names = summary };
	while (out->kind < 0 && ical_next_name(&rest, &name))
		ical_kind_of_word(name, out);
	for (rest = before = summary; ical_next_name(&rest, &name); before = rest) {
		struct ical_kind by_word = { .kind = -1 };

		if (!ical_kind_of_word(name, &by_word) && !ends_in_word(name, &by_word))
			continue;
		if (out->kind >= 0 && out->kind != by_word.kind)
			continue;
		*out = by_word; /* the names stand behind the word, or before it */
		out->names = rest;
		if (!ical_next_name(&(struct slice){ rest.p, rest.n }, &name))
			out->names = slice_head(summary, (size_t)(before.p - summary.p));
		return;
	}
}
