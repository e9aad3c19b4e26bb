#!/usr/bin/env python3
"""Anchors: heads by UDP and TCP to a collector, and back into a verification; time stamps by query and reply; a witness's
signature. The authority and the witness are openssl."""
import base64
import glob
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import TOCHOKU, Site, Tap  # noqa: E402


def line(i):
    return json.dumps({'time': '2026-10-20T10:00:%02d+09:00' % i, 'remote_addr': '10.10.1.9', 'status': 200,
                       'request_method': 'POST', 'request_uri': '/v1/chat/completions', 'remote_user': 'mori'}) + '\n'


class Collector:
    """Takes messages by UDP and by TCP, the latter with octet counting; keeps who sent what."""

    def __init__(self):
        self.udp, self.tcp, self.connections = [], [], []
        self.u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.t = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        self.u.bind(('127.0.0.1', 0))
        self.t.bind(('::1', 0))
        self.t.listen(4)
        self.names = ['udp://127.0.0.1:%d' % self.u.getsockname()[1], 'tcp://[::1]:%d' % self.t.getsockname()[1]]
        for work in (self.take_udp, self.take_tcp):
            threading.Thread(target=work, daemon=True).start()

    def take_udp(self):
        while True:
            self.udp.append(self.u.recv(65536).decode())

    def take_tcp(self):
        while True:
            c, _ = self.t.accept()
            self.connections.append(c)
            threading.Thread(target=self.read, args=(c.makefile('rb'),), daemon=True).start()

    def read(self, f):
        while True:
            count = b''
            while not count.endswith(b' '):
                one = f.read(1)
                if not one:
                    return
                count += one
            self.tcp.append(f.read(int(count)).decode())

    def wait(self, n, seconds=20):
        end = time.monotonic() + seconds
        while (len(self.udp) < n or len(self.tcp) < n) and time.monotonic() < end:
            time.sleep(0.05)
        return len(self.udp) >= n and len(self.tcp) >= n


def trail_lines(site):
    out = []
    for name in sorted(glob.glob(site.path('trail/segments/*/*/*.jsonl'))) + glob.glob(site.path('trail/open.jsonl')):
        with open(name, 'rb') as f:
            out += f.read().splitlines()
    return out


def checkpoint(site, size):
    with open(site.path('trail/notes/checkpoint-%06d.note' % size), 'rb') as f:
        return f.read()


def one_head(tap, site, message, name):
    """Its form, and that it says what lies in the trail."""
    (pri, host, app, msgid), elements, said = parse(message)
    tap.equal((pri, host, app, msgid), ('85', 'tochoku', 'tochoku', 'HEAD'), name + ': facility, severity, host, MSGID')
    tap.ok({'timeQuality', 'meta'} <= set(elements) and elements['timeQuality']['tzKnown'] == '1' and
           elements['timeQuality']['isSynced'] in '01', name + ': the clock and a sequence', elements)
    lines = trail_lines(site)
    tap.equal(said['h'], hashlib.sha256(lines[said['seq']]).hexdigest(), name + ': the hash of the last line')
    text = checkpoint(site, said['size']).split(b'\n\n')[0] + b'\n'
    tap.equal((said['origin'].encode(), said['checkpoint']), (text.split(b'\n')[0], hashlib.sha256(text).hexdigest()),
              name + ': the newest checkpoint')
    return said


def parse(message):
    left, body = message.split('\ufeff')
    pri, rest = left[1:].split('>', 1)
    version, at, host, app, pid, msgid, data = rest.split(' ', 6)
    assert version == '1' and at.endswith('Z') and pid.isdigit(), message
    elements = {}
    for part in data.strip()[1:-1].split(']['):
        words = part.split(' ')
        elements[words[0]] = dict((w.split('=', 1)[0], w.split('=', 1)[1].strip('"')) for w in words[1:])
    return (pri, host, app, msgid), elements, json.loads(body)


