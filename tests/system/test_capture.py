#!/usr/bin/env python3
"""Live capture with real sockets: calls on loopback, each in the ledger once; an interface that goes and comes back; a
sensor killed in the middle of a call; a ring that overflows; a process that may not capture. Needs root."""
import collections
import http.server
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import TOCHOKU, Site, Tap  # noqa: E402

CAPTURES = 'inputs:\n  captures:\n%s'
NETNS, VETH = 'tochoku-test', 'tochokut0'
SERVER = os.path.abspath(__file__)  # runs itself as the server in another network namespace


class Handler(http.server.BaseHTTPRequestHandler):
    """/v1/models?n=N answers N's status; /slow answers when the file in the server's `gate` is there; /big is big."""
    protocol_version = 'HTTP/1.1'
    gate = None

    def do_GET(self):
        status, body = 200, b'{"object":"list"}'
        if self.path.startswith('/slow'):
            self.send_response(200)
            self.send_header('Content-Length', '4')
            self.end_headers()
            self.wfile.write(b'ab')
            self.gate.wait(60)
            self.wfile.write(b'cd')
            return
        if self.path.startswith('/big'):
            body = b'x' * (1 << 20)
        elif 'n=' in self.path:
            status = status_of(int(self.path.split('n=')[1]))
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


def status_of(n):
    return (200, 200, 404, 429, 503)[n % 5]


def serve(address, port=0):
    server = Server((address, port), Handler)
    Handler.gate = threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def curl(base, numbers, more=()):
    """All of them over one connection that is kept."""
    urls = ['%s/v1/models?n=%d' % (base, n) for n in numbers]
    out = [x for u in urls for x in ('-o', '/dev/null', u)]
    return subprocess.Popen(['curl', '-s', '--max-time', '60', '-H', 'Authorization: Bearer sk-test-%s' % ('a' * 24),
                             *more, *out], stdin=subprocess.DEVNULL)


def call(base, numbers):
    p = curl(base, numbers)
    if p.wait() != 0:
        raise RuntimeError('curl: exit status %d' % p.returncode)


def site_of(rows, extra=''):
    rows = ''.join('    - {name: %s, interface: %s, filter: "%s", ring: %s}\n' % r for r in rows)
    return Site(extra=CAPTURES % rows + extra)


def numbers_seen(site, name='tap'):
    return collections.Counter(int(e['url.query'].split('=')[1]) for e in site.events()
                               if e['tochoku.input'] == name and e.get('url.path') == '/v1/models')


def ledger(site, sql):
    try:
        db = sqlite3.connect('file:%s?mode=ro' % site.path('ledger.db'), uri=True, timeout=5)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()
    except sqlite3.Error:
        return []


def losses(site):
    return dict(ledger(site, 'SELECT reason, sum(n) FROM losses GROUP BY reason'))


def wait_for(what, seconds=30):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def beats(site, name='tap'):
    rows = ledger(site, "SELECT last_heartbeat FROM inputs WHERE input = '%s'" % name)
    return rows[0][0] if rows else 0


def capturing(site, after=0):
    """The first heartbeat comes when packets are read."""
    return wait_for(lambda: beats(site) > after)


# ---- the scenarios ----

def once(tap):
    server = serve('127.0.0.1')
    port = server.server_port
    base = 'http://127.0.0.1:%d' % port
    site = site_of([('tap', 'lo', 'tcp port %d' % port, '4M'), ('all', 'any', 'tcp port %d' % port, '4M')])
    site.start()
    tap.ok(capturing(site) and wait_for(lambda: beats(site, 'all') > 0), 'it captures', site.run_errors())
    sent = []
    for k in range(4):
        numbers = list(range(k * 200, k * 200 + 200))
        sent += numbers
        clients = [curl(base, numbers[i::5]) for i in range(5)]
        tap.equal([c.wait() for c in clients], [0] * 5, 'clients %d' % k)
    status = site.tochoku('status', want=None).decode()
    tap.ok('tap: captures from lo (up)' in status, 'status tells of it', status)
    tap.equal(site.stop(), 0, 'SIGTERM right after the last call ends it with status 0')
    events = site.events()
    for name in ('tap', 'all'):
        tap.equal(numbers_seen(site, name), collections.Counter(sent), '%s: every call is in the ledger once' % name)
    wrong = [e for e in events if e['http.response.status_code'] != status_of(int(e['url.query'].split('=')[1])) or
             e['http.request.method'] != 'GET' or e['source.ip'] != '127.0.0.1' or e['destination.port'] != port or
             not e.get('tochoku.key.id') or not e['tochoku.complete']]
    tap.equal(wrong[:3], [], 'with its status, method, addresses and key, complete')
    tap.equal(losses(site), {}, 'nothing was lost')
    with open(site.path('ledger.db'), 'rb') as f:
        tap.ok(b'sk-test-' not in f.read(), 'and no key is in the ledger')
    tap.ok(all(r[0] for r in ledger(site, 'SELECT finished FROM generation')), 'the sessions are finished')
    reload(tap, site, server)
    server.shutdown()


