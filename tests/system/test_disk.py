#!/usr/bin/env python3
"""A disk that runs out, and comes back: states, what is counted meanwhile, one gap record, findings, no restart; a
write that fails without warning; a disk that is read-only at the start; no inodes left. Small tmpfs: needs root."""
import atexit
import collections
import http.client
import http.server
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import Site, Tap, loggen, request_id  # noqa: E402

MIB = 1 << 20


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    wbufsize = -1  # an answer in one packet

    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'{}')

    def log_message(self, *args):
        pass


class Small(Site):
    """Ledger, trail and keys on a file system of their own."""

    def __init__(self, options, tails=(), extra=''):
        super().__init__(tails, extra)
        self.state = os.path.join(self.dir, 'state')
        os.mkdir(self.state)
        self.mount('-t', 'tmpfs', '-o', options, 'tochoku-test')
        atexit.register(self.end)
        with open(self.config, encoding='utf-8') as f:
            text = f.read()
        for name in ('ledger.db', 'keys'):
            text = text.replace('%s/%s' % (self.dir, name), '%s/%s' % (self.state, name))
        with open(self.config, 'w', encoding='utf-8') as f:
            f.write(text)

    def mount(self, *words):
        subprocess.run(['mount', *words, self.state], check=True)

    def path(self, name):
        return os.path.join(self.dir, 'state', name) if name.startswith('ledger.db') else super().path(name)

    def free(self):
        fs = os.statvfs(self.state)
        return fs.f_bavail * fs.f_frsize

    def leave(self, n):
        """Takes room until about that many bytes are free."""
        path = os.path.join(self.state, 'ballast')
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        have = os.fstat(fd).st_size
        want = max(0, have + self.free() - n)
        if want < have:
            os.ftruncate(fd, want)
        else:
            os.posix_fallocate(fd, 0, want)
        os.close(fd)

    def exhaust(self):
        """To the last byte."""
        n = 0
        with open(os.path.join(self.state, 'ballast'), 'ab', buffering=0) as f:
            try:
                while n < 64 * MIB:
                    n += f.write(b'\0' * 4096)
            except OSError:
                pass

    def end(self):
        self.kill()
        if os.path.ismount(self.state):
            subprocess.run(['umount', '-l', self.state], check=False)

    # ---- what it says ----

    def check(self, name):
        lines = self.tochoku('status', '--json', want=None).decode().splitlines()
        return [(x['state'], x['text']) for x in map(json.loads, lines) if x.get('check') == name]

    def disk(self):
        """The state, as the metric has it."""
        text = self.tochoku('metrics', want=None).decode()
        on = [line.split('"')[1] for line in text.splitlines()
              if line.startswith('tochoku_disk_state{') and line.endswith(' 1')]
        return on[0] if len(on) == 1 else on

    def metric(self, name):
        for line in self.tochoku('metrics', want=None).decode().splitlines():
            if line.startswith(name + ' '):
                return int(line.split()[1])
        return None

    def sql(self, text):
        try:
            db = sqlite3.connect('file:%s?mode=ro' % self.path('ledger.db'), uri=True, timeout=5)
            try:
                return db.execute(text).fetchall()
            finally:
                db.close()
        except sqlite3.Error:
            return []

    def records(self, action):
        return [json.loads(b) for (b,) in self.sql("SELECT body FROM records WHERE type = 'control'")
                if json.loads(b).get('action') == action]

    def findings(self):
        return collections.Counter(f['rule.id'][-3:] for f in self.lines('findings', 'list', '--json')
                                   if f['rule.id'][-3:] in ('807', '808', '809', '810', '811'))


def wait_for(what, seconds=15):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def serve():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def call(server, numbers):
    c = http.client.HTTPConnection('127.0.0.1', server.server_port, timeout=10)
    for n in numbers:
        c.request('GET', '/v1/models?n=%d' % n)
        c.getresponse().read()
    c.close()


def seen(site, name):
    return collections.Counter(int(q[2:]) for (q,) in site.sql(
        "SELECT \"url.query\" FROM events WHERE \"tochoku.input\" = '%s'" % name) if q)


def beats(site, name):
    rows = site.sql("SELECT last_heartbeat FROM inputs WHERE input = '%s'" % name)
    return rows[0][0] if rows else 0


def lost(site, name):
    return dict(site.sql("SELECT reason, sum(n) FROM losses WHERE input = '%s' GROUP BY reason" % name))


def again(site, server, numbers):
    """A sensor that was started anew captures a moment later: called until all are there."""
    def there():
        return set(numbers) <= set(seen(site, 'tap'))
    end = time.monotonic() + 15
    while not there() and time.monotonic() < end:
        if not wait_for(there, 2):
            call(server, [n for n in numbers if n not in seen(site, 'tap')])
    return there()


