#!/usr/bin/env python3
"""Random correlations over random events: `rules eval --holds` says what a plain recount of each window says. The
reference reads events alone, keeps all of them and remembers nothing else. SEEDS=N (default 60)."""
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile
from fractions import Fraction

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
PROGRAM = os.environ.get('TOCHOKU', os.path.join(ROOT, 'build/tochoku'))
ZONE = datetime.timezone(datetime.timedelta(hours=9))
TYPES = ['event_count', 'value_count', 'value_sum', 'value_avg', 'value_percentile', 'value_median', 'temporal',
         'temporal_ordered']
BASES = ['red', 'green', 'blue', 'odd']
OPS = {'gt': lambda a, b: a > b, 'gte': lambda a, b: a >= b, 'lt': lambda a, b: a < b, 'lte': lambda a, b: a <= b,
       'eq': lambda a, b: a == b, 'neq': lambda a, b: a != b}
MISSING = object()


def random_events(rng, n):
    t = 1767571200000000 + rng.randrange(86400) * 1000000 # local 2026-01-05, microseconds
    events = []
    for _ in range(n):
        t += rng.choice([0, 0, 1, 1000000, 2000000, 5000000, 9999999, 30000000, rng.randrange(200000000)])
        ev = {'@timestamp': None, 'tags': rng.sample(BASES, rng.choice([0, 1, 1, 1, 2, 3]))}
        for key in ['k', 'k2']:
            value = rng.choice(['a', 'a', 'b', 'c', 1, '1', None, ['b', 'a'], [], True, MISSING])
            if value is not MISSING:
                ev[key] = value
        for field in ['v', 'w']:
            value = rng.choice([rng.randrange(10), rng.randrange(-5, 1000) / 8, str(rng.randrange(10)), 'x', None, 2.5,
                                '1e1', [3, 4], MISSING])
            if value is not MISSING:
                ev[field] = value
        events.append((t, ev))
    if rng.random() < 0.5:
        rng.shuffle(events)
    for t, ev in events:
        when = datetime.datetime.fromtimestamp(t // 1000000, ZONE)
        ev['@timestamp'] = when.strftime('%Y-%m-%dT%H:%M:%S') + '.%06d+09:00' % (t % 1000000)
    return events


def random_condition(rng, kind):
    if kind == 'temporal_ordered' or (kind == 'temporal' and rng.random() < 0.6):
        return {}
    top = {'value_sum': 60, 'value_avg': 12, 'value_percentile': 12, 'value_median': 12, 'temporal': 3}.get(kind, 6)
    ops = rng.sample(list(OPS), rng.choice([1, 1, 1, 2]))
    condition = {op: rng.choice([rng.randrange(top + 1), rng.randrange(2 * top) / 2]) for op in ops}
    if kind.startswith('value_'):
        condition['field'] = rng.choice(['v', 'w', ['v', 'k2']] if kind == 'value_count' else ['v', 'w'])
    if kind == 'value_percentile':
        condition['percentile'] = rng.choice([0, 10, 50, 90, 95, 99.9, 100])
    return condition


def random_rules(rng):
    rules = [{'title': b, 'name': b, 'logsource': {'category': 'x'},
              'detection': {'s': {'tags': b}, 'condition': 's'}} for b in BASES]
    names = list(BASES)
    for i in range(8):
        kind = rng.choice(TYPES)
        members = rng.sample(names, rng.choice([1, 1, 2, 3]))
        body = {'type': kind, 'rules': members if len(members) > 1 or rng.random() < 0.5 else members[0],
                'timespan': rng.choice(['1s', '5s', '10s', '1m', '5m', '1h'])}
        if rng.random() < 0.8:
            body['group-by'] = rng.choice([['k'], ['k', 'k2'], 'k2'])
        condition = random_condition(rng, kind)
        if condition:
            body['condition'] = condition
        if 'k' in body.get('group-by', []) and rng.random() < 0.3:
            entries = {m: rng.choice(['k', 'k2']) for m in members if rng.random() < 0.9}
            if entries:
                body['aliases'] = {'k': entries}
        rule = {'title': 'c%d' % i, 'name': 'c%d' % i, 'correlation': body}
        if rng.random() < 0.15:
            rule['tochoku'] = {'window': 'day'}
        rules.append(rule)
        names.append(rule['name'])
    return rules


# ---- the reference ----

def as_list(x):
    return x if isinstance(x, list) else [x]


def text(ev, field):
    value = ev.get(field)
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None:
        return None
    return value if isinstance(value, str) else json.dumps(value)


def number(ev, field):
    value = ev.get(field)
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None or isinstance(value, bool):
        return None
    try:
        return Fraction(value)
    except ValueError:
        return None


def day_start(t):
    return (t // 1000000 + 9 * 3600) // 86400 * 86400 * 1000000 - 9 * 3600 * 1000000


class Reference:
    """One correlation."""

    def __init__(self, rule):
        body = rule['correlation']
        self.name, self.kind, self.members = rule['name'], body['type'], as_list(body['rules'])
        self.keys = as_list(body.get('group-by', []))
        self.aliases = body.get('aliases', {})
        self.condition = body.get('condition', {})
        self.day = 'window' in rule.get('tochoku', {})
        unit = {'s': 1, 'm': 60, 'h': 3600}[body['timespan'][-1]]
        self.span = int(body['timespan'][:-1]) * unit * 1000000
        self.past, self.last = {}, {}

    def field(self, member, name):
        return self.aliases[name].get(member) if name in self.aliases else name

    def key(self, member, ev):
        key = [None if f is None else text(ev, f) for f in (self.field(member, k) for k in self.keys)]
        return None if None in key else tuple(key)

    def value(self, member, ev):
        if self.kind == 'value_count':
            value = tuple(text(ev, self.field(member, f) or '') for f in as_list(self.condition['field']))
            return None if None in value else value
        if self.kind.startswith('value_'):
            return number(ev, self.condition['field'])
        return True

    def compare(self, x):
        return all(OPS[op](x, Fraction(c)) for op, c in self.condition.items() if op in OPS)

    def ordered(self, past, start):
        """From the end back, each place by the latest event before; the first must lie in the window."""
        at = len(past)
        for place in range(len(self.members) - 1, -1, -1):
            fits = [i for i in range(at) if place in past[i][1]]
            if place == len(self.members) - 1 and (not fits or fits[-1] != at - 1):
                return False
            if not fits:
                return False
            at = fits[-1]
        return past[at][0] >= start

    def holds(self, past, start):
        window = [p for p in past if p[0] >= start]
        values = [p[2] for p in window]
        if self.kind == 'event_count':
            return self.compare(len(window))
        if self.kind == 'value_count':
            return self.compare(len(set(values)))
        if self.kind == 'value_sum':
            return self.compare(sum(values))
        if self.kind == 'value_avg':
            return self.compare(Fraction(sum(values), len(values)))
        if self.kind == 'temporal':
            seen = len({place for p in window for place in p[1]})
            return self.compare(seen) if self.condition else seen == len(self.members)
        if self.kind == 'temporal_ordered':
            return self.ordered(past, start)
        values.sort()
        place = Fraction(str(self.condition.get('percentile', 50))) / 100 * (len(values) - 1)
        low = int(place)
        value = values[low] + (place - low) * (values[min(low + 1, len(values) - 1)] - values[low])
        return self.compare(value)

    def event(self, t, ev, true):
        """(group, begins) for each group in which it holds at this event."""
        groups = {}
        for place, member in enumerate(self.members):
            if member in true and self.key(member, ev) is not None:
                groups.setdefault(self.key(member, ev), []).append(place)
        for key, places in groups.items():
            value = self.value(self.members[places[0]], ev)
            if value is None:
                continue
            past = self.past.setdefault(key, [])
            past.append((t, places, value))
            if self.kind == 'temporal_ordered' and len(self.members) - 1 not in places:
                continue
            start = day_start(t) if self.day else t - self.span
            held, when = self.last.get(key, (False, None))
            now = self.holds(past, start)
            self.last[key] = (now, t)
            if now:
                yield key, not held or when < start


def reference(rules, events):
    correlations = [Reference(r) for r in rules if 'correlation' in r]
    for index, (t, ev) in sorted(enumerate(events), key=lambda x: x[1][0]):
        true = {b for b in BASES if b in ev['tags']}
        for base in true:
            yield base, index, None, None
        for c in correlations:
            for key, begins in list(c.event(t, ev, true)):
                true.add(c.name)
                yield c.name, index, key, begins


# ---- the comparison ----

def evaluate(rules, events, folder):
    # JSON is YAML; the rules stand in any order
    with open(os.path.join(folder, 'rules.yml'), 'w') as f:
        f.write('\n---\n'.join(json.dumps(r) for r in rules))
    with open(os.path.join(folder, 'events.jsonl'), 'w') as f:
        f.writelines(json.dumps(ev) + '\n' for _, ev in events)
    run = subprocess.run([PROGRAM, 'rules', 'eval', '--holds', '--rules', f.name.replace('events.jsonl', 'rules.yml'),
                          '--events', f.name], capture_output=True, text=True)
    if run.returncode != 0:
        raise AssertionError('exit %d: %s' % (run.returncode, run.stderr))
    for line in run.stdout.splitlines():
        hit = json.loads(line)
        yield hit['rule'], hit['event'], tuple(hit['group']) if 'group' in hit else None, hit.get('begins')


def check(seed, folder):
    rng = random.Random(seed)
    rules, events = random_rules(rng), random_events(rng, rng.choice([30, 100, 300]))
    want = sorted(map(repr, reference(rules, events)))
    rng.shuffle(rules)
    got = sorted(map(repr, evaluate(rules, events, folder)))
    wrong = sorted(set(got) ^ set(want))
    for line in wrong[:5]:
        print('# seed %d: %s %s' % (seed, 'missing' if line in want else 'extra', line))
        print('#   ' + next((json.dumps(r) for r in rules if repr(r['name']) == line[1:].split(',')[0]), ''))
    return got == want, len(want)


def main():
    seeds, total, bad = int(os.environ.get('SEEDS', '60')), 0, []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            good, n = check(seed, folder)
            total += n
            bad += [] if good else [seed]
    print('%sok 1 - %d random sets of correlations, %d hits as counted anew%s'
          % ('not ' if bad else '', seeds, total, '; seeds %s' % bad if bad else ''))
    print('1..1')
    return bool(bad)


sys.exit(main())
