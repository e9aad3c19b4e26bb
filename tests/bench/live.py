#!/usr/bin/env python3
"""The highest rate at which `tochoku run` captures without a kernel drop: tcpreplay sends a capture of real traffic over
a veth pair, each time round from other addresses, so that every connection is new. The rate is doubled, then bisected
with short probes, then held for BENCH_LIVE_SECONDS. Where nothing was dropped the ledger must hold every call and token,
or name what it lost: that is checked; rates are printed and never decide.

Sender, kernel, sensor and recorder share the processors of this machine; with a sender of its own the sensor has more.

BENCH_LIVE_SECONDS (default 60), BENCH_PROBE_SECONDS (default 5), BENCH_LIVE_MB (default 128: what is sent in turn),
BENCH_LIVE_START (default 200 Mbit/s), BENCH_DIR (default build/bench). Needs root."""
import math
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from bench import DIR, MIB, database  # noqa: E402
from harness import Site  # noqa: E402
from recording import die, losses, people, recording, tool, totals  # noqa: E402
from veth import Veth  # noqa: E402

SECONDS = int(os.environ.get('BENCH_LIVE_SECONDS', '60'))
PROBE = min(SECONDS, int(os.environ.get('BENCH_PROBE_SECONDS', '5')))
SIZE = int(os.environ.get('BENCH_LIVE_MB', '128'))
START = float(os.environ.get('BENCH_LIVE_START', '200'))
FULL = 0.9  # below this share of the rate that was asked for, the sender is at its end
TRIES = 6  # of the long run, each with a tenth less
TICK = os.sysconf('SC_CLK_TCK')


def cpu(pid):
    """CPU seconds of a process so far."""
    with open('/proc/%d/stat' % pid, encoding='ascii', errors='replace') as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def peak(pid):
    """Its largest resident memory, bytes."""
    with open('/proc/%d/status' % pid, encoding='utf-8') as f:
        return int(re.search(r'VmHWM:\s+(\d+)', f.read()).group(1)) << 10


def wait_listening(interface, seconds=20):
    """Until a packet socket is bound to the interface."""
    with open('/sys/class/net/%s/ifindex' % interface, encoding='ascii') as f:
        index = f.read().strip()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with open('/proc/net/packet', encoding='ascii') as f:
            if any(line.split()[4] == index for line in f.readlines()[1:]):
                return True
        time.sleep(0.05)
    return False


def wait_quiet(site, n):
    """Until the ledger holds n events, or no more come."""
    last, since = -1, time.monotonic()
    while last != n and time.monotonic() - since < 5:
        got = site.count()
        if got != last:
            last, since = got, time.monotonic()
        time.sleep(0.2)


class Sent:
    """What tcpreplay says that it did."""

    def __init__(self, net, c, mbps, seconds):
        self.loops = max(1, math.ceil(mbps * 1e6 / 8 * seconds / c.bytes))
        start = time.monotonic()
        p = subprocess.run([*net.run, tool('tcpreplay'), '-i', net.there, '-K', '--unique-ip', '--no-flow-stats',
                            '--loop=%d' % self.loops, '--mbps=%.1f' % mbps, c.path], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, check=False)
        self.wall, text = time.monotonic() - start, p.stdout.decode('utf-8', 'replace')
        done = re.search(r'Actual: (\d+) packets .* in ([\d.]+) seconds\s+Rated: [\d.]+ Bps, ([\d.]+) Mbps, ([\d.]+) pps', text)
        if p.returncode != 0 or not done or int(done.group(1)) != self.loops * c.packets or 'Failed packets:            0' not in text:
            die('tcpreplay: %s', text)
        self.seconds, self.mbps, self.pps = map(float, done.group(2, 3, 4))


