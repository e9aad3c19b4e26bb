#!/usr/bin/env python3
"""Log lines by syslog: each in the ledger once, over UDP and TCP, in every framing, from logger, nginx and HAProxy, whatever
is killed. SYSLOG_KILLS: another number of kills."""
import atexit
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap, loggen, temporary_folder  # noqa: E402
from traffic import free_port  # noqa: E402

KILLS = int(os.environ.get('SYSLOG_KILLS', '6'))
PATH = os.environ['PATH'] + ':/usr/sbin:/sbin'
HEAD = '<190>Nov 10 02:24:36 gw nginx: '


def site_of(*inputs):
    """inputs: (name, transport)."""
    ports = {name: free_port() for name, _ in inputs}
    return Site(extra='inputs:\n  syslog:\n' + ''.join(
        '    - {name: %s, listen: "127.0.0.1:%d", transport: %s}\n' % (name, ports[name], transport)
        for name, transport in inputs)), ports


def wait(what, seconds=20):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def start(site):
    site.start()
    return wait(lambda: site.tochoku('status', want=None) is not None and site.last_status == 0)


def rows(site, sql, *args):
    db = sqlite3.connect('file:%s?mode=ro' % site.path('ledger.db'), uri=True, timeout=5)
    try:
        return db.execute(sql, args).fetchall()
    finally:
        db.close()


def losses(site):
    return dict(rows(site, 'SELECT reason, sum(n) FROM losses GROUP BY reason'))


def ids(site):
    return sorted(r[0] for r in rows(site, 'SELECT "http.request.id" FROM events'))


def made(n, seed=1):
    """n JSON lines of nginx, as a gateway writes them."""
    log = loggen(os.path.join(temporary_folder('tochoku-lines-'), 'log'), '--start', '2026-11-10', '--days', 1,
                 '--calls', 4 * n, '--lines', n, '--seed', seed)
    with open(log, encoding='utf-8') as f:
        return f.read().splitlines()


def rid(line):
    return json.loads(line)['rid']


def counted(text):
    return b'%d %s' % (len(text), text)


def new_style(line):
    return ('<190>1 2026-11-10T02:24:36.123+09:00 gw nginx 12 - [x@1 a="]\\"b"] \ufeff' + line).encode()


# ---- what is sent ----

def datagrams(tap):
    lines = made(420)
    site, ports = site_of(('udp', 'udp'))
    tap.ok(start(site), 'status is healthy once it listens', site.run_errors())
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for i, line in enumerate(lines[:400]):
        s.sendto((new_style(line), (HEAD + line).encode(), (HEAD + line + '\n\0').encode())[i % 3], ('127.0.0.1', ports['udp']))
        if i % 50 == 49:
            wait(lambda i=i: site.count() >= i - 49)
    for bad in (b'', b'\n', b'\0', b'<13>', b'\xff' * 9000, b'\xe3\x81' * 300, b'<190>1 ' + b'[' * 500, HEAD.encode() + b'\0x', b'x' * 65000):
        s.sendto(bad, ('127.0.0.1', ports['udp']))
    for line in lines[400:]:
        s.sendto(line.encode(), ('127.0.0.1', ports['udp']))
    tap.ok(site.wait_count(420), 'every datagram is an event', site.count())
    tap.equal(ids(site), sorted(map(rid, lines)), 'and the one it should be')
    lost = losses(site)
    tap.equal((lost.get('malformed'), lost.get('nul_bytes')), (5, 1), 'what is no line of a gateway is counted; empty ones are not')
    tap.equal({r[0] for r in rows(site, 'SELECT "tochoku.input" FROM events')}, {'udp'}, 'under its input')
    if shutil.which('logger'):
        for k, style in enumerate(('--rfc3164', '--rfc5424')):
            subprocess.run(['logger', '-d', '-n', '127.0.0.1', '-P', str(ports['udp']), style, '-t', 'nginx',
                            made(3, 50)[k]], check=True)
        tap.ok(site.wait_count(422), 'logger in both forms', site.count())
    else:
        tap.skip('no logger')
    tap.equal(site.stop(), 0, 'a clean stop')
    start(site)
    n = site.count()
    s.sendto(made(430)[-1].encode(), ('127.0.0.1', ports['udp']))
    site.wait_count(n + 1)
    tap.ok('gap' not in losses(site), 'loses nothing, and the next start tells of nothing lost', losses(site))
    site.kill()
    start(site)
    tap.ok(wait(lambda: losses(site).get('gap') == 1), 'a kill may have lost datagrams, and says so', losses(site))
    site.kill()
    site.cleanup()


