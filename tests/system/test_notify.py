#!/usr/bin/env python3
"""What a service manager is told (sd_notify(3)): ready when the log is read and durable, alive while commits return, a
reload from its beginning to its end, the stop."""
import os
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import TOCHOKU, Site, Tap, loggen, temporary_folder  # noqa: E402


def heard_until(s, word, seconds=30):
    """Lines that came up to `word`, in order; it is the last one, unless it did not come."""
    s.settimeout(seconds)
    out = []
    try:
        while word not in out:
            out += s.recv(4096).decode().split('\n')
    except socket.timeout:
        pass
    return out


def check(tap, name, shown):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(name)
    os.environ['NOTIFY_SOCKET'] = shown
    site = Site(tails=[('gateway', 'access.log', 'nginx-json')])
    loggen(site.path('access.log'), '--start', '2026-11-10', '--days', 1, '--lines', 50)
    site.start()
    words = heard_until(s, 'READY=1')
    tap.ok('READY=1' in words, 'ready', words)
    tap.ok(site.count() > 0, 'what was read by then is in the ledger')
    tap.ok('WATCHDOG=1' in heard_until(s, 'WATCHDOG=1'), 'alive')
    site.process.send_signal(signal.SIGHUP)
    words = heard_until(s, 'RELOADING=1')
    tap.ok('RELOADING=1' in words, 'a reload begins', words)
    words = words[words.index('RELOADING=1'):] if 'RELOADING=1' in words else words
    tap.ok(any(w.startswith('MONOTONIC_USEC=') and w[15:].isdigit() for w in words), 'with its time', words)
    tap.ok('READY=1' not in words and 'READY=1' in heard_until(s, 'READY=1'), 'and ends')
    os.kill(site.roles()['recorder'], signal.SIGSTOP)
    s.setblocking(False)
    try:
        while True:
            s.recv(4096)
    except BlockingIOError:
        pass
    words = heard_until(s, 'WATCHDOG=1', 3)
    tap.ok('WATCHDOG=1' not in words, 'a recorder that commits nothing is not called alive', words)
    os.kill(site.roles()['recorder'], signal.SIGCONT)
    site.process.send_signal(signal.SIGTERM)
    tap.ok('STOPPING=1' in heard_until(s, 'STOPPING=1'), 'the stop')
    tap.equal(site.stop(), 0, 'in order')
    del os.environ['NOTIFY_SOCKET']


def half(tap, name):
    """A sensor whose recorder is elsewhere ends a reload too, also one that was refused: nobody waits for it."""
    site = Site(tails=[('gateway', 'access.log', 'nginx-json')])
    loggen(site.path('access.log'), '--start', '2026-11-10', '--days', 1, '--lines', 50)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(name)
    command, quiet = [TOCHOKU, '-c', site.config, 'run', '--only'], {'stderr': subprocess.DEVNULL, 'cwd': site.dir}
    recorder = subprocess.Popen([*command, 'recorder'], **quiet)
    sensor = subprocess.Popen([*command, 'sensor'], env=dict(os.environ, NOTIFY_SOCKET=name), **quiet)
    tap.ok('READY=1' in heard_until(s, 'READY=1'), 'half: ready')
    with open(site.config, encoding='utf-8') as f:
        good = f.read()
    for what, text in (('a good configuration', good), ('a broken one', 'inputs: 7\n'), ('and a good one again', good)):
        with open(site.config, 'w', encoding='utf-8') as f:
            f.write(text)
        sensor.send_signal(signal.SIGHUP)
        tap.ok('RELOADING=1' in heard_until(s, 'RELOADING=1') and 'READY=1' in heard_until(s, 'READY=1', 10), 'half: %s' % what)
    for p in (sensor, recorder):
        p.terminate()
    tap.equal((sensor.wait(15), recorder.wait(15)), (0, 0), 'half: both stop')


def main():
    tap = Tap()
    path = os.path.join(temporary_folder('tochoku-notify-'), 'socket')
    check(tap, path, path)
    check(tap, '\0tochoku-test-%d' % os.getpid(), '@tochoku-test-%d' % os.getpid())
    half(tap, path + '2')
    tap.done()


if __name__ == '__main__':
    main()
