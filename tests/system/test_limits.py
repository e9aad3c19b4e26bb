#!/usr/bin/env python3
"""Memory and the write-ahead log stay under their caps, whatever the traffic does: an ordinary log, and one in
which every line has an address, user, path and client of its own."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import TOCHOKU, Site, Tap, loggen  # noqa: E402
from measure import Run  # noqa: E402

LINES = 200000
MEMORY_CAP = 128 << 20
WAL_CAP = 64 << 20


def hostile(path):
    with open(path, 'w', encoding='utf-8') as f:
        for i in range(LINES):
            f.write(json.dumps({
                'ts': '2026-11-10T02:%02d:%02d+00:00' % (i // 60 % 60, i % 60), 'msec': 1794276000 + i / 100,
                'client': '%d.%d.%d.%d' % (1 + i % 9, i >> 16 & 255, i >> 8 & 255, i & 255), 'user': 'u%d-%s' % (i, 'x' * 40),
                'dept': 'd%d' % i, 'key_tail': '%08x' % (i * 2654435761 % 2**32), 'method': 'POST', 'host': 'h%d.example' % i,
                'uri': '/v1/%d/%s' % (i, 'p' * 60), 'proto': 'HTTP/1.1', 'status': 200 + i % 400, 'req_len': i, 'sent': i,
                'rt': 0.1, 'rid': '%032x' % i, 'ua': 'agent %d %s' % (i, 'y' * 60), 'model': 'm%d' % i}) + '\n')
    return path


def libraries():
    return [line.split()[0] for line in subprocess.check_output(['ldd', TOCHOKU], text=True).splitlines()]


def main():
    tap = Tap()
    drawing = [n for n in libraries() if 'cairo' in n or 'pango' in n or 'X11' in n or 'glib' in n]
    tap.equal(drawing, [], 'the program that reads traffic maps nothing that draws')
    for name, make in (('ordinary', lambda p: loggen(p, '--start', '2026-11-02', '--days', 20, '--calls', 20000,
                                                     '--users', 400, '--outside', 100, '--lines', LINES)),
                       ('hostile', hostile)):
        site = Site()
        log = make(site.path('x.log'))
        run = Run([TOCHOKU, '-c', site.config, 'import', log], site.dir, site.path('ledger.db-wal'))
        tap.equal(run.status, 0, '%s: import ends with status 0' % name)
        tap.equal(site.count(), LINES, '%s: every line is an event' % name)
        print('# %s: %.1f CPU s, %.1f MiB memory, %.1f MiB WAL' % (name, run.cpu, run.peak / 2**20, run.wal / 2**20))
        tap.ok(run.peak < MEMORY_CAP, '%s: under %d MiB of memory' % (name, MEMORY_CAP >> 20), run.peak)
        tap.ok(run.wal < WAL_CAP, '%s: under %d MiB of WAL' % (name, WAL_CAP >> 20), run.wal)
    tap.done()


if __name__ == '__main__':
    main()