def verify(site, *more, want=0, trail=None):
    out = [json.loads(x) for x in site.tochoku('verify', trail or site.path('trail'), '--site-key',
                                               site.path('trail/site-key.vkey'), '--json', *more, want=want).splitlines()]
    return {x['code']: x for x in out[:-1]}, out[-1]


def heads(tap, site, collector):
    site.tochoku('seal')
    site.tochoku('anchor', 'send', '--once')
    tap.ok(collector.wait(1), 'once: both collectors are told')
    tap.equal(collector.udp, collector.tcp, 'of the same')
    one_head(tap, site, collector.udp[0], 'sent once')
    site.start()
    p = subprocess.Popen([TOCHOKU, '-c', site.config, 'anchor', 'send'], stderr=subprocess.PIPE, cwd=site.dir)
    try:
        tap.ok(collector.wait(2), 'one that stays tells the head at its start')
        with open('/proc/%d/status' % p.pid, encoding='ascii') as f:
            status = f.read()
        tap.ok('Seccomp:\t2' in status and 'CapEff:\t0000000000000000' in status or 'asan' in TOCHOKU, 'confined, without a right')
        before = json.loads(collector.tcp[-1].split('\ufeff')[1])
        collector.connections[-1].shutdown(socket.SHUT_RDWR)
        site.tochoku('seal')
        tap.ok(collector.wait(3), 'and at a seal, over a connection that went', (collector.udp, collector.tcp))
        said = one_head(tap, site, collector.tcp[-1], 'at a seal')
        tap.ok(said['size'] == before['size'] + 1 and said['seq'] > before['seq'], 'which goes on', (before, said))
    finally:
        p.send_signal(signal.SIGTERM)
        p.wait(10)
    tap.equal(p.stderr.read().decode(), '', 'nothing to complain of')
    site.stop()
    site.tochoku('findings', 'list')  # a record that only the next head tells
    site.tochoku('anchor', 'send', '--once')
    collector.wait(4)


def verified(tap, site, collector):
    kept = site.path('collector.log')
    with open(kept, 'w', encoding='utf-8') as f:
        for m in collector.udp:
            f.write('Nov 26 10:00:00 gw tochoku: something else\nNov 26 10:00:01 gw ' + m + '\n')
    found, result = verify(site, '--anchor', kept, '--require-anchor')
    tap.ok(result['passed'] and result['completeness'] == 'ok', 'what the collector kept is an anchor', result)
    tap.equal((found['head-agrees']['detail'], result['anchored.size']), ('4', said_size(collector)), 'all of its heads agree')
    cut = site.path('cut')
    shutil.copytree(site.path('trail'), cut)
    with open(cut + '/open.jsonl', 'rb+') as f:
        f.truncate(f.read().rfind(b'\n', 0, -1) + 1)
    found, result = verify(site, '--anchor', kept, trail=cut, want=1)
    tap.ok('head-beyond' in found and result['completeness'] == 'missing', 'T7 the tail that was not sealed yet is cut off', found)
    with open(kept, 'w', encoding='utf-8') as f:
        f.write(collector.udp[-1][:-1])
    site.tochoku('verify', site.path('trail'), '--anchor', kept, want=3)
    tap.ok('no HEAD message in it is whole' in site.last_error, 'one that broke off is told', site.last_error)


def said_size(collector):
    return json.loads(collector.udp[-1].split('\ufeff')[1])['size']


