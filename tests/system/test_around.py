#!/usr/bin/env python3
"""Encrypted connections that go around the gateway: from a capture to a finding of rule 210, by the server name that the
ClientHello says, however it is cut; the same packets twice count once, and other names are nobody's business."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
import capture  # noqa: E402
from harness import Site, Tap  # noqa: E402

RULE = '7b0e5a10-0210-4c1e-9d5e-000000000210'
START = 1795400000


def block(n, data):
    return len(data).to_bytes(n, 'big') + data


def client_hello(name, post_quantum=0):
    """RFC 8446 4.1.2 and RFC 6066 3, in records as RFC 8446 5.1 has them."""
    shares = block(2, struct.pack('>H', 29) + block(2, bytes(32)) +
                   (struct.pack('>H', 4588) + block(2, bytes(post_quantum)) if post_quantum else b''))
    extensions = [(43, block(1, b'\x03\x04')), (10, block(2, struct.pack('>H', 29))), (51, shares),
                  (13, block(2, struct.pack('>H', 0x0403)))]
    if name is not None:
        extensions.insert(0, (0, block(2, b'\0' + block(2, name.encode()))))
    body = b'\x03\x03' + bytes(range(32)) + block(1, bytes(32)) + block(2, b'\x13\x01\x13\x02') + block(1, b'\0')
    body += block(2, b''.join(struct.pack('>H', kind) + block(2, data) for kind, data in extensions))
    message = b'\x01' + block(3, body)
    return b'\x16\x03\x01' + block(2, message)


SEALED = b'\x16\x03\x03' + block(2, b'\x02' + block(3, b'\x03\x03' + bytes(32) + block(1, bytes(32)) + b'\x13\x01\0')) + \
    b'\x17\x03\x03' + block(2, bytes(100))


def write(path, calls, cut=1400):
    """(client, ClientHello): a connection each, whose client's bytes come in pieces of `cut`."""
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 101))
        for i, (client, hello) in enumerate(calls):
            port, k = 50000 + i, 0

            def put(side, seq, ack, flags, data=b''):
                nonlocal k
                ends = ('203.0.113.9', client, 443, port) if side else (client, '203.0.113.9', port, 443)
                p = capture.packet(*ends, seq, ack, flags, data)
                f.write(struct.pack('<IIII', START + i, k * 1000, len(p), len(p)) + p)
                k += 1
            put(0, 100, 0, 2)
            put(1, 900, 101, 18)
            for at in range(0, len(hello), cut):
                put(0, 101 + at, 901, 24, hello[at:at + cut])
            n = len(hello)
            put(1, 901, 101 + n, 24, SEALED)
            put(0, 101 + n, 901 + len(SEALED), 17)
            put(1, 901 + len(SEALED), 102 + n, 17)
            put(0, 102 + n, 902 + len(SEALED), 16)
    return path


def test_finding(tap):
    site = Site(extra='inputs: {captures: [{name: edge, interface: lo, filter: "tcp port 443"}]}\n')
    calls = [('10.10.0.7', client_hello('api.openai.com')), ('10.10.0.7', client_hello('API.OpenAI.com')),
             ('10.10.0.8', client_hello('claude.ai', post_quantum=1184)), ('10.10.0.9', client_hello('www.example.jp')),
             ('10.10.0.10', client_hello('notopenai.com')), ('10.10.0.11', client_hello(None))]
    site.tochoku('import', '--input', 'edge', write(site.path('edge.pcap'), calls))
    tap.equal(site.count(), len(calls), 'each connection is an event')
    events = site.events()
    tap.equal(sorted(e.get('tls.client.server_name', '-') for e in events),
              sorted(['api.openai.com', 'API.OpenAI.com', 'claude.ai', 'www.example.jp', 'notopenai.com', '-']),
              'with the name that its ClientHello says')
    tap.ok(all('url.path' not in e and 'http.request.method' not in e for e in events), 'and no call')
    rows = [f for f in site.lines('findings', 'list', '--json', '--from', '2026-11-01') if f.get('rule.uuid', f.get('rule.id')) == RULE]
    said = ' '.join(str(f) for f in rows)
    tap.equal(len(rows), 2, 'a finding for each client that went around the gateway')
    tap.ok('10.10.0.7' in said and '10.10.0.8' in said, 'with its address', said)
    tap.ok(not any(a in said for a in ('10.10.0.9', '10.10.0.10', '10.10.0.11')), 'and none for other names', said)
    text = site.tochoku('findings', 'list', '--from', '2026-11-01').decode()
    tap.ok('api.openai.com へ直接接続した' in text and 'x2' in text, 'in words, and written otherwise the name is the same', text)
    site.tochoku('import', '--input', 'edge', write(site.path('cut.pcap'), calls, cut=100))
    tap.equal(site.count(), len(calls), 'the same connections, otherwise cut, are the same events')


def main():
    tap = Tap()
    test_finding(tap)
    tap.done()


if __name__ == '__main__':
    main()
