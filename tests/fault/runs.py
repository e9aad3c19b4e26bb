"""`tochoku run` with a followed log and a capture, whose i-th call fails: for test_calls.py."""
import collections
import http.client
import http.server
import os
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import TOCHOKU, Site  # noqa: E402

PATIENCE = 20
CAUSES = r'memory|file of the time zone .* cannot be read|Input/output error|Too many open files|descriptor|unable to open database file|readonly database'  # the last two: SQLite's own words where it may not open
DAY = 20402  # 2026-11-10, of the log, in days since 1970


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        self.send_response(200)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'{}')

    def log_message(self, *args):
        pass


class Gateway:
    """Answers calls that the capture is to see."""

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        self.port, self.n = self.server.server_port, 0
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def call(self, n):
        """Ids of n calls over one connection."""
        c = http.client.HTTPConnection('127.0.0.1', self.port)
        ids = ['c-%d' % (self.n + i) for i in range(n)]
        for i in ids:
            c.request('POST', '/v1/chat/completions', b'{}', {'X-Request-ID': i})
            c.getresponse().read()
        c.close()
        self.n += n
        return ids


def captures():
    """Whether this process may capture."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
        return True
    except OSError:
        return False


class Runs:
    """A fresh site each time; a run that follows, without faults, completes it."""
    part = 4  # of the usual number of places: each takes seconds

    def __init__(self, shim, log, more, wanted):
        """Lines of a log before and after, and the id of each."""
        self.shim, self.log, self.more, self.wanted = shim, log, more, wanted
        self.gateway = Gateway() if captures() else None
        self.site, self.findings = None, None

    def fresh(self):
        if self.site is not None:
            self.site.cleanup()
        self.site = Site()
        rows = '  captures:\n    - {name: lo, interface: lo, filter: "tcp port %d", ring: 2M}\n' % self.gateway.port if self.gateway else ''
        with open(self.site.config, encoding='utf-8') as f:
            text = f.read()
        with open(self.site.config, 'w', encoding='utf-8') as f:
            f.write(text.replace('networks:', 'inputs:\n  tails:\n    - {name: gateway, path: %s, format: nginx-json}\n%snetworks:' % (
                self.site.path('x.log'), rows), 1))
        self.write(self.log, 'wb')

    def write(self, lines, mode='ab'):
        with open(self.site.path('x.log'), mode) as f:
            f.writelines(lines)

    def ask(self, sql):
        try:
            db = sqlite3.connect('file:%s?mode=ro' % self.site.path('ledger.db'), uri=True, timeout=5)
            try:
                return [x for (x,) in db.execute(sql)]
            finally:
                db.close()
        except sqlite3.Error:
            return []

    def recorded(self):
        return collections.Counter(self.ask('SELECT "http.request.id" FROM events'))

    def beat(self):
        """Of the capture; the first one comes when packets are read."""
        return (self.ask("SELECT last_heartbeat FROM inputs WHERE input = 'lo'") or [0])[0]

    def captures_since(self, beat):
        """Whether it begins to; what is sent before that nobody sees."""
        end = time.monotonic() + PATIENCE
        while self.gateway and self.beat() <= beat:
            if time.monotonic() > end:
                return False
            time.sleep(0.03)
        return True

    def until(self, process, ids):
        """Whether all of them are recorded; it may end before."""
        end = time.monotonic() + PATIENCE
        while not ids <= set(self.recorded()):
            if process.poll() is not None or time.monotonic() > end:
                return False
            time.sleep(0.03)
        return True

    def run(self, env, err):
        return subprocess.Popen([TOCHOKU, '-c', self.site.config, 'run'], env=dict(os.environ, **env), cwd=self.site.dir,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err, start_new_session=True)

    def stop(self, process):
        """Its exit status; None: it did not end, and was killed with all that it started."""
        process.terminate()
        try:
            return process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            return None

    def captured(self):
        """Calls for the capture. They wait in the recorder for a line that tells of the same; a stop ends that."""
        ids = self.gateway.call(3) if self.gateway else []
        time.sleep(0.2)
        return ids

    def once(self, at, kind):
        """Exit status, calls counted, what it said."""
        self.fresh()
        counter = self.site.path('counter')
        with open(counter, 'wb') as f:
            f.write(bytes(8))
        with open(self.site.path('err'), 'w+b') as err:
            process = self.run({'LD_PRELOAD': self.shim, 'FAULT_COUNTER': counter, 'FAULT_AT': str(at), 'FAULT_ON': kind}, err)
            whole = self.until(process, {self.wanted(x) for x in self.log})
            if whole:
                self.captured()
            status = self.stop(process) if process.poll() is None else process.returncode
            err.seek(0)
            text = err.read().decode('utf-8', 'replace')
        with open(counter, 'rb') as f:
            n = int.from_bytes(f.read(), sys.byteorder)
        crash = re.search(r'ended by signal (?!9;)\d+', text)
        if crash:
            return 0, n, 'status 0, and %s: %s' % (crash.group(0), text[-600:])
        if status is None:
            return 0, n, 'status 0, and a stop within 15 s did not end it: ' + text[-600:]
        if text and at != 0 and n >= at and not re.search(CAUSES, text):
            return 0, n, 'status 0, and no cause is named: ' + text[-600:]
        if status == 2 and kind in ('alloc', 'famine'):
            return 0, n, 'status 0, and it calls its configuration wrong, after which no unit is started again: ' + text[-600:]
        if status == 0 and not whole and kind != 'famine':
            return 0, n, 'status 0, and it stood still: %s' % text[-600:]
        return status, n, text

    def after(self):
        """What is wrong once it ran without a fault, or None."""
        self.write(self.more)
        lines = {self.wanted(x) for x in self.log + self.more}
        beat = self.beat()
        with open(self.site.path('err'), 'ab') as err:
            process = self.run({}, err)
            whole = self.until(process, lines) and self.captures_since(beat)
            calm = set(self.captured() if whole else ())
            closed = whole and self.site.wait_closed(DAY + 1, PATIENCE)
            status = self.stop(process)
        got = self.recorded()
        if status != 0 or not closed or not calm <= set(got):
            with open(self.site.path('err'), encoding='utf-8', errors='replace') as f:
                return 'the next run (status %s, lost %s): %s' % (status, sorted((lines | calm) - set(got)), f.read()[-600:])
        doubled = sorted(i for i in got if got[i] > 1)
        strange = sorted(i for i in set(got) - lines if not i.startswith('c-'))
        if doubled or strange:
            return 'doubled %s, never sent %s' % (doubled, strange)
        found = sorted((f['rule.id'], f['first'], f['count']) for f in self.site.lines('findings', 'list', '--json', '--to', '2026-11-11'))
        if self.findings is None:
            self.findings = found
        return None if found == self.findings else 'findings %s instead of %s' % (found, self.findings)

    def end(self):
        return None
