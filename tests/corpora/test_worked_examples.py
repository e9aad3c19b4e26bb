#!/usr/bin/env python3
"""The worked examples of ../shared/corpora/schemas: the same call goes in by a log, and every member that an example has
comes out with its value. What an example says that no log can (or that is another by nature) stands in OTHERWISE with the
reason; a row there that is not needed any more fails too."""
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import exports  # noqa: E402
from harness import ROOT, Site, Tap  # noqa: E402

EXAMPLES = os.path.join(ROOT, '../shared/corpora/schemas/examples')
RANGE = ('--from', '2026-11-22', '--to', '2026-11-22')
CALL = {'start': '2026-11-21T16:42:07.318Z', 'client': '203.0.113.45', 'cport': 52811, 'server': '10.20.0.15', 'sport': 443,
        'user': 'n.tanaka', 'method': 'POST', 'host': 'ai-gw.kita-hp.example', 'uri': '/v1/chat/completions', 'version': '1.1',
        'status': 200, 'in': 9120, 'out': 3055, 'ms': 2310, 'ua': 'python-httpx/0.27.0', 'rid': 'req_7d1f2a',
        'provider': 'openai', 'op': 'chat', 'model': 'gpt-4o-mini', 'answered': 'gpt-4o-mini-2024-07-18', 'tin': 1830,
        'tout': 412, 'key': 'ward-7', 'tls': '1.3'}
FIELDS = {'start_time': 'start', 'time': 'start', 'client': 'client', 'client_port': 'cport', 'server': 'server',
          'server_port': 'sport', 'user': 'user', 'method': 'method', 'host': 'host', 'target': 'uri', 'version': 'version',
          'status': 'status', 'request_bytes': 'in', 'response_bytes': 'out', 'duration_ms': 'ms', 'user_agent': 'ua',
          'request_id': 'rid', 'provider': 'provider', 'operation': 'op', 'model': 'model', 'model_served': 'answered',
          'tls_version': 'tls', 'input_tokens': 'tin', 'output_tokens': 'tout', 'key': 'key'}
EXTRA = '''geoip: {databases: [%(dir)s/geo.mmdb]}
identities:
  users: [{id: n.tanaka, name: 田中 直子, roles: [nurse], department: 5F病棟}]
functions: [{name: 退院サマリ下書き, match: {path: /v1/chat/completions}}]
export: {enterprise_number: 55555}
'''
ITSELF = 'of this ledger: its number, leaf, identity or time of recording'
SAYS = 'what the example says and a line of a log does not'
OTHERWISE = {
    'ecs-access.json': {'/event.id': ITSELF, '/event.sequence': ITSELF, '/event.hash': ITSELF, '/event.created': ITSELF,
                        '/labels/key': ITSELF, '/trace.id': SAYS},
    'fhir-access.json': {'/id': ITSELF, '/recorded': ITSELF, '/agent[0]/who/identifier/value': ITSELF,
                         '/entity[1]/what/identifier/value': ITSELF, '/entity[1]/detail[leaf-hash]/valueString': ITSELF},
    'ocsf-api-activity.json': {'/metadata/uid': ITSELF, '/metadata/sequence': ITSELF, '/metadata/logged_time': ITSELF,
                               '/metadata/product/version': ITSELF, '/actor/user/credential_uid': ITSELF,
                               '/unmapped/complete': SAYS},
    'ocsf-http-activity.json': {'/metadata/uid': ITSELF},
    'dicom-access.xml': {'/EventIdentification[0]/EventTypeCode[1]@originalText': 'a word for the code, which stands there too',
                         '/ActiveParticipant[1]@UserID': ITSELF},
    'cef.txt': {'externalId': ITSELF, 'cs1': ITSELF, 'head3': ITSELF},
    'leef.txt': {'key': ITSELF, 'head3': ITSELF},
    'syslog5424.txt': {'head3': 'a file has no process', '/access@32473/seq': ITSELF, '/access@32473/key': ITSELF,
                       '/meta/sequenceId': ITSELF, '/meta/sysUpTime': SAYS, '/timeQuality/tzKnown': 'the clock of then: in the manifests',
                       '/timeQuality/isSynced': 'the same', '/timeQuality/syncAccuracy': 'the same'},
}


