#!/usr/bin/env python3
"""Line coverage by folder out of gcov's figures: cover.py BUILD/cov"""
import collections
import json
import os
import subprocess
import sys

top = sys.argv[1]
data = [os.path.join(d, f) for d, _, files in os.walk(top) for f in files
        if f.endswith('.gcda') and '/tests/' not in d + '/']
lines = collections.defaultdict(lambda: collections.defaultdict(int))
for start in range(0, len(data), 50):
    out = subprocess.run(['gcov', '--json-format', '--stdout', *data[start:start + 50]], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=True).stdout
    for report in map(json.loads, filter(None, out.split(b'\n'))):
        for f in report['files']:
            if not f['file'].startswith(('/', 'tests/')):
                for line in f['lines']:
                    lines[f['file']][line['line_number']] += line['count']
folders = collections.defaultdict(lambda: [0, 0])
for name, counts in lines.items():
    for row in (folders[os.path.dirname(name)], folders['all']):
        row[0] += sum(c > 0 for c in counts.values())
        row[1] += len(counts)
for name, (hit, n) in sorted(folders.items(), key=lambda kv: (kv[0] == 'all', kv[0])):
    print('%-20s %5d of %5d lines  %5.1f %%' % (name, hit, n, 100 * hit / n))
if not folders:
    sys.exit('cover.py: nothing was run under %s' % top)
