#!/usr/bin/env python3
"""Bad input gives a counted, explained error with its place, the right exit status, and loses nothing else."""
import gzip
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap, loggen  # noqa: E402


def write(path, data):
    with open(path, 'wb') as f:
        f.write(data)
    return path


def logs(tap):
    site = Site()
    log = loggen(site.path('x.log'), '--start', '2026-11-10', '--days', 1, '--calls', 300)
    with open(log, 'rb') as f:
        good = f.readlines()
    bad = [b'not JSON\n', b'{"ts":"2026-11-10T00:00:00+09:00", oops\n', b'\0\0\0\n', b'\xff\xfe{}\n', b'{' * 5000 + b'\n',
           b'x' * (1 << 20) + b'\n', good[5][:80] + b'\n']
    mixed = [line for i, g in enumerate(good) for line in ([bad[i // 9 % len(bad)], g] if i % 9 == 0 else [g])]
    n_bad = len(mixed) - len(good)
    site.tochoku('import', '--format', 'nginx-json', write(site.path('mixed.log'), b''.join(mixed)))
    tap.equal(site.count(), len(good), 'every sound line is an event')
    tap.ok(re.search(r'\b%d\b' % n_bad, site.last_error), 'the %d others are counted on standard error' % n_bad,
           site.last_error)
    out = site.tochoku('decode', '--format', 'nginx-json', site.path('mixed.log'))
    tap.equal(out.count(b'\n'), len(good), 'decode gives what is sound')
    tap.ok(re.search(r'\b%d\b' % n_bad, site.last_error), 'and counts the rest', site.last_error)

    site = Site()
    packed = gzip.compress(b''.join(good))
    site.tochoku('import', write(site.path('cut.gz'), packed[:len(packed) // 2]), want=None)
    n = site.count()
    tap.ok(0 < n < len(good), 'a gzip file that breaks off gives the lines before', n)
    tap.ok('cut.gz' in site.last_error, 'and says so', site.last_error)
    site.tochoku('import', write(site.path('whole.gz'), packed))
    tap.equal(site.count(), len(good), 'the whole file adds the rest')


def files(tap):
    site = Site()
    site.tochoku('import', site.path('missing.log'), want=3)
    tap.ok('missing.log' in site.last_error, 'a missing file: exit 3, named', site.last_error)
    site.tochoku('import', write(site.path('noise'), bytes(range(256)) * 40), want=3)
    tap.ok('noise' in site.last_error, 'nothing known in it: exit 3, named', site.last_error)
    site.tochoku('import', want=2)
    tap.ok('import' in site.last_error, 'no file: exit 2 and a hint', site.last_error)
    site.tochoku('nonsense', want=2)
    tap.ok('nonsense' in site.last_error, 'an unknown command: exit 2, named', site.last_error)
    site.tochoku('report', 'daily', '--date', '2026-02-30', want=2)
    tap.ok('2026-02-30' in site.last_error, 'a date that does not exist: exit 2, named', site.last_error)
    site.tochoku('export', '--format', 'jsonl', '--from', '2026-11-10', '--to', '2026-11-09', want=2)


def configuration(tap):
    site = Site()
    with open(site.config, encoding='utf-8') as f:
        good = f.read()
    lines = good.count('\n')
    for text, column, word in (('netwroks: {}', 1, 'networks'), ('calendar: {saturday: hlaf}', 22, 'half'),
                               ('site2: {}', 1, 'site'), ('budget: {month_usd: much}', 21, 'month_usd'),
                               ('networks2: {zones: []}', 1, 'networks')):
        with open(site.config, 'w', encoding='utf-8') as f:
            f.write(good + text + '\n')
        site.tochoku('status', '--config', want=2)
        place = '%s:%d:%d:' % (site.config, lines + 1, column)
        tap.ok(place in site.last_error and word in site.last_error, 'configuration: %s' % text,
               'expected %s ... %s\n%s' % (place, word, site.last_error))
    with open(site.config, 'w', encoding='utf-8') as f:
        f.write(good + 'a: 1\nb: 2\nc: 3\n')
    site.tochoku('status', '--config', want=2)
    tap.equal(len(re.findall(r':%d:1:|:%d:1:|:%d:1:' % (lines + 1, lines + 2, lines + 3), site.last_error)), 3,
              'configuration: all errors at once')


def rules(tap):
    site = Site()
    good = ('title: t\nid: 11111111-2222-4333-8444-555555555555\nlevel: low\nlogsource: {category: llm_api}\n'
            'detection:\n  a: {sc-status: 200}\n  condition: a\n')
    path = write(site.path('good.yml'), good.encode())
    site.tochoku('rules', 'check', path)
    for what, text, line in (('an unknown modifier', good.replace('sc-status', 'sc-status|nonsense'), 6),
                             ('an unknown search', good.replace('condition: a', 'condition: b'), 7),
                             ('broken YAML', good + '  x: [\n', 9)):
        path = write(site.path('bad.yml'), text.encode())
        site.tochoku('rules', 'check', path, want=2)
        tap.ok(re.search(r'bad\.yml:%d:\d+:' % line, site.last_error), 'rules: %s, with its line' % what, site.last_error)


def main():
    tap = Tap()
    logs(tap)
    files(tap)
    configuration(tap)
    rules(tap)
    tap.done()


if __name__ == '__main__':
    main()
