#!/usr/bin/env python3
"""The log of SQLite or its index, deleted or replaced under a running recorder: it is seen, nothing is lost, readers see what
is written again."""
import collections
import os
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap, loggen, request_id  # noqa: E402

LINES = 300


def deleted(path):
    os.unlink(path)


def replaced(path):
    shutil.copy(path, path + '.x')
    os.rename(path + '.x', path)


def said(site):
    with open(site.path('run.err'), encoding='utf-8', errors='replace') as f:
        return f.read()


def wait(what, seconds=30):
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.05)
    return what()


def check(tap, suffix, how, lines):
    name = '%s %s' % (suffix, how.__name__)
    site = Site(tails=[('gateway', 'access.log', 'nginx-json')])

    def write(part):
        with open(site.path('access.log'), 'ab') as f:
            f.writelines(part)

    write(lines[:100])
    site.start()
    site.wait_count(100)
    time.sleep(2.5)  # its first start is over: from then on it is started again
    first = site.roles()['recorder']
    how(site.path('ledger.db' + suffix))
    tap.ok(wait(lambda: 'ledger.db%s was deleted or replaced' % suffix in said(site)), name + ': is told', said(site))
    write(lines[100:200])
    tap.ok(wait(lambda: site.roles().get('recorder', first) != first), name + ': another recorder')
    tap.ok(site.wait_count(200), name + ': whose rows a reader sees', said(site))
    os.kill(site.roles()['recorder'], signal.SIGKILL)
    write(lines[200:])
    tap.ok(site.wait_count(LINES), name + ': a kill behind it', said(site))
    tap.ok(said(site).count('was deleted or replaced') == 1, name + ': told once', said(site))
    tap.equal(site.stop(), 0, name + ': it stops')
    seen = collections.Counter(e['http.request.id'] for e in site.events())
    tap.equal(seen, collections.Counter(map(request_id, lines)), name + ': each call once')
    site.tochoku('seal')
    site.tochoku('verify', site.path('trail'), '--db', site.path('ledger.db'), want=None)
    tap.equal(site.last_status, 0, name + ': the trail agrees')
    site.cleanup()


def main():
    tap = Tap()
    site = Site()
    with open(loggen(site.path('x'), '--start', '2026-11-10', '--days', 1, '--lines', LINES), 'rb') as f:
        lines = f.readlines()
    for suffix in ('-wal', '-shm'):
        for how in (deleted, replaced):
            check(tap, suffix, how, lines)
    tap.done()


if __name__ == '__main__':
    main()
