#!/usr/bin/env python3
"""The package in a bare Debian 12 (debootstrap): install, setup, run, one request, the report, doctor, remove, purge, as
tochoku(8) has it."""
import os
import shutil
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from machine import bare_root  # noqa: E402
from harness import Tap  # noqa: E402


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def main():
    tap = Tap()
    root = bare_root()
    if root is None:
        tap.skip('a bare root cannot be had: debootstrap needs root and a Debian mirror')
        tap.done()
    shutil.copy(os.path.join(HERE, 'bare_root.sh'), os.path.join(root, 'tmp'))
    # A mount namespace and one of processes: nothing of it outlives this.
    script = 'mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && exec chroot "$0" /tmp/bare_root.sh'
    p = subprocess.run(['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script, root], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, env=dict(os.environ, PORT=str(free_port())), timeout=550)
    text = p.stdout.decode('utf-8', 'replace')
    steps = {}
    for line in text.splitlines():
        if line.startswith('STEP '):
            name, _, rest = line[5:].partition(' ')
            steps.setdefault(name, []).append(rest)
    tap.equal(p.returncode, 0, 'every step is done')
    tap.ok(steps.get('installed', [''])[0].startswith('tochoku '), 'installed', text[-3000:])
    tap.equal(steps.get('owner'), ['tochoku:tochoku 750'], 'a folder for the ledger')
    tap.equal(steps.get('setup'), ['root:tochoku 640 tochoku 400'], 'setup: configuration and key, and whose they are')
    users = {u.split()[0]: u.split()[-3:] for u in steps.get('user', [])}
    tap.ok(users.get('recorder', [0, 1])[0] == users.get('recorder', [0, 1])[1], 'the recorder is tochoku', users)
    tap.ok(users.get('sensor', [0, 1, 2])[0] == users.get('sensor', [0, 1, 2])[2], 'the sensor is tochoku-sensor', users)
    tap.equal(steps.get('event'), ['1'], 'the request is in the ledger once')
    tap.equal(steps.get('report'), ['"calls":2'], "and in the day's report, with that of setup")
    tap.equal(steps.get('doctor'), ['0'], 'doctor finds no failure')
    tap.equal(steps.get('metrics'), ['up'], 'metrics say so')
    tap.equal(steps.get('people'), ['inquiry signed not-alone approved refused'], 'people of the group sign, two of them')
    tap.equal(steps.get('names'), ['"signed_by":"kaneko" "approved_by":"yamada"'], 'each under their own name')
    tap.equal(steps.get('reads'), ['1 1 0'], 'and read report, export and trail')
    tap.equal(steps.get('stopped'), ['0'], 'it stops')
    tap.equal(steps.get('secret'), [''], "its keys are nobody else's")
    tap.equal(steps.get('state'), ['0'], "all of the ledger's folder is the recorder's")
    tap.equal(steps.get('removed'), ['0 2'], 'removed, with ledger and configuration kept')
    left = set(' '.join(steps.get('purged', ['none'])).split())
    tap.ok('/etc/tochoku' not in left and left and all(x.startswith('/var/lib/tochoku') or x in (
        '/etc/group-', '/etc/gshadow-', '/etc/passwd-', '/etc/shadow-', '/etc/subgid-', '/etc/subuid-') for x in left), 'purged, but for the evidence', left)
    tap.ok('the ledger and its keys stay' in text, 'which is said')
    if tap.bad:
        print(''.join('#   %s\n' % x for x in text.splitlines()[-60:]))
    tap.done()


if __name__ == '__main__':
    main()
