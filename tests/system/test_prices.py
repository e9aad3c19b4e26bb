#!/usr/bin/env python3
"""Prices from a table to a call's cost: at import, in `run` over a reload, and as `prices` shows them."""
import datetime
import hashlib
import json
import os
import random
import signal
import sqlite3
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../lib'), os.path.join(HERE, '../property')]
from harness import Site, Tap  # noqa: E402
from test_cost import conversation  # noqa: E402

TABLE = '''table: ward
models:
  - {model: m-1, input: 1.5, cached: 0.5, output: 2}
  - {model: m-2, input: %s, output: 1}
'''
LITELLM = {'m-1': {'litellm_provider': 'openai', 'input_cost_per_token': 1.5e-06, 'output_cost_per_token': 2e-06,
                   'input_cost_per_token_above_128k_tokens': 3e-06}}


def line(model, tokens, minute, rid):
    return json.dumps({'ts': '2026-11-24T10:%02d:00+09:00' % minute, 'client': '10.0.0.1', 'method': 'POST',
                       'host': 'llm.example.jp', 'uri': '/v1/chat/completions', 'status': 200, 'rid': rid,
                       'model': model, 'input_tokens': tokens, 'output_tokens': 10}) + '\n'


def write(path, text):
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)


def write_bytes(path, data):
    with open(path, 'wb') as f:
        f.write(data)


def append(path, text):
    with open(path, 'a', encoding='utf-8') as f:
        f.write(text)


def costs(site):
    return {e['http.request.id']: e.get('tochoku.cost.pico_usd') for e in site.events()}


def table_at(site):
    return 'prices: {table: %s}\n' % site


def at_import(tap):
    site = Site()
    table = site.path('prices.yml')
    append(site.config, table_at(table))
    write(table, TABLE % 'free')
    write(site.path('x.log'), line('m-1', 1000, 1, 'a') + line('m-2', 5, 2, 'b') + line('m-9', 5, 3, 'c'))
    site.tochoku('import', '--format', 'nginx-json', site.path('x.log'), want=2)
    tap.ok(table + ":4:25: 'input': expected USD" in site.last_error and 'prices.table' in site.last_error,
           'a wrong table at the start is told with its place', site.last_error)
    write(table, TABLE % 3)
    site.tochoku('import', '--format', 'nginx-json', site.path('x.log'))
    tap.equal(costs(site), {'a': 1000 * 1500000 + 10 * 2000000, 'b': 5 * 3000000 + 10 * 1000000, 'c': None},
              'each call has its cost, a model without a price none')
    report = site.lines('report', 'daily', '--date', '2026-11-24', '--format', 'json')[0]
    tap.equal((report['cost.pico_usd'], report['cost.unpriced_calls']), ('1545000000', 1),
              'the report has their sum and counts what is not priced')


def wait_for(what, seconds=30):
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.05)
    return what()


def over_a_reload(tap):
    site = Site(tails=[('gateway', 'x.log', 'nginx-json')])
    table = site.path('prices.yml')
    append(site.config, table_at(table))
    write(table, TABLE % 3)
    write(site.path('x.log'), line('m-2', 1, 1, 'a'))
    site.start()
    site.wait_count(1)
    write(table, TABLE % -1)
    site.process.send_signal(signal.SIGHUP)
    tap.ok(wait_for(lambda: 'the old configuration stays' in site.run_errors()), 'a wrong table at a reload is told',
           site.run_errors())
    tap.ok(table + ":4:25: 'input'" in site.run_errors(), 'with its place')
    append(site.path('x.log'), line('m-2', 1, 2, 'b'))
    site.wait_count(2)
    tap.equal(costs(site), {'a': 13000000, 'b': 13000000}, 'and the one of before stays in use')
    write(table, TABLE % 4)
    site.process.send_signal(signal.SIGHUP)
    minute = 2
    while minute < 59 and 14000000 not in costs(site).values():  # a sound one is taken without a word
        minute += 1
        append(site.path('x.log'), line('m-2', 1, minute, str(minute)))
        site.wait_count(minute)
    got = costs(site)
    tap.equal(set(got.values()), {13000000, 14000000}, 'a sound table is taken at a reload')
    tap.equal((got['a'], got['b']), (13000000, 13000000), 'and changes nothing that was recorded')
    site.stop()


