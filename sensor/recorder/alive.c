#include "sensor/recorder/alive.h"

#include "core/base/notify.h"
#include "core/base/sys.h"
#include "core/base/zone.h"

#define TELL_NS NS_PER_SEC /* WatchdogSec of the unit is minutes */

void alive_committed(struct alive *a)
{
	int64_t now = sys_mono_ns();

	if (a->fed && !a->ready) {
		notify_send(a->fd, "READY=1\nSTATUS=recording");
		a->ready = true;
	}
	if (now - a->told_ns < TELL_NS)
		return;
	notify_send(a->fd, "WATCHDOG=1");
	a->told_ns = now;
}
