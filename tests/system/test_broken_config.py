#!/usr/bin/env python3
"""Broken configuration files: `status --config` names the line and what is wrong, exits 2, and spends less than a second of
the CPU and 64 MiB on each."""
import os
import re
import resource
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
PROGRAM = os.environ.get('TOCHOKU', os.path.join(ROOT, 'build/tochoku'))


def bomb(levels):
    return 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n' + '\n'.join(
        'a%d: &a%d [%s]' % (i, i, ', '.join(['*a%d' % (i - 1)] * 10)) for i in range(1, levels))


# name, text, line in the text, what is told
CASES = [
    ('unknown section', 'netwroks: {}\n', 1, "did you mean 'networks'"),
    ('unknown key', 'networks:\n  zone: []\n', 2, "did you mean 'zones'"),
    ('unknown key in a list', 'inputs:\n  tails:\n    - name: a\n      pth: /x\n', 4, "did you mean 'path'"),
    ('a key twice', 'budget: {day_usd: 1}\nbudget: {day_usd: 2}\n', 2, "'budget'"),
    ('a key twice inside', 'budget:\n  day_usd: 1\n  day_usd: 2\n', 3, "'day_usd'"),
    ('host bits', 'networks:\n  zones:\n    - {name: ward, cidr: [10.10.0.1/16]}\n', 3, 'host bits'),
    ('no network', 'networks:\n  zones:\n    - {name: ward, cidr: [10.10/16]}\n', 3, '10.10/16'),
    ('prefix too long', 'networks:\n  trusted_proxies: ["::1/129"]\n', 2, '::1/129'),
    ('one network in two zones', 'networks:\n  zones:\n    - {name: a, cidr: [10.1.0.0/16]}\n    - {name: b, cidr: [10.1.0.0/16]}\n', 4,
     '10.1.0.0/16'),
    ('no such month', 'calendar:\n  closures: ["13-01..01-03"]\n', 2, '13-01..01-03'),
    ('no such day', 'calendar:\n  extra_closed: [2026-02-30]\n', 2, '2026-02-30'),
    ('no hours', 'calendar:\n  hours: "8:30 to 17:15"\n', 2, '8:30 to 17:15'),
    ('a day of another kind', 'calendar:\n  saturday: haf\n', 2, "did you mean 'half'"),
    ('a weekday that is none', 'calendar:\n  week: {mnoday: full}\n', 2, "did you mean 'monday'"),
    ('a time zone that is none', 'site: {time_zone: Asia/Tokio}\n', 1, 'Asia/Tokio'),
    ('a language that is none', 'site: {language: jp}\n', 1, 'jp'),
    ('a number that is none', 'budget: {day_usd: many}\n', 1, 'many'),
    ('a number out of range', 'inputs: {join_seconds: -1}\n', 1, '-1'),
    ('a format that is none', 'inputs:\n  tails:\n    - {name: a, path: /x, format: nginx-combine}\n', 3, "did you mean 'nginx-combined'"),
    ('a tail without a path', 'inputs:\n  tails:\n    - {name: a}\n', 3, "'path'"),
    ('two inputs of one name', 'inputs:\n  tails:\n    - {name: a, path: /x}\n    - {name: a, path: /y}\n', 4, "'a'"),
    ('a size that is none', 'inputs:\n  captures:\n    - {name: a, interface: lo, ring: 5X}\n', 3, '5X'),
    ('a list for a map', 'networks: [a]\n', 1, 'map'),
    ('a map for a list', 'rules: {paths: {a: b}}\n', 1, "'paths'"),
    ('a list for the whole', '- a\n', 1, 'map'),
    ('a tab', 'networks:\n\tzones: []\n', 2, 'YAML'),
    ('a quote left open', "site: {name: 'x}\n", 2, 'quoted'),
    ('a bracket left open', 'geoip: {databases: [a, b}\n', 1, 'YAML'),
    ('not UTF-8', 'site: {name: \udcff}\n', 1, 'UTF-8'),
    ('an alias', 'geoip: &g {databases: []}\nrules: *g\n', 2, 'alias'),
    ('alias bomb', bomb(9), 1, 'a'),
    ('merge key', 'site: {<<: {name: y}}\n', 1, '<<'),
    ('deep nesting', 'networks: ' + '[' * 5000 + ']' * 5000 + '\n', 1, 'levels'),
    ('two documents', 'site: {name: y}\n---\nsite: {name: z}\n', 3, 'document'),
    ('a rule list without a name', 'rules:\n  lists:\n    - {values: [a]}\n', 3, "'name'"),
]


def check(path):
    """Exit status, what was told, CPU seconds and KiB."""
    out, inn = os.pipe()
    run = subprocess.Popen([PROGRAM, '-c', path, 'status', '--config'], stdout=subprocess.DEVNULL, stderr=inn,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (10, 10)))
    os.close(inn)
    with os.fdopen(out, errors='replace') as f:
        told = f.read()
    _, status, used = os.wait4(run.pid, 0)
    run.returncode = 0
    return os.waitstatus_to_exitcode(status), told, used.ru_utime + used.ru_stime, used.ru_maxrss


def main():
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'tochoku.yml')
        for n, (name, text, line, words) in enumerate(CASES):
            with open(path, 'w', errors='surrogateescape') as f:
                f.write(text)
            status, told, cpu, memory = check(path)
            good = status == 2 and any(re.match(r'tochoku: [^:]*:%d:\d+: ' % line, x) and words in x for x in told.splitlines())
            cheap = 'asan' in PROGRAM or (cpu <= 1 and memory <= 64 << 10)
            print('%sok %d - %s' % ('' if good and cheap else 'not ', n + 1, name))
            if not good or not cheap:
                bad += 1
                print('# exit %d, %.2f s, %d KiB; line %d with %r wanted' % (status, cpu, memory, line, words))
                print('# ' + '\n# '.join(told.splitlines()[:4]))
    print('1..%d' % len(CASES))
    return bad > 0


sys.exit(main())
