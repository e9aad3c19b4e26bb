#include "sensor/inputs.h"

#include "sensor/gateway/format.h"
#include "sensor/input/capture_open.h"
#include "sensor/options.h"
#include "sensor/roles.h"

static int check_format(const char *list, const char *name, const char *format, struct err *e)
{
	if (format == NULL || strcmp(format, "auto") == 0 || log_format_by_name(slice_str(format)) != NULL)
		return TK_OK;
	return err_set(e, TK_ECONFIG, "inputs.%s \"%s\": no log format is named \"%s\"", list, name, format);
}

int inputs_check(const struct config *cfg, struct err *e)
{
	if (cfg->n_tails == 0 && cfg->n_captures == 0 && cfg->n_syslog == 0)
		return err_set(e, TK_ECONFIG, "inputs: there is no log to watch and nothing to capture");
	for (size_t i = 0; i < cfg->n_captures; i++)
		if (capture_filter_check(cfg->captures[i].filter, e) != TK_OK)
			return err_wrap(e, "inputs.captures \"%s\"", cfg->captures[i].name);
	for (size_t i = 0; i < cfg->n_tails; i++) {
		const struct cfg_tail *t = &cfg->tails[i];

		if (t->fields == NULL && check_format("tails", t->name, t->format, e) != TK_OK)
			return e->code;
	}
	for (size_t i = 0; i < cfg->n_syslog; i++) {
		const struct cfg_syslog *s = &cfg->syslog[i];

		if (s->fields == NULL && check_format("syslog", s->name, s->format, e) != TK_OK)
			return e->code;
	}
	return TK_OK;
}

static int tell_options(const struct config *cfg, int channel, struct buf *packet, struct err *e)
{
	struct sensor_options o;
	int rc = options_from_config(cfg, BATCH_TAIL, &o, e);

	if (rc == TK_OK) {
		buf_clear(packet);
		options_encode(&o, packet);
		rc = role_send(channel, buf_slice(packet), -1, e);
		if (packet->p != NULL)
			explicit_bzero(packet->p, packet->cap);
	}
	sensor_options_clear(&o);
	return rc;
}

static int tell_tails(const struct config *cfg, int channel, struct buf *packet, struct err *e)
{
	int rc = TK_OK;

	for (uint32_t i = 0; rc == TK_OK && i < cfg->n_tails; i++) {
		const struct cfg_tail *t = &cfg->tails[i];
		struct role_input in = { .number = i, .name = slice_str(t->name),
					 .format = slice_str(cfg_tail_format(t)) };

		buf_clear(packet);
		role_input_encode(&in, packet);
		rc = role_send(channel, buf_slice(packet), -1, e);
	}
	return rc;
}

static int tell_captures(const struct config *cfg, int channel, struct buf *packet, struct err *e)
{
	int rc = TK_OK;

	for (uint32_t i = 0; rc == TK_OK && i < cfg->n_captures; i++) {
		const struct cfg_capture *c = &cfg->captures[i];
		struct role_capture_input in = { .number = i, .name = slice_str(c->name),
						 .interface = slice_str(c->interface),
						 .keylog = c->keylog != NULL };

		buf_clear(packet);
		role_capture_input_encode(&in, packet);
		rc = role_send(channel, buf_slice(packet), -1, e);
	}
	return rc;
}

static int tell_syslog(const struct config *cfg, int channel, struct buf *packet, struct err *e)
{
	int rc = TK_OK;

	for (uint32_t i = 0; rc == TK_OK && i < cfg->n_syslog; i++) {
		const struct cfg_syslog *c = &cfg->syslog[i];
		struct role_syslog_input in = { .number = i, .name = slice_str(c->name),
						.format = slice_str(cfg_syslog_format(c)),
						.tcp = strcmp(c->transport, "tcp") == 0 };

		buf_clear(packet);
		role_syslog_input_encode(&in, packet);
		rc = role_send(channel, buf_slice(packet), -1, e);
	}
	return rc;
}

int inputs_tell(const struct config *cfg, int channel, struct err *e)
{
	struct buf packet;
	int rc;

	buf_init(&packet, ROLE_MESSAGE_MAX);
	rc = tell_options(cfg, channel, &packet, e);
	if (rc == TK_OK)
		rc = tell_tails(cfg, channel, &packet, e);
	if (rc == TK_OK)
		rc = tell_captures(cfg, channel, &packet, e);
	if (rc == TK_OK)
		rc = tell_syslog(cfg, channel, &packet, e);
	buf_free(&packet);
	return rc;
}
