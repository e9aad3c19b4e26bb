#!/usr/bin/env python3
"""Many requests in one write, none behind them: each is answered. The recorder takes so many frames of a peer and then
looks at the others; what it has read already must not wait for bytes that never come."""
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap  # noqa: E402

REQUEST, N = 5, 300  # FRAME_REQUEST


def main():
    tap, site = Tap(), Site(tails=[('gateway', 'access.log', 'nginx-combined')])
    open(site.path('access.log'), 'w').close()
    site.start()
    ask = b'{"do":"status"}'
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    end = time.monotonic() + 20
    while s.connect_ex(site.path('ledger.db.sock')) != 0 and time.monotonic() < end:
        time.sleep(.1)
    s.sendall((struct.pack('<IB', len(ask), REQUEST) + ask) * N)
    got, answers = b'', 0
    try:
        while answers < N:
            more = s.recv(65536)
            if not more:
                break
            got += more
            while len(got) >= 5 and len(got) >= 5 + struct.unpack('<I', got[:4])[0]:
                size = struct.unpack('<I', got[:4])[0]
                answers += b'"ok":true' in got[5:5 + size]
                got = got[5 + size:]
    except socket.timeout:
        pass
    tap.equal(answers, N, 'every request is answered')
    tap.done()


main()
