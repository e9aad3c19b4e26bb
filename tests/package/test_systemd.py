#!/usr/bin/env python3
"""The units under a running systemd (process 1 of a bare Debian in namespaces): the three ways to start, readiness, rights,
reload, kill -9, watchdog and stop of each, with a log and a capture in which nothing is lost or doubled; timers; a boot; the
removal while it runs."""
import collections
import glob
import os
import shutil
import signal
import sqlite3
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from machine import Machine, bare_root, control_groups  # noqa: E402
from harness import Tap, loggen, request_id, temporary_folder  # noqa: E402

CONFIG, LOG, LEDGER = '/etc/tochoku/tochoku.yml', '/var/log/nginx/tochoku.json', '/var/lib/tochoku/ledger.db'
CAP_NET_RAW = 1 << 13
# A gateway's inner hop and N calls over it.
CALLS = r'''
import http.server, sys, threading, urllib.request
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        self.send_response(200); self.send_header('Content-Type', 'application/json'); self.send_header('Content-Length', '2')
        self.end_headers(); self.wfile.write(b'{}')
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(('127.0.0.1', 8080), H)
threading.Thread(target=s.serve_forever, daemon=True).start()
for i in sys.argv[1:]:
    urllib.request.urlopen(urllib.request.Request('http://127.0.0.1:8080/v1/chat/completions', b'{}', {'X-Request-ID': i})).read()
'''
# Messages of syslog to a port.
SENDER = r'''
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for line in open(sys.argv[2], 'rb'):
    s.sendto(b'<190>Nov 26 10:00:00 gw nginx: ' + line.rstrip(b'\n'), ('127.0.0.1', int(sys.argv[1])))
'''
# A collector of syslog: its first message.
COLLECTOR = r'''
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', int(sys.argv[1])))
s.settimeout(60)
print(s.recv(65536).decode())
'''
SYSLOG, COLLECTED = 5514, 5515


class Traffic:
    """Calls by log and by capture, each with a number, and what of them is recorded."""

    def __init__(self, machine):
        self.machine, self.sent, self.captured = machine, collections.Counter(), 0
        with open(loggen(os.path.join(temporary_folder('tochoku-lines-'), 'x'), '--start', '2026-11-10', '--days', 1, '--calls', 9000,
                         '--lines', 4000), 'rb') as f:
            self.lines = f.readlines()

    def log(self, n=50, path=LOG):
        part, self.lines = self.lines[:n], self.lines[n:]
        with open(self.machine.file(path), 'ab') as f:
            f.writelines(part)
        self.sent.update(request_id(x) for x in part)

    def syslog(self, n=20):
        part, self.lines = self.lines[:n], self.lines[n:]
        path = os.path.join(temporary_folder('tochoku-syslog-'), 'x')
        with open(path, 'wb') as f:
            f.writelines(part)
        self.machine.python(SENDER, SYSLOG, path).communicate(timeout=60)
        self.sent.update(request_id(x) for x in part)

    def capture(self, n=5):
        ids = ['captured-%d' % (self.captured + i) for i in range(n)]
        self.captured += n
        self.machine.python(CALLS, *ids).communicate(timeout=60)
        self.sent.update(ids)

    def recorded(self):
        try:
            db = sqlite3.connect('file:%s?mode=ro' % self.machine.file(LEDGER), uri=True, timeout=5)
            try:
                return collections.Counter(i for (i,) in db.execute(
                    'SELECT "http.request.id" FROM events WHERE "tochoku.input" <> \'setup\''))
            finally:
                db.close()
        except sqlite3.Error:
            return collections.Counter()

    def whole(self):
        self.machine.until(lambda: sum(self.recorded().values()) >= sum(self.sent.values()))
        got = self.recorded()
        return {'lost': sorted(self.sent - got), 'doubled': sorted(got - self.sent)}


WHOLE = {'lost': [], 'doubled': []}


def show(machine, unit, *names):
    text = machine.run('systemctl', 'show', unit, *('--property=' + n for n in names)).stdout
    row = dict(x.split('=', 1) for x in text.splitlines())
    return tuple(row[n] for n in names)


