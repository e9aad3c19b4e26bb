#!/usr/bin/env python3
"""The sample log and evidence file beside the project: their verdicts, and that a change of any file is seen."""
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import ROOT, TOCHOKU, Tap, temporary_folder  # noqa: E402

SHARED = os.path.join(ROOT, '../shared/corpora/audit-trail')
SAMPLE = os.path.join(SHARED, 'sample-log')


def verify(path, *options):
    """(exit status, verdicts, codes of findings)"""
    p = subprocess.run([TOCHOKU, 'verify', path, '--json', *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = [json.loads(line) for line in p.stdout.decode().splitlines()]
    last = lines[-1] if lines else {}
    return p.returncode, (last.get('integrity'), last.get('completeness')), {x.get('code') for x in lines[:-1]}


def main():
    tap = Tap()
    if not os.path.isdir(SAMPLE):
        tap.skip('no sample log beside the project')
        tap.done()
    key = ('--site-key', SAMPLE + '/site-key.vkey')
    pem = ('--site-key', SAMPLE + '/site-key.pub.pem')
    anchor = ('--anchor', SAMPLE + '/anchors.tsv')
    for name, options, want in (
            ('with its key and anchors', key + anchor, (0, ('ok', 'declared-gaps'))),
            ('with the PEM key and a typed code', pem + ('--code', 'fzxa ojbh jj4y bpzx l7gn'), (0, ('ok', 'declared-gaps'))),
            ('without an anchor', key, (0, ('ok', 'unknown'))),
            ('without an anchor, and one required', key + ('--require-anchor',), (1, ('ok', 'unknown'))),
            ('since itself', key + ('--since', SAMPLE), (0, ('ok', 'declared-gaps')))):
        tap.equal(verify(SAMPLE, *options)[:2], want, 'the sample log ' + name)
    tap.ok('self-attested' in verify(SAMPLE)[2], 'by its own key it attests itself')
    tap.equal(verify(SHARED + '/sample-evidence.txt', *key, *anchor)[:2], (0, ('ok', 'ok')), 'the sample evidence')
    folder = temporary_folder('tochoku-sample-') + '/log'
    for top, _, files in sorted(os.walk(SAMPLE)):
        for f in sorted(files):
            if not f.endswith(('.note', '.jsonl')):
                continue
            shutil.copytree(SAMPLE, folder)
            path = os.path.join(folder, os.path.relpath(os.path.join(top, f), SAMPLE))
            with open(path, 'rb') as x:
                b = bytearray(x.read())
            b[len(b) // 3] ^= 1
            with open(path, 'wb') as x:
                x.write(b)
            status, verdicts, codes = verify(folder, *key, *anchor)
            tap.ok(status == 1 and verdicts[0] == 'altered', 'one bit of %s' % f, (status, verdicts, codes))
            os.unlink(path)
            status, verdicts, codes = verify(folder, *key, *anchor)
            declared = f.startswith('000000-')  # an erase record of the log allows that one
            tap.ok('erased' in codes if declared else status in (1, 3), '%s removed' % f, (status, verdicts, codes))
            shutil.rmtree(folder)
    tap.done()


if __name__ == '__main__':
    main()
