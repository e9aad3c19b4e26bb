"""What the system tests share: a site of its own in a temporary folder, the program run in it, TAP.

TOCHOKU and LOGGEN name other builds. TEST_KEEP=1 leaves the folders and prints their names."""
import atexit
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOCHOKU = os.path.abspath(os.environ.get('TOCHOKU', os.path.join(ROOT, 'build/tochoku')))
LOGGEN = os.path.abspath(os.environ.get('LOGGEN', os.path.join(ROOT, 'build/tests/loggen')))


class Tap:
    """Prints one line a check and what went wrong; `done` prints the plan and ends the program."""
    n = bad = 0

    def ok(self, good, name, detail=''):
        self.n += 1
        self.bad += not good
        print('%sok %d - %s' % ('' if good else 'not ', self.n, name), flush=True)
        if not good and detail:
            print(''.join('#   %s\n' % line for line in str(detail).splitlines()[:40]), end='', flush=True)
        return good

    def equal(self, got, want, name):
        return self.ok(got == want, name, 'got  %.1500r\nwant %.1500r' % (got, want))

    def skip(self, why):
        self.n += 1
        print('ok %d # SKIP %s' % (self.n, why), flush=True)

    def done(self):
        print('1..%d' % self.n)
        sys.exit(1 if self.bad else 0)


def temporary_folder(prefix):
    path = tempfile.mkdtemp(prefix=prefix)
    if os.environ.get('TEST_KEEP'):
        print('# kept: ' + path)
    else:
        atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def loggen(out, *args, zone='Asia/Tokyo'):
    """A generated log in file `out`."""
    with open(out, 'wb') as f:
        subprocess.run([LOGGEN, *map(str, args)], stdout=f, stderr=subprocess.DEVNULL, check=True,
                       env=dict(os.environ, TZ=zone))
    return out


def identities(users=24, seed=1):
    return subprocess.run([LOGGEN, '--identities', '--users', str(users), '--seed', str(seed)],
                          stdout=subprocess.PIPE, check=True, encoding='utf-8').stdout


CONFIG = '''site: {name: test, time_zone: %(zone)s}
%(inputs)s
networks:
  zones:
    - {name: ward, cidr: [10.10.0.0/16]}
ledger: {path: %(dir)s/ledger.db, keys: %(dir)s/keys}
%(extra)s
'''
DEPARTMENTS = '''calendar:
  closures: [%s]
  departments:
    看護部: {hours: "00:00-24:00"}
    救急部: {hours: "00:00-24:00"}
'''


