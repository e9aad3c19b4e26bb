#!/usr/bin/env python3
"""TLS with a key log: real curl clients before a real nginx, TLS 1.2 and 1.3, HTTP/1.1 and HTTP/2. The key log comes
after the program began, and is rotated under it. Beside it the same traffic without a key log, and as a capture file
that brings its secrets along. No secret is written anywhere."""
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
import traffic  # noqa: E402
from harness import Site, Tap, temporary_folder  # noqa: E402

NAME = 'api.test.example'
PATH = os.environ['PATH'] + ':/usr/sbin:/sbin'
KINDS = [(version, http) for version in ('1.2', '1.3') for http in ('1.1', '2')]
NGINX = '''daemon off;
%(user)s
pid %(dir)s/nginx.pid;
error_log %(dir)s/error.log warn;
events {}
http {
	access_log off;
	client_body_temp_path %(dir)s/tmp;
	proxy_temp_path %(dir)s/tmp;
	fastcgi_temp_path %(dir)s/tmp;
	uwsgi_temp_path %(dir)s/tmp;
	scgi_temp_path %(dir)s/tmp;
	server {
		listen 127.0.0.1:%(port)d ssl http2;
		ssl_protocols TLSv1.2 TLSv1.3;
		ssl_certificate %(dir)s/cert.pem;
		ssl_certificate_key %(dir)s/key.pem;
		default_type application/json;
		location / { proxy_pass http://127.0.0.1:%(inner)d; }
	}
	server {
		listen 127.0.0.1:%(inner)d;
		default_type application/json;
		location /v1/gone { return 410 '{"answer":"canary-answer"}'; }
		location / { return 200 '{"answer":"canary-answer"}'; }
	}
}
'''


class Server:
    def __init__(self):
        self.dir, self.port = temporary_folder('tochoku-tls-'), traffic.free_port()
        os.mkdir(os.path.join(self.dir, 'tmp'))
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=' + NAME,
                        '-keyout', self.path('key.pem'), '-out', self.path('cert.pem')], check=True, stderr=subprocess.DEVNULL)
        with open(self.path('nginx.conf'), 'w', encoding='utf-8') as f:
            f.write(NGINX % {'dir': self.dir, 'port': self.port, 'inner': traffic.free_port(), 'user': 'user root;' if os.getuid() == 0 else ''})
        self.process = subprocess.Popen([shutil.which('nginx', path=PATH), '-p', self.dir, '-c', self.path('nginx.conf'),
                                         '-e', self.path('error.log')])

    def path(self, name):
        return os.path.join(self.dir, name)

    def call(self, n, version, http, keys):
        """One connection with one call; what its event must say."""
        target = '/v1/%s/%d' % (('chat', 'gone')[n % 3 == 2], n)
        words = ['curl', '-ksS', '--retry', '5', '--retry-connrefused', '--resolve', '%s:%d:127.0.0.1' % (NAME, self.port),
                 '--tlsv' + version, '--tls-max', version, '--http' + http, '-o', os.devnull, '-w', '%{http_code} %{http_version}',
                 'https://%s:%d%s' % (NAME, self.port, target)]
        if n % 2:
            words += ['-d', '{"messages":"canary-prompt"}', '-H', 'Authorization: Bearer sk-canary-%d' % n]
        out = subprocess.run(words, env=dict(os.environ, SSLKEYLOGFILE=keys), stdout=subprocess.PIPE, check=True)
        return {'http.request.method': ('GET', 'POST')[n % 2], 'url.path': target, 'tls.version': version,
                'http.response.status_code': (200, 410)[n % 3 == 2], 'tls.client.server_name': NAME,
                'tls.next_protocol': ('http/1.1', 'h2')[http == '2'], 'tochoku.complete': True,
                'curl': out.stdout.decode() == '%d %s' % ((200, 410)[n % 3 == 2], http)}

    def stop(self):
        self.process.terminate()
        self.process.wait()


def capturing_site(port, keylog=None):
    site = Site()
    with open(site.config, 'a', encoding='utf-8') as f:
        f.write('inputs: {captures: [{name: tap, interface: lo, filter: "tcp port %d"%s}]}\n' % (
            port, ', keylog: ' + keylog if keylog else ''))
    return site


def dump(port, path):
    p = subprocess.Popen([shutil.which('tcpdump', path=PATH), '-i', 'lo', '-s', '0', '-U', '-Z', 'root', '-w', path,
                          'tcp port %d' % port], stderr=subprocess.PIPE)
    p.stderr.readline()
    return p


def with_secrets(pcap, keys):
    """A pcap file as pcapng, its secrets in a block before the packets."""
    def block(kind, body):
        body += b'\0' * (-len(body) % 4)
        return struct.pack('<II', kind, len(body) + 12) + body + struct.pack('<I', len(body) + 12)

    magic, _, _, _, _, snaplen, link = struct.unpack('<IHHiIII', pcap[:24])
    assert magic == 0xa1b2c3d4
    out = block(0x0a0d0d0a, struct.pack('<IHHq', 0x1a2b3c4d, 1, 0, -1)) + block(1, struct.pack('<HHI', link, 0, snaplen))
    if keys:
        out += block(10, struct.pack('<II', 0x544c534b, len(keys)) + keys)
    at = 24
    while at < len(pcap):
        sec, usec, n, wire = struct.unpack('<IIII', pcap[at:at + 16])
        us = sec * 1000000 + usec
        out += block(6, struct.pack('<IIIII', 0, us >> 32, us & 0xffffffff, n, wire) + pcap[at + 16:at + 16 + n])
        at += 16 + n
    return out


