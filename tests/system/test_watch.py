#!/usr/bin/env python3
"""What a running program finds of itself and of the minute at hand: errors now, changes of keys, other rules; and a
reload with broken rules changes nothing."""
import datetime
import getpass
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap  # noqa: E402

RULE = '''---
title: %s
name: %s
logsource: {product: tochoku, service: %s}
detection: {s: {%s}, condition: s}
tochoku: {entity: [%s], once-per: day}
'''
RULES = (RULE % ('errors', 'errors', 'minute', 'error_pct_10m|gte: 50, calls_10m|gte: 5', 'site')
         + RULE % ('keys', 'keys', 'keys', 'action: [add, revoke]', 'actor')
         + RULE % ('changed', 'changed', 'sensor', 'change: rules', 'site'))


def write(site, text):
    with open(site.path('rules.yml'), 'w', encoding='utf-8') as f:
        f.write(text)


def call(site, at, status, n):
    with open(site.path('access.log'), 'a', encoding='utf-8') as f:
        f.write(json.dumps({'ts': at.isoformat(timespec='milliseconds'), 'msec': round(at.timestamp(), 3),
                            'client': '10.10.0.1', 'user': 'sato', 'method': 'POST', 'host': 'gw', 'uri': '/v1/x',
                            'status': status, 'rt': 0.1, 'rid': '%032x' % n}) + '\n')


def wait(site, rule, seconds=20):
    """The rule's finding, when it comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for f in site.lines('findings', 'list', '--json'):
            if f['rule.id'] == rule:
                return f
        time.sleep(0.2)
    return None


def main():
    tap = Tap()
    site = Site(tails=[('gateway', 'access.log', 'nginx-json')])
    with open(site.config, 'a', encoding='utf-8') as f:
        f.write('rules: {paths: [%s]}\n' % site.path('rules.yml'))
    write(site, RULES)
    open(site.path('access.log'), 'w').close()
    now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
    site.start()
    for i in range(3):
        call(site, now - datetime.timedelta(minutes=12 - i), 200, i)
    tap.ok(site.wait_count(3), 'calls are recorded')
    site.kill()
    site.start()
    for i in range(3, 8):
        call(site, now - datetime.timedelta(minutes=12 - i), 500, i)
    found = wait(site, 'errors')
    # minutes before the kill count: three calls, then five errors; half of them are errors with the third
    tap.ok(found and found['error_pct_10m'] == 50 and found['calls_10m'] == 6 and found.get('provisional'),
           'errors of the last ten minutes are found while they happen, over a kill', found)
    site.tochoku('keys', 'add', '--id', 'k1', '--user', 'sato', stdin=b'sk-a-key-of-a-test\n')
    site.tochoku('keys', 'revoke', 'k1')
    site.stop()
    site.start()
    found = wait(site, 'keys')
    tap.ok(found and found['actor'] == getpass.getuser() and found['count'] == 2 and found['events'] == [],
           'changes of keys are found, and who made them', found)
    tap.ok(not any(f['rule.id'] == 'changed' for f in site.lines('findings', 'list', '--json')),
           'the same rules are no change')
    write(site, RULES + '---\ntitle: broken\n')
    site.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 20
    while 'the old configuration stays' not in site.run_errors() and time.monotonic() < end:
        time.sleep(0.1)
    tap.ok('errors in the rules; the old configuration stays' in site.run_errors(), 'a broken rule set is refused',
           site.run_errors())
    write(site, RULES + RULE % ('one more', 'more', 'minute', 'calls|gte: 1', 'site'))
    site.process.send_signal(signal.SIGHUP)
    tap.ok(wait(site, 'changed'), 'other rules in force are found')
    call(site, now - datetime.timedelta(minutes=3), 200, 99)
    tap.ok(site.wait_count(9) and wait(site, 'more'), 'and they are in force', site.run_errors() + str(site.count()))
    tap.equal(site.stop(), 0, 'it ends well')
    tap.done()


if __name__ == '__main__':
    main()
