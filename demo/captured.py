#!/usr/bin/env python3
"""Reads `export --format jsonl`; compares the calls of input `research` with what their gateway logged itself:
each there once, same status, same tokens, priced. One line says so; exit status 1 where something is not so (yet).
captured.py LOG"""
import collections
import json
import sys

TOKENS = ('gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens')

def number(text):
    return int(text) if text else None


def wrong(event, want):
    """What the event says that its gateway did not, or None."""
    got = (event.get('http.response.status_code'), event.get(TOKENS[0]), event.get(TOKENS[1]) or 0,
           event.get('tochoku.complete'))
    prompt, completion = number(want['prompt']), number(want['completion']) or 0
    if got != (want['status'], prompt, completion, True):
        return 'seen %s, logged %s' % (got, want)
    if prompt is not None and not int(event.get('tochoku.cost.pico_usd') or 0):
        return 'no cost: %s' % event
    return None


def main(log):
    with open(log, encoding='utf-8') as f:
        logged = {r['rid']: r for r in map(json.loads, f)}
    seen = [e for e in map(json.loads, sys.stdin) if e.get('tochoku.input') == 'research']
    times = collections.Counter(e.get('http.request.id') for e in seen)
    if times != collections.Counter(logged.keys()):
        sys.exit('captured.py: %d calls logged, %d seen, missing %s, not logged or more than once %s' % (
            len(logged), len(seen), sorted(logged.keys() - times.keys())[:3],
            [i for i in times if i not in logged or times[i] > 1][:3]))
    for e in seen:
        if why := wrong(e, logged[e['http.request.id']]):
            sys.exit('captured.py: %s: %s' % (e['http.request.id'], why))
    tokens = sum(int(e.get(f) or 0) for e in seen for f in TOKENS)
    cost = sum(int(e.get('tochoku.cost.pico_usd') or 0) for e in seen) / 1e12
    truth = logged.values()
    kinds = [sum('gzip' in r['coding'] for r in truth), sum('event-stream' in r['ct'] for r in truth),
             sum(r['status'] != 200 for r in truth)]
    print('%d calls, each in the ledger once (%d gzipped, %d streamed, %d refused or failed): %s tokens, $%.4f' % (
        len(seen), *kinds, format(tokens, ','), cost))


if __name__ == '__main__':
    main(*sys.argv[1:])
