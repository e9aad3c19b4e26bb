#include "sensor/watch_captures.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "sensor/input/capture_open.h"
#include "sensor/watch_keys.h"

#define STATISTICS_NS NS_PER_SEC
#define AGAIN_NS (5 * NS_PER_SEC) /* after what no waiting for the interface helps */

struct watched {
	struct capture_socket socket; /* fd -1: not open, or handed over for good */
	uint64_t id;
	bool open;		    /* the sensor has it, or is to have it */
	bool sent, gone;	    /* handed in; its end is to be told */
	uint64_t drops, seen_drops; /* to be told; the card's own count when it was last asked */
	int64_t try_at, asked_at;
	char told[512]; /* the trouble that was told last */
	struct key_watch keys;
};

struct capture_watch {
	const struct config *cfg;
	struct watched list[CAPTURES_MAX];
	size_t n, next; /* next: whose news was given last */
	uint64_t next_id;
	enum capture_news given;
};

static void close_all(struct capture_watch *w)
{
	for (size_t i = 0; i < w->n; i++) {
		sys_close(w->list[i].socket.fd);
		key_watch_end(&w->list[i].keys);
	}
	memset(w->list, 0, sizeof w->list);
	w->n = w->cfg->n_captures;
	for (size_t i = 0; i < w->n; i++) {
		w->list[i].socket.fd = -1;
		key_watch_begin(&w->list[i].keys, w->cfg->captures[i].name, w->cfg->captures[i].keylog);
	}
}

struct capture_watch *capture_watch_new(const struct config *cfg)
{
	struct capture_watch *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	w->cfg = cfg;
	close_all(w);
	return w;
}

void capture_watch_free(struct capture_watch *w)
{
	if (w == NULL)
		return;
	close_all(w);
	free(w);
}

void capture_watch_reconfigure(struct capture_watch *w, const struct config *cfg)
{
	w->cfg = cfg;
	close_all(w);
}

void capture_watch_restart(struct capture_watch *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct watched *c = &w->list[i];

		sys_close(c->socket.fd);
		c->socket.fd = -1;
		c->open = c->sent = c->gone = false;
		c->try_at = 0;
		key_watch_restart(&c->keys);
	}
}

/* ---- looking ---- */

static void tell(struct watched *c, const struct cfg_capture *cfg, const char *what)
{
	if (strcmp(c->told, what) == 0)
		return;
	snprintf(c->told, sizeof c->told, "%s", what);
	role_say("capture %s: %s", cfg->name, what);
}

static void try_open(struct capture_watch *w, struct watched *c, const struct cfg_capture *cfg, int64_t mono)
{
	const struct capture_want want = { .interface = cfg->interface,
					   .filter = cfg->filter,
					   .snaplen = (uint32_t)cfg->snaplen,
					   .ring = (uint64_t)cfg->ring,
					   .promiscuous = cfg->promiscuous };
	struct capture_interface now;
	struct err e = { 0 };
	int rc;

	if (mono < c->try_at)
		return;
	rc = capture_open(&want, &c->socket, &e);
	if (rc == TK_ENOTFOUND && c->told[0] != '\0')
		return; /* that there is trouble was told when it went */
	if (rc != TK_OK) {
		tell(c, cfg, e.text);
		if (rc != TK_ENOTFOUND)
			c->try_at = mono + AGAIN_NS;
		return;
	}
	if (c->told[0] != '\0')
		role_say("capture %s: captures from %s", cfg->name, cfg->interface);
	c->told[0] = '\0';
	c->id = ++w->next_id;
	c->open = true;
	c->sent = false;
	capture_interface(cfg->interface, &now);
	c->seen_drops = now.drops;
	c->asked_at = mono;
}

static void has_gone(struct watched *c)
{
	sys_close(c->socket.fd);
	c->socket.fd = -1;
	c->open = false;
	c->gone = c->sent;
}

static void look_at(struct watched *c, const struct cfg_capture *cfg, int64_t mono)
{
	struct capture_interface now;

	capture_interface(cfg->interface, &now);
	if (!now.up || now.index != c->socket.index) {
		has_gone(c);
		tell(c, cfg,
		     now.index == 0 ? "its interface has gone; waiting for it"
				    : "its interface is down or has no link; waiting for it");
		return;
	}
	if (mono - c->asked_at < STATISTICS_NS)
		return;
	c->asked_at = mono;
	/* A driver may begin its counters anew. */
	if (now.drops > c->seen_drops)
		c->drops += now.drops - c->seen_drops;
	c->seen_drops = now.drops;
}

void capture_watch_look(struct capture_watch *w, int64_t mono)
{
	for (size_t i = 0; i < w->n; i++) {
		struct watched *c = &w->list[i];

		key_watch_look(&c->keys, mono);
		if (c->open)
			look_at(c, &w->cfg->captures[i], mono);
		/* Its end is told before there is another one. */
		if (!c->open && !c->gone)
			try_open(w, c, &w->cfg->captures[i], mono);
	}
}

void capture_watch_lost(struct capture_watch *w, uint64_t id)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].open && w->list[i].id == id) {
			has_gone(&w->list[i]);
			w->list[i].gone = false; /* it has said so itself */
			tell(&w->list[i], &w->cfg->captures[i], "its interface went away; waiting for it");
		}
}

/* ---- what the sensor is told ---- */

enum capture_news capture_watch_next(struct capture_watch *w, struct role_capture_state *state,
				     struct role_capture *capture, int *fd)
{
	w->given = CAPTURE_NO_NEWS;
	*fd = -1;
	for (size_t i = 0; i < w->n && w->given == CAPTURE_NO_NEWS; i++) {
		const struct watched *c = &w->list[i];

		w->next = i;
		if (c->gone || c->drops > 0) {
			*state = (struct role_capture_state){ .input = (uint32_t)i,
							      .gone = c->gone,
							      .drops = c->drops };
			w->given = CAPTURE_STATE_NEWS;
		} else if (c->keys.fd >= 0) { /* before the packets that it is for */
			*capture = (struct role_capture){ .input = (uint32_t)i };
			*fd = c->keys.fd;
			w->given = CAPTURE_KEYLOG;
		} else if (c->open && !c->sent) {
			*capture = (struct role_capture){ .id = c->id,
							  .input = (uint32_t)i,
							  .link_type = c->socket.link_type,
							  .block_size = c->socket.block_size,
							  .n_blocks = c->socket.n_blocks };
			*fd = c->socket.fd;
			w->given = CAPTURE_NEW;
		}
	}
	return w->given;
}

void capture_watch_sent(struct capture_watch *w)
{
	struct watched *c = &w->list[w->next];

	if (w->given == CAPTURE_STATE_NEWS) {
		c->gone = false;
		c->drops = 0;
	} else if (w->given == CAPTURE_KEYLOG) {
		key_watch_sent(&c->keys);
	} else if (w->given == CAPTURE_NEW) {
		/* The sensor's own now: while nobody else holds it, closing it there ends it. */
		sys_close(c->socket.fd);
		c->socket.fd = -1;
		c->sent = true;
	}
}
