#!/usr/bin/env python3
"""The same bytes add nothing, whatever way they come; identical lines stay several events; and whatever the
order and size of the pieces, events, counters and closed-day findings are the same."""
import collections
import gzip
import os
import random
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import DEPARTMENTS, Site, Tap, identities, loggen  # noqa: E402

DAYS = ['2026-11-%02d' % d for d in range(2, 9)]
SETTINGS = identities() + DEPARTMENTS % '"11-05..11-05"'
TODAY = int(time.time()) // 86400
TAIL = [('gateway', 'access.log', 'nginx-json')]
BASE = []  # the first site: the others share its fingerprint key
USED = ('id',)  # numbers given in the order of recording: not compared


def event_key(e):
    return tuple(sorted((k, repr(v)) for k, v in e.items()))


def settled(report):
    """Without what the way shows: a tail watches minutes, a file has none (D1.1), and what was said before late
    records came is told as withdrawn."""
    report = {k: v for k, v in report.items() if not k.startswith(('coverage.', 'availability.'))}
    for item in report.pop('items'):
        if item['id'] != 'D1.1':
            item['results'] = [r for r in item['results'] if not r.startswith('取下げ')]
            report['item.' + item['id']] = item
    return report


def state(site):
    """Events, each closed day's report, each closed day's findings: all that must not depend on the way."""
    events = collections.Counter(map(event_key, site.events()))
    reports = {d: settled(site.lines('report', 'daily', '--date', d, '--format', 'json')[0]) for d in DAYS}
    findings = collections.Counter(
        repr(sorted((k, v) for k, v in f.items() if k not in USED))
        for f in site.lines('findings', 'list', '--json', '--from', DAYS[0], '--to', DAYS[-1])
        if not f.get('withdrawn'))
    return events, reports, findings


def diff(a, b):
    return {k: v for k, v in a.items() if b.get(k) != v}


def same(tap, got, want, name):
    for part, g, w in zip(('events', 'reports', 'findings'), got, want):
        if part == 'reports':
            detail = '\n'.join('%s: got  %.700s\n%s: want %.700s' % (d, diff(g[d], w[d]), d, diff(w[d], g[d])) for d in g if g[d] != w[d])
        else:
            detail = 'more (%d): %.900s\nless (%d): %.900s' % (
                sum((g - w).values()), list(g - w), sum((w - g).values()), list(w - g))
        tap.ok(g == w, '%s: same %s' % (name, part), detail)


def site(tails=()):
    new = Site(tails=tails, extra=SETTINGS, keys_of=BASE[0] if BASE else None)
    if not BASE:
        BASE.append(new)
    return new


def imported(files, *args):
    s = site()
    for f in files:
        s.tochoku('import', '--input', 'gateway', *args, f)
    return s


def cut(lines, sizes, rng):
    """Pieces of the lines; never between identical neighbours, which no program could tell apart."""
    pieces, at = [], 0
    while at < len(lines):
        end = min(at + rng.choice(sizes), len(lines))
        while end < len(lines) and lines[end] == lines[end - 1]:
            end += 1
        pieces.append(lines[at:end])
        at = end
    return pieces


def write(path, lines, mode='wb'):
    with open(path, mode) as f:
        f.writelines(lines)
    return path