def shown(tap):
    site = Site()
    write(site.path('litellm.json'), json.dumps(LITELLM))
    tap.equal(site.lines('prices', 'show', 'm-1', '--file', site.path('litellm.json'), '--json'),
              [{'model': 'm-1', 'provider': 'openai', 'input': 1.5, 'output': 2,
                'above': [{'tokens': 128000, 'input': 3}], 'table': 'litellm'}], 'show: LiteLLM\'s row')
    site.tochoku('prices', 'import', site.path('litellm.json'), '--from', '2026-11-01', '-o', site.path('our.yml'))
    tap.equal(site.tochoku('prices', 'check', site.path('our.yml')),
              b'litellm: 1 rows, the newest from 2026-11-01\n', 'import: our own, dated')
    tap.equal(site.tochoku('prices', 'show', 'm-1', '--file', site.path('our.yml'), '--date', '2026-11-01'),
              b'm-1 (openai), from 2026-11-01, USD per million tokens\n  input          1.5\n  output         2\n'
              b'  input          3  above 128000 input tokens\n  of litellm\n', 'show: for people')
    site.tochoku('prices', 'show', 'm-1', '--file', site.path('our.yml'), '--date', '2026-10-31', want=1)
    tap.ok("no price for 'm-1'" in site.last_error, 'show: none on the day before')
    shipped = site.lines('prices', 'show', 'gpt-4o-mini-2024-07-18', '--provider', 'openai', '--json')[0]
    tap.equal((shipped['input'], shipped['cached'], shipped['output']), (0.15, 0.075, 0.6), 'the shipped table')
    write(site.path('bad.yml'), 'models: [{model: a, inptu: 1}]')
    site.tochoku('prices', 'check', site.path('bad.yml'), want=2)
    tap.ok("bad.yml:1:21: unknown key 'inptu', is it 'input'?" in site.last_error, 'check: the place, the nearest name')
    site.tochoku('prices', 'check', site.path('none.yml'), want=3)
    tap.ok('none.yml' in site.last_error, 'check: no such file')
    site.tochoku('prices', 'frob', want=2)
    tap.ok('check, show, import' in site.last_error, 'an unknown word')


def reports(site, day):
    return site.lines('report', 'daily', '--date', day, '--format', 'json')[0]


