/* Opening what the recorder writes to, and closing it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "sensor/recorder/actor.h"
#include "sensor/recorder/control.h"
#include "sensor/recorder/recorder_state.h"

#define EXAMINE_BYTES (INT64_C(64) << 20) /* a longer ledger is not read through at every start */

static int listen_control(struct recorder *r, struct err *e)
{
	struct buf path;
	struct sockaddr_un a;
	int folder = -1, rc = TK_OK;

	buf_init(&path, 8192);
	control_path(r->cfg, &path);
	r->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(buf_cstr(&path)); /* we hold the ledger's lock: whoever made it is gone */
	if (r->listen_fd < 0 || control_address(buf_cstr(&path), &a, &folder) != 0 ||
	    bind(r->listen_fd, (struct sockaddr *)&a, sizeof a) != 0 || chmod(buf_cstr(&path), 0660) != 0 ||
	    listen(r->listen_fd, 8) != 0)
		rc = err_sys(e, "%s", buf_cstr(&path));
	sys_close(folder);
	buf_free(&path);
	return rc;
}

static int tell_configured(struct recorder *r, struct err *e)
{
	int64_t inputs[256];
	size_t n = 0;
	int rc = TK_OK;

	for (size_t i = 0; i < r->cfg->n_tails && n < COUNT(inputs) && rc == TK_OK; i++)
		rc = ledger_label(r->ledger, slice_str(r->cfg->tails[i].name), &inputs[n++], e);
	for (size_t i = 0; i < r->cfg->n_captures && n < COUNT(inputs) && rc == TK_OK; i++)
		rc = ledger_label(r->ledger, slice_str(r->cfg->captures[i].name), &inputs[n++], e);
	for (size_t i = 0; i < r->cfg->n_syslog && n < COUNT(inputs) && rc == TK_OK; i++)
		rc = ledger_label(r->ledger, slice_str(r->cfg->syslog[i].name), &inputs[n++], e);
	return rc == TK_OK ? ledger_inputs_configured(r->ledger, inputs, n, e) : rc;
}

int recorder_open_ledger(struct recorder *r, struct err *e)
{
	int rc = ledger_open_locked(&r->ledger, r->cfg->ledger.path, e);

	for (int i = 0; i < PEERS; i++)
		stream_forget(&r->peers[i].stream);
	if (rc == TK_OK)
		ledger_spare(r->ledger, (disk_actions(r->disk.state) & DISK_SPARE) != 0);
	if (rc == TK_OK)
		rc = recorder_take_keys(r, e);
	if (rc == TK_OK)
		rc = sealer_open(&r->sealer, r->cfg, r->ledger, e);
	if (rc == TK_OK)
		rc = (r->intake = intake_new(r->ledger, e)) == NULL ? TK_ENOMEM : recorder_load(r, e);
	return rc;
}

void recorder_close_ledger(struct recorder *r)
{
	evaluate_free(r->evaluate);
	enrich_free(r->enrich);
	intake_free(r->intake);
	sealer_close(r->sealer);
	ledger_close(r->ledger);
	r->evaluate = NULL;
	r->enrich = NULL;
	r->intake = NULL;
	r->sealer = NULL;
	r->ledger = NULL;
	r->pending_events = 0;
}

/* What a service can live with, it does: it goes on without the ledger, or with a new one. */
static int open_first(struct recorder *r, struct err *e)
{
	int rc = TK_OK;

	if (r->lock_fd < 0)
		rc = ledger_lock(r->cfg->ledger.path, &r->lock_fd, e);

	if (rc == TK_OK && recorder_stays(r))
		rc = ledger_examine(r->cfg->ledger.path, EXAMINE_BYTES, e);
	if (rc == TK_OK)
		rc = recorder_open_ledger(r, e);
	if (rc != TK_OK && e->code == TK_EDAMAGED && recorder_stays(r))
		return recorder_begin_anew(r, e);
	if (rc != TK_OK && e->code == TK_EDAMAGED)
		err_set(e, TK_EDAMAGED, "%s: it is damaged; `tochoku run` sets it aside and begins a new one",
			r->cfg->ledger.path);
	return rc;
}

static int begin_recording(struct recorder *r, struct err *e)
{
	int rc = recorder_begin(r, e);

	if (rc == TK_OK)
		rc = tell_configured(r, e);
	if (rc == TK_OK)
		rc = recorder_commit(r, e);
	if (rc == TK_OK)
		rc = sealer_started(r->sealer, e);
	return rc == TK_OK ? recorder_take_up(r, e) : rc;
}

int recorder_start(struct recorder *r, struct err *e)
{
	int rc;

	if (recorder_stays(r))
		recorder_take_hole(r);
	rc = open_first(r, e);
	if (rc == TK_OK)
		rc = recorder_begin(r, e);
	if (rc == TK_OK)
		rc = clock_behind(r->ledger, sys_now_ns(), e);
	if (rc == TK_OK)
		rc = recorder_stays(r) ? begin_recording(r, e) : recorder_commit(r, e);
	if (rc != TK_OK && e->code == TK_EFULL && recorder_stays(r)) {
		recorder_count_only(r, false, e->text);
		*e = (struct err){ 0 };
		rc = TK_OK;
	}
	if (rc == TK_OK && (rc = listen_control(r, e)) != TK_OK && recorder_counts(r)) {
		fprintf(stderr, "tochoku: %s; commands cannot reach the recorder\n", e->text);
		rc = TK_OK;
	}
	if (rc == TK_OK && r->o->batch_fd >= 0) {
		struct peer *p = peer_add(r->peers, r->o->batch_fd, PEER_IMPORT);

		rc = peer_greet(p, r->ledger, e);
	}
	return rc;
}

void recorder_finish(struct recorder *r)
{
	struct buf path;

	for (int i = 0; i < PEERS; i++)
		if (r->peers[i].kind != PEER_FREE)
			peer_drop(&r->peers[i]);
	if (r->listen_fd >= 0) {
		buf_init(&path, 8192);
		control_path(r->cfg, &path);
		unlink(buf_cstr(&path));
		buf_free(&path);
	}
	sys_close(r->listen_fd);
	sys_close(r->signal_fd);
	sys_close(r->alive.fd);
	recorder_close_ledger(r);
	sys_close(r->lock_fd);
	config_free(r->own_cfg);
	explicit_bzero(r->keys.bytes, sizeof r->keys.bytes);
	free(r);
}