def reload(tap, site, server):
    """The configuration is the running one's: SIGHUP closes and opens what it says."""
    base = 'http://127.0.0.1:%d' % server.server_port
    with open(site.config, encoding='utf-8') as f:
        text = f.read()
    with open(site.config, 'w', encoding='utf-8') as f:
        f.write(text.replace('name: tap', 'name: tap2').replace('ring: 4M', 'ring: 8M'))
    before = beats(site, 'all')
    site.start()
    wait_for(lambda: beats(site, 'tap2') > 0 and beats(site, 'all') > before)
    with open(site.config, 'w', encoding='utf-8') as f:
        f.write(text)
    before = beats(site)
    site.process.send_signal(signal.SIGHUP)
    tap.ok(capturing(site, before), 'SIGHUP: captures as the new configuration says', site.run_errors())
    call(base, range(5000, 5020))
    tap.equal(site.stop(), 0, 'SIGHUP: and ends with status 0')
    seen = numbers_seen(site)
    tap.equal([seen[n] for n in range(5000, 5020)], [1] * 20, 'SIGHUP: calls come under the new name')


def killed(tap):
    server = serve('127.0.0.1')
    base = 'http://127.0.0.1:%d' % server.server_port
    site = site_of([('tap', 'lo', 'tcp port %d' % server.server_port, '4M')])
    site.start()
    capturing(site)
    call(base, range(50))
    quiet = site.wait_count(50) and wait_for(lambda: ledger(site, 'SELECT line FROM generation') == [(0,)])
    slow = subprocess.Popen(['curl', '-s', '-o', '/dev/null', base + '/slow'])
    under_way = wait_for(lambda: (1,) in ledger(site, 'SELECT line FROM generation'))
    tap.ok(quiet and under_way, 'a call is under way', site.run_errors())
    os.kill(site.roles()['sensor'], signal.SIGKILL)
    tap.ok(wait_for(lambda: losses(site).get('in_flight') == 1), 'what was under way is a counted gap', losses(site))
    tap.ok(capturing(site, beats(site)), 'the sensor was started again, and captures', site.run_errors())
    Handler.gate.set()
    slow.wait()
    call(base, range(50, 100))
    tap.equal(site.stop(), 0, 'SIGTERM ends it with status 0')
    tap.equal(numbers_seen(site), collections.Counter(range(100)), 'no call is in the ledger twice, and none is missing')
    server.shutdown()


def dropped(tap):
    server = serve('127.0.0.1')
    base = 'http://127.0.0.1:%d' % server.server_port
    site = site_of([('tap', 'lo', 'tcp port %d' % server.server_port, '2M')])
    site.start()
    capturing(site)
    call(base, range(10))
    site.wait_count(10)
    sensor = site.roles()['sensor']
    os.kill(sensor, signal.SIGSTOP)
    for _ in range(8):
        subprocess.run(['curl', '-s', '-o', '/dev/null', base + '/big'], check=True)
    os.kill(sensor, signal.SIGCONT)
    tap.ok(wait_for(lambda: losses(site).get('kernel_drop', 0) > 0), 'what the full ring dropped is counted', losses(site))
    call(base, range(10, 60))
    doctor = site.tochoku('doctor', want=None).decode()
    tap.ok('make inputs.captures.ring larger' in doctor, 'doctor says what to do', doctor)
    tap.equal(site.stop(), 0, 'SIGTERM ends it with status 0')
    seen = numbers_seen(site)
    tap.equal(seen, collections.Counter(range(60)), 'calls before and after are there, once')
    day = time.strftime('%Y-%m-%d', time.gmtime(time.time() + 9 * 3600))
    report = site.tochoku('report', 'daily', '--date', day, '--format', 'text', '--lang', 'en').decode()
    tap.ok('packets dropped by the kernel' in report, 'the daily report names it', report)
    server.shutdown()


def encrypted(tap):
    """Records that look like TLS, both ways."""
    records = [bytes([kind]) + b'\x03\x03\x00\x20' + bytes(range(32)) for kind in [22] + [23] * 19]
    listener = socket.create_server(('127.0.0.1', 0))
    port = listener.getsockname()[1]
    site = site_of([('tap', 'lo', 'tcp port %d' % port, '2M')])
    site.start()
    capturing(site)
    with socket.create_connection(('127.0.0.1', port)) as client, listener.accept()[0] as other:
        for record in records:
            client.sendall(record)
            other.sendall(record)
            other.recv(100)
            client.recv(100)
    tap.ok(wait_for(lambda: losses(site).get('tls_record', 0) > 0), 'TLS is counted', losses(site))
    doctor = site.tochoku('doctor', want=None).decode()
    tap.ok('TLS records and no readable HTTP here: tap the inner hop' in doctor, 'doctor says what to do', doctor)
    tap.equal(site.stop(), 0, 'SIGTERM ends it with status 0')