def differences(wanted, events):
    bad, by_path = [], {}
    for e in events:
        by_path.setdefault(e.get('url.path'), []).append(e)
    for w in wanted:
        es = by_path.pop(w['url.path'], [])
        if len(es) != 1 or not w['curl']:
            bad.append('%s: %d events' % (w['url.path'], len(es)))
            continue
        bad += ['%s: %s is %r, not %r' % (w['url.path'], k, es[0].get(k), v) for k, v in w.items()
                if k != 'curl' and es[0].get(k) != v]
    return bad + ['%s: nobody called' % p for p in by_path]


def losses(site, reason):
    db = sqlite3.connect('file:%s?mode=ro' % site.path('ledger.db'), uri=True, timeout=5)
    try:
        return db.execute('SELECT coalesce(sum(n), 0) FROM losses WHERE reason = ?', (reason,)).fetchone()[0]
    finally:
        db.close()


def written(site):
    """Whatever a site wrote or says."""
    for folder, _, names in os.walk(site.dir):
        for name in names:
            with open(os.path.join(folder, name), 'rb') as f:
                yield os.path.join(folder, name), f.read()
    for args in (['status'], ['status', '--json'], ['status', '--config'], ['doctor'], ['findings', 'list'],
                 ['export', '--format', 'jsonl', '--from', '1970-01-01', '--to', '2099-12-31']):
        yield ' '.join(args), site.tochoku(*args, want=None) + site.last_error.encode()


def secrets_of(keys):
    for line in keys.splitlines():
        if line and not line.startswith(b'#'):
            text = line.split()[2]
            yield text.lower()
            yield text.upper()
            yield bytes.fromhex(text.decode())


def main():
    tap = Tap()
    if os.getuid() != 0:
        tap.skip('no right to capture')
        tap.done()
    server = Server()
    secrets = temporary_folder('tochoku-secrets-')
    keys, old = os.path.join(secrets, 'keys.log'), os.path.join(secrets, 'keys.log.1')
    site, blind = capturing_site(server.port, keys), capturing_site(server.port)
    tap.ok(b'there is no key log' in site.tochoku('doctor', want=None), 'doctor says that the key log is missing')
    site.start()
    blind.start()
    dumping = dump(server.port, site.path('x.pcap'))
    time.sleep(0.5)
    wanted = [server.call(n, *KINDS[n], keys) for n in range(len(KINDS))]
    tap.ok(site.wait_count(len(wanted)), 'a key log that came after the program: each call is an event', site.count())
    os.rename(keys, old)
    wanted += [server.call(n + len(KINDS), *KINDS[n], keys) for n in range(len(KINDS))]
    tap.ok(site.wait_count(len(wanted)), 'a key log that was rotated: each call is an event', site.count())
    bad = differences(wanted, site.events())
    tap.ok(not bad, 'with method, path, status, version, server name and protocol', '\n'.join(bad))
    tap.ok(b'can be read' in site.tochoku('doctor', want=None), 'doctor says that the key log can be read')
    with open(site.path('run.err'), encoding='utf-8') as f:
        said = f.read()
    tap.ok(said.count('is not there yet') == 1 and said.count('reads the key log') == 1, 'that it was missing was told once', said)

    tap.ok(blind.wait_count(len(wanted)), 'without a key log each connection is an event', blind.count())
    events = blind.events()
    tap.ok(all(e.get('network.protocol') == 'tls' and e.get('tls.client.server_name') == NAME and 'url.path' not in e and
               'http.response.status_code' not in e for e in events), 'of TLS, with its server name and no content', events[:1])
    time.sleep(1)  # what the kernel still holds for tcpdump
    dumping.terminate()
    dumping.wait()
    server.stop()
    tap.equal([site.stop(), blind.stop()], [0, 0], 'run ends with status 0')
    tap.ok(losses(blind, 'tls_record') > 0, 'and the records that could not be read are counted')
    tap.equal(losses(site, 'tls_record') + losses(site, 'tls_unread'), 0, 'with the key log there are none')

    with open(old, 'rb') as f, open(keys, 'rb') as g:
        text = f.read() + g.read()
    with open(site.path('x.pcap'), 'rb') as f:
        pcap = f.read()
    imported = Site(keys_of=site)
    for name, block in (('sealed', b''), ('open', text)):
        with open(os.path.join(secrets, name + '.pcapng'), 'wb') as f:
            f.write(with_secrets(pcap, block))
    imported.tochoku('import', '--input', 'tap', os.path.join(secrets, 'sealed.pcapng'))
    tap.ok(imported.count() == len(wanted) and all('url.path' not in e for e in imported.events()),
           'a capture file without secrets: connections', imported.count())
    imported.cleanup()
    imported = Site(keys_of=site)
    imported.tochoku('import', '--input', 'tap', os.path.join(secrets, 'open.pcapng'))
    bad = differences(wanted, imported.events())
    tap.ok(not bad, 'one that brings its secrets along: each call is an event', '\n'.join(bad))
    site.tochoku('import', '--input', 'tap', os.path.join(secrets, 'open.pcapng'))
    tap.equal(site.count(), len(wanted), 'which adds nothing to what was captured live')

    canaries = list(secrets_of(text)) + [b'canary']
    tap.ok(len(canaries) > 60, 'secrets to look for', len(canaries))
    os.remove(site.path('x.pcap'))
    found = [where for s in (site, blind, imported) for where, data in written(s) for c in canaries if c in data]
    tap.ok(not found, 'no secret, key, prompt or answer is in any file or output', '\n'.join(sorted(set(found))))
    tap.done()


if __name__ == '__main__':
    main()
