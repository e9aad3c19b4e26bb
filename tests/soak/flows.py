#!/usr/bin/env python3
"""20,000 calls among a million SYNs, and among a million connections that sent one byte: at least 99 % of the calls are
right, and memory stays under the cap.   FLOWS=N (default 100000), CALLS=N (default 20000)"""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import ROOT, TOCHOKU, Tap, temporary_folder  # noqa: E402

FLOWS, CALLS = int(os.environ.get('FLOWS', '100000')), int(os.environ.get('CALLS', '20000'))
CAP_MIB = 256
CAPGEN = os.path.join(ROOT, 'build/release/tests/bench/capgen')


def right_ones(out):
    """Calls with their own tokens, model's answer and question of one number."""
    right = set()
    for line in out:
        e = json.loads(line)
        n = e.get('gen_ai.usage.input_tokens', 0) - 100000
        if e.get('tochoku.complete') and e.get('gen_ai.usage.output_tokens') == 500000 + n and e['http.request.id'] == 'r-%d' % n:
            right.add(n)
    return right


def among(tap, kind, folder):
    path = os.path.join(folder, 'x.pcap')
    with open(path, 'wb') as f:
        p = subprocess.run([CAPGEN, str(CALLS), str(FLOWS), kind], stdout=f, stderr=subprocess.PIPE, check=True)
    truth = json.loads(p.stderr)
    with open(os.path.join(folder, 'err'), 'wb') as err:
        p = subprocess.Popen([TOCHOKU, 'decode', path], stdout=subprocess.PIPE, stderr=err)
        right = right_ones(p.stdout)
        _, status, used = os.wait4(p.pid, 0)
    os.unlink(path)
    mib = used.ru_maxrss / 1024
    print('# %s: %d flows, %d of %d calls right, %.0f MiB' % (kind, truth['flows'], len(right), truth['calls'], mib))
    tap.ok(status == 0 and len(right) >= 0.99 * truth['calls'] and mib <= CAP_MIB, '%d calls among %d flows (%s): right' % (
        truth['calls'], truth['flows'], kind), 'status %d' % status)


def main():
    tap, folder = Tap(), temporary_folder('tochoku-flows-')
    for kind in ('syn', 'slow'):
        among(tap, kind, folder)
    tap.done()


if __name__ == '__main__':
    main()
