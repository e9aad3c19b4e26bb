#!/usr/bin/env python3
"""`setup`: asked and not asked, what it writes, and the one event; the figures of `metrics` and `status --json`."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import ROOT, TOCHOKU, Tap, temporary_folder  # noqa: E402

FOLDER = temporary_folder('tochoku-setup-')


def path(name):
    return os.path.join(FOLDER, name)


def tochoku(config, *args, stdin=b''):
    return subprocess.run([TOCHOKU, '-c', config, *args], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=FOLDER)


def in_force(config):
    return tochoku(config, 'status', '--config').stdout.decode()


def test_options(tap):
    config, log = path('a.yml'), path('access.log')
    name = 'A "b" #: ☃ \\'
    p = tochoku(config, 'setup', '--yes', '--site', name, '--log', log + ', ' + path('x-*.log'), '--format', 'nginx-json',
                '--inside', '10.10.0.0/16,fd00:10::/32', '--budget', '3000.50', '--hours', '09:00-17:00', '--zone', 'UTC',
                '--state', path('deep/state'), '--capture', 'lo', '--filter', 'tcp port 1')
    tap.equal((p.returncode, p.stderr), (0, b''), 'without a question')
    text = in_force(config)
    for want in ('name: ' + json.dumps(name, ensure_ascii=False), '"%s"' % log, 'name: "gateway-2"', 'format: "nginx-json"',
                 'interface: "lo"', 'filter: "tcp port 1"', '"10.10.0.0/16", "fd00:10::/32"', '"3000.5', 'hours: "09:00-17:00"',
                 'time_zone: "UTC"', path('deep/state/keys')):
        tap.ok(want in text or want.replace('"', '') in text, 'in force: ' + want, text)
    tap.equal(os.stat(config).st_mode & 0o777, 0o640, 'not for everybody')
    tap.equal(os.stat(path('deep/state/keys/fingerprint.key')).st_mode & 0o777, 0o400, 'a key')
    rows = [json.loads(x) for x in tochoku(config, 'export', '--format', 'jsonl', '--from', '2020-01-01', '--to', '2099-01-01')
            .stdout.splitlines()]
    events = [r for r in rows if r.get('type') == 'access']
    tap.equal([(e['tochoku.input'], e['url.path'], e['http.response.status_code'], e['tochoku.zone']) for e in events],
              [('setup', '/tochoku-setup', 204, 'inside')], 'one event came all the way')
    tap.equal(tochoku(config, 'findings', 'list', '--json').stdout, b'', 'and nobody is alarmed')
    p = tochoku(config, 'setup', '--yes', '--log', log, '--state', path('deep/state'))
    tap.ok(p.returncode == 2 and b'--force' in p.stderr and in_force(config) == text, 'nothing is replaced by accident', p.stderr)
    p = tochoku(config, 'setup', '--yes', '--force', '--log', log, '--state', path('deep/state'))
    tap.ok(p.returncode == 0 and in_force(config + '.old') == text != in_force(config), 'with --force it is kept', p.stderr)


def test_questions(tap):
    config = path('b.yml')
    answers = ['院', 'Asia/Tokio', 'Asia/Tokyo', '/x.log', 'nginx', 'nginx-json', '', '25:00-26:00', '08:00-17:00', '10.1.2.3/8', '',
               'much', '1', path('state-b')]
    p = tochoku(config, 'setup', stdin='\n'.join(answers).encode() + b'\n')
    tap.equal(p.returncode, 0, 'asked: ' + p.stderr.decode())
    said = p.stderr.decode()
    for bad in ("did you mean 'Asia/Tokyo'", "did you mean 'nginx-combined'", '25:00', 'host bits', 'much'):
        tap.ok(bad in said, 'told at once: ' + bad, said)
    text = in_force(config)
    for want in ('name: "院"', 'nginx-json', '08:00-17:00', 'month_usd: 1', path('state-b')):
        tap.ok(want in text, 'taken: ' + want, text)
    tap.ok('tap' not in re.sub(r'#.*', '', text) and b'Which packets' not in p.stdout, 'what does not matter is not asked')
    p = tochoku(path('c.yml'), 'setup', '--state', path('state-c'), stdin=b'\n\n/y.log\n')
    tap.ok(p.returncode == 0 and os.path.exists(path('c.yml')), 'where answers end, the rest is as proposed', p.stderr)
    for args, why in ((['--yes'], 'nothing to watch'), (['--yes', '--log', '/x', '--zone', 'Mars/X'], 'unknown time zone'),
                      (['--nothing'], 'unknown option'), (['--log'], 'value is missing'), (['more'], 'unexpected')):
        p = tochoku(path('d.yml'), 'setup', *args)
        tap.ok(p.returncode == 2 and why in p.stderr.decode() and not os.path.exists(path('d.yml')), 'refused: ' + why, p.stderr)
    p = tochoku('/proc/no/t.yml', 'setup', '--yes', '--log', '/x', '--state', path('state-b'))
    tap.equal(p.returncode, 3, 'where nothing can be written')


def samples(text):
    """name -> [(labels, value)], by the text format's own rules; what does not follow them raises."""
    out, typed = {}, set()
    for line in text.splitlines():
        m = re.fullmatch(r'# (HELP|TYPE) (\w+) (.+)', line)
        if m:
            if m.group(1) == 'TYPE':
                assert m.group(2) not in typed and m.group(3) in ('gauge', 'counter'), line
                typed.add(m.group(2))
            continue
        m = re.fullmatch(r'(\w+)(?:\{(.*)\})? (-?\d+)', line)
        assert m and m.group(1) in typed, line
        labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', m.group(2) or ''))
        out.setdefault(m.group(1), []).append((labels, int(m.group(3))))
    return out