def priced_anew(tap):
    site = Site()
    table = site.path('prices.yml')
    append(site.config, table_at(table))
    write(table, TABLE % 3)
    write(site.path('x.log'), line('m-1', 1000, 1, 'a') + line('m-2', 5, 2, 'b') + line('m-9', 5, 3, 'c') +
          line('m-2', 7, 0, 'd').replace('2026-11-24T10', '2026-11-25T00'))
    site.tochoku('import', '--format', 'nginx-json', site.path('x.log'))
    recorded = costs(site)
    write(site.path('new.yml'), 'models: [{model: m-1, input: 1, output: 2}, {model: m-2, input: 4, output: 1},'
                                ' {model: m-9, input: 2, output: 2}]')
    order = ('prices', 'reprice', '--from', '2026-11-24', '--to', '2026-11-24', '--table', site.path('new.yml'))
    site.tochoku(*order, want=2)
    tap.ok('--reason' in site.last_error, 'reprice: not without a reason', site.last_error)
    done = site.lines(*order, '--reason', 'the vendor was cheaper', '--json')[0]
    tap.equal({k: done[k] for k in ('calls', 'changed', 'unpriced', 'before.pico_usd', 'after.pico_usd')},
              {'calls': 3, 'changed': 3, 'unpriced': 0, 'before.pico_usd': '1545000000', 'after.pico_usd': '1080000000'},
              'reprice: what it did')
    report = reports(site, '2026-11-24')
    tap.equal((report['cost.pico_usd'], report['cost.unpriced_calls'], report['cost.repriced_calls'],
               report['cost.recorded_pico_usd']), ('1080000000', 0, 3, '1545000000'),
              'the report has the new sum, and says that it is one')
    tap.equal({k: v['pico_usd'] for k, v in report['by.model'].items()},
              {'m-1': '1020000000', 'm-2': '30000000', 'm-9': '30000000'}, 'by model too')
    tap.equal(reports(site, '2026-11-25')['cost.pico_usd'], '31000000', 'calls outside the period keep their cost')
    tap.equal(costs(site), recorded, 'the recorded figures stay')
    again = site.lines(*order, '--reason', 'once more', '--json')[0]
    tap.equal((again['changed'], again['before.pico_usd'], again['after.pico_usd']), (0, '1080000000', '1080000000'),
              'the same again changes nothing')
    back = site.lines('prices', 'reprice', '--from', '2026-11-24', '--to', '2026-11-25', '--reason', 'it was not',
                      '--json')[0]
    tap.equal((back['calls'], back['changed'], back['unpriced'], back['after.pico_usd']), (4, 2, 1, '1606000000'),
              'a third run changes the last one; a model without a price keeps what it has')
    same = site.lines('prices', 'reprice', '--from', '2026-11-24', '--to', '2026-11-25', '--reason', 'the same', '--json')[0]
    tap.equal((same['changed'], same['before.pico_usd']), (0, '1606000000'), 'the last run is the one that holds')
    report = reports(site, '2026-11-24')
    tap.equal((report['cost.pico_usd'], report['cost.repriced_calls'], report['cost.recorded_pico_usd']),
              ('1575000000', 3, '1545000000'), 'each call counts once as repriced')
    site.tochoku('seal')
    verified = [json.loads(site.tochoku('verify', site.path(x), '--json').splitlines()[-1]) for x in ('ledger.db', 'trail')]
    verified.append(json.loads(site.tochoku('verify', site.path('trail'), '--db', site.path('ledger.db'),
                                            '--json').splitlines()[-1]))
    tap.equal([v['integrity'] for v in verified], ['ok', 'ok', 'ok'], 'ledger and trail agree with what was recorded')
    db = sqlite3.connect(site.path('ledger.db'))
    tap.equal([(json.loads(b)['reason'], json.loads(b)['changed']) for (b,) in
               db.execute("SELECT body FROM records WHERE type = 'entry' ORDER BY seq")],
              [('the vendor was cheaper', 3), ('once more', 0), ('it was not', 2), ('the same', 0)], 'each run is a record')
    runs = [r for (r,) in db.execute("SELECT seq FROM records WHERE type = 'entry' ORDER BY seq")]
    tap.equal(db.execute('SELECT run, count(*) FROM repricings GROUP BY run ORDER BY run').fetchall(),
              [(runs[0], 3), (runs[2], 2)], 'and its figures bear its number')
    body = json.loads(db.execute("SELECT body FROM records WHERE seq = ?", (runs[0],)).fetchone()[0])
    rows = ''.join('%d %d\n' % r for r in db.execute('SELECT seq, cost FROM repricings WHERE run = ? ORDER BY seq',
                                                     (runs[0],)))
    tap.equal(body['changes.sha256'], hashlib.sha256(rows.encode()).hexdigest(), 'and has their hash')
    tap.equal((body['actor'] != '', body['from'], body['to']),
              (True, '2026-11-23T15:00:00Z', '2026-11-24T15:00:00Z'), 'who, and over which time')
    db.close()
    site.tochoku(*order[:2], '--from', '2026-11-25', '--to', '2026-11-24', '--reason', 'x', want=2)
    write(site.path('new.yml'), 'models: [{model: m-1, input: free}]')
    site.tochoku(*order, '--reason', 'x', want=2)
    tap.ok("new.yml:1:30: 'input'" in site.last_error, 'reprice: a wrong table is told', site.last_error)


