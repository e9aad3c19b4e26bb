#!/usr/bin/python3
"""Exports of a generated ledger against the published definitions in ../shared/corpora/schemas."""
import json
import os
import subprocess
import sys

import jsonschema

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import exports  # noqa: E402
from harness import Site, Tap, identities, loggen  # noqa: E402

SCHEMAS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..', 'shared', 'corpora', 'schemas')
RANGE = ('--from', '2026-11-01', '--to', '2026-12-31')
OCSF = {6003: 'api_activity', 3002: 'authentication', 4002: 'http_activity', 2004: 'detection_finding'}


def schema(*path):
    with open(os.path.join(SCHEMAS, *path), encoding='utf-8') as f:
        return json.load(f)


def rows_of(site, name, *more):
    return exports.json_lines(site.tochoku('export', '--format', name, *more, *RANGE).decode())[0]


def first_errors(validator, rows):
    out = []
    for i, row in enumerate(rows):
        for error in validator.iter_errors(row):
            out.append('record %d: %s: %.300s' % (i, list(error.absolute_path), error.message))
            break
        if len(out) > 5:
            break
    return out


def fhir(tap, rows):
    base = schema('fhir', 'fhir-r4-auditevent.schema.json')
    base['$ref'] = '#/definitions/AuditEvent'
    base.pop('oneOf', None)
    base.pop('discriminator', None)
    for s, what in ((base, 'HL7\'s schema of AuditEvent'),
                    (schema('fhir', 'tochoku-auditevent-shape.schema.json'), 'our shape of it')):
        validator = jsonschema.validators.validator_for(s)(s)
        errors = first_errors(validator, rows)
        tap.ok(not errors, 'fhir: %d records hold %s' % (len(rows), what), '\n'.join(errors))
    codes = set()
    with open(os.path.join(SCHEMAS, 'fhir', 'iso-21089-lifecycle.tsv'), encoding='utf-8') as f:
        codes = {line.split('\t')[0] for line in f}
    used = {s['code'] for r in rows for s in r['subtype'] if 'iso-21089' in s['system']}
    tap.ok(used and used <= codes, 'fhir: lifecycle codes exist', used - codes)


def ocsf(tap, rows, classes):
    for uid in sorted(classes):
        s = schema('ocsf', 'ocsf-1.8.0-%s.schema.json' % OCSF[uid])
        own = [r for r in rows if r['class_uid'] == uid]
        errors = first_errors(jsonschema.validators.validator_for(s)(s), own)
        tap.ok(own and not errors, 'ocsf: %d records hold the schema of %s' % (len(own), OCSF[uid]), '\n'.join(errors))


def ecs(tap, rows):
    with open(os.path.join(SCHEMAS, 'ecs', 'ecs-9.4.0-fields.tsv'), encoding='utf-8') as f:
        fields = {c[0]: (c[1], c[3]) for c in (line.rstrip('\n').split('\t') for line in f)}
    with open(os.path.join(SCHEMAS, 'ecs', 'ecs-9.4.0-allowed-values.tsv'), encoding='utf-8') as f:
        allowed = {tuple(line.rstrip('\n').split('\t')) for line in f}
    wrong = set()
    for row in rows:
        for name, value in row.items():
            if name not in fields:
                wrong.add('no field ' + name)
                continue
            kind, array = fields[name]
            if (array == '1') != isinstance(value, list):
                wrong.add('%s: array or not' % name)
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, (int, float)) != (kind in ('long', 'integer', 'float')):
                    wrong.add('%s is no %s' % (name, kind))
                if name in ('event.kind', 'event.category', 'event.type', 'event.outcome') and (name, one) not in allowed:
                    wrong.add('%s: %s is not allowed' % (name, one))
        wrong.update('labels.%s is no keyword' % k for k, v in row['labels'].items() if not isinstance(v, str))
    tap.equal(sorted(wrong), [], 'ecs: %d records hold the field table' % len(rows))


def dicom(tap, site):
    text = site.tochoku('export', '--format', 'dicom', *RANGE).decode()
    messages = text.split('\n')[:-2][:200] + text.split('\n')[:-2][-100:]
    names = []
    for i, message in enumerate(messages):
        names.append(site.path('message-%d.xml' % i))
        with open(names[-1], 'w', encoding='utf-8') as f:
            f.write(message)
    grammar = os.path.join(SCHEMAS, 'dicom', 'audit-message')
    for command in (['xmllint', '--noout', '--relaxng', grammar + '.rng'], ['jing', '-c', grammar + '.rnc']):
        p = subprocess.run(command + names, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8')
        tap.ok(p.returncode == 0, 'dicom: %d messages hold the grammar (%s)' % (len(names), command[0]),
               '\n'.join(line for line in p.stdout.splitlines() if 'validates' not in line)[:2000])


def main():
    tap = Tap()
    if not os.path.isdir(SCHEMAS):
        tap.skip('../shared/corpora/schemas is not there')
        tap.done()
    site = Site(extra=identities())
    log = loggen(site.path('in.log'), '--start', '2026-11-10', '--lines', 9000, '--misuse', '--outside', 20)
    site.tochoku('import', '--format', 'nginx-json', log)
    rows = rows_of(site, 'fhir')
    calls, alerts = rows[:9000:4], rows[9000:]  # a schema takes its time
    tap.ok(alerts and all(r['type']['code'] == '110113' for r in alerts), 'a ledger with calls and findings')
    fhir(tap, calls + alerts)
    ocsf(tap, rows_of(site, 'ocsf'), {6003, 3002, 2004})
    ocsf(tap, rows_of(site, 'ocsf', '--http-activity'), {4002, 2004})
    ecs(tap, rows_of(site, 'ecs'))
    dicom(tap, site)
    tap.done()


if __name__ == '__main__':
    main()
