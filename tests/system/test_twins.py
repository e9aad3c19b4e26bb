#!/usr/bin/env python3
"""Counting once: the same calls in a capture file and in a log, imported in either order, in pieces, with kills and again;
and live, with nginx between curl and an upstream, captured and logged. Answers that are fetched again. CALLS: another number."""
import json
import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
import capture as capture_file  # noqa: E402
import traffic  # noqa: E402
from harness import TOCHOKU, Site, Tap  # noqa: E402

CALLS = int(os.environ.get('CALLS', '600'))
START = 1795400670 * 10**9
USERS = ['tanaka', 'sato', 'suzuki', 'ito', 'kato']
INPUTS = 'inputs:\n  tails:\n    - {name: gateway, path: %s, format: json, fields: %s}\n'

# each calls more than that in a day: the rule of volume fires, whoever tells who it was
SETTINGS = 'ranges: {business: {user_calls: 50}, half: {user_calls: 50}, closed: {user_calls: 50}}\n'


class Call:
    """What happened; everything follows from its number."""

    def __init__(self, n, method='POST', path='/v1/chat/completions', answer=None, tokens=None):
        r = random.Random(n)
        self.n, self.method, self.path = n, method, path
        self.start = START + n * 10**9 // 5 + r.randrange(10**8)
        self.duration = r.randrange(10**6, 3 * 10**9)
        self.user = USERS[n % len(USERS)]
        self.rid = 'rid-%d' % n
        self.answer = answer or 'chatcmpl-%d' % n
        self.tokens = tokens or (r.randrange(1, 3000), r.randrange(1, 500))

    def wire(self):
        """(request, response)"""
        kind = 'response' if '/responses' in self.path else 'chat.completion'
        names = ('input_tokens', 'output_tokens') if kind == 'response' else ('prompt_tokens', 'completion_tokens')
        body = {'id': self.answer, 'object': kind, 'model': 'gpt-4o-mini', 'status': 'completed',
                'usage': {names[0]: self.tokens[0], names[1]: self.tokens[1], 'total_tokens': sum(self.tokens)}}
        text = json.dumps(body).encode()
        question = b'{"model":"gpt-4o-mini"}' if self.method == 'POST' else b''
        return (('%s %s HTTP/1.1\r\nHost: api.openai.com\r\nX-Request-ID: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n'
                 % (self.method, self.path, self.rid, len(question))).encode() + question,
                ('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n' % len(text)).encode() + text)

    def line(self):
        return json.dumps({'msec': '%.3f' % ((self.start + self.duration) / 1e9), 'http_x_request_id': self.rid, 'user': self.user,
                           'status': 200, 'request_method': self.method, 'request_uri': self.path, 'remote_addr': '10.10.1.9',
                           'request_time': '%.3f' % (self.duration / 1e9)})


def packet(ns, source, seq, ack, flags, data=b''):
    """One Ethernet frame of a connection: from the client where `source`."""
    port, ours = source if isinstance(source, tuple) else (0, True)
    a, b = (b'\x0a\x0a\x01\x09', b'\x0a\x0a\x02\x01')
    (src, dst), (sp, dp) = ((a, b), (port, 80)) if ours else ((b, a), (80, port))
    tcp = struct.pack('>HHIIBBHHH', sp, dp, seq, ack, 0x50, flags, 65535, 0, 0) + data
    ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0, src, dst)
    frame = b'\x02' * 6 + b'\x04' * 6 + b'\x08\x00' + ip + tcp
    return ns, struct.pack('<IIII', ns // 10**9, ns % 10**9, len(frame), len(frame)) + frame


def capture(path, calls):
    packets = []
    for c in calls:
        port, (q, a), end = 1024 + c.n % 60000, c.wire(), c.start + c.duration
        packets += [packet(c.start - 3000, (port, True), 99, 0, 2), packet(c.start - 2000, (port, False), 499, 100, 18),
                    packet(c.start - 1000, (port, True), 100, 500, 16), packet(c.start, (port, True), 100, 500, 24, q),
                    packet(end, (port, False), 500, 100 + len(q), 24, a),
                    packet(end + 1000, (port, True), 100 + len(q), 500 + len(a), 17),
                    packet(end + 2000, (port, False), 500 + len(a), 101 + len(q), 17),
                    packet(end + 3000, (port, True), 101 + len(q), 501 + len(a), 16)]
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))
        f.write(b''.join(p for _, p in sorted(packets, key=lambda x: x[0])))
    return path