def priced_anew_running(tap):
    """Through the recorder's door, while it tails; a table as long as LiteLLM's."""
    site = Site(tails=[('gateway', 'x.log', 'nginx-json')])
    append(site.config, table_at(site.path('prices.yml')))
    write(site.path('prices.yml'), TABLE % 3)
    write(site.path('x.log'), ''.join(line('m-2', n, n % 60, str(n)) for n in range(1, 200)))
    site.start()
    site.wait_count(199)
    rows = {'model-%d' % n: LITELLM['m-1'] for n in range(3000)}
    rows['m-2'] = {'litellm_provider': 'openai', 'input_cost_per_token': 7e-06, 'output_cost_per_token': 0}
    write(site.path('litellm.json'), json.dumps(rows))
    done = site.lines('prices', 'reprice', '--from', '2026-11-24', '--to', '2026-11-24', '--table',
                      site.path('litellm.json'), '--reason', 'x', '--json')[0]
    tap.equal((done['changed'], done['after.pico_usd']), (199, str(7000000 * 199 * 100)), 'reprice while `run` runs')
    append(site.path('x.log'), line('m-2', 1000, 59, 'last'))
    site.wait_count(200)
    tap.equal(reports(site, '2026-11-24')['cost.pico_usd'], str(7000000 * 199 * 100 + 3010000000),
              'later calls have the price of the table in use')
    site.stop()


DAY_RULE = '''title: dear
id: 4fd7a3c1-5a3b-4a8e-9d5c-6a2a3f3f9b11
logsource: {product: tochoku, service: access}
detection:
  a: {%s|gte: %s}
  condition: a
level: high
'''


def found_anew(tap):
    """Findings of a closed day are those of its costs now, where a rule looks at cost."""
    for field, limit in (('tochoku.cost.pico_usd', '2000000000'), ('tochoku.cost.usd', '0.002')):
        site = Site()
        os.mkdir(site.path('rules'))
        write(site.path('rules/dear.yml'), DAY_RULE % (field, limit))
        append(site.config, table_at(site.path('prices.yml')) + 'rules: {paths: [%s]}\n' % site.path('rules'))
        write(site.path('prices.yml'), TABLE % 3)
        write(site.path('x.log'), line('m-1', 1000, 1, 'a').replace('2026-11-24', '2026-11-20'))
        site.tochoku('import', '--format', 'nginx-json', site.path('x.log'))
        tap.equal(site.lines('findings', 'list', '--json'), [], '%s: cheap, no finding' % field)
        write(site.path('new.yml'), 'models: [{model: m-1, input: 2, output: 2}]')
        site.tochoku('prices', 'reprice', '--from', '2026-11-20', '--to', '2026-11-20', '--table', site.path('new.yml'),
                     '--reason', 'x')
        write(site.path('y.log'), line('m-1', 1, 1, 'b').replace('2026-11-24', '2026-11-21'))
        site.tochoku('import', '--format', 'nginx-json', site.path('y.log'))
        tap.equal([f['rule.name'] for f in site.lines('findings', 'list', '--json')], ['dear'],
                  '%s: dear by the new price, found when the day is closed anew' % field)