def same_bytes(tap, log, lines, want):
    s = imported([log])
    same(tap, state(s), want, 'a second site')
    for name, make in (
            ('again', lambda p: log),
            ('a copy of another name', lambda p: shutil.copy(log, p('other.log.1'))),
            ('halves', None),
            ('gzip', lambda p: write_gzip(p('x.log.gz'), lines))):
        files = [make(s.path)] if make else [write(s.path('h1'), lines[:len(lines) // 2]),
                                             write(s.path('h2'), lines[len(lines) // 2:])]
        for f in files:
            s.tochoku('import', '--input', 'gateway', f)
        tap.equal(s.count(), len(lines), name + ' adds nothing')
    same(tap, state(s), want, 'after all of them')
    same(tap, state(imported([write_gzip(s.path('y.gz'), lines)])), want, 'gzip first')
    with open(log, 'rb') as f:
        stdin = f.read()
    s = site()
    s.tochoku('import', '--input', 'gateway', '-', stdin=stdin)
    same(tap, state(s), want, 'standard input')


def write_gzip(path, lines):
    with gzip.open(path, 'wb', compresslevel=1) as f:
        f.writelines(lines)
    return path


def any_order(tap, lines, want, rng):
    for name, sizes in (('large pieces', [800, 1500]), ('small pieces', [40, 90, 400])):
        pieces = cut(lines, sizes, rng)
        if name == 'small pieces':
            pieces = pieces[:60] + [sum(pieces[60:], [])]
        rng.shuffle(pieces)
        s = site()
        files = [write(s.path('piece%03d' % i), p) for i, p in enumerate(pieces)]
        for f in files:
            s.tochoku('import', '--input', 'gateway', f)
        same(tap, state(s), want, '%s in any order (%d)' % (name, len(pieces)))


def tail_and_import(tap, log, lines, want):
    s = site(TAIL)
    shutil.copy(log, s.path('access.log'))
    s.start()
    tap.ok(s.wait_count(len(lines)), 'a tail reads a file from its beginning', s.count())
    tap.ok(s.wait_closed(TODAY), 'a tail closes the days that are over')
    tap.equal(s.stop(), 0, 'run ends with status 0')
    same(tap, state(s), want, 'tailed')
    s.tochoku('import', s.path('access.log'))
    s.tochoku('import', shutil.copy(log, s.path('elsewhere.log')))
    s.tochoku('import', write_gzip(s.path('elsewhere.gz'), lines))
    same(tap, state(s), want, 'imported after it was tailed, under three names')

    s = site(TAIL)
    s.tochoku('import', '--input', 'gateway', log)
    shutil.copy(log, s.path('access.log'))
    s.start()
    write(s.path('access.log'), [extra_line(lines[-1])], 'ab')
    tap.ok(s.wait_count(len(lines) + 1), 'tailed after it was imported: only what is new', s.count())
    s.stop()


def extra_line(line):
    return line.replace(b'"rid":"', b'"rid":"ffffffff', 1).replace(b'"prid"', b'"p"', 1)


def under_a_sensor(tap, lines, want):
    """The last day is tailed while the days before are imported."""
    at = next(i for i, line in enumerate(lines) if line.startswith(b'{"ts":"' + DAYS[-1].encode()))
    s = site(TAIL)
    s.start()
    old = write(s.path('old.log'), lines[:at])
    half = at + (len(lines) - at) // 2
    write(s.path('access.log'), lines[at:half], 'ab')
    s.tochoku('import', '--input', 'gateway', old)
    write(s.path('access.log'), lines[half:], 'ab')
    tap.ok(s.wait_count(len(lines)), 'history imported under a running sensor', s.count())
    tap.ok(s.wait_closed(TODAY), 'and its days are closed')
    s.stop()
    same(tap, state(s), want, 'history imported under a running sensor')


def identical(tap, lines):
    """Identical lines on both sides of a rotation, and in two tailed inputs."""
    s = site(TAIL + [('second', 'second.log', 'nginx-json')])
    line = lines[100]
    write(s.path('access.log'), lines[:100] + [line] * 3)
    write(s.path('second.log'), [line] * 2)
    s.start()
    tap.ok(s.wait_count(105), 'identical lines of two inputs are events of both', s.count())
    os.rename(s.path('access.log'), s.path('access.log.1'))
    write(s.path('access.log'), [line] * 4)
    tap.ok(s.wait_count(109), 'identical lines on both sides of a rotation are all events', s.count())
    s.stop()
    s.tochoku('import', '--input', 'gateway', s.path('access.log'))
    tap.equal(s.count(), 109, 'and imported again they add nothing')

    s = site()
    s.tochoku('import', '--input', 'gateway', write(s.path('three'), [line] * 3))
    s.tochoku('import', '--input', 'gateway', write(s.path('two'), [line] * 2))
    tap.equal(s.count(), 3, 'imported files join by maximum')
    s.tochoku('import', '--input', 'gateway', write(s.path('five'), [line] * 5))
    tap.equal(s.count(), 5, 'a file with more of them adds the difference')


def main():
    tap, rng = Tap(), random.Random(6)
    base = site()
    log = loggen(base.path('history.log'), '--start', DAYS[0], '--days', len(DAYS), '--calls', 500, '--misuse',
                 '--closed', '2026-11-03', '--closed', '2026-11-05', '--identical', 40)
    with open(log, 'rb') as f:
        lines = f.readlines()
    base.tochoku('import', '--input', 'gateway', log)
    want = state(base)
    tap.equal(sum(want[0].values()), len(lines), 'each of %d lines is an event' % len(lines))
    tap.ok(sum(want[2].values()) >= 8, 'the planted misuse is found', want[2])
    tap.ok(len(set(lines)) < len(lines), 'identical lines are among them')
    same_bytes(tap, log, lines, want)
    any_order(tap, lines, want, rng)
    tail_and_import(tap, log, lines, want)
    under_a_sensor(tap, lines, want)
    identical(tap, lines)
    tap.done()


if __name__ == '__main__':
    main()
