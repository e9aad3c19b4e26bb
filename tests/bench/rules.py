#!/usr/bin/env python3
"""What rules cost: the shipped catalogue, SigmaHQ's web rules, 3,000 rules made in their image, and correlations over a
million client addresses. CPU seconds of the engine alone, on made-up access events (tests/bench/rules_speed.c).

usage: make bench BENCH=rules, or tests/bench/rules.py [RULES...] for these alone"""
import json
import os
import random
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SPEED = os.path.join(ROOT, 'build/release/tests/bench/rules_speed')
SIGMAHQ = os.path.join(ROOT, '../shared/corpora/sigma/sigmahq')
CATALOGUE = os.path.join(ROOT, 'rules/catalogue')
WORDS = ('admin api app auth backup bin cgi cmd config console data debug download etc exec export file form gateway '
         'git image import include index install java jsp lib log login manager mgmt module page passwd php plugin '
         'proxy query rest root script search server service setup shell status system temp test tmp token tool update '
         'upload user util view vpn web wp xml').split()
# field, modifiers, how often: as in SigmaHQ's web rules
FIELDS = [('cs-uri-query', 'contains', 90), ('cs-uri-query', 'contains|all', 35), ('c-uri', 'contains', 20),
          ('c-uri', 'endswith', 12), ('cs-uri-query', 'endswith', 12), ('cs-uri-stem', 'startswith', 10),
          ('c-useragent', 'contains', 20), ('cs-user-agent', 'contains', 10), ('cs-host', 'endswith', 8),
          ('cs-host', '', 11)]
CORRELATIONS = '''title: base
name: base
logsource: {category: llm_api}
detection: {s: {cs-uri-stem|startswith: /v1/}, condition: s}
---
title: count
correlation: {type: event_count, rules: base, group-by: [c-ip], timespan: 5m, condition: {gte: 10}}
---
title: values
correlation: {type: value_count, rules: base, group-by: [c-ip], timespan: 1h, condition: {field: cs-username, gte: 20}}
---
title: sum
correlation: {type: value_sum, rules: base, group-by: [c-ip], timespan: 1h, condition: {field: sc-bytes, gte: 1000000000}}
---
title: percentile
correlation: {type: value_percentile, rules: base, timespan: 5m, condition: {field: time-taken, percentile: 95, gte: 4900}}
'''


def literal(rng, field, modifiers):
    if field == 'cs-host':
        return '.'.join(rng.choice(WORDS) + rng.choice(WORDS) for _ in range(2)) + rng.choice(['.com', '.top', '.xyz'])
    if 'agent' in field:
        return '%s%s/%d.%d' % (rng.choice(WORDS), rng.choice(WORDS), rng.randrange(9), rng.randrange(9))
    path = ''.join(rng.choice(['/', '/', '/', '%2f', '../']) + rng.choice(WORDS) for _ in range(rng.randrange(2, 5)))
    return path + rng.choice(['', '', '.php', '.jsp', '=', '?%s=' % rng.choice(WORDS), '_%d' % rng.randrange(1000)])


def made_rule(rng, n):
    field, modifiers, _ = rng.choices(FIELDS, [f[2] for f in FIELDS])[0]
    search = {field + ('|' + modifiers if modifiers else ''):
              [literal(rng, field, modifiers) for _ in range(rng.choice([1, 1, 2, 3, 5, 8]))]}
    if rng.random() < 0.5:
        search['cs-method'] = rng.choice(['GET', 'POST', 'PUT'])
    if rng.random() < 0.22:
        search['sc-status'] = rng.choice([200, 401, 500])
    return {'title': 'made %d' % n, 'logsource': {'category': rng.choice(['webserver', 'proxy'])},
            'detection': {'selection': search, 'condition': 'selection'}}


def made_rules(folder, n):
    rng, path = random.Random(1), os.path.join(folder, 'made-%d' % n)
    os.mkdir(path)
    for i in range(0, n, 250):
        with open(os.path.join(path, '%05d.yml' % i), 'w') as f:
            f.write('\n---\n'.join(json.dumps(made_rule(rng, k)) for k in range(i, min(i + 250, n))))
    return path


def measure(events, keys, *paths):
    """The better of two runs: others use the machine, too."""
    runs = [json.loads(subprocess.run([SPEED, str(events), str(keys), *paths], check=True, stdout=subprocess.PIPE).stdout)
            for _ in range(2)]
    return min(runs, key=lambda r: r['cpu_s'])


def show(name, r, more=''):
    print('%-34s %6d rules  %7.0f ns/event  %8.0f events/s  load %.2f s  %4d MiB  %s'
          % (name, r['count'], r['ns_event'], r['events'] / r['cpu_s'], r['load_s'], r['rss_mib'], more), flush=True)


def main():
    if sys.argv[1:]:
        show('given', measure(1000000, 100, *sys.argv[1:]))
        return
    show('catalogue', measure(2000000, 100, CATALOGUE))
    if os.path.isdir(SIGMAHQ):
        show("SigmaHQ's web rules", measure(500000, 100, SIGMAHQ))
    else:
        print("SigmaHQ's web rules: no ../shared/corpora here")
    with tempfile.TemporaryDirectory() as folder:
        few = measure(300000, 100, made_rules(folder, 300))
        show('made, 300', few)
        many = measure(300000, 100, made_rules(folder, 3000))
        show('made, 3000', many, 'one rule more: %.2f ns/event' % ((many['ns_event'] - few['ns_event']) / 2700))
        path = os.path.join(folder, 'correlations.yml')
        with open(path, 'w') as f:
            f.write(CORRELATIONS)
        show('four correlations, 100 clients', measure(1000000, 100, path))
        full = measure(3000000, 1000000, path)
        show('the same, 1,000,000 clients', full, '%d groups given up' % full['evicted'])


if __name__ == '__main__':
    main()