def processes(machine, unit):
    """{role: {name: value} of /proc/PID/status}, of all in the unit's control group; the pid as this machine has it."""
    out = {}
    try:
        with open(os.path.join(machine.group, 'system.slice', unit, 'cgroup.procs'), encoding='ascii') as f:
            pids = f.read().split()
    except OSError:
        return out
    for pid in pids:
        with open('/proc/%s/cmdline' % pid, 'rb') as f:
            words = f.read().split(b'\0')
        with open('/proc/%s/status' % pid, encoding='utf-8') as f:
            row = dict(x.rstrip('\n').split(':\t', 1) for x in f if ':\t' in x)
        out[words[words.index(b'--role') + 1].decode() if b'--role' in words else 'supervisor'] = dict(row, pid=int(pid))
    return out


def write(machine, path, text):
    os.makedirs(os.path.dirname(machine.file(path)), exist_ok=True)
    with open(machine.file(path), 'w', encoding='utf-8') as f:
        f.write(text)


def drop_in(machine, unit, text):
    write(machine, '/etc/systemd/system/%s.d/test.conf' % unit, text)
    machine.run('systemctl', 'daemon-reload')


def empty_log(machine, path):
    """As Debian's nginx has it: of a user of its own, readable for adm."""
    write(machine, path, '')
    machine.run('sh', '-c', 'chgrp adm %s && chmod 640 %s' % (path, path))


def setup(machine):
    empty_log(machine, LOG)
    machine.run('sh', '-c', 'umask 027; tochoku setup --yes --log %s --format nginx-json --capture lo --filter "tcp port 8080" '
                '--budget 100' % LOG)


def rights(tap, units, found):
    """Of each process, by what the kernel says of it."""
    for role, row in found.items():
        tap.ok(row['NoNewPrivs'] == '1' and row['Seccomp'] == '2', '%s: %s: no new privileges, a filter of system calls' % (units[0], role),
               row)
        tap.ok(int(row['CapEff'], 16) == 0 or role == 'supervisor', '%s: %s has no capability' % (units[0], role), row['CapEff'])
    names = {role: row['Uid'].split()[0] for role, row in found.items()}
    if units == ['tochoku.service']:
        tap.equal((len(set(names.values())), '0' in names.values()), (3, False), 'three users, none of them root')
    else:
        tap.equal((len(set(names.values())), '0' in names.values()), (1, False), '%s: one user, not root' % units[0])
        tap.ok(all(int(r['CapBnd'], 16) in (0, CAP_NET_RAW) for r in found.values()), '%s: at most the right to capture' % units[0], found)


def all_processes(machine, units):
    out = {}
    for u in units:
        for role, row in processes(machine, u).items():
            out[role if role != 'supervisor' or u != 'tochoku-recorder.service' else 'recorder'] = row
    return out


def reloads(tap, machine, traffic, units):
    with open(machine.file(CONFIG), encoding='utf-8') as f:
        before = f.read()
    empty_log(machine, '/var/log/nginx/second.json')
    write(machine, CONFIG, before.replace('  tails:', '  tails:\n    - {name: second, path: /var/log/nginx/second.json, '
                                          'format: nginx-json}\n  unused:', 1).replace('  unused:', '', 1))
    pids = {u: show(machine, u, 'MainPID') for u in units}
    for u in units:
        tap.equal(machine.run('systemctl', 'reload', u, want=None).returncode, 0, '%s reloads' % u)
    traffic.log(20, '/var/log/nginx/second.json')
    traffic.log()
    tap.equal(traffic.whole(), WHOLE, '%s: the new log is read' % units[0])
    write(machine, CONFIG, 'inputs: 7\n')
    started = time.monotonic()
    for u in units:
        machine.run('systemctl', 'reload', u, want=None)
    tap.ok(time.monotonic() - started < 20 and machine.until(lambda: all(show(machine, u, 'ActiveState') == ('active',) for u in units)),
           '%s: a reload with a broken configuration ends' % units[0],
           [(time.monotonic() - started, show(machine, u, 'ActiveState', 'SubState')) for u in units])
    traffic.log()
    tap.equal(traffic.whole(), WHOLE, '%s: and the one of before stays' % units[0])
    write(machine, CONFIG, before)
    for u in units:
        tap.equal(machine.run('systemctl', 'reload', u, want=None).returncode, 0, '%s reloads the good one' % u)
    tap.equal({u: show(machine, u, 'MainPID') for u in units}, pids, '%s: all by the same process' % units[0])


