/* The configuration that `setup` writes. */
#include "cli/setup.h"
#include "core/base/json.h"

/* As YAML reads it, whatever it is: JSON's strings are YAML's. */
static void put_text(struct buf *out, const char *before, struct slice text, const char *behind)
{
	buf_str(out, before);
	json_put_string(out, text);
	buf_str(out, behind);
}

/* The next entry of a list with commas, blanks cut; empty ones are passed over. */
static bool next_entry(struct slice *list, struct slice *entry)
{
	while (list->n > 0) {
		const uint8_t *comma = memchr(list->p, ',', list->n);
		size_t n = comma == NULL ? list->n : (size_t)(comma - list->p);

		*entry = slice_head(*list, n);
		*list = slice_from(*list, comma == NULL ? n : n + 1);
		while (entry->n > 0 && entry->p[0] == ' ')
			*entry = slice_from(*entry, 1);
		while (entry->n > 0 && entry->p[entry->n - 1] == ' ')
			entry->n--;
		if (entry->n > 0)
			return true;
	}
	return false;
}

/* "gateway", "gateway-2", ...: parts of every event's identity. */
static void put_inputs(struct buf *out, const char *list, const char *name, const char *key,
		       const char *detail, const char *value)
{
	struct slice rest = slice_str(list), entry;

	for (int n = 1; next_entry(&rest, &entry); n++) {
		buf_fmt(out, "    - {name: %s", name);
		if (n > 1)
			buf_fmt(out, "-%d", n);
		buf_fmt(out, ", %s: ", key);
		json_put_string(out, entry);
		buf_fmt(out, ", %s: ", detail);
		json_put_string(out, slice_str(value));
		buf_str(out, "}\n");
	}
}

static void put_networks(struct buf *out, const char *list)
{
	struct slice rest = slice_str(list), entry;
	bool first = true;

	if (list[0] == '\0')
		return;
	buf_str(out,
		"\n# Inside; what no zone holds is external. Name wards and VPN apart where it matters.\n"
		"networks:\n  zones:\n    - {name: inside, cidr: [");
	for (; next_entry(&rest, &entry); first = false)
		put_text(out, first ? "" : ", ", entry, "");
	buf_str(out, "]}\n");
}

void setup_write(const struct answers *a, struct buf *out)
{
	buf_str(out, "# Written by `tochoku setup`. tochoku.yml(5) has every key; `tochoku status --config` "
		     "checks this"
		     " file\n# and prints all that is in force.\n\nsite:\n");
	put_text(out, "  name: ", slice_str(a->of[ANSWER_SITE]), "\n");
	put_text(out, "  time_zone: ", slice_str(a->of[ANSWER_ZONE]), "\n");
	buf_str(out, "\n# The name of an input is part of every event's identity: keep it.\ninputs:\n");
	if (a->of[ANSWER_LOG][0] != '\0') {
		buf_str(out, "  tails:     # logs to follow, with their rotated siblings\n");
		put_inputs(out, a->of[ANSWER_LOG], "gateway", "path", "format", a->of[ANSWER_FORMAT]);
	}
	if (a->of[ANSWER_CAPTURE][0] != '\0') {
		buf_str(out, "  captures:  # interfaces on which calls pass unencrypted\n");
		put_inputs(out, a->of[ANSWER_CAPTURE], "tap", "interface", "filter", a->of[ANSWER_FILTER]);
	}
	put_networks(out, a->of[ANSWER_INSIDE]);
	buf_str(out, "\n# Saturday is a half day, Sunday and public holidays are closed: calendar in "
		     "tochoku.yml(5).\n"
		     "calendar:\n");
	put_text(out, "  hours: ", slice_str(a->of[ANSWER_HOURS]), "\n");
	if (a->of[ANSWER_BUDGET][0] != '\0')
		buf_fmt(out, "\nbudget:\n  month_usd: %s\n", a->of[ANSWER_BUDGET]);
	buf_str(out, "\n# Keep the keys' folder private, and back both up.\nledger:\n");
	buf_str(out, "  path: ");
	put_text(out, "", slice_str(a->of[ANSWER_STATE]), "");
	out->n--; /* into the quotes */
	buf_str(out, "/ledger.db\"\n  keys: ");
	put_text(out, "", slice_str(a->of[ANSWER_STATE]), "");
	out->n--;
	buf_str(out, "/keys\"\n");
	if (a->users)
		buf_str(out, "\n# Where root starts `run`: each process is a user of its own.\nprocesses:\n"
			     "  supervisor_user: tochoku-run\n  sensor_user: tochoku-sensor\n"
			     "  recorder_user: tochoku\n");
}
