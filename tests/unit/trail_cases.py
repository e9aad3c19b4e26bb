#!/usr/bin/env python3
"""Where the attack cases of the audit trail are tested, T1 to T42 of its specification, and what must not alarm. A case is
found by its number at the beginning of a check's name; run with --list to see where each is."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import ROOT, Tap  # noqa: E402

# What is checked of each: a word that must stand in one of its checks' names.
CASES = {1: 'byte', 2: 'every h', 3: 'current day key', 4: 'key of the attacker', 5: 'middle', 6: 'last record', 7: 'anchor',
         8: 'cut off', 9: 'new log', 10: 'swapped', 11: 'renamed', 12: 'at the end', 13: 'number', 14: 'twice', 15: 'another site',
         16: 'two checkpoints', 17: 'larger', 18: 'without an erase record', 19: 'one approval', 20: 'without an erase record',
         21: 'itself stubbed', 22: 'newer key', 23: 'unknown site key', 24: 'nobody named', 25: 'below an anchor', 26: 'other data',
         27: 'set back', 28: 'left out', 29: 'bad signature', 30: 'S + L', 31: 'CRLF', 32: 'twice', 33: 'link', 34: 'size',
         35: 'interior node', 36: 'changed record', 37: 'line changed', 38: 'unread', 39: 'heartbeats', 40: 'while', 41: 'not there',
         42: 'too long'}
QUIET = ('quiet day', 'declared gaps', 'unknown witness', 'sealed early', '25 hours', '23 hours', '2038', 'another directory', '.gz')
CASE = r'[^%s\n]*?\b(?:T\d+\b|quiet:)[^%s\n]*'
NAME = '"(%s)"|\'(%s)\'' % (CASE % ('"', '"'), CASE % ("'", "'"))


def names():
    """(file, name of a check) of all tests that name a case."""
    for path in sorted(glob.glob(os.path.join(ROOT, 'tests/*/test_*'))):
        if path.endswith(('.c', '.py')):
            with open(path, encoding='utf-8') as f:
                for one, other in re.findall(NAME, f.read()):
                    yield os.path.relpath(path, ROOT), one or other


def main():
    tap = Tap()
    all_names = list(names())
    for number, word in CASES.items():
        mine = [(p, n) for p, n in all_names if re.search(r'\bT%d\b' % number, n)]
        tap.ok(any(word in n for _, n in mine), 'T%d is tested: %s' % (number, ', '.join(sorted({p for p, _ in mine}))), mine)
        if '--list' in sys.argv:
            print(''.join('#   %s: %s\n' % row for row in mine), end='')
    for word in QUIET:
        mine = {p for p, n in all_names if 'quiet:' in n and word in n}
        tap.ok(mine, 'must not alarm, %s: %s' % (word, ', '.join(sorted(mine))))
    tap.done()


if __name__ == '__main__':
    main()
