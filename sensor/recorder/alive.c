#include "sensor/recorder/alive.h"

#include "core/base/notify.h"
#include "core/base/sys.h"
#include "core/base/zone.h"

#define TELL_NS NS_PER_SEC /* WatchdogSec of the unit is minutes */

static void tell(struct alive *a, const char *status)
{
	int64_t now = sys_mono_ns();

	if (a->fed && !a->ready) {
		notify_send(a->fd, "READY=1\nSTATUS=%s", status);
		a->ready = true;
	} else if (a->ready && a->status != status) {
		notify_send(a->fd, "STATUS=%s", status);
	}
	a->status = status;
	if (now - a->told_ns < TELL_NS)
		return;
	notify_send(a->fd, "WATCHDOG=1");
	a->told_ns = now;
}

void alive_committed(struct alive *a)
{
	tell(a, "recording");
}

void alive_counting(struct alive *a)
{
	a->fed = true; /* a service that starts on a full disk has started */
	tell(a, "the disk is full: counting alone");
}
