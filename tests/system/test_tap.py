#!/usr/bin/env python3
"""The tap against the truth: real curl clients, 200 connections, a real nginx, every framing; each call is one event,
equal to what nginx logged. Live, and from a capture file that tcpdump wrote beside it; the file under the running
program adds nothing. TAP_CALLS: another number of calls."""
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
import traffic  # noqa: E402
from harness import TOCHOKU, Site, Tap  # noqa: E402

CALLS = int(os.environ.get('TAP_CALLS', '10000'))


def dump(port, path):
    """tcpdump, listening."""
    p = subprocess.Popen([shutil.which('tcpdump', path=os.environ['PATH'] + ':/usr/sbin'), '-i', 'lo', '-B', '131072', '-s', '0',
                          '-U', '-Z', 'root', '-w', path, 'tcp port %d' % port], stderr=subprocess.PIPE)
    p.stderr.readline()
    return p


def main():
    tap = Tap()
    if os.getuid() != 0:
        tap.skip('no right to capture')
        tap.done()
    site = Site()
    gateway = traffic.Gateway(site.path('gateway'))
    with open(site.config, 'a', encoding='utf-8') as f:
        f.write('inputs: {captures: [{name: tap, interface: lo, filter: "tcp port %d", ring: 128M}]}\n' % gateway.port)
    site.start()
    pcap = site.path('x.pcap')
    dumping = dump(gateway.port, pcap)
    time.sleep(0.5)
    while time.time() % 60 > 50:  # an event's identity holds its minute
        time.sleep(1)
    tap.equal(traffic.drive(gateway, site.dir, CALLS), 0, '%d calls by curl over 200 connections' % CALLS)
    tap.ok(site.wait_count(CALLS), 'each call is an event', site.count())
    time.sleep(1)  # what the kernel still holds for tcpdump
    dumping.terminate()
    dumping.wait()
    gateway.stop()
    truth = gateway.truth()
    tap.equal(len(truth), CALLS, 'nginx logged them all')
    live = site.events()
    bad = traffic.differences(truth, live)
    tap.ok(not bad, 'live: every event is what nginx logged', '\n'.join(bad))
    p = subprocess.run([TOCHOKU, 'decode', pcap], stdout=subprocess.PIPE, check=True)
    decoded = [json.loads(x) for x in p.stdout.splitlines()]
    bad = traffic.differences(truth, decoded)
    tap.ok(not bad, 'from the file: every event is what nginx logged', '\n'.join(bad))
    site.tochoku('import', '--input', 'tap', pcap)
    tap.equal(site.count(), CALLS, 'the file adds nothing to what was captured live')
    ends = [traffic.nanoseconds(e['@timestamp']) + e['event.duration'] for e in decoded]
    tap.ok(ends == sorted(ends), 'decode prints in order of completion')
    tap.equal(site.stop(), 0, 'run ends with status 0')
    with open(site.path('ledger.db'), 'rb') as f:
        text = f.read()
    tap.ok(b'secret' not in text and '紹介状'.encode() not in text and '経過観察'.encode() not in text,
           'no key, prompt or answer in the ledger')
    tap.done()


if __name__ == '__main__':
    main()
