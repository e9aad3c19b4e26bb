#include "sensor/proto/greeting.h"

#include <stdlib.h>

#include "sensor/fields/text.h"

struct greetings {
	struct greeting *slot, *free;
	uint32_t n, touched; /* slots behind are as they were born: memory that nobody used yet */
};

struct greetings *greetings_new(uint32_t n)
{
	struct greetings *p = calloc(1, sizeof *p);

	if (p == NULL || (p->slot = calloc(n, sizeof *p->slot)) == NULL) {
		free(p);
		return NULL;
	}
	p->n = n;
	return p;
}

void greetings_free(struct greetings *p)
{
	if (p == NULL)
		return;
	free(p->slot);
	free(p);
}

struct greeting *greeting_take(struct greetings *p)
{
	struct greeting *g = p->free;

	if (g != NULL)
		p->free = g->next;
	else if (p->touched < p->n)
		g = &p->slot[p->touched++];
	else
		return NULL;
	g->said = g->answered = false;
	return g;
}

void greeting_give(struct greetings *p, struct greeting *g)
{
	if (g == NULL)
		return;
	g->next = p->free;
	p->free = g;
}

static struct slice version_text(uint16_t version)
{
	switch (version) {
	case 0x0301:
		return SLICE("1.0");
	case 0x0302:
		return SLICE("1.1");
	case 0x0303:
		return SLICE("1.2");
	case 0x0304:
		return SLICE("1.3");
	}
	return slice_of(NULL, 0);
}

static void set_said(struct access_event *ev, enum field_id f, struct slice s,
		     const struct parse_context *fields)
{
	if (s.n > 0)
		set_text(ev, f, s, fields);
}

void greeting_fields(const struct greeting *g, const struct parse_context *fields, struct access_event *ev)
{
	struct slice version = g->answered ? version_text(g->choice.version) : slice_of(NULL, 0);

	if (version.n > 0)
		ev_set_str(ev, F_TLS_VERSION, version);
	if (g->answered)
		set_said(ev, F_ALPN, slice_of(g->choice.alpn, g->choice.alpn_n), fields);
	if (!g->said)
		return;
	set_said(ev, F_SERVER_NAME, slice_of(g->hello.sni, g->hello.sni_n), fields);
	set_said(ev, F_JA3, slice_str(g->hello.ja3), fields);
	set_said(ev, F_JA4, slice_str(g->hello.ja4), fields);
}
