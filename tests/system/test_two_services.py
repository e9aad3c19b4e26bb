#!/usr/bin/env python3
"""`run --only recorder` and `run --only sensor`: what the one reads is in the other's ledger once, whichever is killed
or comes first."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap, TOCHOKU, loggen, request_id  # noqa: E402


class Service:
    def __init__(self, site, half):
        self.site, self.half, self.process = site, half, None
        self.start()

    def start(self):
        with open(self.site.path(self.half + '.err'), 'ab') as err:
            self.process = subprocess.Popen([TOCHOKU, '-c', self.site.config, 'run', '--only', self.half], stdout=err, stderr=err,
                                            stdin=subprocess.DEVNULL, cwd=self.site.dir, start_new_session=True)

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)

    def said(self):
        with open(self.site.path(self.half + '.err'), encoding='utf-8', errors='replace') as f:
            return f.read()


def main():
    tap = Tap()
    site = Site(tails=[('gateway', 'access.log', 'nginx-json')])
    with open(loggen(site.path('source'), '--start', '2026-11-10', '--days', 1, '--lines', 600), 'rb') as f:
        lines = f.readlines()

    def write(part):
        with open(site.path('access.log'), 'ab') as f:
            f.writelines(part)

    write(lines[:100])
    sensor = Service(site, 'sensor')
    time.sleep(0.5)  # it waits: nothing to see by then is no failure
    recorder = Service(site, 'recorder')
    tap.ok(site.wait_count(100), 'the sensor waits for a recorder', sensor.said() + recorder.said())
    write(lines[100:200])
    recorder.kill()
    write(lines[200:300])
    recorder.start()
    tap.ok(site.wait_count(300), 'a recorder that was killed', sensor.said())
    sensor.kill()
    write(lines[300:400])
    sensor.start()
    tap.ok(site.wait_count(400), 'a sensor that was killed', sensor.said())
    sensor.process.send_signal(signal.SIGHUP)
    recorder.process.send_signal(signal.SIGHUP)
    write(lines[400:500])
    tap.ok(site.wait_count(500), 'both reload', sensor.said() + recorder.said())
    end = time.monotonic() + 20
    while site.tochoku('status', want=None) is not None and site.last_status != 0 and time.monotonic() < end:
        time.sleep(0.2)
    status = site.tochoku('status', want=None).decode()
    tap.equal(site.last_status, 0, 'healthy')
    for name in ('supervisor', 'sensor', 'recorder'):
        tap.ok('%s: process' % name in status, 'status looks at the %s' % name, status)
    tap.equal((sensor.stop(), recorder.stop()), (0, 0), 'both stop as asked')
    tap.equal(sorted(e['http.request.id'] for e in site.events()), sorted(request_id(x) for x in lines[:500]),
              'each call once')
    tap.ok(b'' == site.tochoku('run', '--only', 'console', want=2) and 'expected sensor or recorder' in site.last_error,
           'there is no third half')
    site.start()
    sensor = Service(site, 'sensor')
    end = time.monotonic() + 20
    while 'stop one of the two' not in sensor.said() and time.monotonic() < end:
        time.sleep(0.1)
    tap.ok('stop one of the two' in sensor.said(), 'a half beside a whole one is told', sensor.said())
    write(lines[500:])
    tap.ok(site.wait_count(600), 'which goes on')
    sensor.kill()
    tap.equal(site.stop(), 0, 'and stops as asked')
    tap.done()


if __name__ == '__main__':
    main()
