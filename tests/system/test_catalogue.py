#!/usr/bin/env python3
"""The shipped rules: each of the plan is there, on or off as it says, with its texts in both languages and tests of its own
that hold; and rules of others beside them, whose authors the findings name."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import ROOT, Site, Tap  # noqa: E402

PLAN = [*range(101, 110), *range(201, 209), *range(301, 308), *range(401, 407), *range(501, 509), *range(511, 516), 601, 602, 603,
        *range(701, 705), *range(801, 807)]
OFF = {102, 303, 306, 405, 406, 502, 507, 512, 513, 515, 704}
THEIRS = '''title: Path Traversal
id: 00000000-0000-4000-8000-0000000000a1
status: test
author: Somebody Else, Another (Company)
logsource: {category: webserver}
detection:
    selection:
        cs-uri-query|contains: '../../'
    condition: selection
level: medium
'''


def documents():
    """(file, text) of each document of the catalogue."""
    folder = os.path.join(ROOT, 'rules/catalogue')
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding='utf-8') as f:
            for text in re.split(r'^---$', f.read(), flags=re.M):
                yield name, text


def plan_number(text):
    found = re.search(r'^id: 7b0e5a10-(0\d{3})-', text, re.M)
    return int(found.group(1)) if found else None


def lacks(text):
    """What a rule that tells people something lacks."""
    both = r'^    %s:\n        ja: \S.*\n(?: {12}.*\n)*        en: \S'
    matches, misses = len(re.findall(r'^ +expect: match$', text, re.M)), len(re.findall(r'^ +expect: none$', text, re.M))
    wants = {'title_ja': re.search(r'^    title_ja: \S', text, re.M), 'action in ja and en': re.search(both % 'action', text, re.M),
             'reason in ja and en': re.search(both % 'reason', text, re.M), 'entity': re.search(r'^    entity: \[', text, re.M),
             'reason with a value': re.search(r'^    reason:\n.*%[a-z]', text, re.M | re.S),
             'description': re.search(r'^description: ', text, re.M), 'author': re.search(r'^author: \S', text, re.M),
             'two tests that match': matches >= 2, 'three that do not': misses >= 3}
    return [name for name, there in wants.items() if not there]


def main():
    tap = Tap()
    rules = [(name, text) for name, text in documents() if plan_number(text)]
    tap.equal(sorted(set(PLAN) - {plan_number(text) for _, text in rules}), [], 'every rule of the plan is there')
    tap.equal({plan_number(text) for _, text in rules if re.search(r'^    enabled: false$', text, re.M)} - {301}, OFF,
              'off are those of the plan (and the part of 301 for users without a role)')
    for name, text in rules:
        tap.equal(lacks(text), [], '%s: %s' % (name, re.search(r'^title: (.*)', text, re.M).group(1)))
    parts = [text for _, text in documents() if not plan_number(text) and 'detection:' in text or 'correlation:' in text and not plan_number(text)]
    tap.ok(all('level: informational' in text for text in parts), 'the others are parts that tell nobody')
    site = Site()
    told = site.tochoku('rules', 'test').decode()
    tap.ok(re.match(r'\d+ rules, [1-9]\d+ tests passed, 0 failed', told), 'their tests hold', told)
    os.mkdir(site.path('theirs'))
    with open(site.path('theirs/traversal.yml'), 'w', encoding='utf-8') as f:
        f.write(THEIRS)
    with open(site.config, 'a', encoding='utf-8') as f:
        f.write('rules: {paths: [%s, %s]}\n' % (os.path.join(ROOT, 'rules/catalogue'), site.path('theirs')))
    with open(site.path('access.log'), 'w', encoding='utf-8') as f:
        f.write(json.dumps({'ts': '2026-11-25T10:00:00+09:00', 'client': '10.10.0.1', 'method': 'GET', 'host': 'gw', 'rid': '1' * 32,
                            'uri': '/x?f=../../etc/passwd', 'status': 200, 'rt': 0.1}) + '\n')
    site.tochoku('import', '--format', 'nginx-json', site.path('access.log'))
    found = [f for f in site.lines('findings', 'list', '--json') if f['rule.id'].endswith('a1')]
    tap.equal([(f['rule.author'], f['rule.name']) for f in found], [('Somebody Else, Another (Company)', 'Path Traversal')],
              "a rule of others, unchanged, from the site's folder: its author stands in the finding")
    tap.done()


if __name__ == '__main__':
    main()