def shell(site, command):
    return subprocess.run(command, shell=True, cwd=site.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


AUTHORITY = '''openssl req -x509 -newkey ed25519 -nodes -keyout ca.key -out ca.pem -subj /CN=CA -days 3650 &&
openssl req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=TSA &&
printf 'extendedKeyUsage=critical,timeStamping\\n' > good.ext &&
openssl x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile good.ext -out tsa.pem &&
printf '[tsa]\\nserial=serial\\ncerts=ca.pem\\ndefault_policy=1.2.3.4\\ndigests=sha256\\nsigner_digest=sha256\\n' > tsa.cnf &&
echo 01 > serial'''
STAMP = 'openssl ts -reply -config tsa.cnf -section tsa -queryfile %s -signer tsa.pem -inkey tsa.key -out %s'


def stamps(tap, site):
    assert shell(site, AUTHORITY) == 0
    out = site.tochoku('anchor', 'query', '-o', site.path('q.tsq')).decode()
    size = len(glob.glob(site.path('trail/notes/segment-*.note')))
    tap.ok('checkpoint %d' % size in out, 'a query over the newest checkpoint', out)
    site.tochoku('anchor', 'query', '-o', site.path('again.tsq'))
    with open(site.path('q.tsq'), 'rb') as f, open(site.path('again.tsq'), 'rb') as g:
        tap.equal(f.read(), g.read(), 'asked again it is the same query')
    listed = site.lines('anchor', 'list', '--json')[-1]
    tap.equal((listed['size'], listed['stamp']), (size, 'asked'), 'which `list` shows')
    shell(site, STAMP % ('q.tsq', 'r.tsr'))
    note = site.path('trail/notes/checkpoint-%06d.note' % size)
    shell(site, 'openssl ts -query -data %s -sha256 -cert -out other.tsq' % note)
    shell(site, STAMP % ('other.tsq', 'other.tsr'))
    site.tochoku('anchor', 'reply', site.path('other.tsr'), want=1)
    tap.ok('answers no query' in site.last_error, 'a reply to another query is refused', site.last_error)
    site.tochoku('anchor', 'reply', site.config, want=1)
    tap.ok('answers no query' in site.last_error, 'so is a file that is none')
    shell(site, 'openssl req -x509 -newkey ed25519 -nodes -keyout x.key -out x.pem -subj /CN=X')
    site.tochoku('anchor', 'reply', site.path('r.tsr'), '--tsa-ca', site.path('x.pem'), want=1)
    tap.ok(not glob.glob(site.path('trail/notes/*.tsr')), 'one by a stranger is refused')
    out = site.tochoku('anchor', 'reply', site.path('r.tsr'), '--tsa-ca', site.path('ca.pem')).decode()
    tap.ok('Checkpoint %d is stamped' % size in out, 'the right one is taken', out)
    site.tochoku('anchor', 'reply', site.path('r.tsr'), want=1)
    tap.ok('already' in site.last_error, 'once', site.last_error)
    tap.equal(shell(site, 'openssl ts -verify -data %s -in %s.tsr -CAfile ca.pem' % (note, note[:-5])), 0, 'openssl verifies it in the folder')
    found, result = verify(site, '--tsa-ca', site.path('ca.pem'))
    tap.ok(result['passed'] and not any(c.startswith('stamp') for c in found), 'so does verify', found)
    tap.ok('stamp-unchecked' in verify(site)[0], 'which says where no CA was given')
    found, result = verify(site, '--tsa-ca', site.path('x.pem'), want=1)
    tap.equal(found['stamp-invalid']['segment'], size - 1, 'T26 and where one does not verify')
    row = [r for r in site.lines('anchor', 'list', '--json') if r['size'] == size][0]
    tap.ok(row['stamp'] == 'stamped' and row['stamped'].endswith('Z'), 'list has its time', row)
    return size


def witness(tap, site, stamped):
    name = 'witness.example/w1'
    assert shell(site, 'openssl genpkey -algorithm ed25519 -out w.pem && openssl pkey -in w.pem -pubout -outform DER -out w.der') == 0
    with open(site.path('w.der'), 'rb') as f:
        public = f.read()[-32:]
    ident = hashlib.sha256(name.encode() + b'\n\x01' + public).digest()[:4]
    vkey = '%s+%s+%s' % (name, ident.hex(), base64.b64encode(b'\x01' + public).decode())

    def sign(size):
        with open(site.path('text'), 'wb') as f:
            f.write(checkpoint(site, size).split(b'\n\n')[0] + b'\n')
        assert shell(site, 'openssl pkeyutl -sign -inkey w.pem -rawin -in text -out sig') == 0
        with open(site.path('sig'), 'rb') as f:
            return ('— %s %s\n' % (name, base64.b64encode(ident + f.read()).decode())).encode()
    signature = sign(stamped)
    with open(site.path('cosigned'), 'wb') as f:
        f.write(checkpoint(site, stamped) + signature)
    site.tochoku('anchor', 'witness', site.path('cosigned'), '--key', vkey, want=1)
    tap.ok('time stamp' in site.last_error, 'a stamped checkpoint takes no signature: its bytes stay', site.last_error)
    site.tochoku('seal')
    size = stamped + 1
    before = checkpoint(site, size)
    with open(site.path('wrong'), 'wb') as f:
        f.write(signature)  # of the checkpoint before it
    os.rename(site.path('trail/notes/checkpoint-%06d.tsq' % stamped), site.path('kept.tsq'))
    with open(site.path('foreign'), 'wb') as f:
        f.write(b'x/y\n1\nAAAA\n\n' + signature[:-5] + b'AA==\n')
    site.tochoku('anchor', 'witness', site.path('foreign'), '--key', vkey, want=1)
    os.rename(site.path('kept.tsq'), site.path('trail/notes/checkpoint-%06d.tsq' % stamped))
    tap.ok('no signature of' in site.last_error, 'one that is not over a checkpoint of ours is refused', site.last_error)
    with open(site.path('lines'), 'wb') as f:
        f.write(b'\xe2\x80\x94 other.example AAAAAAAA\n' + sign(size))
    out = site.tochoku('anchor', 'witness', site.path('lines'), '--key', vkey).decode()
    tap.ok('Checkpoint %d is cosigned by %s' % (size, name) in out, "a witness's signature is taken", out)
    tap.equal(checkpoint(site, size), before + sign(size), 'behind those that were there, and no other')
    tap.ok('already' in site.tochoku('anchor', 'witness', site.path('lines'), '--key', vkey).decode(), 'once')
    found, result = verify(site, '--witness', vkey, '--require-anchor', '--tsa-ca', site.path('ca.pem'))
    tap.ok(result['passed'] and result['anchored.size'] == size, 'verify takes it for an anchor', result)
    tap.equal(site.lines('anchor', 'list', '--json')[-1]['witnesses'], [name], 'list names it')
    site.tochoku('seal')
    tap.ok(verify(site, '--tsa-ca', site.path('ca.pem'))[1]['passed'], 'the trail goes on')
    told = [json.loads(x) for x in trail_lines(site)]
    tap.equal([r['action'] for r in told if r.get('action', '').startswith(('stamp', 'witness'))],
              ['stamp-query', 'stamp-reply', 'witness'], 'each of it is a record')


def main():
    tap, collector = Tap(), Collector()
    site = Site(tails=[('gateway', 'g.log', 'nginx-json')], extra='anchors: {collectors: ["%s", "%s"]}\n' % tuple(collector.names))
    site.tochoku('anchor', 'query', want=3)
    tap.ok('nothing is sealed' in site.last_error, 'without a seal there is nothing to stamp', site.last_error)
    with open(site.path('g.log'), 'w', encoding='utf-8') as f:
        f.write(''.join(line(i) for i in range(5)))
    site.tochoku('import', '--format', 'nginx-json', site.path('g.log'))
    heads(tap, site, collector)
    verified(tap, site, collector)
    site.tochoku('seal')
    if shutil.which('openssl') is None:
        tap.skip('no openssl command')
    else:
        witness(tap, site, stamps(tap, site))
    other = Site()
    other.tochoku('anchor', 'send', '--once', want=2)
    tap.ok('anchors.collectors' in other.last_error, 'without a collector it says what is missing', other.last_error)
    tap.done()


if __name__ == '__main__':
    main()
