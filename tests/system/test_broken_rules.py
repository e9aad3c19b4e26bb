#!/usr/bin/env python3
"""Broken rule files: `rules check` names the line and what is wrong, exits 2, and spends less than a second of the CPU
and 64 MiB on each; a good document beside the broken one still loads."""
import os
import re
import resource
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
PROGRAM = os.environ.get('TOCHOKU', os.path.join(ROOT, 'build/tochoku'))
GOOD = '''title: good
name: good
logsource: {category: llm_api}
detection: {s: {sc-status: 200}, condition: s}
---
'''
AT = GOOD.count('\n') # lines before the broken document


def rule(*detection):
    return '\n'.join(('title: t', 'logsource: {category: llm_api}', 'detection:') + detection) + '\n'


def one(line):
    return rule('  s:', '    ' + line, '  condition: s')


def correlation(*body, top=''):
    return '\n'.join(('title: c', 'name: c', 'correlation:') + tuple('  ' + b for b in body)) + '\n' + top


def count(*more, **change):
    body = {'type': 'event_count', 'rules': '[good]', 'group-by': '[c-ip]', 'timespan': '5m', 'condition': '{gte: 3}'}
    body.update({k.replace('_', '-'): v for k, v in change.items()})
    return correlation(*('%s: %s' % x for x in body.items() if x[1] is not None), *more)


def filters(condition='not s', rules='[good]', more='', source='{category: llm_api}'):
    return 'title: f\nlogsource: %s\nfilter:\n  rules: %s\n  s: {c-ip: 10.0.0.1}\n  condition: %s\n%s' % (
        source, rules, condition, more)