class Site:
    """A configuration, a ledger, and at most one `tochoku run`."""

    def __init__(self, tails=(), extra='', zone='Asia/Tokyo', keys_of=None):
        """`keys_of`: another site whose fingerprint key this one shares, so that fingerprints compare."""
        self.dir = temporary_folder('tochoku-test-')
        self.config = self.path('tochoku.yml')
        self.process = None
        self.env = None  # of what is started and run; None: the test's own
        rows = ''.join('    - {name: %s, path: %s, format: %s}\n' % (n, self.path(p), f) for n, p, f in tails)
        inputs = 'inputs:\n  tails:\n' + rows if rows else ''
        with open(self.config, 'w', encoding='utf-8') as f:
            f.write(CONFIG % {'zone': zone, 'inputs': inputs, 'dir': self.dir, 'extra': extra})
        if keys_of is not None:
            shutil.copytree(keys_of.path('keys'), self.path('keys'))
        atexit.register(self.kill)

    def cleanup(self):
        """Now, where a test makes many sites; otherwise the end does it."""
        self.kill()
        if not os.environ.get('TEST_KEEP'):
            shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def tochoku(self, *args, want=0, stdin=None):
        """Runs a command; its standard output. Any other exit status than `want` ends the test."""
        p = subprocess.run([TOCHOKU, '-c', self.config, *map(str, args)], input=stdin, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, cwd=self.dir, env=self.env, timeout=300)
        self.last_error, self.last_status = p.stderr.decode('utf-8', 'replace'), p.returncode
        if want is not None and p.returncode != want:
            print('# tochoku %s: exit status %d, expected %s' % (' '.join(map(str, args)), p.returncode, want))
            print(''.join('#   %s\n' % line for line in self.last_error.splitlines()[-20:]), end='')
            print('Bail out! a command failed')
            sys.exit(1)
        return p.stdout

    def lines(self, *args):
        return [json.loads(line) for line in self.tochoku(*args).splitlines()]

    def events(self):
        """Every access record in force (the trail also keeps those in whose place a supplement stands), without the
        trail's own keys; url.query, which is never exported, from the published view, whose rows are numbered from 1."""
        records = self.lines('export', '--format', 'jsonl', '--from', '1970-01-01', '--to', '2099-12-31')
        db = sqlite3.connect('file:%s?mode=ro' % self.path('ledger.db'), uri=True, timeout=5)
        queries = dict(db.execute('SELECT seq, "url.query" FROM events'))
        db.close()
        return [{**{k: v for k, v in r.items() if k not in ('v', 'seq', 'ts', 'h', 'n', 'type')},
                 **({'url.query': queries[r['seq'] + 1]} if queries[r['seq'] + 1] is not None else {})}
                for r in records if r.get('type') == 'access' and r['seq'] + 1 in queries]

    def count(self):
        """Events in the ledger, cheap enough to ask often; 0 before there is one."""
        try:
            db = sqlite3.connect('file:%s?mode=ro' % self.path('ledger.db'), uri=True, timeout=5)
            try:
                return db.execute('SELECT count(*) FROM events').fetchone()[0]
            finally:
                db.close()
        except sqlite3.Error:
            return 0

    def wait_count(self, n, seconds=60):
        end = time.monotonic() + seconds
        while self.count() != n:
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def wait_closed(self, before, seconds=20):
        """Until every local day before that one (days since 1970) is closed and evaluated."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            db = sqlite3.connect('file:%s?mode=ro' % self.path('ledger.db'), uri=True, timeout=5)
            try:
                if db.execute('SELECT count(*) FROM days WHERE day < ? AND (dirty OR NOT closed_at)',
                              (before,)).fetchone()[0] == 0:
                    return True
            finally:
                db.close()
            time.sleep(0.1)
        return False

    # ---- the running program ----

    def start(self, seconds=20):
        """`tochoku run`, until status calls it healthy. Starts again where an old recorder still holds the
        ledger, as a service manager would."""
        end = time.monotonic() + seconds
        while True:
            if self.process is None or self.process.poll() is not None:
                with open(self.path('run.err'), 'ab') as err:
                    self.process = subprocess.Popen([TOCHOKU, '-c', self.config, 'run'], stdout=err, stderr=err,
                                                    stdin=subprocess.DEVNULL, cwd=self.dir, env=self.env,
                                                    start_new_session=True)
            if len(self.roles()) >= 2:
                return self.process
            if time.monotonic() > end:
                print('# run did not start:\n' + self.run_errors())
                print('Bail out! run did not start')
                sys.exit(1)
            time.sleep(0.02)

    def run_errors(self):
        with open(self.path('run.err'), 'rb') as f:
            return ''.join('#   %s\n' % x for x in f.read().decode('utf-8', 'replace').splitlines()[-20:])

    def roles(self):
        """Role -> pid of the running program's processes."""
        out = {}
        if self.process is None:
            return out
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open('/proc/%s/stat' % pid, encoding='ascii', errors='replace') as f:
                    parent = int(f.read().rsplit(')', 1)[1].split()[1])
                if parent != self.process.pid:
                    continue
                with open('/proc/%s/cmdline' % pid, 'rb') as f:
                    words = f.read().split(b'\0')
            except (OSError, IndexError, ValueError):
                continue
            for role in (b'sensor', b'recorder'):
                if role in words[1:]:
                    out[role.decode()] = int(pid)
        return out

    def stop(self, seconds=15):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            status = None
            self.kill()
        self.process = None
        return status

    def kill(self):
        """Supervisor and roles at once, with -9. Only our own session is hit."""
        if self.process is not None and self.process.poll() is None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
        self.process = None


def request_id(line):
    """Of a generated JSON line, without parsing it all."""
    at = line.index(b'"rid":"') + 7
    return line[at:at + 32].decode('ascii')