def kills(tap, machine, traffic, units):
    """Every process once: roles are started again by the supervisor, that by systemd."""
    for role in ('sensor', 'recorder', 'supervisor'):
        victim = all_processes(machine, units).get(role)
        if not tap.ok(victim is not None, '%s: there is a %s' % (units[0], role)):
            continue
        traffic.log()
        os.kill(victim['pid'], signal.SIGKILL)
        traffic.log()
        tap.ok(machine.until(lambda: len(all_processes(machine, units)) == 3 and
                             all(show(machine, u, 'ActiveState') == ('active',) for u in units)),
               '%s: runs again after kill -9 of the %s' % (units[0], role), machine.run('systemctl', 'status', *units, want=None).stdout)
        tap.equal(traffic.whole(), WHOLE, '%s: each call once after it' % units[0])


def watchdog(tap, machine, traffic, unit, units):
    """A recorder that commits no more is started again."""
    before = int(show(machine, unit, 'NRestarts')[0])
    victim = all_processes(machine, units)['recorder']['pid']
    os.kill(victim, signal.SIGSTOP)
    traffic.log()
    started = time.monotonic()
    tap.ok(machine.until(lambda: int(show(machine, unit, 'NRestarts')[0]) > before and show(machine, unit, 'ActiveState') == ('active',), 60),
           '%s: the watchdog has a recorder that stands still started again' % unit,
           machine.run('systemctl', 'status', unit, want=None).stdout)
    print('# after %.0f s' % (time.monotonic() - started))
    tap.equal(traffic.whole(), WHOLE, '%s: each call once after it' % unit)


def one_way(tap, machine, traffic, units):
    for u in units:
        drop_in(machine, u, '[Service]\nWatchdogSec=6\n' if u != 'tochoku-sensor.service' else '[Service]\n')
    traffic.log()
    machine.run('systemctl', 'start', *units)
    tap.ok(traffic.recorded() or len(units) > 1, '%s: ready when something of its log is durable' % units[0])
    tap.equal([show(machine, u, 'ActiveState', 'SubState', 'Type') for u in units], [('active', 'running', 'notify')] * len(units),
              '%s runs' % ' and '.join(units))
    machine.until(lambda: len(all_processes(machine, units)) == 3)
    found = all_processes(machine, units)
    tap.equal(sorted(found), ['recorder', 'sensor', 'supervisor'], '%s: its processes' % units[0])
    rights(tap, units, found)
    machine.until(lambda: machine.run('tochoku', 'status', want=None).returncode == 0)
    p = machine.run('tochoku', 'status', want=None)
    tap.equal(p.returncode, 0, '%s: status is healthy' % units[0])
    traffic.capture()
    tap.equal(traffic.whole(), WHOLE, '%s: each call once, of log and capture' % units[0])
    people(tap, machine, units)
    reloads(tap, machine, traffic, units)
    kills(tap, machine, traffic, units)
    watchdog(tap, machine, traffic, units[-1], units)
    traffic.capture()
    traffic.log()
    started = time.monotonic()
    machine.run('systemctl', 'stop', *units)
    took = time.monotonic() - started
    tap.ok(took <= 10, '%s: it stops within 10 s' % units[0], took)
    tap.equal([show(machine, u, 'ActiveState', 'Result') for u in units], [('inactive', 'success')] * len(units), '%s: and in order' % units[0])
    tap.equal(all_processes(machine, units), {}, '%s: nothing of it is left' % units[0])
    machine.run('systemctl', 'start', *units)
    tap.equal(traffic.whole(), WHOLE, '%s: each call once after a stop' % units[0])
    said = machine.run('journalctl', '--no-pager', '-o', 'cat', *('--unit=' + u for u in units)).stdout
    tap.ok('Read-only' not in said and 'not permitted' not in said and 'Failed at step' not in said,
           '%s: nothing that it asks for is forbidden' % units[0], said[-3000:])