def test_metrics(tap):
    config = path('a.yml')
    text = tochoku(config, 'metrics').stdout.decode()
    got = samples(text)
    tap.equal(got['tochoku_events_total'], [({}, 2)], 'calls: one of each setup')
    tap.equal(got['tochoku_up'], [({}, 0)], 'nothing runs')
    tap.equal([v for k, v in got['tochoku_input_events_total'] if k == {'input': 'setup'}], [2], 'by input')
    with open(os.path.join(ROOT, 'cli/figures.def'), encoding='utf-8') as f:
        names = set(re.findall(r'"(tochoku_\w+)"', f.read()))
    names -= {'tochoku_input_last_heartbeat_timestamp_seconds'}  # nothing has run
    tap.equal(set(got), names, 'every figure')
    rows = [json.loads(line) for line in tochoku(config, 'status', '--json').stdout.splitlines()]
    figures = {(r['figure'], r.get('input'), r.get('reason'), r.get('level')) for r in rows if 'figure' in r}
    tap.equal(figures, {(n, k.get('input'), k.get('reason'), k.get('level')) for n in got for k, _ in got[n]}, 'status has them, too')
    p = tochoku(config, 'metrics', '-o', path('t.prom'))
    tap.equal((p.returncode, p.stdout, os.stat(path('t.prom')).st_mode & 0o777), (0, b'', 0o644), 'a file that a collector reads')
    with open(path('t.prom'), encoding='utf-8') as f:
        tap.equal(set(samples(f.read())), names, 'with the same')
    tap.equal([n for n in os.listdir(FOLDER) if n.startswith('t.prom.')], [], 'and nothing beside it')
    tap.equal(tochoku(config, 'metrics', '-o', path('no/t.prom')).returncode, 3, 'a file that cannot be written')
    tap.equal(tochoku(config, 'metrics', '-x').returncode, 2, 'an unknown option')
    with open(path('e.yml'), 'w', encoding='utf-8') as f:
        f.write('ledger: {path: %s}\n' % path('none.db'))
    tap.equal(samples(tochoku(path('e.yml'), 'metrics').stdout.decode())['tochoku_up'], [({}, 0)], 'before the first start')


def main():
    tap = Tap()
    test_options(tap)
    test_questions(tap)
    test_metrics(tap)
    tap.done()


if __name__ == '__main__':
    main()