CAPTURES = '''  captures:
    - {name: tap, interface: lo, filter: "tcp port %d", ring: 4M}
    - {name: spare, interface: lo, filter: "tcp port %d", ring: 4M, optional: true}
'''


def states(tap):
    """ok, low, critical, full, recovered, ok: by room alone, with a kill in the middle of `full`."""
    server, other = serve(), serve()
    site = Small('size=32m', [('gateway', 'access.log', 'nginx-json')])
    log = loggen(site.path('all.log'), '--start', '2026-11-24', '--days', 1, '--calls', 400)
    with open(log, 'rb') as f:
        lines = f.readlines()[:120]
    with open(site.config, encoding='utf-8') as f:
        text = f.read().replace('\nnetworks:', '\n' + CAPTURES % (server.server_port, other.server_port) + 'networks:', 1)
    with open(site.config, 'w', encoding='utf-8') as f:
        f.write(text)
    with open(site.path('access.log'), 'wb') as f:
        f.writelines(lines[:40])
    site.start()
    tap.ok(wait_for(lambda: beats(site, 'tap') and beats(site, 'spare')), 'it captures', site.run_errors())
    call(server, range(0, 20))
    call(other, range(0, 20))
    tap.ok(wait_for(lambda: len(seen(site, 'tap')) == 20 and len(seen(site, 'spare')) == 20), 'calls are recorded')
    tap.equal((site.disk(), os.path.exists(site.path('ledger.db.reserve'))), ('ok', True), 'ok, with a reserve')
    site.leave(5 * MIB)
    tap.ok(wait_for(lambda: site.disk() == 'low', 5), 'low', site.disk())
    tap.ok(site.check('disk')[0][0] == 'WARN', 'is a warning of status', site.check('disk'))
    site.leave(int(2.8 * MIB))
    tap.ok(wait_for(lambda: site.disk() == 'critical', 5), 'critical', site.disk())
    call(server, range(20, 30))
    call(other, range(20, 30))
    tap.ok(wait_for(lambda: len(seen(site, 'tap')) == 30 and lost(site, 'spare').get('not_recorded') == 10),
           'an optional capture is counted, another recorded', (lost(site, 'spare'), len(seen(site, 'tap'))))
    site.leave(1 * MIB)
    tap.ok(wait_for(lambda: site.disk() == 'full', 5), 'full', site.disk())
    site.exhaust()
    call(server, range(30, 55))
    with open(site.path('access.log'), 'ab') as f:
        f.writelines(lines[40:])
    tap.ok(wait_for(lambda: site.metric('tochoku_disk_not_recorded_calls') == 25), 'calls are counted',
           site.metric('tochoku_disk_not_recorded_calls'))
    told = site.check('disk')
    tap.ok(told[0][0] == 'FAIL' and 'full since' in told[0][1] and ' 25 calls' in told[0][1], 'status says so', told)
    site.tochoku('doctor', want=None)
    tap.ok(site.findings()['809'] == 1, 'the finding is there while it is full', site.findings())
    site.tochoku('findings', 'acknowledge', '1', want=None)
    tap.ok(site.last_status != 0 and 'disk is full' in site.last_error, 'a decision is refused with the reason', site.last_error)
    tap.ok(wait_for(lambda: b'\ncalls 25\n' in open(site.path('ledger.db.reserve'), 'rb').read(4096)),
           'the hole is in the reserve, whatever happens now')
    old = site.roles()['recorder']
    os.kill(old, signal.SIGKILL)
    tap.ok(wait_for(lambda: site.roles().get('recorder', old) != old and site.disk() == 'full', 10),
           'a recorder that is killed meanwhile is full again', site.run_errors())
    os.unlink(os.path.join(site.state, 'ballast'))
    began = time.monotonic()
    tap.ok(wait_for(lambda: site.disk() in ('recovered', 'low'), 30), 'it goes on by itself: after %.1f s' % (
        time.monotonic() - began), site.run_errors())
    want = collections.Counter(map(request_id, lines))

    def logged():
        return collections.Counter(i for (i,) in site.sql("SELECT \"http.request.id\" FROM events WHERE"
                                                          " \"tochoku.input\" = 'gateway'"))
    tap.ok(wait_for(lambda: sum(logged().values()) >= len(lines)) and logged() == want, 'nothing of the log is lost or doubled',
           '%d of %d' % (sum(logged().values()), len(lines)))
    tap.equal(lost(site, 'tap').get('not_recorded'), 25, 'what was counted is in the coverage')
    gaps = site.records('recording-gap')
    tap.ok(len(gaps) == 1 and gaps[0]['not_recorded'] == 25, 'the hole is one gap record', gaps)
    tap.ok(again(site, server, range(60, 70)), 'the capture goes on', sorted(seen(site, 'tap')))
    tap.equal(collections.Counter(seen(site, 'tap').values())[1], 40, 'each call that was not counted alone is there once')
    tap.equal(dict(site.findings()), {'807': 1, '808': 1, '809': 1, '810': 1}, 'one finding each')
    tap.equal(site.stop(), 0, 'it stops')
    site.tochoku('seal')
    out = site.tochoku('verify', os.path.join(site.state, 'trail'), '--db', site.path('ledger.db'), want=None).decode()
    tap.equal(site.last_status, 0, 'trail and ledger verify')
    if site.last_status != 0:
        print(out)
    site.end()
    server.shutdown()
    other.shutdown()


