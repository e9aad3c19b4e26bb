#!/usr/bin/env python3
"""docs/gates.tsv says no more than its gates, the README's table says what it says, and a run adds what it did."""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, 'tests/lib'), os.path.join(ROOT, 'tests/soak')]
from harness import Tap  # noqa: E402
import run as soak  # noqa: E402


def readme_rows():
    with open(os.path.join(ROOT, 'README.md'), encoding='utf-8') as f:
        lines = f.read().splitlines()
    at = next((i for i, line in enumerate(lines) if line.startswith('| gate |')), len(lines))
    rows = []
    for line in lines[at + 2:]:
        if not line.startswith('|'):
            break
        rows.append([c.strip() for c in line.strip('|').split('|')])
    return rows


SAMPLES = {
    'kills': ("# rename and gzip: 5 lines, 1 identical, 2 rotations, kills {'sensor': 3, 'all': 4}\n# copytruncate: 5 lines, "
              "1 identical, 2 rotations, kills {'recorder': 2}\n", 9, 0),
    'writes': ('ok 3 - kill at 20 of 21 calls: nothing lost, nothing doubled (exit {-9: 20})\n', 20, 21),
    'calls': ('ok 1 - decode-log: alloc at 40 of 193 calls (exit {3: 40})\nnot ok 2 - seal: read at 6 of 9 calls (exit {})\n', 40, 193),
    'inodes': ('# 320 rotations, 45 inode reuses, 855 lines\n', 45, 0),
    'flows': ('# syn: 1000000 flows, 19999 of 20000 calls right, 53 MiB\n# slow: 1000 flows, 7 of 9 calls right, 53 MiB\n', 19999, 20009),
    'bombs': ('# br: 102 bytes of 64 MiB, 1024 KiB out, 5.90 ms\n# within 1 MiB and 5 ms: 8 of 9\n', 8, 9),
    'damaged': ('ok 1 - 200 damaged ledgers, 70 set aside: none crashed or stalled it, nothing lost in silence\n', 200, 0),
    'captures': ('ok 2 - 10000 malformed captures: none crashed it (5 calls read of them)\n', 10000, 0),
    'clocks': ('# 10 sequences of jumps, from SEED=77 on\n', 10, 0),
}


def main():
    tap, table = Tap(), soak.read_table()
    tap.equal(sorted(SAMPLES), sorted(g.name for g in soak.GATES), 'each gate has a sample of its output here')
    for g in soak.GATES:
        text, done, total = SAMPLES.get(g.name, ('', -1, 0))
        tap.equal((soak.numbers(g.counts, text), soak.numbers(g.total, text) if g.total else 0), (done, total),
                  g.name + ': what a run reached is read from its output')
        tap.ok(os.path.exists(os.path.join(ROOT, g.command.split()[0])) or g.command.startswith('build/'), g.name + ': its program')
        row = table.get(g.name)
        if row:
            tap.ok(row[1] == g.what and (g.of is None or int(row[3]) == g.of) and int(row[2]) >= 0, g.name + ': its row', row)
    adds, keeps = (next(g for g in soak.GATES if g.adds is a) for a in (True, False))
    tap.equal(soak.added(adds, None, 7, 0)[2:4], ['7', str(adds.of)], 'a first run')
    tap.equal(soak.added(adds, [adds.name, '', '7', str(adds.of), '', ''], 5, 0)[2], '12', 'a second one adds')
    tap.equal(soak.added(keeps, [keeps.name, '', '7', '9', '', ''], 5, 9)[2], '7', 'or the better one stays')
    tap.equal(soak.added(keeps, [keeps.name, '', '7', '9', '', ''], 5, 12)[2:4], ['5', '12'], 'unless the gate is another now')
    shown = readme_rows()
    tap.equal(shown, [[r[0], r[1], r[2], r[3], r[4]] for r in table.values()], "the README's table is the file's")
    tap.done()


if __name__ == '__main__':
    main()