def log(path, calls):
    with open(path, 'w', encoding='utf-8') as f:
        f.writelines(c.line() + '\n' for c in sorted(calls, key=lambda c: c.start + c.duration))
    return path


def report(s):
    day = time.strftime('%Y-%m-%d', time.gmtime(START // 10**9 + 9 * 3600))
    r = s.lines('report', 'daily', '--date', day, '--format', 'json')[0]
    return {'calls': r['calls'], 'joined': r['coverage.joined'],
            'tokens': sum(h['tokens'] for h in r['by.hour'].values()),
            'users': {k: (v['calls'], v['tokens']) for k, v in r['by.user'].items() if v['calls']}}


def wanted(calls):
    users = {}
    for c in calls:
        n, t = users.get(c.user, (0, 0))
        users[c.user] = (n + 1, t + sum(c.tokens))
    return {'calls': len(calls), 'joined': len(calls), 'tokens': sum(sum(c.tokens) for c in calls), 'users': users}


def events_of(s):
    return sorted(tuple(sorted((k, repr(v)) for k, v in e.items())) for e in s.events())


def findings_of(s):
    return sorted(repr(sorted((k, v) for k, v in f.items() if k != 'id')) for f in s.lines('findings', 'list', '--json', '--from', '2026-01-01')
                  if not f.get('withdrawn'))


def differences(events, calls):
    by_id = {e['http.request.id']: e for e in events}
    bad = [] if len(by_id) == len(events) == len(calls) else ['%d events of %d' % (len(events), len(calls))]
    for c in calls:
        e = by_id.get(c.rid, {})
        want = {'user.name': c.user, 'gen_ai.usage.input_tokens': c.tokens[0], 'gen_ai.usage.output_tokens': c.tokens[1],
                'event.duration': c.duration, 'tochoku.input': 'tap', 'tochoku.twin': 'gateway', 'source.port': 1024 + c.n % 60000}
        bad += ['%s: %s is %r, not %r' % (c.rid, k, e.get(k), v) for k, v in want.items() if e.get(k) != v]
    return bad


def import_killed(s, name, path, after):
    """An import that is killed on its way, and done again."""
    p = subprocess.Popen([TOCHOKU, '-c', s.config, 'import', '--input', name, path], stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(after)
    try:
        os.killpg(p.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    p.wait()
    s.tochoku('import', '--input', name, path)


def imports(tap):
    calls = [Call(n) for n in range(CALLS)]
    first = None
    for name in ('the log first', 'the capture first', 'in pieces, with kills'):
        s, r = Site(extra=SETTINGS), random.Random(name)
        pieces = 1 if 'first' in name else 8
        jobs = []
        for i in range(pieces):
            part = calls[i * CALLS // pieces:(i + 1) * CALLS // pieces]
            jobs += [('tap', capture(s.path('%d.pcap' % i), part)), ('gateway', log(s.path('%d.log' % i), part))]
        jobs.sort(reverse=name == 'the capture first')
        if pieces > 1:
            r.shuffle(jobs)
        for who, path in jobs:
            if pieces > 1:
                import_killed(s, who, path, r.random() / 20)
            else:
                s.tochoku('import', '--input', who, path)
        bad = differences(s.events(), calls)
        tap.ok(not bad, name + ': each call is one event of both', '\n'.join(bad))
        tap.equal(report(s), wanted(calls), name + ': sums are exact')
        for who, path in jobs:
            s.tochoku('import', '--input', who, path)
        bad = differences(s.events(), calls)
        tap.ok(not bad, name + ': and again they add nothing', '\n'.join(bad))
        tap.equal(report(s), wanted(calls), name + ': nor to the sums')
        first = first or (set(events_of(s)), findings_of(s))
        tap.equal(len(set(events_of(s)) ^ first[0]), 0, name + ': the same events')
        tap.ok(first[1] == findings_of(s) and first[1], name + ': the same findings', '%s\n%s' % (first[1][:3], findings_of(s)[:3]))
        text = s.tochoku('report', 'daily', '--date', time.strftime('%Y-%m-%d', time.gmtime(START // 10**9 + 9 * 3600)), '--lang', 'en').decode()
        tap.ok('%d (each counts once)' % CALLS in text.replace(',', ''), name + ': the sheet says so')
        s.tochoku('export', '--pack', s.path('pack'), '--from', '2026-01-01', '--to', '2027-01-01')
        tap.equal(s.last_error, '', name + ': the trail goes on, also behind calls in whose place others stand')
        s.cleanup()


def priced_anew(tap):
    """A call of a capture is priced anew; then its log comes: what stands in its place is priced as it is, and the report of
    the other call, priced anew and alone, keeps that."""
    s, calls = Site(), [Call(0), Call(400)]
    for name, usd in (('prices.yml', 3), ('new.yml', 1)):
        with open(s.path(name), 'w', encoding='utf-8') as f:
            f.write('models: [{model: gpt-4o-mini, input: %d, output: %d}]\n' % (usd, usd))
    with open(s.config, 'a', encoding='utf-8') as f:
        f.write('prices: {table: %s}\n' % s.path('prices.yml'))
    s.tochoku('import', '--input', 'tap', capture(s.path('a.pcap'), calls))
    day = time.strftime('%Y-%m-%d', time.gmtime(START // 10**9 + 9 * 3600))

    def figures():
        r = s.lines('report', 'daily', '--date', day, '--format', 'json')[0]
        return [int(r[k]) for k in ('cost.pico_usd', 'cost.repriced_calls', 'cost.recorded_pico_usd')]
    each = [sum(c.tokens) * 1000000 for c in calls]
    tap.equal(figures(), [3 * sum(each), 0, 3 * sum(each)], 'as recorded')
    s.tochoku('prices', 'reprice', '--from', day, '--to', day, '--table', s.path('new.yml'), '--reason', 'a test')
    tap.equal(figures(), [sum(each), 2, 3 * sum(each)], 'priced anew')
    s.tochoku('import', '--input', 'gateway', log(s.path('a.log'), calls[:1]))
    tap.equal(report(s)['joined'], 1, 'the log of one of them comes later')
    tap.equal(figures(), [3 * each[0] + each[1], 1, 3 * sum(each)], 'that one is no more repriced, in any figure')
    s.cleanup()


def tries(tap):
    """Calls and operations apart: tries that a client library counts, and those of one idempotency key."""
    limited = b'HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\n{}'
    answer = capture_file.ANSWER
    calls = [([('X-Stainless-Retry-Count', '0')], limited), ([('X-Stainless-Retry-Count', '1')], limited),
             ([('X-Stainless-Retry-Count', '2')], answer), ([('Idempotency-Key', 'idem-canary-1')], limited),
             ([('Idempotency-Key', 'idem-canary-1')], answer), ([('Idempotency-Key', 'idem-canary-2')], answer), ([], answer)]
    s = Site()
    path = capture_file.write(s.path('x.pcap'), [('10.0.0.1', capture_file.request(h), a) for h, a in calls], start=START // 10**9)
    s.tochoku('import', '--input', 'tap', path)
    s.tochoku('import', '--input', 'tap', path)
    day = time.strftime('%Y-%m-%d', time.gmtime(START // 10**9 + 9 * 3600))
    r = s.lines('report', 'daily', '--date', day, '--format', 'json')[0]
    tap.equal((r['calls'], r['calls.retries'], r['calls.operations']), (7, 3, 4), 'seven calls are four operations')
    events = sorted(s.events(), key=lambda e: e['@timestamp'])
    tap.equal([e.get('tochoku.usage.details') for e in events], [None, 'retry=1', 'retry=2', None, 'retry=1', None, None], 'which is which')
    text = s.tochoku('report', 'daily', '--date', day, '--lang', 'en').decode()
    tap.ok('3 (4 operations)' in text, 'the sheet says so')
    with open(s.path('ledger.db'), 'rb') as f:
        tap.ok(b'idem-canary' not in f.read(), 'no idempotency key is kept')
    s.cleanup()


def polls(tap):
    s = Site()
    made = Call(0, path='/v1/responses', answer='resp_1', tokens=(700, 30))
    again = [Call(n, 'GET', '/v1/responses/resp_1', 'resp_1', (700, 30)) for n in range(1, 5)]
    stored = Call(6, 'GET', '/v1/chat/completions/chatcmpl-x', 'chatcmpl-x', (10, 10))
    s.tochoku('import', '--input', 'tap', capture(s.path('b.pcap'), again[2:] + [stored]))
    s.tochoku('import', '--input', 'tap', capture(s.path('a.pcap'), [made] + again[:2]))
    events = s.events()
    tap.equal(len(events), 6, 'each request is an event')
    tap.equal([e.get('gen_ai.usage.input_tokens') for e in events].count(700), 1, 'an answer fetched again counts once')
    tap.equal(sum(e.get('tochoku.usage.details') == 'repeated=1' for e in events), 5, 'the others say so')
    tap.equal(report(s)['tokens'], 730, 'in the sums too')


def wait_input(s, name, n, seconds=30):
    """Until the ledger has taken in that many views of one input."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        db = sqlite3.connect('file:%s?mode=ro' % s.path('ledger.db'), uri=True, timeout=5)
        rows = db.execute('SELECT events FROM inputs WHERE input = ?', (name,)).fetchall()
        db.close()
        if rows and rows[0][0] >= n:
            return True
        time.sleep(0.05)
    return False


def live(tap):
    s = Site()
    gateway = traffic.Gateway(s.path('gateway'))
    fields = '{time: msec, request_id: rid, status: status, method: method, target: uri, duration: rt, user: user}'
    with open(s.config, 'a', encoding='utf-8') as f:
        f.write(INPUTS % (s.path('gateway/truth.log'), fields) +
                '  captures: [{name: tap, interface: lo, filter: "tcp port %d", ring: 64M}]\n' % gateway.port)
    s.start()
    time.sleep(0.5)
    tap.equal(traffic.drive(gateway, s.dir, CALLS, connections=20), 0, '%d calls by curl, captured and logged' % CALLS)
    tap.ok(wait_input(s, 'tap', CALLS), 'all of them captured')
    os.kill(s.roles()['recorder'], signal.SIGKILL)  # some wait for what nginx has not written yet
    gateway.stop()
    tap.ok(s.wait_count(CALLS), 'each call is an event, over a kill of the recorder', s.count())
    tap.equal(s.stop(), 0, 'run ends with status 0')
    events = s.events()
    tap.equal(len(events), CALLS, 'and no more')
    tap.equal(sum(e.get('tochoku.twin') == 'gateway' for e in events), CALLS, 'each of both')
    bad = traffic.differences(gateway.truth(), events)
    tap.ok(not bad, 'with the figures of the capture', '\n'.join(bad))


def main():
    tap = Tap()
    imports(tap)
    priced_anew(tap)
    tries(tap)
    polls(tap)
    if os.getuid() != 0 or shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin') is None:
        tap.skip('no right to capture')
    else:
        live(tap)
    tap.done()


if __name__ == '__main__':
    main()