def imported(tap):
    site = Site()
    table = site.path('prices.yml')
    write(site.path('litellm.json'), json.dumps(LITELLM))
    site.tochoku('prices', 'import', site.path('litellm.json'), want=2)
    tap.ok('prices.table names no file' in site.last_error, 'import: where to', site.last_error)
    append(site.config, table_at(table))
    out = site.tochoku('prices', 'import', site.path('litellm.json'), '--dry-run')
    tap.ok(b'1 rows added, 0 removed (not written)' in out and not os.path.exists(table), 'import: --dry-run', out)
    site.tochoku('prices', 'import', site.path('litellm.json'))
    tap.equal(site.lines('prices', 'show', 'm-1', '--json')[0]['input'], 1.5, 'import: prices.table has the row')
    LITELLM2 = {'m-1': dict(LITELLM['m-1'], input_cost_per_token=9e-06)}
    write(site.path('litellm.json'), json.dumps(LITELLM2))
    out = site.tochoku('prices', 'import', site.path('litellm.json'), '--from', '2026-12-01')
    tap.ok(b'+ ' in out and b'1 rows added, 0 removed' in out, 'import: the difference', out)
    tap.equal([site.lines('prices', 'show', 'm-1', '--date', d, '--json')[0]['input']
               for d in ('2026-11-30', '2026-12-01')], [1.5, 9], 'import --from: old until then, new from then on')
    own = '# ours\nmodels: [{model: m-1, input: 2, to: 2026-11-01}, {model: m-1, input: 3, from: 2026-11-10, to: 2026-11-20}]\n'
    write(site.path('own.yml'), own)
    site.tochoku('prices', 'import', site.path('own.yml'))
    with open(table, encoding='utf-8') as f:
        tap.equal(f.read(), own, 'import: our own as it is')
    site.tochoku('prices', 'check')
    tap.equal([line.split(': ', 2)[2] for line in site.last_error.splitlines()],
              ['m-1 has no price from 2026-11-02T00:00:00Z to 2026-11-10T00:00:00Z',
               'm-1 has no price from 2026-11-21T00:00:00Z on'], 'check: gaps, and what runs out')
    write(site.path('own.yml'), 'models: [{model: m-1, input: 2}, {model: m-1, input: 3, to: 2026-11-01}]')
    site.tochoku('prices', 'import', site.path('own.yml'), want=2)
    tap.ok('own.yml:1:34' in site.last_error, 'import: an overlap is told, nothing is changed', site.last_error)
    with open(table, encoding='utf-8') as f:
        tap.equal(f.read(), own, 'the table stays')
    db = sqlite3.connect(site.path('ledger.db'))
    tap.equal([json.loads(b)['source'].split('/')[-1] for (b,) in
               db.execute("SELECT body FROM records WHERE type = 'config' ORDER BY seq")],
              ['litellm.json', 'litellm.json', 'own.yml'], 'each import is a record')
    db.close()


def age_of_table(tap):
    site = Site()
    append(site.config, table_at(site.path('prices.yml')))
    today = datetime.datetime.now(datetime.timezone.utc).date()
    day = lambda n: (today + datetime.timedelta(n)).isoformat()  # noqa: E731

    def said(text):
        write(site.path('prices.yml'), text)
        return [(r['state'], r['text']) for r in map(json.loads, site.tochoku('status', '--json', want=1).splitlines())
                if r.get('check') == 'prices']
    tap.equal([s for s, _ in said('models: [{model: a, input: 1, from: %s}]' % day(-80))], ['OK'], 'status: prices')
    tap.equal([s for s, _ in said('models: [{model: a, input: 1, from: %s}]' % day(-100))], ['WARN'], 'status: old ones')
    got = said('models: [{model: a, input: 1, from: %s, to: %s}, {model: b, input: 1, from: %s, to: %s}]' %
               (day(-9), day(9), day(-9), day(60)))
    tap.equal([s for s, _ in got], ['OK', 'WARN'], 'status: a model runs out')
    tap.ok('1 models' in got[1][1] and 'a has none from %s' % day(10) in got[1][1], 'which, and when', got)
    tap.equal([s for s, _ in said('models: [{model: a, inptu: 1}]')], ['FAIL'], 'status: a wrong table')


def runs_out(tap):
    """The sensor's own event of a table that ends, for rules of service sensor."""
    site = Site(tails=[('gateway', 'x.log', 'nginx-json')])
    os.mkdir(site.path('rules'))
    write(site.path('rules/ends.yml'), 'title: ends\nid: 4fd7a3c1-5a3b-4a8e-9d5c-6a2a3f3f9b12\n'
          'logsource: {product: tochoku, service: sensor}\ndetection: {s: {prices_days_left|lt: 60}, condition: s}\n'
          'level: low\ntochoku: {entity: [site], once-per: day}\n')
    append(site.config, table_at(site.path('prices.yml')) + 'rules: {paths: [%s]}\n' % site.path('rules'))
    write(site.path('x.log'), line('m-1', 1, 1, 'a'))
    today = datetime.datetime.now(datetime.timezone.utc).date()
    table = 'models: [{model: a, input: 1, to: %s}, {model: b, input: 1}]'
    write(site.path('prices.yml'), table % (today + datetime.timedelta(70)))
    site.start()
    site.wait_count(1)
    site.stop()
    tap.equal(site.lines('findings', 'list', '--json'), [], 'prices end in 70 days: nothing to tell')
    write(site.path('prices.yml'), table % (today + datetime.timedelta(50)))
    append(site.path('x.log'), line('m-1', 1, 2, 'b'))
    site.start()
    site.wait_count(2)  # a command before the recorder is there would hold the ledger itself
    tap.ok(wait_for(lambda: [f['rule.name'] for f in site.lines('findings', 'list', '--json')] == ['ends']),
           'in 50: a finding', site.run_errors())
    site.stop()


