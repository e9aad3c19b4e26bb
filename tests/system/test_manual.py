#!/usr/bin/env python3
"""The manual names what the program's own tables have: every loss and anomaly with its meaning, every
command."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import ROOT, Tap  # noqa: E402


def rows(path, name):
    """(arguments in quotes) of each NAME(...) of a .def file."""
    with open(os.path.join(ROOT, path), encoding='utf-8') as f:
        return [re.findall(r'"([^"]*)"', row) for row in re.findall(r'^%s\((.*)\)' % name, f.read(), re.M)]


def rule_fields():
    """(name, meaning) of each row of derived.def, whose meaning may stand on several lines."""
    with open(os.path.join(ROOT, 'rules/derived.def'), encoding='utf-8') as f:
        texts = [re.findall(r'"([^"]*)"', row) for row in re.split(r'^DERIVED\(', f.read(), flags=re.M)[1:]]
    return [(row[0], ''.join(row[1:])) for row in texts]


def roff(text):
    return text.replace('\\"', '"').replace('-', '\\-')


def sentence(text):
    return roff(text if text.startswith(('nginx', 'ingress')) else text[0].upper() + text[1:])


def formats():
    """(name, doc) of each gateway format."""
    for path in sorted(glob.glob(os.path.join(ROOT, 'sensor/gateway/*.c'))):
        with open(path, encoding='utf-8') as f:
            yield from re.findall(r'\.name = "([^"]+)",\s*(?:\.several = "[^"]*",\s*)?\.doc = "((?:[^"\\]|\\.)*)"', f.read())


def main():
    tap = Tap()
    with open(os.path.join(ROOT, 'man/tochoku.1'), encoding='utf-8') as f:
        manual = f.read()
    for what, path, macro, head in (('loss', 'core/event/losses.def', 'LOSS', '.SS What was lost, by name\n'),
                                    ('anomaly', 'sensor/proto/http/anomalies.def', 'ANOMALY', '.SH ANOMALIES\n')):
        table = rows(path, macro)
        section = re.split(r'^\.S[HS] ' if head[2] == 'S' else r'^\.SH ', manual.split(head)[1], maxsplit=1, flags=re.M)[0]
        tap.equal(re.findall(r'^\.TP\n\.B (\S+)$', section, re.M), [name for name, _ in table],
                  'the manual lists each %s of the table once, in its order, and no other' % what)
        tap.ok(len(table) > 10, 'the table of %s is read' % path)
        for name, meaning in table:
            tap.ok('.TP\n.B %s\n%s%s.\n' % (name, meaning[0].upper(), meaning[1:]) in manual,
                   '%s %s stands in the manual with its meaning' % (what, name), meaning)
    fields = rule_fields()
    tap.ok(len(fields) > 40, 'the table of rule fields is read')
    for name, meaning in fields:
        tap.ok('.TP\n.B %s\n%s%s.\n' % (name, meaning[0].upper(), meaning[1:]) in manual,
               'rule field %s stands in the manual with its meaning' % name, meaning)
    for name, doc in formats():
        tap.ok('.TP\n.B %s\n%s.\n' % (roff(name), sentence(doc)) in manual, 'format %s stands in the manual' % name, doc)
    with open(os.path.join(ROOT, 'cli/decode.c'), encoding='utf-8') as f:
        listed = set(re.findall(r'[a-z0-9-]+', f.read()))
    tap.equal([name for name, doc in formats() if name not in listed], [], 'decode --help lists all formats')
    for name, meaning in rows('sensor/gateway/meanings.def', 'MEANING'):
        tap.ok('.TP\n.B %s\n%s.\n' % (name, sentence(meaning)) in manual, 'field %s stands in the manual' % name, meaning)
    with open(os.path.join(ROOT, 'core/event/wire.c'), encoding='utf-8') as f:
        for name in re.findall(r'\[REJECT_\w+\] = "(\w+)"', f.read()):
            tap.ok('.TP\n.B %s\n' % name in manual, 'reason %s stands in the manual' % name)
    said = manual.replace('\\-', '-').lower()
    headers = rows('sensor/fields/person.def', 'PERSON') + rows('sensor/proto/headers.def', 'HEADER')[-30:-1]
    tap.ok(len(headers) > 60, 'the tables of headers are read')
    for name, in headers:
        tap.ok(re.search(r'(?<![\w-])%s(?![\w-])' % name, said), 'header %s stands in the manual' % name)
    with open(os.path.join(ROOT, 'cli/commands.def'), encoding='utf-8') as f:
        commands = re.findall(r'^COMMAND\((\w+)', f.read(), re.M)
    tap.ok(len(list(formats())) > 8, 'the formats are read')
    tap.ok(len(commands) > 8, 'the commands are read')
    for name in commands:
        tap.ok(re.search(r'^\.(B|BI|BR) "?%s\b' % name, manual, re.M), 'command %s stands in the manual' % name)
    tap.done()


if __name__ == '__main__':
    main()
