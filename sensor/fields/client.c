#include "sensor/fields/client.h"

#include "sensor/fields/text.h"

bool client_trusted(const struct addr *a, const struct parse_context *ctx)
{
	for (size_t i = 0; i < ctx->n_trusted_proxies; i++)
		if (cidr_holds(&ctx->trusted_proxies[i], a))
			return true;
	return false;
}

static size_t count_entries(struct slice s)
{
	size_t n = 1;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ',';
	return n;
}

/* Takes the last entry off the list. */
static struct slice last_entry(struct slice *list)
{
	const uint8_t *comma = memrchr(list->p, ',', list->n);
	struct slice entry = *list;

	if (comma == NULL) {
		*list = slice_of(NULL, 0);
		return text_trim(entry);
	}
	entry = slice_from(*list, (size_t)(comma - list->p) + 1);
	list->n = (size_t)(comma - list->p);
	return text_trim(entry);
}

/* From the right: each trusted address vouches for the entry before it, the first other one is the
 * client. What stands left of the client is the client's own word and is not looked at. */
static struct addr unwind(const struct addr *peer, struct slice forwarded, const struct parse_context *ctx)
{
	struct addr client = *peer, next;

	while (forwarded.n > 0) {
		if (!addr_parse_loose(last_entry(&forwarded), &next))
			return *peer;
		client = next;
		if (!client_trusted(&client, ctx))
			break;
	}
	return client;
}

void client_set(struct access_event *ev, const struct addr *peer, struct slice forwarded,
		const struct parse_context *ctx)
{
	struct addr client = *peer;

	if (!text_none(forwarded) && client_trusted(peer, ctx) && count_entries(forwarded) <= FORWARDED_MAX)
		client = unwind(peer, forwarded, ctx);
	ev_set_ip(ev, F_SOURCE_IP, client);
	if (!addr_eq(&client, peer))
		ev_set_ip(ev, F_PEER_IP, *peer);
}