def flat(value, path=''):
    """Path -> scalar of nested JSON; members of a list by what names them, else by position."""
    if isinstance(value, dict):
        for k, v in value.items():
            yield from flat(v, path + '/' + k)
    elif isinstance(value, list):
        for i, v in enumerate(value):
            name = v.get('type') if isinstance(v, dict) and isinstance(v.get('type'), str) else i
            yield from flat(v, '%s[%s]' % (path, name))
    else:
        yield path, value


def xml_flat(e, path=''):
    for i, c in enumerate(e):
        here = '%s/%s[%s]' % (path, c.tag, c.get('type', i))
        for k, v in c.attrib.items():
            yield here + '@' + k, v
        if c.text:
            yield here, c.text
        yield from xml_flat(c, here)


def example(name):
    with open(os.path.join(EXAMPLES, name), encoding='utf-8') as f:
        return f.read()


def compare(tap, name, want, have):
    want, have = dict(want), dict(have)
    otherwise = OTHERWISE.get(name, {})
    bad = {k: (v, have.get(k)) for k, v in want.items() if have.get(k) != v and k not in otherwise}
    tap.equal(bad, {}, '%s: %d members of the example come out' % (name, len(want) - len(otherwise)))
    tap.equal([k for k in otherwise if k not in want or have.get(k) == want[k]], [], '%s: and what is otherwise is so' % name)


def main():
    tap = Tap()
    if not os.path.isdir(EXAMPLES):
        tap.skip('../shared/corpora/schemas is not there')
        tap.done()
    site = Site()
    with open(site.config, encoding='utf-8') as f:
        text = f.read().replace('{name: test,', '{name: kita-hp, sensor: tochoku-01,')
    text += EXTRA % {'dir': site.dir}
    with open(site.config, 'w', encoding='utf-8') as f:
        f.write(text)
    subprocess.run([sys.executable, os.path.join(ROOT, 'tests/lib/mmdb_write.py'), site.path('geo.mmdb'), '--layout', 'nested'],
                   input='network,country,asn\n203.0.113.0/24,NL,64500\n', encoding='utf-8', check=True)
    with open(site.path('call.log'), 'w', encoding='utf-8') as f:
        f.write(json.dumps(CALL, ensure_ascii=False) + '\n')
    site.tochoku('keys', 'add', '--id', 'discharge-summary', stdin=b'ward-7\n')
    site.tochoku('import', '--format', 'json:' + ','.join('%s=%s' % x for x in FIELDS.items()), site.path('call.log'))

    def first(form, *more):
        return site.tochoku('export', '--format', form, '--lang', 'en', *more, *RANGE).decode().split('\n')[0]
    for form, name, more in (('ecs', 'ecs-access.json', ()), ('fhir', 'fhir-access.json', ()),
                             ('ocsf', 'ocsf-api-activity.json', ()), ('ocsf', 'ocsf-http-activity.json', ('--http-activity',))):
        compare(tap, name, flat(json.loads(example(name))), flat(json.loads(first(form, *more))))
    compare(tap, 'dicom-access.xml', xml_flat(ET.fromstring(example('dicom-access.xml'))), xml_flat(ET.fromstring(first('dicom'))))
    for form, name in (('cef', 'cef.txt'), ('leef', 'leef.txt')):
        read = getattr(exports, form)
        (want_head, want), (have_head, have) = read(example(name).split('\n')[0]), read(first(form))
        compare(tap, name, {**want, **{'head%d' % i: x for i, x in enumerate(want_head)}},
                {**have, **{'head%d' % i: x for i, x in enumerate(have_head)}})
    _, want_head, want, _ = exports.syslog(example('syslog5424.txt').split('\n')[0])
    _, have_head, have, _ = exports.syslog(first('syslog'))
    compare(tap, 'syslog5424.txt', {'head%d' % i: x for i, x in enumerate(want_head)} | dict(flat(want)),
            {'head%d' % i: x for i, x in enumerate(have_head)} | dict(flat({k.replace('55555', '32473'): v for k, v in have.items()})))
    tap.done()


if __name__ == '__main__':
    main()
