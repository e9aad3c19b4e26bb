"""Captures of real traffic for the benches: nginx before an upstream, curl over 200 connections in a network namespace
of its own, packets of 1500 bytes as a wire has them, tcpdump beside. Requests of 1 to 20 KB, answers of 1 to 30 KB,
every framing, a third in gzip, a fifth event streams; the truth is nginx's log. Made once, kept in build/bench."""
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
import traffic  # noqa: E402
from bench import DIR, MIB  # noqa: E402
from veth import Veth  # noqa: E402

# Of 20 calls 7 answers in gzip, and 4 event streams.
KINDS = ('plain', 'gzip', 'chunked', 'stream', 'plain', 'gzip-chunked', 'plain', 'stream-gzip', 'chunked', 'gzip', 'plain', 'error',
         'chunked', 'stream', 'gzip-chunked', 'plain', 'gzip', 'chunked', 'stream-gzip', 'plain')
BODIES = 480  # different calls; a multiple of the kinds and of the models
KEYS = ['sk-canary-%d-secret' % i for i in range(7)]  # what traffic.drive sends


class Recording:
    """`path`, `bytes`, `port`, `packets`, `calls`, `input`, `output` (tokens): of the file and of nginx's log."""

    def __init__(self, path, facts):
        self.path, self.bytes = path, os.path.getsize(path)
        self.port, self.packets, self.calls, self.input, self.output = (
            facts[k] for k in ('port', 'packets', 'calls', 'input', 'output'))


def die(text, *values):
    sys.exit('bench: ' + text % values)


def tool(name):
    return shutil.which(name, path=os.environ['PATH'] + ':/usr/sbin:/sbin') or die('no %s: tools/deps.sh bench', name)


class Dump:
    """tcpdump, listening; `end` returns how many packets it wrote, all of them."""

    def __init__(self, interface, port, path):
        self.process = subprocess.Popen([tool('tcpdump'), '-i', interface, '-B', '131072', '-s', '0', '-Z', 'root', '-w', path,
                                         'tcp port %d' % port], stderr=subprocess.PIPE)
        self.process.stderr.readline()

    def end(self):
        time.sleep(1)
        self.process.terminate()
        said = self.process.communicate()[1].decode()
        numbers = {line.split(' ', 1)[1]: int(line.split()[0]) for line in said.splitlines() if line[:1].isdigit()}
        if numbers.get('packets dropped by kernel') != 0:
            die('tcpdump missed packets: %s', said)
        return numbers['packets captured']


def facts(gateway, packets, calls):
    truth = gateway.truth()
    if len(truth) != calls:
        die('nginx logged %d of %d calls', len(truth), calls)
    return {'port': gateway.port, 'packets': packets, 'calls': calls,
            'input': sum(int(t['input'] or 0) for t in truth), 'output': sum(int(t['output'] or 0) for t in truth)}


def record(path, work, size):
    calls, batch = 0, max(700, min(14000, size // 80000))
    with Veth('tkrec', '10.99.0') as net:
        gateway = traffic.Gateway(work, '10.99.0.1')
        try:
            dump = Dump(net.here, gateway.port, path)
            while not os.path.exists(path) or os.path.getsize(path) < size:
                if traffic.drive(gateway, work, batch, first=calls, bodies=BODIES, run=net.run, events=120, kinds=KINDS,
                                 size=lambda i: 200 + i * 7919 % 9000, prompt=lambda i: 300 + i * 104729 % 7500) != 0:
                    die('the clients failed')
                calls += batch
            packets = dump.end()
        finally:
            gateway.stop()
        return facts(gateway, packets, calls)


def recording(mb):
    """A capture of at least that many MiB."""
    if os.getuid() != 0:
        die('captures are recorded and replayed as root')
    path, info, work = (os.path.join(DIR, 'capture-%d-2.%s' % (mb, e)) for e in ('pcap', 'json', 'work'))
    if not os.path.exists(info):
        print('recording %d MiB of traffic' % mb, flush=True)
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)
        if os.path.exists(path):
            os.unlink(path)
        known = record(path, work, mb * MIB)
        with open(info, 'w', encoding='ascii') as f:
            json.dump(known, f)
        shutil.rmtree(work)
    with open(info, encoding='ascii') as f:
        return Recording(path, json.load(f))


def people():
    """The register for those calls."""
    return 'identities:\n  keys:\n' + ''.join('    - {id: ward-%d, key: "%s"}\n' % k for k in enumerate(KEYS))


def totals(db):
    """Calls, tokens in and out, and cost of a ledger."""
    return tuple(x or 0 for x in db.execute('SELECT count(*), sum("gen_ai.usage.input_tokens"), '
                                            'sum("gen_ai.usage.output_tokens"), sum("tochoku.cost.pico_usd") FROM events').fetchone())


def losses(db):
    return dict(db.execute('SELECT reason, sum(n) FROM losses GROUP BY reason'))