def configure(machine, find, put):
    """Changes the configuration; what it was."""
    with open(machine.file(CONFIG), encoding='utf-8') as f:
        before = f.read()
    write(machine, CONFIG, before.replace(find, put, 1))
    return before


def network(tap, machine, traffic):
    """Lines by syslog into the unit that needs a drop-in for it, and the trail's heads out of the one that may send."""
    before = configure(machine, 'inputs:\n', 'anchors: {collectors: ["udp://127.0.0.1:%d"]}\ninputs:\n  syslog:\n    - {name: balancer, '
                       'listen: "127.0.0.1:%d", format: nginx-json}\n' % (COLLECTED, SYSLOG))
    drop_in(machine, 'tochoku-sensor.service', '[Service]\nRestrictAddressFamilies=AF_INET AF_INET6\nIPAddressAllow=localhost\n')
    machine.run('systemctl', 'restart', 'tochoku-recorder', 'tochoku-sensor')
    traffic.log()
    tap.equal(traffic.whole(), WHOLE, 'with a port for syslog it runs')
    traffic.syslog()
    tap.equal(traffic.whole(), WHOLE, 'each line by syslog once')
    collector = machine.python(COLLECTOR, COLLECTED)
    time.sleep(0.5)
    machine.run('systemctl', 'start', 'tochoku-heads')
    tap.ok(' tochoku ' in collector.communicate(timeout=90)[0], 'a collector hears of the heads')
    tap.equal(show(machine, 'tochoku-heads', 'ActiveState', 'NRestarts'), ('active', '0'), 'from a service that stays')
    machine.run('systemctl', 'stop', 'tochoku-heads')
    tap.equal(show(machine, 'tochoku-heads', 'ActiveState', 'Result'), ('inactive', 'success'), 'and stops')
    write(machine, CONFIG, before)


def timers(tap, machine):
    """What timers start, started by hand, beside the running service."""
    os.makedirs(machine.file('/var/lib/prometheus/node-exporter'))
    write(machine, '/usr/sbin/sendmail', '#!/bin/sh\ncat >/var/spool/digest\n')
    os.chmod(machine.file('/usr/sbin/sendmail'), 0o755)
    tap.ok(machine.run('systemctl', 'start', 'tochoku-prune', want=None).returncode != 0, 'nothing is erased that nobody approved')
    machine.run('systemctl', 'reset-failed')
    configure(machine, 'ledger:\n', 'reports: {folder: /var/lib/tochoku/reports, mail: [officer@example.jp]}\n'
              'retention: {approved_by: [kanri]}\nledger:\n')
    for name in ('metrics', 'report', 'prune'):
        machine.run('systemctl', 'start', 'tochoku-' + name)
        tap.equal(show(machine, 'tochoku-%s.service' % name, 'Result'), ('success',), 'tochoku-%s.service does its work' % name)
    with open(machine.file('/var/lib/prometheus/node-exporter/tochoku.prom'), encoding='utf-8') as f:
        tap.ok('\ntochoku_up 1\n' in f.read(), 'figures are there')
    tap.ok(any('daily' in n for _, _, files in os.walk(machine.file('/var/lib/tochoku/reports')) for n in files), 'reports are there',
           list(os.walk(machine.file('/var/lib/tochoku/reports'))))
    with open(machine.file('/var/spool/digest'), encoding='utf-8') as f:
        tap.ok('officer@example.jp' in f.read(), 'a digest was mailed')
    names = ['tochoku-%s.timer' % n for n in ('metrics', 'report', 'prune')]
    machine.run('systemctl', 'enable', '--now', *names)
    text = machine.run('systemctl', 'list-timers', '--no-pager').stdout
    tap.ok(all(n in text for n in names), 'timers wait', text)


def people(tap, machine, units):
    machine.run('sh', '-c', 'id kaneko >/dev/null 2>&1 || useradd -m -G tochoku kaneko')
    p = machine.run('runuser', '-u', 'kaneko', '--', 'tochoku', 'seal', want=None)
    tap.equal((p.returncode, p.stderr), (0, ''), '%s: who is in the group is answered' % units[0])