def invoiced(tap):
    site = Site()
    append(site.config, table_at(site.path('prices.yml')))
    write(site.path('prices.yml'), 'models: [{model: m-1, input: 1000000, output: 0}]')
    write(site.path('x.log'), line('m-1', 100, 1, 'a').replace('2026-11-24', '2026-10-31'))
    site.tochoku('import', '--format', 'nginx-json', site.path('x.log'))
    bill = ('prices', 'invoice', '--month', '2026-10', '--usd')
    out = site.tochoku(*bill, '105')
    tap.ok(b'2026-10: billed 105.00 USD, worked out 100.00 USD, difference 5.00 USD' in out, 'invoice: compared', out)
    report = reports(site, '2026-11-01')
    tap.equal((report['cost.invoice.month'], report['cost.invoice.pico_usd'], report['cost.invoice.computed_pico_usd']),
              ('2026-10', '105000000000000', '100000000000000'), 'the report has both')
    site.tochoku(*bill, '105.27', want=1)
    tap.ok('--reason' in site.last_error, 'invoice: more than 5 % needs a reason', site.last_error)
    site.tochoku(*bill, '94.00', want=1)
    site.tochoku(*bill, '94', '--reason', 'a credit')
    tap.equal(reports(site, '2026-11-01')['cost.invoice.pico_usd'], '94000000000000', 'the last one entered counts')
    text = site.tochoku('report', 'daily', '--date', '2026-11-01', '--format', 'text').decode()
    tap.ok('a credit' in text and '94.00' in text, 'the sheet has the reason', text)
    site.tochoku('prices', 'invoice', '--month', '2026-13', '--usd', '1', want=2)
    site.tochoku(*bill, '-1', want=2)
    site.tochoku(*bill, 'much', want=2)


def forecast(tap):
    """What was spent, and for each day to come the mean of its class."""
    site = Site(extra='calendar: {saturday: closed}\nbudget: {month_usd: 300}\n')
    append(site.config, table_at(site.path('prices.yml')))
    write(site.path('prices.yml'), 'models: [{model: m-1, input: 1000000, output: 0}]')
    days = {'2026-11-25': 10, '2026-11-26': 20, '2026-11-28': 7}  # Wednesday, Thursday, Saturday
    write(site.path('x.log'), ''.join(line('m-1', n, 1, d).replace('2026-11-24', d) for d, n in days.items()))
    site.tochoku('import', '--format', 'nginx-json', site.path('x.log'))
    want = {'2026-11-25': 10 + 5 * 10, '2026-11-26': 30 + 2 * 15 + 2 * 15,  # no closed day yet: the mean of all
            '2026-11-28': 37 + 7 + 10}  # nobody called on Friday: (10 + 20 + 0) / 3 on Monday
    for day, usd in want.items():
        tap.equal(reports(site, day)['cost.forecast_pico_usd'], str(usd * 10**12), 'forecast on %s' % day)
    tap.equal(reports(site, '2026-11-24')['cost.forecast_pico_usd'], None, 'no forecast before the first call')
    write(site.path('prices.yml'), 'models: [{model: m-1, input: 9000000, output: 0}]')
    site.tochoku('prices', 'reprice', '--from', '2026-11-01', '--to', '2026-11-30', '--reason', 'x')
    text = site.tochoku('report', 'daily', '--date', '2026-11-28', '--format', 'text', '--lang', 'en').decode()
    tap.ok('caution: the forecast is 162.0 % of the month' in text, 'a forecast over the budget is told', text)
    tap.ok('3 calls' not in text and '1 calls of it priced anew after they were recorded (recorded: 7.00 USD)' in text, 'and that the day was priced anew', text)


