"""A capture file of HTTP/1 calls, made without a network: pcap, raw IPv4, one connection a call."""
import struct


def packet(src, dst, sport, dport, seq, ack, flags, data=b''):
    tcp = struct.pack('>HHIIBBHHH', sport, dport, seq & 0xffffffff, ack & 0xffffffff, 5 << 4, flags, 65535, 0, 0) + data
    ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, bytes(map(int, src.split('.'))),
                     bytes(map(int, dst.split('.'))))
    return ip + tcp


def write(path, calls, start=1795400000, server='10.0.0.200'):
    """`calls`: (client address, request bytes, answer bytes); a call a second."""
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 101))
        for i, (client, request, answer) in enumerate(calls):
            sport, a, b = 40000 + i, 1000, 5000
            steps = [(0, 0, 0, 2, b''), (1, 0, 1, 18, b''), (0, 1, 1, 16, b''), (0, 1, 1, 24, request),
                     (1, 1, 1 + len(request), 24, answer), (0, 1 + len(request), 1 + len(answer), 17, b''),
                     (1, 1 + len(answer), 2 + len(request), 17, b''), (0, 2 + len(request), 2 + len(answer), 16, b'')]
            for k, (side, seq, ack, flags, data) in enumerate(steps):
                p = packet(server, client, 80, sport, b + seq, a + ack, flags, data) if side else \
                    packet(client, server, sport, 80, a + seq, b + ack, flags, data)
                f.write(struct.pack('<IIII', start + i, k * 1000, len(p), len(p)) + p)
    return path


def request(headers, path='/v1/chat/completions', body=b'{"model":"gpt-4o-mini"}'):
    head = 'POST %s HTTP/1.1\r\nHost: llm.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n' % (path, len(body))
    return (head + ''.join('%s: %s\r\n' % h for h in headers) + '\r\n').encode() + body


ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'