def connections(tap):
    lines = made(1000, 2)
    site, ports = site_of(('tcp', 'tcp'))
    start(site)
    counted_half = b''.join(counted(new_style(x)) for x in lines[:300])
    line_half = b''.join((HEAD + x).encode() + e for x, e in zip(lines[300:600], (b'\n', b'\r\n', b'\0') * 100))
    mixed = b''.join(counted(new_style(x)) if i % 2 else x.encode() + b'\n' for i, x in enumerate(lines[600:900]))
    rng = random.Random(5)
    socks = []
    for stream in (counted_half, line_half, mixed):
        s = socket.create_connection(('127.0.0.1', ports['tcp']))
        socks.append([s, stream])
    while any(x for _, x in socks):
        for pair in socks:
            n = rng.choice((1, 7, 100, 1500, 30000))
            pair[0].sendall(pair[1][:n])
            pair[1] = pair[1][n:]
    tap.ok(site.wait_count(900), 'counted, by lines and mixed, in pieces of any size', site.count())
    socks[0][0].sendall(counted(new_style(lines[900]))[:-10])
    time.sleep(0.3)
    tap.equal(site.count(), 900, 'half a message is not one')
    for s, _ in socks:
        s.close()
    s = socket.create_connection(('127.0.0.1', ports['tcp']))
    s.sendall(b'x' * 200000 + b'\n' + b'70000 <13>' + b'y' * 69996 + lines[901].encode() + b'\n\n\n\0\n' + b'0 <1>\n99999999999 <1>\n' + lines[902].encode())
    s.close()
    tap.ok(site.wait_count(902), 'behind what is too long the next line is met; the last one needs no end', site.count())
    tap.ok(wait(lambda: losses(site).get('malformed') == 3), 'a message that was cut and lines that are none are counted', losses(site))
    tap.equal(losses(site).get('line_too_long', losses(site).get('too_long')), 2, 'what is too long is, once each')
    if shutil.which('logger'):
        for k, style in enumerate(('--octet-count', '--rfc3164')):
            subprocess.run(['logger', '-T', '-n', '127.0.0.1', '-P', str(ports['tcp']), style, '-t', 'nginx', lines[910 + k]], check=True)
        tap.ok(site.wait_count(904), 'logger over TCP', site.count())
    else:
        tap.skip('no logger')
    tap.ok(wait(lambda: rows(site, "SELECT count(*) FROM generation WHERE NOT finished")[0][0] == 1), 'connections that ended are finished')
    many = [socket.create_connection(('127.0.0.1', ports['tcp'])) for _ in range(80)]
    tap.ok(wait(lambda: losses(site).get('connection_limit', 0) == 16), 'too many connections are refused, and counted', losses(site))
    many[3].sendall(lines[920].encode() + b'\n')
    tap.ok(site.wait_count(905), 'those that were taken are read', site.count())
    tap.equal(site.stop(), 0, 'a clean stop with connections open')
    start(site)
    time.sleep(0.3)
    tap.ok('gap' not in losses(site), 'loses nothing', losses(site))
    site.kill()
    start(site)
    s = socket.create_connection(('127.0.0.1', ports['tcp']))
    s.sendall(lines[921].encode() + b'\nhalf')
    site.wait_count(906)
    site.kill()
    start(site)
    tap.ok(wait(lambda: losses(site).get('gap') == 1), 'a connection that was open when everything was killed is a gap', losses(site))
    site.stop()
    site.cleanup()


def kills(tap):
    """Sensor and recorder killed at any time while lines come: none lost, none doubled."""
    lines = made(4000, 3)
    site, ports = site_of(('tcp', 'tcp'), ('udp', 'udp'))
    start(site)
    socks = [socket.create_connection(('127.0.0.1', ports['tcp'])) for _ in range(3)]
    rng, left = random.Random(7), KILLS
    step = len(lines) // KILLS
    for i, line in enumerate(lines):
        text = (HEAD + line).encode() + b'\n' if i % 2 else counted(new_style(line))
        cut = rng.randrange(len(text))
        for part in (text[:cut], text[cut:]):
            socks[i % 3].sendall(part)
        if i % 40 == 0:
            time.sleep(0.01)
        if i % step == step // 2 and left > 0:
            roles = site.roles()
            which = rng.choice([r for r in ('sensor', 'recorder') if r in roles] or ['none'])
            left -= which != 'none'
            if which != 'none':
                os.kill(roles[which], signal.SIGKILL)
            if rng.random() < 0.3:
                wait(lambda: 'sensor' in site.roles())
    for s in socks:
        s.close()
    done = site.wait_count(len(lines), 60)
    tap.ok(done, '%d lines over kills of sensor and recorder: each once' % len(lines), (site.count(), site.run_errors()))
    tap.equal(ids(site), sorted(map(rid, lines)), 'and the ones they should be')
    wait(lambda: 'sensor' in site.roles())
    os.kill(site.roles()['sensor'], signal.SIGSTOP)
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    more = made(20, 4)
    for line in more:
        u.sendto((HEAD + line).encode(), ('127.0.0.1', ports['udp']))
    os.kill(site.roles()['sensor'], signal.SIGKILL)
    tap.ok(site.wait_count(len(lines) + 20), 'datagrams that come while no sensor looks wait for the next', site.count())
    with open(site.config, encoding='utf-8') as f:
        config = f.read()
    s = socket.create_connection(('127.0.0.1', ports['tcp']))
    s.sendall((HEAD + made(9, 9)[0] + '\n' + HEAD).encode())
    site.wait_count(len(lines) + 21)
    with open(site.config, 'w', encoding='utf-8') as f:
        f.write(config.replace('name: udp', 'name: other'))
    site.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    s.sendall((made(9, 9)[1] + '\n').encode())
    tap.ok(site.wait_count(len(lines) + 22), 'a reload keeps connections, in the middle of a line', site.count())
    site.stop()
    site.cleanup()


