#!/usr/bin/env python3
"""The long forms of the fault tests, one after another; what they reached adds up in docs/gates.tsv and the README.

    tests/soak/run.py [GATE...]     SOAK=F: F times a run's usual number; SOAK_DRY=1: writes nothing

A run that fails adds nothing and ends with status 1. Each has a number of its own, so that many nights make a gate."""
import datetime
import os
import re
import subprocess
import sys
import time
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLE, README = os.path.join(ROOT, 'docs/gates.tsv'), os.path.join(ROOT, 'README.md')
HEAD = ('gate', 'what', 'reached', 'of', 'date', 'commit')

# command, the variable that sets N, N of one run, and where the output says what was done: every number of every match of
# `counts` is added. `of`: the gate; None: the output says it (every number of `total`). A gate that adds counts runs; one
# that does not keeps the best of them.
Gate = namedtuple('Gate', 'name what command variable n counts of total adds')
GATES = [
    Gate('kills', 'kill -9 of sensor, recorder, supervisor, all, while a log is written and rotated',
         'tests/system/test_kill.py', 'KILLS', 60, r"^# .*kills \{(.*)\}", 1000, None, True),
    Gate('writes', 'an import killed, refused or cut short at each of its writes',
         'tests/fault/test_writes.py', 'FAULTS', 0, r'^ok \d+ - \w+ at (\d+) of \d+ calls', None,
         r'^ok \d+ - \w+ at \d+ of (\d+) calls', False),
    Gate('calls', 'an allocation, read or open of `run` and seven commands that fails, by number',
         'tests/fault/test_calls.py', 'FAULTS', 120, r'^ok \d+ - \S+: \w+ at (\d+) of \d+ calls', None,
         r'^ok \d+ - \S+: \w+ at \d+ of (\d+) calls', True),
    Gate('inodes', 'inodes of deleted logs that new logs got, in rotations without a pause',
         'tests/soak/rotations.py', 'ROTATIONS', 2500, r'^# \d+ rotations, (\d+) inode reuses', 5000, None, True),
    Gate('flows', 'calls right among a million SYNs and a million slow connections, of the calls of a run',
         'tests/soak/flows.py', 'FLOWS', 1000000, r'^# \w+: 10{6} flows, (\d+) of', None,
         r'^# \w+: \d+ flows, \d+ of (\d+)', False),
    Gate('bombs', '64 MiB of zeros in each coding: 1 MiB comes out at most, in 5 ms of CPU at most',
         'build/release/tests/soak/bombs', 'BOMBS', 5, r'^# within 1 MiB and 5 ms: (\d+) of', None,
         r'^# within 1 MiB and 5 ms: \d+ of (\d+)', False),
    Gate('damaged', 'ledgers damaged in bytes, pages and logs, cut short or put back in part', 'tests/fault/test_ledgers.py',
         'DAMAGED', 200, r'^ok \d+ - (\d+) damaged ledgers', 5000, None, True),
    Gate('captures', 'malformed captures', 'tests/soak/captures.py', 'CAPTURES', 10000,
         r'^ok \d+ - (\d+) malformed captures', 10000, None, True),
    Gate('clocks', 'sequences of clocks that jump', 'tests/fault/test_clock.py', 'JUMPS', 10,
         r'^# (\d+) sequences of jumps', 500, None, True),
]


def numbers(pattern, text):
    """Of every match of a pattern with one group, the sum of the numbers in it."""
    return sum(int(n) for m in re.finditer(pattern, text, re.M) for n in re.findall(r'\d+', m.group(1)))


def read_table(path=TABLE):
    with open(path, encoding='utf-8') as f:
        rows = [line.rstrip('\n').split('\t') for line in f]
    if tuple(rows[0]) != HEAD or any(len(r) != len(HEAD) for r in rows):
        sys.exit('%s: its head is not %s, or a row has other columns' % (path, ' '.join(HEAD)))
    return {r[0]: r for r in rows[1:]}


def write_table(rows, path=TABLE):
    with open(path + '.tmp', 'w', encoding='utf-8') as f:
        f.write('\t'.join(HEAD) + '\n')
        for g in GATES:
            f.write('\t'.join(rows.get(g.name, [g.name, g.what, '0', str(g.of or '?'), '', ''])) + '\n')
    os.replace(path + '.tmp', path)


def show(rows, path=README):
    """The README's table is the file."""
    with open(path, encoding='utf-8') as f:
        lines = f.read().split('\n')
    at = next(i for i, line in enumerate(lines) if line.startswith('| gate |')) + 2
    end = next(i for i in range(at, len(lines)) if not lines[i].startswith('|'))
    lines[at:end] = ['| %s |' % ' | '.join(r[:5]) for r in rows.values()]
    with open(path + '.tmp', 'w', encoding='utf-8') as f:
        f.write('\n'.join(lines))
    os.replace(path + '.tmp', path)


def commit():
    p = subprocess.run(['git', 'rev-parse', '--short', 'HEAD'], cwd=ROOT, stdout=subprocess.PIPE, encoding='ascii')
    return p.stdout.strip() or '?'


def added(gate, row, done, total):
    """The gate's row after a run."""
    before = int(row[2]) if row else 0
    of = gate.of or total
    reached = min(before + done, of) if gate.adds and gate.of is None else before + done if gate.adds else \
        done if row is None or row[3] != str(of) else max(before, done)
    return [gate.name, gate.what, str(reached), str(of), datetime.date.today().isoformat(), commit()]


def run(gate):
    env = dict(os.environ)
    env[gate.variable] = str(int(gate.n * float(os.environ.get('SOAK', '1'))) if gate.adds else gate.n)
    env['SEED'] = str(time.time_ns() % 1000000)
    print('%s: %s=%s SEED=%s %s' % (gate.name, gate.variable, env[gate.variable], env['SEED'], gate.command), flush=True)
    command = gate.command.split()
    p = subprocess.run(([sys.executable] if command[0].endswith('.py') else []) + command, cwd=ROOT, env=env, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, encoding='utf-8', errors='replace')
    done, total = numbers(gate.counts, p.stdout), numbers(gate.total, p.stdout) if gate.total else 0
    if p.returncode != 0 or done == 0:
        print(p.stdout)
        print('%s: failed (status %d, %d done): nothing is added' % (gate.name, p.returncode, done), flush=True)
        return False
    rows = read_table()
    rows[gate.name] = added(gate, rows.get(gate.name), done, total)
    print('%s: %d; now %s of %s' % (gate.name, done, rows[gate.name][2], rows[gate.name][3]), flush=True)
    if not os.environ.get('SOAK_DRY'):
        write_table(rows)
        show(read_table())
    return True


def main(names):
    unknown = [n for n in names if n not in [g.name for g in GATES]]
    if unknown:
        sys.exit('run.py: no gate %s; there are %s' % (unknown[0], ' '.join(g.name for g in GATES)))
    good = [run(g) for g in GATES if not names or g.name in names]
    return 0 if all(good) else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