def bomb(levels):
    lines = ['title: b', 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    return '\n'.join(lines + ['a%d: &a%d [%s]' % (i, i, ', '.join(['*a%d' % (i - 1)] * 10)) for i in range(1, levels)])


def chain(n):
    links = ['title: c0\nname: c0\ncorrelation: {type: event_count, rules: good, timespan: 1m, condition: {gte: 1}}']
    for i in range(1, n):
        links.append('title: c%d\nname: c%d\ncorrelation: {type: event_count, rules: c%d, timespan: 1m, '
                     'condition: {gte: 1}}' % (i, i, i - 1))
    return '\n---\n'.join(links)


# name, text, line in the text, what is told
CASES = [
    ('unknown modifier', one('cs-method|contain: x'), 5, "unknown modifier 'contain', did you mean 'contains'"),
    ('unknown modifier behind another', one('cs-method|contains|al: [x, y]'), 5, "'al'"),
    ('field that no event has', one("cs-methode: x") + 'level: hihg\n', 7, "did you mean 'high'"),
    ('host bits', one('c-ip|cidr: 10.0.0.1/8'), 5, 'host bits set'),
    ('no network', one('c-ip|cidr: 10.0.0/8'), 5, '10.0.0/8'),
    ('prefix too long', one('c-ip|cidr: 10.0.0.0/33'), 5, '10.0.0.0/33'),
    ('broken regular expression', one("cs-method|re: '(a'"), 5, 're'),
    ('number wanted', one('sc-status|gte: many'), 5, 'number'),
    ('list that is not there', one("cs-method|expand: '%nobody%'"), 5, 'nobody'),
    ('i without re', one('cs-method|i: x'), 5, "'i'"),
    ('empty list', one('cs-method: []'), 5, 'empty'),
    ('empty map', rule('  s: {}', '  condition: s'), 4, 'empty'),
    ('undefined search', rule('  sel: {cs-method: x}', '  condition: sel and sell'), 5, "'sell', which the detection does "
     "not define, did you mean 'sel'"),
    ('pattern that meets nothing', rule('  s: {cs-method: x}', '  condition: 1 of t*'), 5, "'of t*'"),
    ('aggregation', rule('  s: {cs-method: x}', '  condition: s | count() > 5'), 5, 'write a correlation'),
    ('bracket left open', rule('  s: {cs-method: x}', '  condition: (s'), 5, "')'"),
    ('nested too deeply', rule('  s: {cs-method: x}', '  condition: ' + '(' * 100 + 's' + ')' * 100), 5, 'nested'),
    ('no condition', rule('  s: {cs-method: x}'), 4, "no 'condition'"),
    ('no log source', 'title: t\ndetection: {s: {a: 1}, condition: s}\n', 1, "'logsource'"),
    ('nothing at all of a rule', 'title: t\nlevel: low\n', 1, "'detection'"),
    ('a list for a document', '- 1\n', 1, 'must be a map'),
    ('a tab', 'title: t\n\tlevel: low\n', 2, 'YAML'),
    ('a key twice', 'title: t\nlevel: low\ntitle: u\n', 3, "'title'"),
    ('merge key', 'title: t\na: &a {b: c}\nd: {<<: *a}\n', 3, '<<'),
    ('quote left open', "title: 't\nlevel: low\n", 3, 'a quoted scalar that began at line %d' % (AT + 1)),
    ('not UTF-8', 'title: t\nauthor: \udcff\n', 2, 'UTF-8'),
    ('alias bomb', bomb(9), 5, 'aliases'),
    ('wide alias bomb', 'title: b\na: &a [%s]\nb: [%s]\n' % ('x, ' * 900, '*a, ' * 900), 3, 'alias'),
    ('deep nesting', 'title: t\na: ' + '[' * 5000 + ']' * 5000 + '\n', 2, 'levels inside'),
    ('same name', 'title: u\nname: good\nlogsource: {category: x}\ndetection: {s: {a: 1}, condition: s}\n', 2,
     "same id or name as 'good'"),
    ('unknown type', count(type='event_cuont'), 4, "did you mean 'event_count'"),
    ('no type', count(type=None), 4, "'type'"),
    ('unknown key', count('timspan: 5m', timespan=None), 8, "unknown key 'timspan' in 'correlation', did you mean 'timespan'"),
    ('unknown member', count(rules='[goood]'), 5, "'goood', did you mean 'good'"),
    ('no members', count(rules='[]'), 5, 'empty'),
    ('members of a strange kind', count(rules='{a: b}'), 5, 'id or name'),
    ('bad timespan', count(timespan='5x'), 7, '5m'),
    ('timespan of nothing', count(timespan='0s'), 7, '5m'),
    ('timespan without end', count(timespan='99999999999999999999d'), 7, '3660d'),
    ('no timespan', count(timespan=None), 4, "'timespan'"),
    ('no condition of a count', count(condition=None), 4, "'condition'"),
    ('unknown operator', count(condition='{gtt: 3}'), 8, "unknown key 'gtt' in 'condition', did you mean 'gt'"),
    ('no operator', count(condition='{}'), 8, 'gte'),
    ('operator without a number', count(condition='{gte: many}'), 8, "'gte' takes a number"),
    ('threshold without end', count(condition='{gte: 99999999}'), 8, '1000000'),
    ('distinct values without end', count(type='value_count', condition='{gt: 1000000, field: c-ip}'), 8, '1000000'),
    ('field of a count', count(condition='{gte: 3, field: c-ip}'), 8, "'field'"),
    ('value without a field', count(type='value_count'), 8, "'field'"),
    ('percentile without one', count(type='value_percentile', condition='{gte: 3, field: sc-bytes}'), 8, "'percentile'"),
    ('percentile too large', count(type='value_percentile', condition='{gte: 3, field: sc-bytes, percentile: 101}'), 8,
     '0 to 100'),
    ('words for a condition', count(type='temporal', condition='good and good'), 8, 'map such as'),
    ('alias of no member', count('aliases: {c-ip: {god: x}}'), 9, "'god', which is none of 'rules', did you mean 'good'"),
    ('alias without a map', count('aliases: {c-ip: x}'), 9, 'rule name -> field'),
    ('refers to itself', count(rules='[c]'), 5, "circle"),
    ('circle of two', count(rules='[d]') + '---\n' + count(rules='[c]').replace('title: c', 'title: d').replace(
        'name: c', 'name: d'), 14, 'circle'),
    ('refers to what was left out', count(rules='[d]') + '---\n' + count(timespan='5').replace('name: c', 'name: d'), 5,
     "'d'"),
    ('chain too long', chain(11), 4 * 10 + 1, '10'),
    ('generate of a strange kind', count() + 'generate: maybe\n', 9, "'generate'"),
    ('test without a time', count() + 'tochoku:\n  tests:\n    - expect: match\n      events:\n        - {a: 1}\n', 13,
     "'@timestamp'"),
    ('test without an expectation', count() + 'tochoku:\n  tests:\n    - events:\n        - {a: 1}\n', 11, "'expect'"),
    ('window of a strange kind', count() + 'tochoku: {window: week}\n', 9, "'window' must be day"),
    ('window of a rule', one('cs-method: x') + 'tochoku:\n  window: day\n', 8, 'correlations only'),
    ('filter in the other reading', filters('s'), 6, "'not selection'"),
    ('filter twice negated', filters('not not s'), 6, "'not selection'"),
    ('filter half negated', filters('not s or s'), 6, "'not selection'"),
    ('filter of nothing', filters(rules='[god]'), 4, "'god', did you mean 'good'"),
    ('filter of a correlation', filters(rules='[c]') + '---\n' + count(), 4, 'is a correlation'),
    ('filter without rules', filters().replace('  rules: [good]\n', ''), 4, "'rules'"),
    ('filter with a key misspelt', filters().replace('rules:', 'rule:').replace('not s', 'not s'), 4, "'rules'"),
    ('filter with a key too many', filters(more='  conditions: x\n'), 7, "did you mean 'condition'"),
    ('filter without a log source', filters().replace('logsource', 'logsuorce'), 1, "'logsource'"),
    ('filter on foreign searches', filters('not 1 of other*'), 6, "'of other*'"),
]


def check(path):
    """Exit status, what was told, CPU seconds and KiB."""
    out, inn = os.pipe()
    run = subprocess.Popen([PROGRAM, 'rules', 'check', path], stdout=subprocess.DEVNULL, stderr=inn,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (10, 10)))
    os.close(inn)
    with os.fdopen(out, errors='replace') as f:
        told = f.read()
    _, status, used = os.wait4(run.pid, 0)
    run.returncode = 0
    return os.waitstatus_to_exitcode(status), told, used.ru_utime + used.ru_stime, used.ru_maxrss


