/* The key logs of captures: read as they grow; what waits in a tap for its secrets is tried again. */
#include <stdio.h>

#include "sensor/captures_state.h"

static void tell_bad_keys(struct captures *c, struct capture *p)
{
	char text[512];

	if (p->told_bad_keys || key_log_bad_lines(capture_keys_log(p->keys)) == 0)
		return;
	p->told_bad_keys = true;
	snprintf(text, sizeof text,
		 "capture %s: its key log has lines that are none (LABEL RANDOM SECRET, in hex); they are "
		 "passed over",
		 p->name);
	c->sink.say(c->sink.ctx, text);
}

bool captures_read_keys(struct captures *c, struct capture *p)
{
	bool more = p->keys != NULL && capture_keys_step(p->keys);

	if (p->keys != NULL)
		tell_bad_keys(c, p);
	return more;
}

bool captures_look_at_keys(struct captures *c, struct capture *p)
{
	uint64_t version;
	bool more;

	if (p->keys == NULL || c->mono - p->keys_at < KEYS_NS)
		return false;
	more = captures_read_keys(c, p);
	if (!more)
		p->keys_at = c->mono;
	version = key_log_version(capture_keys_log(p->keys));
	/* They may make events, which need room. */
	if (version != p->keys_version && c->rc == TK_OK && captures_can_send(c, 2)) {
		p->keys_version = version;
		tap_retry(p->tap);
	}
	return more;
}