def ip(*args, check=True):
    return subprocess.run(['ip', *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=check,
                          stdin=subprocess.DEVNULL)


def make_link():
    ip('link', 'add', VETH, 'type', 'veth', 'peer', 'name', 'peer0', 'netns', NETNS)
    ip('addr', 'add', '10.231.77.1/30', 'dev', VETH)
    ip('link', 'set', VETH, 'up')
    ip('-n', NETNS, 'addr', 'add', '10.231.77.2/30', 'dev', 'peer0')
    ip('-n', NETNS, 'link', 'set', 'peer0', 'up')


def answers(base):
    return subprocess.run(['curl', '-s', '-o', '/dev/null', '--max-time', '2', base + '/'], check=False).returncode == 0


def gone(tap):
    """The gateway is in a network namespace of its own; its interface is taken away and given back."""
    ip('netns', 'del', NETNS, check=False)
    ip('link', 'del', VETH, check=False)
    ip('netns', 'add', NETNS)
    server = subprocess.Popen(['ip', 'netns', 'exec', NETNS, sys.executable, SERVER, '--serve'])
    base = 'http://10.231.77.2:8080'
    try:
        site = site_of([('tap', VETH, 'tcp port 8080', '4M')])
        site.start()
        tap.ok(wait_for(lambda: 'there is no interface' in site.run_errors()), 'an interface that is not there is waited for',
               site.run_errors())
        make_link()
        tap.ok(capturing(site), 'and captured when it is', site.run_errors())
        wait_for(lambda: answers(base))
        call(base, range(20))
        tap.ok(wait_for(lambda: sum(numbers_seen(site).values()) == 20), 'calls are seen', site.run_errors())
        ip('link', 'del', VETH)
        tap.ok(wait_for(lambda: losses(site).get('capture_down') == 1), 'that it went is counted, once', losses(site))
        before = beats(site)
        make_link()
        tap.ok(capturing(site, before), 'it is captured again', site.run_errors())
        wait_for(lambda: answers(base))
        call(base, range(20, 40))
        wait_for(lambda: sum(numbers_seen(site).values()) == 40)
        ip('link', 'set', VETH, 'down')
        tap.ok(wait_for(lambda: losses(site).get('capture_down') == 2), 'down is gone', losses(site))
        before = beats(site)
        ip('link', 'set', VETH, 'up')
        tap.ok(capturing(site, before), 'and up is back', site.run_errors())
        wait_for(lambda: answers(base))
        call(base, range(40, 60))
        tap.equal(site.stop(), 0, 'SIGTERM ends it with status 0')
        tap.equal(numbers_seen(site), collections.Counter(range(60)), 'every call while it was there is in the ledger once')
        errors = site.run_errors()
        tap.equal(errors.count('waiting for it'), 3, 'each absence is told once')
    finally:
        server.kill()
        server.wait()
        ip('link', 'del', VETH, check=False)
        ip('netns', 'del', NETNS, check=False)


def forbidden(tap):
    """Without CAP_NET_RAW."""
    drop = ['setpriv', '--bounding-set', '-net_raw', '--inh-caps', '-net_raw']
    site = site_of([('tap', 'lo', 'tcp', '2M')])
    p = subprocess.run(drop + [TOCHOKU, '-c', site.config, 'run'], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       stdin=subprocess.DEVNULL, cwd=site.dir, timeout=60, check=False)
    tap.ok(p.returncode == 3 and b'CAP_NET_RAW' in p.stderr, 'a capture alone without the right: exit 3, and what to do', p)
    site = site_of([('tap', 'lo', 'tcp', '2M')],
                   '  tails:\n    - {name: log, path: access.log, format: nginx-combined}\n')
    with open(site.path('access.log'), 'w', encoding='ascii') as f:
        f.write('10.1.2.3 - - [23/Nov/2026:10:00:00 +0900] "GET /v1/models HTTP/1.1" 200 12 "-" "c"\n')
    with open(site.path('run.err'), 'wb') as err:
        site.process = subprocess.Popen(drop + [TOCHOKU, '-c', site.config, 'run'], stdout=err, stderr=err,
                                        stdin=subprocess.DEVNULL, cwd=site.dir, start_new_session=True)
    tap.ok(site.wait_count(1), 'with a tail beside it the tail goes on', site.run_errors())
    tap.equal(site.stop(), 0, 'and ends with status 0')
    tap.equal(site.run_errors().count('no right to capture'), 1, 'the missing right is told once')
    site = Site(extra=CAPTURES % '    - {name: tap, interface: lo, filter: "tcp prot 80"}\n')
    site.tochoku('status', '--config', want=None)
    tap.equal((site.last_status, 'filter' in site.last_error), (2, True), 'a wrong filter is a configuration error')


def main():
    tap = Tap()
    if os.geteuid() != 0:
        tap.skip('captures need root')
        tap.done()
    for scenario in (once, killed, dropped, encrypted, gone, forbidden):
        print('# ' + scenario.__name__)
        scenario(tap)
    tap.done()


if __name__ == '__main__':
    if sys.argv[1:] == ['--serve']:
        serve('0.0.0.0', 8080)
        while True:
            time.sleep(60)
    main()