def without_warning(tap):
    """Limits of nothing: a write is what fails. Twice, and restarted in between."""
    server = serve()
    site = Small('size=8m', extra='inputs:\n' + '\n'.join(CAPTURES.split('\n')[:2]) % server.server_port)
    with open(site.config, 'a', encoding='utf-8') as f:
        f.write('\n')
    with open(site.config, encoding='utf-8') as f:
        text = f.read()
    with open(site.config, 'w', encoding='utf-8') as f:
        f.write(text.replace('/keys}', '/keys, disk: {low: 0, critical: 0, full: 0}}'))
    site.start()
    tap.ok(wait_for(lambda: beats(site, 'tap')), 'it captures', site.run_errors())
    for n in (1, 2):
        site.exhaust()
        call(server, range(0, 400))
        tap.ok(wait_for(lambda: site.disk() == 'full', 10), 'a write fails: full', site.disk())
        call(server, range(1000, 1030))
        os.unlink(os.path.join(site.state, 'ballast'))
        tap.ok(wait_for(lambda: site.disk() == 'recovered', 30), 'and goes on', site.run_errors())
        more = range(2000 * n, 2000 * n + 20)
        call(server, more)
        tap.ok(wait_for(lambda: set(more) <= set(seen(site, 'tap'))), 'recording')
        total = lost(site, 'tap').get('not_recorded', 0) + sum(seen(site, 'tap').values())
        tap.equal((total, len(site.records('recording-gap'))), (450 * n, n), 'every call is recorded or counted; gap records')
    tap.equal(site.stop(), 0, 'it stops')
    site.tochoku('seal')
    site.tochoku('verify', os.path.join(site.state, 'trail'), '--db', site.path('ledger.db'), want=None)
    tap.equal(site.last_status, 0, 'trail and ledger verify')
    site.end()
    server.shutdown()


def read_only(tap):
    """At the start already; the log is read when it can be."""
    site = Small('size=8m', [('gateway', 'access.log', 'nginx-json')])
    log = loggen(site.path('access.log'), '--start', '2026-11-24', '--days', 1, '--calls', 200)
    with open(log, 'rb') as f:
        n = len(f.readlines())
    site.tochoku('import', loggen(site.path('first.log'), '--start', '2026-11-20', '--days', 1, '--calls', 20))
    n += site.count()
    site.mount('-o', 'remount,ro')
    site.start()
    time.sleep(1.5)
    tap.ok('recorder' in site.roles() and 'full' in site.run_errors(), 'the recorder stays', site.run_errors())
    tap.equal(site.disk(), 'full', 'read-only is full')
    site.mount('-o', 'remount,rw')
    tap.ok(site.wait_count(n, 30), 'and when it can be written the log is read', site.run_errors())
    tap.equal(len(site.records('recording-gap')), 1, 'with a gap record')
    tap.equal(site.stop(), 0, 'it stops')
    site.end()


def inodes(tap):
    site = Small('size=16m,nr_inodes=400', [('gateway', 'access.log', 'nginx-json')])
    loggen(site.path('access.log'), '--start', '2026-11-24', '--days', 1, '--calls', 200)
    site.start()
    tap.ok(wait_for(lambda: site.count() > 100) and site.disk() == 'ok', 'inodes enough', site.disk())
    n = 0
    try:
        while n < 1000:
            open(os.path.join(site.state, 'x%d' % n), 'wb').close()
            n += 1
    except OSError:
        pass
    tap.ok(wait_for(lambda: site.disk() == 'critical', 5), 'none left: critical', site.disk())
    for i in range(n):
        os.unlink(os.path.join(site.state, 'x%d' % i))
    tap.ok(wait_for(lambda: site.disk() == 'ok', 5), 'and ok again', site.disk())
    tap.equal(site.stop(), 0, 'it stops')
    site.end()


def main():
    tap = Tap()
    if os.geteuid() != 0:
        tap.skip('mounting needs root')
        tap.done()
    for scenario in (states, without_warning, read_only, inodes):
        if len(sys.argv) == 1 or scenario.__name__ in sys.argv[1:]:
            scenario(tap)
    tap.done()


if __name__ == '__main__':
    main()
