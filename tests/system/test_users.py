#!/usr/bin/env python3
"""`run` started by root with users for its processes: who each one is, what it may, whose the files are."""
import os
import pwd
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap, loggen  # noqa: E402

USERS = {'supervisor': 'daemon', 'sensor': 'nobody', 'recorder': 'games'}  # every Debian has them


def status(pid):
    with open('/proc/%d/status' % pid, encoding='ascii', errors='replace') as f:
        return dict(line.rstrip('\n').split(':\t', 1) for line in f if ':\t' in line)


def capabilities(*numbers):
    return sum(1 << n for n in numbers)


def site(users):
    rows = ''.join('  %s_user: %s\n' % row for row in users.items())
    s = Site(tails=[('gateway', 'access.log', 'nginx-json')], extra='processes:\n' + rows)
    os.chmod(s.dir, 0o755)
    os.mkdir(s.path('state'))
    owner = pwd.getpwnam(users['recorder'])
    os.chown(s.path('state'), owner.pw_uid, owner.pw_gid)
    with open(s.config, encoding='utf-8') as f:
        text = f.read().replace(s.path('ledger.db'), s.path('state/ledger.db')).replace(s.path('keys'), s.path('state/keys'))
    with open(s.config, 'w', encoding='utf-8') as f:
        f.write(text)
    return s


def owners(folder):
    return {pwd.getpwuid(os.lstat(os.path.join(d, n)).st_uid).pw_name
            for d, folders, files in os.walk(folder) for n in folders + files}


def wait_events(s, n):
    for _ in range(300):
        try:
            db = sqlite3.connect('file:%s?mode=ro' % s.path('state/ledger.db'), uri=True, timeout=5)
            if db.execute('SELECT count(*) FROM events').fetchone()[0] == n:
                return True
            db.close()
        except sqlite3.Error:
            pass
        time.sleep(0.1)
    return False


def check_roles(tap, s):
    pids = dict(s.roles(), supervisor=s.process.pid)
    # DAC_READ_SEARCH, KILL, SETGID, SETUID, NET_ADMIN, NET_RAW, SYS_RESOURCE
    want = {'supervisor': capabilities(2, 5, 6, 7, 12, 13, 24), 'sensor': 0, 'recorder': 0}
    for role, user in USERS.items():
        u, st = pwd.getpwnam(user), status(pids[role])
        tap.equal(st['Uid'].split(), [str(u.pw_uid)] * 4, 'the %s is %s' % (role, user))
        tap.equal(st['Gid'].split(), [str(u.pw_gid)] * 4, 'its group')
        tap.ok('0' not in st['Groups'].split(), 'and it is in no group of root', st['Groups'])
        for kind in ('CapEff', 'CapPrm', 'CapBnd', 'CapInh', 'CapAmb'):
            allowed = want[role] if kind != 'CapBnd' else want['supervisor']
            if kind in ('CapInh', 'CapAmb'):
                allowed = 0
            tap.equal(int(st[kind], 16) & ~allowed, 0, '%s: %s has no more than it needs' % (role, kind))
        tap.equal(st['NoNewPrivs'], '1', 'no new privileges')


def main():
    tap = Tap()
    if os.geteuid() != 0:
        tap.skip('root alone can start processes as other users')
        tap.done()
    s = site(USERS)
    loggen(s.path('access.log'), '--start', '2026-11-10', '--days', 1, '--lines', 200)
    os.chmod(s.path('access.log'), 0o600)
    s.start()
    tap.ok(wait_events(s, 200), 'a log that root alone may read is read', s.run_errors())
    check_roles(tap, s)
    old = s.roles()['sensor']
    os.kill(old, 9)
    for _ in range(200):
        if s.roles().get('sensor') not in (None, old):
            break
        import time
        time.sleep(0.05)
    check_roles(tap, s)
    tap.equal(owners(s.path('state')), {USERS['recorder']}, "what lies in the recorder's folder is the recorder's")
    s.tochoku('keys', 'add', '--id', 'ward-1', stdin=b'sk-test-1234567890')
    tap.equal(s.stop(), 0, 'it stops as asked')
    s.tochoku('keys', 'rotate-fingerprint')
    tap.equal(owners(s.path('state')), {USERS['recorder']}, 'also what root writes there without a recorder')
    s.start()
    tap.ok(len(s.roles()) == 2, 'and it starts again', s.run_errors())
    s.stop()
    first = site(USERS)
    loggen(first.path('access.log'), '--start', '2026-11-10', '--days', 1, '--lines', 20)
    first.tochoku('import', first.path('access.log'))
    tap.equal(owners(first.path('state')), {USERS['recorder']}, 'a ledger, keys and a trail that root made are, too')
    first.start()
    tap.ok('trail' not in first.run_errors(), 'and the recorder goes on with them', first.run_errors())
    first.stop()
    plain = Site(tails=[('gateway', 'access.log', 'nginx-json')])
    plain.start()
    tap.equal(int(status(plain.process.pid)['CapPrm'], 16) & capabilities(6, 7), 0,
              'without users a supervisor cannot become one')
    plain.stop()
    bad = site(dict(USERS, sensor='tochoku-nobody-knows'))
    bad.tochoku('run', want=2)
    tap.ok('processes: there is no user tochoku-nobody-knows' in bad.last_error, 'an unknown user is named', bad.last_error)
    tap.done()


if __name__ == '__main__':
    main()
