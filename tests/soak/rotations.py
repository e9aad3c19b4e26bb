#!/usr/bin/env python3
"""Sixteen logs rotated as fast as the program keeps up, renamed and some compressed, on a small ext4, which gives the inode
of a deleted log to the next new one. Nothing may be lost or doubled, and no new file taken
for an old one of its number.   ROTATIONS=N (default 200), SEED=N"""
import atexit
import collections
import gzip
import os
import random
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import Site, Tap, loggen, request_id  # noqa: E402

ROTATIONS = int(os.environ.get('ROTATIONS', '200'))
SEED = int(os.environ.get('SEED', str(time.time_ns() % 1000000)))
PATIENCE = 120
LOGS = 16


def wait_at_least(site, n):
    end = time.monotonic() + PATIENCE
    while site.count() < n:
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def wait_for_inodes(folder):
    """Deleted logs have theirs until the program lets go of them, a minute later (sensor/input/tail.h)."""
    end = time.monotonic() + PATIENCE
    while os.statvfs(folder).f_favail < 4 and time.monotonic() < end:
        time.sleep(0.02)


def rotate(log, rng):
    """What is deleted here was read: log.1 of the rotation before, or its compressed form."""
    for name in (log + '.1', log + '.1.gz'):
        if os.path.exists(name):
            os.unlink(name)
    os.rename(log, log + '.1')
    if rng.random() < 0.3:
        with open(log + '.1', 'rb') as i, gzip.open(log + '.1.gz', 'wb', compresslevel=1) as o:
            shutil.copyfileobj(i, o)
        os.unlink(log + '.1')


class Log:
    def __init__(self, path, inodes):
        self.path, self.inodes = path, inodes
        open(path, 'wb').close()

    def turn(self, lines, rng):
        """Appends, rotates; whether the new file has the inode of an old one, of whichever log."""
        with open(self.path, 'ab') as f:
            f.writelines(lines)
        rotate(self.path, rng)
        with open(self.path, 'ab') as f:
            inode = os.fstat(f.fileno()).st_ino
        reused = inode in self.inodes
        self.inodes.add(inode)
        return reused


def small_ext4(site):
    """Where the logs lie: a file system with few inodes, where it can be mounted."""
    image, at = site.path('image'), site.path('logs')
    os.mkdir(at)
    with open(image, 'wb') as f:
        f.truncate(16 << 20)
    if os.geteuid() == 0 and subprocess.run(['mkfs.ext4', '-q', '-N', '768', image], stderr=subprocess.DEVNULL).returncode == 0 \
            and subprocess.run(['mount', '-o', 'loop', image, at], stderr=subprocess.DEVNULL).returncode == 0:
        atexit.register(subprocess.run, ['umount', '-l', at])
    else:
        print('# no file system of its own: inodes are given out again as this one likes')


def main():
    tap, rng = Tap(), random.Random(SEED)
    print('# SEED=%d' % SEED)
    site = Site([('gateway%d' % i, 'logs/%d/access.log' % i, 'nginx-json') for i in range(LOGS)])
    small_ext4(site)
    source = loggen(site.path('source'), '--start', '2026-11-10', '--days', 1, '--calls', ROTATIONS * 10 + 1000, '--lines',
                    ROTATIONS * 4 + 200, '--identical', 50, '--seed', rng.randrange(10**6))
    with open(source, 'rb') as f:
        lines = f.readlines()
    os.unlink(source)
    logs, inodes, at, reuses, done, stuck = [], set(), 0, 0, 0, ''
    for i in range(LOGS):
        os.mkdir(site.path('logs/%d' % i))
        logs.append(Log(site.path('logs/%d/access.log' % i), inodes))
    site.start()
    while done < ROTATIONS and not stuck:
        for log in logs:
            more = rng.randrange(1, 5)
            wait_for_inodes(site.path('logs'))
            reuses += log.turn(lines[at:at + more], rng)
            at = min(len(lines), at + more)
            done += 1
        if not wait_at_least(site, at):  # what is deleted in the next round must have been read
            stuck = 'after rotation %d: %d of %d lines\n%s' % (done, site.count(), at, site.run_errors())
    written = collections.Counter(map(request_id, lines[:at]))
    site.wait_count(at, 10)
    status = site.stop()
    seen = collections.Counter(e['http.request.id'] for e in site.events())
    print('# %d rotations, %d inode reuses, %d lines' % (done, reuses, at))
    tap.ok(done >= ROTATIONS and not stuck, 'every rotation was followed', stuck)
    tap.ok(not written - seen, 'nothing lost', sum((written - seen).values()))
    tap.ok(not seen - written, 'nothing doubled', sum((seen - written).values()))
    tap.equal(status, 0, 'SIGTERM ends it with status 0')
    tap.done()


if __name__ == '__main__':
    main()
