#include "sensor/gateway/layout.h"

#include "sensor/fields/text.h"

/* Ends tried for one line: a line that needs more is of no honest writer. */
#define TRIES_MAX 400
#define NUMBER_MAX 40 /* bytes, of times too */
#define HOST_MAX 255

struct matching {
	const struct piece *pieces;
	struct slice value[PIECES_MAX];
	size_t n; /* values taken */
	unsigned tries;
};

static struct slice literal(const char *s)
{
	return slice_of(s, strlen(s));
}

/* Position of the literal at or behind `at`; SIZE_MAX: none. */
static size_t find(struct slice s, size_t at, struct slice what)
{
	const uint8_t *p = at >= s.n ? NULL : memmem(s.p + at, s.n - at, what.p, what.n);

	return p == NULL ? SIZE_MAX : (size_t)(p - s.p);
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_number(struct slice s)
{
	size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'), digits = 0, dots = 0;

	for (; i < s.n; i++) {
		digits += is_digit(s.p[i]);
		dots += s.p[i] == '.';
	}
	return text_none(s) || (digits > 0 && dots <= 1 && digits + dots + !is_digit(s.p[0]) == s.n);
}

static bool is_address(struct slice s)
{
	struct addr a;

	if (addr_parse_loose(s, &a) || slice_is(s, "-") || slice_starts(s, SLICE("unix:")))
		return true;
	for (size_t i = 0; i < s.n;
	     i++) { /* a host name (RFC 1123 2.1), as Apache's HostnameLookups has it */
		uint8_t c = s.p[i] | 0x20;

		if ((c < 'a' || c > 'z') && !is_digit(s.p[i]) && s.p[i] != '-' && s.p[i] != '.')
			return false;
	}
	return s.n > 0;
}

/* Not a date alone: a time of day follows it, perhaps behind a tab, but nothing else does. */
static bool is_time(struct slice s)
{
	const uint8_t *tab = s.n == 0 ? NULL : memrchr(s.p, '\t', s.n);

	if (tab != NULL && (tab - s.p != 10 || memchr(s.p, '\t', 10) != NULL))
		return false;
	if (s.n <= 10)
		return text_none(s) || (s.n == 10 && is_number(s) && is_digit(s.p[4]));
	return is_digit(s.p[0]) && (s.p[2] == '/' || s.p[4] == '-' || is_number(s));
}

static bool fits(enum shape shape, struct slice s)
{
	struct addr a;

	switch (shape) {
	case SHAPE_IDENT:
		return !addr_parse_loose(s, &a);
	case SHAPE_ADDRESS:
		return is_address(s);
	case SHAPE_NUMBER:
		return is_number(s);
	case SHAPE_TIME:
		return is_time(s);
	default:
		return true;
	}
}

/* Where a value of a shape that has its own end ends; SIZE_MAX: another shape. */
static size_t own_end(enum shape shape, struct slice s)
{
	size_t n = 0;

	if (shape == SHAPE_QUOTED) {
		while (n < s.n && s.p[n] != '"')
			n += s.p[n] == '\\' ? 2 : 1;
		return n < s.n ? n : s.n;
	}
	if (shape != SHAPE_LIST)
		return SIZE_MAX;
	for (;;) {
		while (n < s.n && s.p[n] != ' ' && s.p[n] != ',' && s.p[n] != '"' && s.p[n] != ']')
			n++;
		if (slice_starts(slice_from(s, n), SLICE(", ")))
			n += 2;
		else if (slice_starts(slice_from(s, n), SLICE(" : ")))
			n += 3;
		else
			return n;
	}
}

/* The literal with which the line may end behind value i; NULL: it goes on. */
static const char *line_end(const struct piece *p)
{
	return p[1].shape == SHAPE_END ? p[1].before : p[1].or_end;
}

static bool take(struct matching *m, size_t i, struct slice rest);

/* Whether value i, the first n bytes, is one, and the next literal with all behind it follows. */
static bool goes_on(struct matching *m, size_t i, struct slice rest, size_t n)
{
	const struct piece *p = &m->pieces[i];
	struct slice behind = slice_from(rest, n), next = literal(p[1].before);

	m->value[i] = slice_head(rest, n);
	if (p[1].shape == SHAPE_END || !slice_starts(behind, next) || !fits(p->shape, m->value[i]))
		return false;
	return m->tries++ < TRIES_MAX && take(m, i + 1, slice_from(behind, next.n));
}

static bool ends(struct matching *m, size_t i, struct slice rest, size_t n)
{
	const struct piece *p = &m->pieces[i];
	const char *end = line_end(p);

	if (end == NULL || !slice_eq(slice_from(rest, n), literal(end)))
		return false;
	m->value[i] = slice_head(rest, n);
	m->n = i + 1;
	return fits(p->shape, m->value[i]);
}

/* How far a value may reach at most: what is longer is none, and a hostile line must not be looked through
 * again and again. */
static size_t reach(enum shape shape, struct slice s)
{
	size_t n = 0;

	if (shape == SHAPE_TEXT || shape == SHAPE_CELL)
		return s.n;
	s = slice_head(s, shape == SHAPE_NUMBER || shape == SHAPE_TIME ? NUMBER_MAX
			  : shape == SHAPE_ADDRESS		       ? HOST_MAX
								       : s.n);
	if (shape == SHAPE_TIME)
		return s.n;
	while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t')
		n++;
	return n;
}

/* Values from i on; `rest` begins with the first of them. */
static bool take(struct matching *m, size_t i, struct slice rest)
{
	const struct piece *p = &m->pieces[i];
	struct slice next = literal(p[1].before);
	const char *end = line_end(p);
	size_t n = own_end(p->shape, rest), most;

	if (n != SIZE_MAX)
		return goes_on(m, i, rest, n) || ends(m, i, rest, n);
	most = reach(p->shape, rest);
	if (p[1].shape != SHAPE_END)
		for (n = find(rest, 0, next); n <= most; n = find(rest, n + 1, next)) {
			if (goes_on(m, i, rest, n))
				return true;
			if (p->shape == SHAPE_CELL || m->tries >= TRIES_MAX)
				break;
		}
	n = end == NULL || rest.n < strlen(end) ? SIZE_MAX : rest.n - strlen(end);
	return n <= most && ends(m, i, rest, n);
}

/* ---- values ---- */

static int hex(uint8_t c)
{
	return is_digit(c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* HAProxy writes #XX in capitals, the # itself as #23. */
static struct slice undo_hash(struct slice raw, struct scratch *s)
{
	uint8_t *out = memchr(raw.p, '#', raw.n) == NULL ? NULL : scratch_take(s, raw.n);
	size_t n = 0;

	if (out == NULL)
		return raw;
	for (size_t i = 0; i < raw.n; i++) {
		int high = i + 2 < raw.n && raw.p[i] == '#' ? hex(raw.p[i + 1]) : -1;
		int low = high < 0 ? -1 : hex(raw.p[i + 2]);

		out[n++] = low < 0 ? raw.p[i] : (uint8_t)(high * 16 + low);
		i += low < 0 ? 0 : 2;
	}
	return slice_of(out, n);
}

static struct slice undo_percent(struct slice raw, struct scratch *s)
{
	uint8_t *out = memchr(raw.p, '%', raw.n) == NULL ? NULL : scratch_take(s, raw.n);

	return out == NULL ? raw : slice_of(out, text_unpercent(raw, out));
}

struct slice layout_undo(const struct layout *l, unsigned what, struct slice raw, struct scratch *s)
{
	if (s == NULL || raw.n == 0)
		return raw;
	raw = text_cut(raw, 3 * WIRE_STRING_MAX);
	switch (l->escapes) {
	case ESCAPES_BACKSLASH:
		return text_unescape(raw, s);
	case ESCAPES_HASH:
		return undo_hash(raw, s);
	case ESCAPES_PERCENT:
		return what == M_AGENT || what == M_USER ? undo_percent(raw, s) : raw;
	case ESCAPES_NONE:
		break;
	}
	return raw;
}

void layout_put(struct found *f, unsigned what, unsigned rank, struct slice text)
{
	uint8_t kept;

	if (slice_is(text, "\"\"")) /* an empty user, as Apache writes it */
		text.n = 0;
	kept = text_none(text) ? 1 : (uint8_t)(rank + 2);
	if (f->rank[what] >= kept)
		return;
	f->rank[what] = kept;
	f->text[what] = text;
	f->escaped[what] = false;
}

bool layout_match(const struct layout *l, struct slice line, struct scratch *s, struct found *f,
		  struct slice own[OWN_MAX])
{
	struct slice first = literal(l->pieces[0].before);
	struct matching m;

	m.pieces = l->pieces;
	m.tries = 0;
	if (!slice_starts(line, first) || !take(&m, 0, slice_from(line, first.n)))
		return false;
	memset(f->rank, 0, sizeof f->rank);
	for (size_t i = 0; own != NULL && i < OWN_MAX; i++)
		own[i] = slice_of(NULL, 0);
	for (size_t i = 0; i < m.n; i++) {
		const struct piece *p = &l->pieces[i];

		if (p->what < M_COUNT)
			layout_put(f, p->what, p->rank, layout_undo(l, p->what, m.value[i], s));
		else if (p->what > M_NOTHING && own != NULL)
			own[p->what - M_NOTHING] = m.value[i];
	}
	return true;
}

/* ---- formats of layouts alone ---- */

bool layout_sure(const struct layout *l, const struct found *f)
{
	enum member time = f->rank[M_START] > 0 ? M_START : M_TIME;
	struct addr a;
	int64_t ns;

	if (f->rank[time] > 0 && !log_time(f->text[time], l->habits, NULL, &ns))
		return false;
	return f->rank[M_CLIENT] == 0 || addr_parse_loose(f->text[M_CLIENT], &a) ||
	       slice_starts(f->text[M_CLIENT], SLICE("unix:"));
}

int layouts_detect(const struct layout *l, size_t n, struct slice line)
{
	struct found f;

	for (size_t i = 0; i < n; i++)
		if (layout_match(&l[i], line, NULL, &f, NULL))
			return layout_sure(&l[i], &f) ? 80 : 0;
	return 0;
}

int layouts_parse(const struct layout *l, size_t n, struct slice line, const struct parse_context *ctx,
		  struct access_event *ev)
{
	struct found f;

	for (size_t i = 0; i < n; i++)
		if (layout_match(&l[i], line, ctx->scratch, &f, NULL))
			return found_event(&f, l[i].habits, ctx, ev);
	return REJECT_MALFORMED;
}