# ---- real gateways ----

def nginx(tap, site, port):
    conf = '''daemon off; %s pid %s/nginx.pid; error_log stderr;
events {} http { access_log off;
log_format own escape=json '{"ts":"$time_iso8601","msec":$msec,"client":"$remote_addr","method":"$request_method","uri":"$request_uri","status":$status,"rid":"$request_id"}';
server { listen 127.0.0.1:%d; client_body_temp_path %s; proxy_temp_path %s; fastcgi_temp_path %s; uwsgi_temp_path %s; scgi_temp_path %s;
location / { access_log syslog:server=127.0.0.1:%d,tag=nginx,severity=info combined; return 200 ok; }
location /json { access_log syslog:server=127.0.0.1:%d,nohostname own; return 200 ok; } } }'''
    listen, d = free_port(), site.dir
    with open(site.path('nginx.conf'), 'w', encoding='ascii') as f:
        f.write(conf % ('user root;' if os.getuid() == 0 else '', d, listen, *(5 * [d + '/t']), port, port))
    return serve(tap, [shutil.which('nginx', path=PATH), '-p', d, '-c', site.path('nginx.conf'), '-e', d + '/e'], listen)


def haproxy(tap, site, port):
    conf = '''global
  log 127.0.0.1:%d format %s local0
defaults
  log global
  mode http
  option httplog
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend f
  bind 127.0.0.1:%d
  http-request return status 200 content-type text/plain string ok
'''
    parts = []
    for k, style in enumerate(('rfc3164', 'rfc5424')):
        listen = free_port()
        with open(site.path('haproxy%d.cfg' % k), 'w', encoding='ascii') as f:
            f.write(conf % (port, style, listen))
        parts.append((serve(tap, [shutil.which('haproxy', path=PATH), '-db', '-f', f.name], listen), listen))
    return parts


def serve(tap, command, port):
    p = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    atexit.register(p.kill)

    def up():
        try:
            socket.create_connection(('127.0.0.1', port), 1).close()
            return True
        except OSError:
            return False
    wait(up)
    p.port = port
    return p


def get(port, path):
    s = socket.create_connection(('127.0.0.1', port))
    s.sendall(('GET %s HTTP/1.1\r\nHost: gw\r\nConnection: close\r\nUser-Agent: test/1\r\n\r\n' % path).encode())
    while s.recv(4096):
        pass
    s.close()


def gateways(tap):
    site, ports = site_of(('gw', 'udp'))
    start(site)
    n, stop = 0, []
    if shutil.which('nginx', path=PATH):
        p = nginx(tap, site, ports['gw'])
        stop.append(p)
        n = site.count()
        for i in range(10):
            get(p.port, '/v1/chat/completions?n=%d' % i)
            get(p.port, '/json/v1/messages')
        tap.ok(site.wait_count(n + 20), "nginx's access_log syslog:, two formats on one socket", (site.count(), losses(site)))
    else:
        tap.skip('no nginx')
    if shutil.which('haproxy', path=PATH):
        for k, (p, port) in enumerate(haproxy(tap, site, ports['gw'])):
            stop.append(p)
            for i in range(10):
                get(port, '/v1/embeddings')
            tap.ok(wait(lambda: len([1 for r in rows(site, 'SELECT "url.path" FROM events') if r[0] == '/v1/embeddings']) == 10 * (k + 1)),
                   "HAProxy's log", (site.count(), losses(site)))
        got = rows(site, 'SELECT "http.request.method", "http.response.status_code", "source.ip" FROM events WHERE "url.path" = ?', '/v1/embeddings')
        tap.equal((len(got), set(got)), (20, {('GET', 200, got[0][2])}) if got else None, 'in both of its syslog forms')
    else:
        tap.skip('no haproxy')
    for p in stop:
        p.terminate()
        p.wait()
    site.stop()
    site.cleanup()


def main():
    tap = Tap()
    datagrams(tap)
    connections(tap)
    kills(tap)
    gateways(tap)
    tap.done()


if __name__ == '__main__':
    main()
