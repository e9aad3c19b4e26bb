#!/usr/bin/env python3
"""`tochoku rules` with correlations: eval puts events in order, test runs a correlation's own tests, explain says why."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap  # noqa: E402

RULES = '''title: Refused
name: refused
logsource: {category: webserver}
detection:
  a: {sc-status: 401, cs-uri-stem|startswith: /v1/}
  b: {cs-method: HEAD}
  condition: a and not b
---
title: Three refusals
name: three
correlation: {type: event_count, rules: refused, group-by: [c-ip], timespan: 1m, condition: {gte: 3}}
tochoku:
  action: {ja: 見る, en: look}
  tests:
    - name: within a minute, in any order
      events:
        - {'@timestamp': '2026-01-05T08:00:50+09:00', c-ip: 10.0.0.1, sc-status: 401, cs-uri-stem: /v1/x}
        - {'@timestamp': '2026-01-05T08:00:10+09:00', c-ip: 10.0.0.1, sc-status: 401, cs-uri-stem: /v1/x}
        - {'@timestamp': '2026-01-05T08:01:10+09:00', c-ip: 10.0.0.1, sc-status: 401, cs-uri-stem: /v1/x}
      expect: match
    - name: in more than a minute
      events:
        - {'@timestamp': '2026-01-05T08:00:50+09:00', c-ip: 10.0.0.1, sc-status: 401, cs-uri-stem: /v1/x}
        - {'@timestamp': '2026-01-05T08:00:10+09:00', c-ip: 10.0.0.1, sc-status: 401, cs-uri-stem: /v1/x}
        - {'@timestamp': '2026-01-05T08:01:11+09:00', c-ip: 10.0.0.1, sc-status: 401, cs-uri-stem: /v1/x}
      expect: none
'''


def event(second, status=401, method='GET', ip='10.0.0.1'):
    return {'ls': {'category': 'webserver'}, 'ev': {
        '@timestamp': '2026-01-05T08:00:%02d+09:00' % second, 'c-ip': ip, 'sc-status': status, 'cs-method': method,
        'cs-uri-stem': '/v1/chat\x1b[31m'}}


def write(path, text):
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
    return path


def evaluates(tap, site, rules):
    events = [event(30), event(10), event(20), event(40), event(15, ip='10.0.0.2'), {'ev': {}, 'ls': {}}]
    path = write(site.path('e.jsonl'), ''.join(json.dumps(e) + '\n' for e in events) + 'no event\n')
    hits = site.lines('rules', 'eval', '--rules', rules, '--events', path)
    tap.equal([h['event'] for h in hits if h['rule'] == 'three'], [0], 'an episode begins where the time says')
    tap.equal(sorted(h['event'] for h in hits if h['rule'] == 'refused'), [0, 1, 2, 3, 4],
              'the members print their matches')
    tap.ok('e.jsonl:7:1' in site.last_error, 'what is no event is told with its line', site.last_error)
    holds = [h for h in site.lines('rules', 'eval', '--holds', '--rules', rules, '--events', path)
             if h['rule'] == 'three']
    tap.equal(holds, [{'rule': 'three', 'event': 0, 'group': ['10.0.0.1'], 'begins': True},
                      {'rule': 'three', 'event': 3, 'group': ['10.0.0.1'], 'begins': False}],
              'with --holds each event at which it holds')
    alone = [h for h in site.lines('rules', 'eval', '--rules', rules, '--events', write(
        site.path('f.jsonl'), ''.join(json.dumps({'ev': {k: v for k, v in e['ev'].items() if k != '@timestamp'},
                                                  'ls': e['ls']}) + '\n' for e in events[:4])))]
    tap.equal({h['rule'] for h in alone}, {'refused'}, 'without times rules match alone')
    tap.ok('4 events without @timestamp' in site.last_error, 'which is told', site.last_error)


def tests_itself(tap, site, rules):
    out = site.tochoku('rules', 'test', rules).decode()
    tap.equal(out, '2 rules, 2 tests passed, 0 failed, 1 rules without tests\n', "a correlation's own tests")
    wrong = write(site.path('wrong.yml'), RULES.replace('expect: none', 'expect: match'))
    site.tochoku('rules', 'test', wrong, want=1)
    tap.ok("wrong.yml:21:1: rule 'Three refusals', test 'in more than a minute'" in site.last_error,
           'a failing one is told with its line', site.last_error)


def explains(tap, site, rules):
    path = write(site.path('x.jsonl'), json.dumps(event(1, 200)) + '\n' + json.dumps(event(2, method='HEAD')) + '\n')
    first = {r['rule']: r for r in site.lines('rules', 'explain', path, rules, '--json')}
    tap.equal(first['refused']['holds'], 'no', 'the first line of a file')
    tap.equal([(t['field'], t['test'], t['value'], t['holds'], t['decided']) for t in first['refused']['tests']],
              [('sc-status', '= 401', '200', 'no', True), ('cs-method', "is 'head'", 'GET', 'no', False),
               ('cs-uri-stem', "starts with '/v1/'", '/v1/chat\x1b[31m', 'yes', False)], 'each condition with its value, and what decided')
    second = {r['rule']: r for r in site.lines('rules', 'explain', path + ':2', rules, '--json')}
    tap.equal([(t['test'], t['holds'], t['decided']) for t in second['refused']['tests']][:2],
              [('= 401', 'yes', True), ("is 'head'", 'yes', True)], 'why not: the exception')
    tap.equal(second['three']['tests'][0], {'field': 'rules', 'test': 'refused', 'value': 'does not match', 'holds': 'no',
                                            'decided': True}, 'a correlation: its members')
    twice = write(site.path('twice.yml'), 'title: t\nlogsource: {category: webserver}\ndetection: {a: {cs-method: PUT}, '
                  "b: {cs-method: GET}, c: {c-ip: '*.1'}, condition: (a and c) or (b and c)}\n")
    found = site.lines('rules', 'explain', path, twice, '--json')[0]
    tap.equal([(t['test'], t['holds'], t['decided']) for t in found['tests']],
              [("is 'put'", 'no', True), ("ends with '.1'", 'yes', True), ("is 'get'", 'yes', True)],
              'a condition asked in two places is told once')
    text = site.tochoku('rules', 'explain', path + ':2', rules).decode()
    tap.ok("no: refused  Refused\n  * yes  sc-status = 401  [401]\n" in text and '\x1b' not in text,
           'the same as text, safe for a terminal', text)
    site.tochoku('rules', 'explain', path + ':3', rules, want=3)
    tap.ok('no line 3' in site.last_error, 'a line that is not there')
    site.tochoku('rules', 'explain', site.path('none'), rules, want=3)
    site.tochoku('rules', 'explain', want=2)
    log = write(site.path('access.log'), '203.0.113.9 - - [05/Jan/2026:08:00:00 +0900] "POST /v1/chat HTTP/1.1" 401 9 '
                '"-" "curl/8"\n')
    site.tochoku('import', log)
    ident = site.events()[0]['event.id']
    found = {r['rule']: r for r in site.lines('rules', 'explain', ident, rules, '--json')}
    tap.equal(found['refused']['holds'], 'yes', 'an event of the ledger by its id')
    site.tochoku('rules', 'explain', '0' * 32, rules, want=3)
    tap.ok('no event' in site.last_error, 'an id that the ledger has not')


DERIVED = '''title: Fifth call
name: fifth
logsource: {category: llm_api}
detection: {s: {usage.user_day.calls: 5, cal.hour: 8, first.user_model: null}, condition: s}
tochoku: {enabled: false}
---
title: More than the day before
name: more
logsource: {product: tochoku, service: minute}
detection: {s: {usage.site_day.calls_pct_yesterday|gte: 50, calls_10m: 6}, condition: s}
tochoku: {enabled: false}
---
title: Busy day
name: busy
logsource: {product: tochoku, service: day_close}
detection: {s: {calls: 8, calls_pct_prev|gt: 60, cost_pct_budget: null}, condition: s}
---
title: call
name: call
logsource: {category: llm_api}
detection: {s: {cs-method: POST}, condition: s}
---
title: Three in a minute
name: three
correlation: {type: event_count, rules: call, group-by: [cs-username], timespan: 1m, condition: {gte: 3}}
---
title: On connections
name: elsewhere
logsource: {category: network_connection}
detection: {s: {tls.client.server_name: x}, condition: s}
'''


def row(n, day, hour, minute, user, second=0):
    return json.dumps({'ts': '2026-%sT%02d:%02d:%02d+09:00' % (day, hour, minute, second), 'client': '10.10.0.1', 'user': user,
                       'method': 'POST', 'host': 'gw', 'uri': '/v1/x', 'status': 200, 'rt': 0, 'rid': '%032x' % n}) + '\n'


def explains_recorded(tap):
    """Running counts, what looks back, and what it is compared with: as they were, whatever order the events came in."""
    site = Site()
    rows = [row(1, '03-02', 8, 0, 'ito'), row(2, '03-20', 8, 0, 'ito')] + [row(3 + i, '03-23', 9, i, 'abe') for i in range(10)]
    rows += [row(20 + i, '03-24', 8, i, 'sato') for i in range(6)] + [row(30, '03-24', 7, 50, 'ito'), row(31, '03-24', 8, 4, 'ito', 30)]
    log = write(site.path('a.log'), ''.join(reversed(rows)))
    rules = write(site.path('d.yml'), DERIVED)
    site.tochoku('import', '--format', 'nginx-json', log)
    ids = {(e['user.name'], e['@timestamp'][:19]): e['event.id'] for e in site.events()}

    def explain(minute):
        return {(r['rule'], r.get('at')): r for r in
                site.lines('rules', 'explain', ids['sato', '2026-03-23T23:%02d:00' % minute], rules, '--json')}
    at = explain(4)
    tap.equal([(t['field'], t['value'], t['holds']) for t in at['fifth', 'event']['tests']],
              [('usage.user_day.calls', '5', 'yes'), ('cal.hour', '8', 'yes'), ('first.user_model', '', 'yes')],
              'running counts of a rule that is off, up to the event')
    tap.equal([explain(m)['fifth', 'event']['tests'][0]['value'] for m in (0, 3, 5)], ['1', '4', '6'], 'before and after it')
    more = at['more', 'minute']
    tap.equal((more['holds'], [(t['field'], t['value']) for t in more['tests']], more['baseline']),
              ('yes', [('calls_10m', '6'), ('usage.site_day.calls_pct_yesterday', '70.0')], {'yesterday_calls': 10}),
              'a rule on minutes, at the minute that it ended in')
    tap.equal(explain(3)['more', 'minute']['tests'][0]['value'], '4', 'and at the one before')
    busy = at['busy', 'day_close']
    tap.equal((busy['holds'], busy['baseline'], [t['value'] for t in busy['tests']]),
              ('yes', {'day': '2026-03-23', 'calls': 10}, ['8', '80.0', '']), "a rule on the day's close")
    tap.equal([explain(m)['three', 'event']['holds'] for m in (1, 5)], ['no', 'no'], 'a correlation by the events before it: none')
    tap.equal([(t['value'], t['holds']) for t in at['three', 'event']['tests']], [('matches', 'yes'), ('sato', 'yes')], 'its member')
    tap.equal(at['elsewhere', None]['holds'], 'other log source', 'a rule that is asked nowhere here')
    text = site.tochoku('rules', 'explain', ids['sato', '2026-03-23T23:04:00'], rules).decode()
    tap.ok('== the minute 2026-03-24T08:04, in which it ended\n' in text and 'compared with the day before: 10 calls' in text
           and 'last earlier day of its class: 10 calls' in text, 'the same in words', text)
    chained = write(site.path('c.yml'), DERIVED.replace('timespan: 1m', 'timespan: 2m'))
    tap.equal({r['rule']: r for r in site.lines('rules', 'explain', ids['sato', '2026-03-23T23:02:00'], chained, '--json')}
              ['three']['holds'], 'yes', 'a correlation that holds by the events before')


def outlives_its_document(tap, site):
    """What a rule's pattern is made of must not be what the next document is read into."""
    rules = write(site.path('two.yml'), "title: a\nname: a\nlogsource: {category: x}\ndetection: {s: {f|cased: '?b*?d'}, condition: s}\n"
                  "---\ntitle: z\nname: z\nlogsource: {category: x}\ndetection: {s: {f: 'quite another text?'}, condition: s}\n")
    events = write(site.path('two.jsonl'), ''.join(json.dumps({'f': f}) + '\n' for f in ('abcd', 'éb当d', 'aBcd', 'abc')))
    tap.equal([h['event'] for h in site.lines('rules', 'eval', '--rules', rules, '--events', events)], [0, 1],
              'a cased pattern with wildcards, another document behind it')


def main():
    tap = Tap()
    site = Site()
    rules = write(site.path('rules.yml'), RULES)
    evaluates(tap, site, rules)
    tests_itself(tap, site, rules)
    explains(tap, site, rules)
    explains_recorded(tap)
    outlives_its_document(tap, site)
    tap.done()


if __name__ == '__main__':
    main()