class Probe:
    """One run at one rate: `good` if nothing was dropped and every call is in the ledger."""

    def __init__(self, c, mbps, seconds):
        with Veth('tklive') as net:
            site = Site(extra='geoip: {databases: ["%s"]}\n%sinputs: {captures: [{name: tap, interface: %s, filter: "tcp port %d"}]}'
                        % (database(), people(), net.here, c.port))
            try:
                self.run(site, net, c, mbps, seconds)
            finally:
                site.cleanup()
        self.say(mbps)

    def run(self, site, net, c, mbps, seconds):
        site.start()
        if not wait_listening(net.here):
            die('nothing captures: %s', site.run_errors())
        pids = dict(site.roles(), supervisor=site.process.pid)
        before = {role: cpu(pid) for role, pid in pids.items()}
        self.sent = Sent(net, c, mbps, seconds)
        wait_quiet(site, self.sent.loops * c.calls)
        if dict(site.roles(), supervisor=site.process.pid) != pids:
            die('a process was started again: %s', site.run_errors())
        self.cpu = {role: cpu(pid) - before[role] for role, pid in pids.items()}
        self.peak = {role: peak(pid) for role, pid in pids.items()}
        self.dropped = net.dropped()
        if site.stop(60) != 0:
            die('run did not end well: %s', site.run_errors())
        db = sqlite3.connect('file:%s?mode=ro' % site.path('ledger.db'), uri=True)
        self.losses, got = losses(db), totals(db)
        db.close()
        self.check(got, [self.sent.loops * n for n in (c.calls, c.input, c.output)])

    def check(self, got, want):
        whole = list(got[:3]) == want
        if got[0] > want[0]:
            die('the ledger holds %d of %d calls', got[0], want[0])
        if not whole and not self.losses and not self.dropped:
            die('calls, tokens in and out are %r, sent were %r, and no loss is told', got[:3], want)
        self.good = whole and not self.dropped and not self.losses.get('kernel_drop')

    def say(self, mbps):
        s = self.sent
        print('  %8.0f %9.0f %9.0f %7.1f %8.0f%% %8.0f%% %9.1f %9.1f  %s' % (
            mbps, s.mbps, s.pps, s.seconds, *(100 * self.cpu[r] / s.seconds for r in ('sensor', 'recorder')),
            *(self.peak[r] / MIB for r in ('sensor', 'recorder')),
            'nothing lost' if self.good else ', '.join('%s %d' % x for x in (*self.losses.items(), ('veth', self.dropped)) if x[1])),
            flush=True)


def search(c):
    """The highest rate of the short probes that lost nothing; 0 if none did."""
    low, high, rate = 0.0, None, START
    while high is None:
        p = Probe(c, rate, PROBE)
        if not p.good:
            high = rate
        elif p.sent.mbps < FULL * rate:
            print('  the sender reaches no more')
            return p.sent.mbps
        else:
            low, rate = rate, rate * 2
    while high - low > max(0.06 * high, 5):
        rate = (low + high) / 2
        p = Probe(c, rate, PROBE)
        if p.good and p.sent.mbps >= FULL * rate:
            low = rate
        else:
            high = rate
    return low


def main():
    os.makedirs(DIR, exist_ok=True)
    tempfile.tempdir = DIR
    c = recording(SIZE)
    print('live, tcpreplay of %.0f MB, %d packets, %d calls over a veth pair; sender and sensor share %d processors'
          % (c.bytes / 1e6, c.packets, c.calls, os.cpu_count()))
    print('  %8s %9s %9s %7s %9s %9s %9s %9s' % ('', '', '', '', 'sensor', 'recorder', 'sensor', 'recorder'))
    print('  %8s %9s %9s %7s %9s %9s %9s %9s' % ('asked', 'Mbit/s', 'packets/s', 'wall s', 'CPU', 'CPU', 'MiB', 'MiB'))
    rate = search(c)
    for _ in range(TRIES):
        p = Probe(c, rate, SECONDS) if rate > 0 else None
        if p is None or p.good:
            break
        rate *= 0.9
    if p is None or not p.good:
        print('  no rate without a loss was found')
        return
    print('  %.0f Mbit/s and %.0f packets/s for %.0f s without a kernel drop, calls and tokens all in the ledger; sensor %.0f%%, '
          'recorder %.0f%% of a processor, %.0f MiB' % (p.sent.mbps, p.sent.pps, p.sent.seconds,
          *(100 * p.cpu[r] / p.sent.seconds for r in ('sensor', 'recorder')), sum(p.peak.values()) / MIB))


if __name__ == '__main__':
    main()