def complaint(case, folder):
    name, text, line, words = case
    path = os.path.join(folder, 'rule.yml')
    with open(path, 'w', errors='surrogateescape') as f:
        f.write(GOOD + text)
    status, told, cpu, memory = check(path)
    lines = [x for x in told.splitlines() if 'warning:' not in x]
    if status != 2:
        return 'exit %d' % status
    if not any(re.match(r'tochoku: [^:]*:%d:\d+: ' % (line + AT), x) and words in x for x in lines):
        return 'line %d with %s wanted' % (line + AT, words)
    if 'asan' not in PROGRAM and (cpu > 1 or memory > 64 << 10):
        return '%.2f s, %d KiB' % (cpu, memory)
    ls = subprocess.run([PROGRAM, 'rules', 'list', path], capture_output=True, text=True)
    if 'not valid YAML' not in told and 'UTF-8' not in told and ' good' not in ls.stdout:
        return 'the good document is gone'
    return None


def main():
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for n, case in enumerate(CASES):
            wrong = complaint(case, folder)
            print('%sok %d - %s' % ('not ' if wrong else '', n + 1, case[0]))
            if wrong:
                bad += 1
                print('# ' + wrong)
                print('# ' + '\n# '.join(check(os.path.join(folder, 'rule.yml'))[1].splitlines()[:6]))
    print('1..%d' % len(CASES))
    return bad > 0


sys.exit(main())
