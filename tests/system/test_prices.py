#!/usr/bin/env python3
"""Prices from a table to a call's cost: at import, in `run` over a reload, and as `prices` shows them."""
import json
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import Site, Tap  # noqa: E402

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
    tap.ok('check, show and import' in site.last_error, 'an unknown word')


def main():
    tap = Tap()
    shown(tap)
    at_import(tap)
    over_a_reload(tap)
    tap.done()


if __name__ == '__main__':
    main()