def estimated(tap):
    """A stream that tells no usage: figures of its own, no part of the others."""
    site = Site()
    append(site.config, table_at(site.path('prices.yml')))
    write(site.path('prices.yml'), 'models: [{model: m-1, input: 1, output: 2}]')
    ask = json.dumps({'model': 'm-1', 'stream': True, 'messages': [{'role': 'user', 'content': 'x' * 400}]})
    stream = ''.join('data: %s\n\n' % json.dumps({'id': 'c', 'model': 'm-1', 'choices': [{'delta': {'content': t}}]})
                     for t in ['要約', 'です', 'y' * 8]) + 'data: [DONE]\n\n'
    head = 'POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nUser-Agent: ward/1 (x)\r\nContent-Length: %d\r\n\r\n'
    answer = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n'
    data = stream.encode()
    told = stream.replace('data: [DONE]', 'data: {"usage": {"prompt_tokens": 9, "completion_tokens": 1}}\n\ndata: [DONE]')
    write_bytes(site.path('x.pcap'), struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) + conversation(
        random.Random(1), 0, (head % len(ask) + ask).encode(), (answer % len(data)).encode() + data) + conversation(
        random.Random(2), 1, (head % len(ask) + ask).encode(), (answer % len(told.encode()) + told).encode()))
    site.tochoku('import', site.path('x.pcap'))
    event, exact = sorted(site.events(), key=lambda e: e['source.port'])
    tap.equal((exact['tochoku.usage.quality'], exact['tochoku.cost.pico_usd'], 'tochoku.estimate.pico_usd' in exact),
              ('exact', 11 * 10**6, False), 'a stream that tells its usage needs none')
    tap.equal({k: event.get(k) for k in ('tochoku.usage.quality', 'tochoku.estimate.input_tokens',
                                         'tochoku.estimate.output_tokens', 'tochoku.estimate.pico_usd',
                                         'gen_ai.usage.input_tokens', 'tochoku.cost.pico_usd')},
              {'tochoku.usage.quality': 'estimated', 'tochoku.estimate.input_tokens': 104,
               'tochoku.estimate.output_tokens': 6, 'tochoku.estimate.pico_usd': 116 * 10**6,
               'gen_ai.usage.input_tokens': None, 'tochoku.cost.pico_usd': None}, 'an estimate has fields of its own')
    day = event['@timestamp'][:10]
    report = reports(site, day)
    tap.equal([report[k] for k in ('cost.estimated_calls', 'cost.estimated_tokens', 'cost.estimated_pico_usd',
                                   'cost.pico_usd', 'cost.unpriced_calls')], [1, 110, '116000000', '11000000', 0],
              'the report has it apart')
    tap.equal([(x['tochoku.usage.quality'], x['tokens'], x['estimated_tokens'], x['estimated_pico_usd'])
               for x in report['cost.lines']], [('exact', 10, 0, '0'), ('estimated', 0, 110, '116000000')], 'its line too')
    tap.equal(report['hygiene.streams_without_usage'], [{'name': 'ward/1', 'calls': 1, 'of': 2}],
              'its client is told, so that it gets mended')
    text = site.tochoku('report', 'daily', '--date', day, '--format', 'text').decode()
    tap.ok('推定 1 件 110 トークン' in text, 'the sheet says 推定', text)


def main():
    tap = Tap()
    shown(tap)
    at_import(tap)
    over_a_reload(tap)
    priced_anew(tap)
    priced_anew_running(tap)
    found_anew(tap)
    imported(tap)
    age_of_table(tap)
    runs_out(tap)
    invoiced(tap)
    forecast(tap)
    estimated(tap)
    tap.done()


if __name__ == '__main__':
    main()
