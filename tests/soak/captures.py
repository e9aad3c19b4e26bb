#!/usr/bin/env python3
"""Malformed captures: cut short, bytes changed, records of no or of huge length, other link types and magics, in pcap and
pcapng. `decode` reads each, crashes at none, and reads the sound one behind them as if they were not there.
CAPTURES=N (default 500), SEED=N"""
import json
import os
import random
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import ROOT, TOCHOKU, Tap, temporary_folder  # noqa: E402

CAPTURES = int(os.environ.get('CAPTURES', '500'))
SEED = int(os.environ.get('SEED', str(time.time_ns() % 1000000)))
CAPGEN = os.path.join(ROOT, 'build/release/tests/bench/capgen')
AT_ONCE = 50
MAGICS = (0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1, 0x0a0d0d0a, 0, 0xffffffff)


def records(pcap):
    out, at = [], 24
    while at + 16 <= len(pcap):
        n = struct.unpack_from('<I', pcap, at + 8)[0]
        out.append(pcap[at:at + 16 + n])
        at += 16 + n
    return out


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack('<II', kind, 12 + len(body)) + body + struct.pack('<I', 12 + len(body))


def pcapng(pcap):
    """The same packets."""
    out = block(0x0a0d0d0a, struct.pack('<IHHq', 0x1a2b3c4d, 1, 0, -1)) + block(1, struct.pack('<HHI', 1, 0, 0))
    for r in records(pcap):
        sec, us, n, whole = struct.unpack_from('<IIII', r)
        t = sec * 1000000 + us
        out += block(6, struct.pack('<IIIII', 0, t >> 32, t & 0xffffffff, n, whole) + r[16:])
    return out


def cut(b, rng):
    return b[:rng.randrange(len(b))]


def flip(b, rng):
    b = bytearray(b)
    for _ in range(rng.choice((1, 4, 16, 64, 512))):
        b[rng.randrange(len(b))] ^= rng.randrange(1, 256)
    return bytes(b)


def header(b, rng):
    b = bytearray(b)
    struct.pack_into('<I', b, rng.choice((0, 4, 8, 16, 20)), rng.choice(MAGICS + (1, 101, 113, 147, 276, 65535)))
    return bytes(b)


def length(b, rng):
    """A length field, or what may be one, says 0, a little more, or very much."""
    b = bytearray(b)
    for _ in range(rng.choice((1, 3))):
        at = rng.randrange(24, len(b) - 4) & ~3
        struct.pack_into('<I', b, at, rng.choice((0, 1, 65536, 262145, 0x7fffffff, 0xffffffff)))
    return bytes(b)


def shuffle(b, rng):
    """Pieces out of order, twice, or left out."""
    k = [rng.randrange(len(b)) for _ in range(6)]
    return b[:24] + b''.join(b[min(x, y):max(x, y)] for x, y in zip(k, k[1:]))


def reorder(b, rng):
    r = records(b)
    rng.shuffle(r)
    return b[:24] + b''.join(r[:rng.randrange(1, len(r) + 1)])


def ids(out):
    return sorted(e['http.request.id'] for e in map(json.loads, out.splitlines()) if 'http.request.id' in e)


def main():
    tap, rng, folder = Tap(), random.Random(SEED), temporary_folder('tochoku-captures-')
    print('# SEED=%d' % SEED)
    sound = os.path.join(folder, 'sound.pcap')
    with open(sound, 'wb') as f:
        subprocess.run([CAPGEN, '30', '0'], stdout=f, stderr=subprocess.DEVNULL, check=True)
    with open(sound, 'rb') as f:
        plain = f.read()
    want = ids(subprocess.run([TOCHOKU, 'decode', sound], stdout=subprocess.PIPE, check=True).stdout)
    base, bad, done, calls = (plain, pcapng(plain)), [], 0, 0
    only = os.path.join(folder, 'only.pcap')  # 30 calls more, which no malformed one has
    with open(only, 'wb') as f:
        subprocess.run([CAPGEN, '60', '0'], stdout=f, stderr=subprocess.DEVNULL, check=True)
    behind = [i for i in ids(subprocess.run([TOCHOKU, 'decode', only], stdout=subprocess.PIPE).stdout) if i not in want]
    second = os.path.join(folder, 'x')
    with open(second, 'wb') as f:
        f.write(base[1])
    tap.ok(len(want) == 30 and len(behind) == 30 and ids(subprocess.run([TOCHOKU, 'decode', second], stdout=subprocess.PIPE).stdout) == want,
           'the sound one has 30 calls, in pcap and in pcapng')
    while done < CAPTURES and not bad:
        names = []
        for i in range(min(AT_ONCE, CAPTURES - done)):
            names.append(os.path.join(folder, '%d.pcap' % i))
            b = rng.choice(base)
            how = rng.choice((cut, flip, header, length, shuffle) + ((reorder,) if b is plain else ()))
            with open(names[-1], 'wb') as f:
                f.write(how(b, rng))
        p = subprocess.run([TOCHOKU, 'decode', *names, only], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        got = ids(p.stdout)
        calls += len(got)
        done += len(names)
        if p.returncode not in (0, 3):
            bad.append('SEED=%d: status %d at %d: %s' % (SEED, p.returncode, done, p.stderr[-300:]))
        lost = [i for i in behind if i not in got]
        if lost:
            bad.append('at %d: of the sound one %d calls are missing' % (done, len(lost)))
    tap.ok(not bad, '%d malformed captures: none crashed it (%d calls read of them)' % (done, calls), '\n'.join(bad))
    tap.done()


if __name__ == '__main__':
    main()