def wrong_configuration(tap, machine):
    machine.run('systemctl', 'stop', 'tochoku')
    before = configure(machine, 'inputs:\n', 'inptus:\n')
    tap.ok(machine.run('systemctl', 'start', 'tochoku', want=None).returncode != 0, 'with a wrong configuration it does not start')
    time.sleep(6)  # RestartSec is 5
    tap.equal(show(machine, 'tochoku.service', 'ActiveState', 'NRestarts', 'ExecMainStatus'), ('failed', '0', '2'), 'nor tries again')
    tap.ok("did you mean 'inputs'" in machine.run('journalctl', '-u', 'tochoku', '--no-pager').stdout.replace('"', "'"), 'and says why')
    write(machine, CONFIG, before)
    machine.run('systemctl', 'start', 'tochoku')


def another_boot(tap, machine, traffic):
    machine.run('systemctl', 'enable', 'tochoku')
    traffic.log()
    tap.ok(machine.power_off(), 'the machine is switched off')
    traffic.log()
    tap.equal(machine.boot(), 'running', 'and boots')
    tap.equal(show(machine, 'tochoku.service', 'ActiveState', 'NRestarts'), ('active', '0'), 'with it the service')
    tap.equal(traffic.whole(), WHOLE, 'each call once, of those while it was off too')


def replaced_and_removed(tap, machine, traffic):
    pid = show(machine, 'tochoku.service', 'MainPID')
    machine.run('dpkg', '-i', '/root/tochoku.deb')
    traffic.log()
    tap.equal((show(machine, 'tochoku.service', 'MainPID'), traffic.whole()), (pid, WHOLE), 'a new package leaves the running one alone')
    machine.run('dpkg', '-r', 'tochoku')
    tap.equal(show(machine, 'tochoku.service', 'ActiveState', 'Result'), ('inactive', 'success'), 'its removal stops it')
    tap.equal(all_processes(machine, ['tochoku.service']), {}, 'all of it')
    machine.run('dpkg', '-P', 'tochoku')
    left = machine.run('find', '/etc/systemd', '/var/lib/systemd', '/run/systemd', '-name', '*tochoku*', '!', '-name', '*.d').stdout
    tap.equal(left.split(), [], 'nothing of it is enabled any more')
    for folder in glob.glob(machine.file('/etc/systemd/system/tochoku*.d')):  # our own drop-ins
        shutil.rmtree(folder)
    machine.run('systemctl', 'daemon-reload')
    p = machine.run('systemctl', 'list-units', '--all', '--plain', '--no-legend', 'tochoku*', want=None)
    tap.equal((p.stdout, machine.run('systemctl', 'is-system-running', want=None).stdout), ('', 'running\n'), 'purged, systemd knows none of it')
    db = sqlite3.connect('file:%s?mode=ro' % machine.file(LEDGER), uri=True)
    tap.equal(db.execute('PRAGMA integrity_check').fetchone()[0], 'ok', 'and the ledger stays')
    db.close()


def main():
    tap = Tap()
    root = None if control_groups() is None else bare_root()
    if root is None:
        tap.skip('a bare root cannot be had: debootstrap needs root and a Debian mirror, systemd control groups of version 2')
        tap.done()
    machine = Machine(root)
    wrong = machine.prepare()
    if not tap.ok(wrong is None, 'what systemd and the package need is installed', wrong):
        tap.done()
    tap.equal(machine.boot(), 'running', 'a machine boots')
    machine.run('dpkg', '-i', '/root/tochoku.deb')
    tap.equal(machine.run('systemctl', 'is-system-running', want=None).stdout, 'running\n', 'and is well after the installation')
    setup(machine)
    traffic = Traffic(machine)
    for units in ('tochoku',), ('tochoku-restricted',), ('tochoku-sensor', 'tochoku-recorder'):
        one_way(tap, machine, traffic, [u + '.service' for u in units])
    network(tap, machine, traffic)
    machine.run('systemctl', 'start', 'tochoku')
    tap.equal([show(machine, u, 'ActiveState')[0] for u in ('tochoku', 'tochoku-sensor', 'tochoku-recorder')],
              ['active', 'inactive', 'inactive'], 'one way ends the other')
    timers(tap, machine)
    wrong_configuration(tap, machine)
    another_boot(tap, machine, traffic)
    replaced_and_removed(tap, machine, traffic)
    tap.done()


if __name__ == '__main__':
    main()
