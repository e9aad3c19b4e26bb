/* Nearest spelling of a word. */
#include "core/config/yaml.h"
#include "tests/lib/tap.h"

static const char *const names[] = { "time_zone", "name", "language", "tails", "captures", "Asia/Tokyo", "id",
	"closures" };

static const struct { const char *word, *want; } rows[] = {
	{ "timezone", "time_zone" },  { "time-zone", "time_zone" }, { "tiem_zone", "time_zone" },
	{ "nmae", "name" },           { "Name", "name" },           { "nam", "name" },
	{ "tail", "tails" },          { "capture", "captures" },    { "closure", "closures" },
	{ "asia/toyko", "Asia/Tokyo" }, { "lang", "language" },     { "idd", "id" },
	{ "time_zone", "time_zone" }, { "xyz", NULL },              { "", NULL },
	{ "la", NULL },               { "completely different", NULL },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
};

int main(void)
{
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		const char *got = nearest(slice_str(rows[i].word), names, COUNT(names));

		ok_str(got, rows[i].want == NULL ? "(null)" : rows[i].want, rows[i].word);
	}
	ok(nearest(SLICE("name"), names, 0) == NULL, "no names");
	ok_str(nearest(SLICE("ab"), (const char *const[]){ "xb", "ax" }, 2), "xb", "of equals the first");
	return tap_done();
}
