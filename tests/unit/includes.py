#!/usr/bin/env python3
"""The picture of the folders stays true: #include arrows go down only, and each library header has one place."""
import os
import re
import sys

# A folder may include itself and what stands here; longer prefixes win. The recorder has never met a packet or a
# log line: it reaches none of the rooms that parse them.
ARROWS = {
    'core/base': (),
    'core/event': ('core/base',),
    'core/config': ('core/base',),
    'core/trail': ('core/base', 'core/event'),
    'core/ledger': ('core/base', 'core/event', 'core/config'),
    'core/review': ('core/base', 'core/ledger'),
    'core/retention': ('core/base', 'core/event', 'core/config', 'core/trail', 'core/ledger', 'core/review'),
    'geoip': ('core',),
    'rules/calendar': ('core',),
    'rules': ('core',),
    'sensor/llm': ('core',),
    'sensor/fields': ('core', 'sensor/llm'),
    'sensor/gateway': ('core', 'sensor/fields', 'sensor/llm'),
    'sensor/proto/packet': ('core',),
    'sensor/proto/tcp': ('core', 'sensor/proto/packet'),
    'sensor/proto/http': ('core',),
    'sensor/proto/tls': ('core', 'sensor/proto/tcp'),
    'sensor/proto/quic': ('core', 'sensor/proto/packet', 'sensor/proto/tls'),
    'sensor/proto': ('core', 'sensor/fields', 'sensor/llm', 'sensor/proto/packet', 'sensor/proto/tcp',
                     'sensor/proto/http', 'sensor/proto/tls', 'sensor/proto/quic'),
    'sensor/confine': ('core',),
    'sensor/input': ('core', 'sensor/fields', 'sensor/gateway'),
    'sensor/recorder': ('core', 'geoip', 'rules', 'rules/calendar', 'sensor/llm', 'sensor/confine'),
    'sensor': ('core', 'sensor/llm', 'sensor/fields', 'sensor/gateway', 'sensor/proto', 'sensor/proto/tls',
               'sensor/input', 'sensor/recorder', 'sensor/confine'),
    'reports': ('core', 'geoip', 'rules', 'rules/calendar'),
    'cli': ('core', 'geoip', 'rules', 'rules/calendar', 'sensor', 'sensor/llm', 'sensor/fields', 'sensor/gateway',
            'sensor/proto', 'sensor/proto/tls', 'sensor/input', 'sensor/recorder', 'reports'),
}
# What the processes of `run` say to one another is common ground of sensor/.
SHARED = {'sensor/roles.h', 'sensor/options.h'}
LIBRARIES = {
    'sqlite3.h': ('core/ledger/',), 'yaml.h': ('core/config/',), 'maxminddb.h': ('geoip/',),
    'pcap.h': ('sensor/input/',), 'pcap/pcap.h': ('sensor/input/',), 'microhttpd.h': ('reports/console/',),
    'pango/pangocairo.h': ('reports/pdf_page.h',), 'cairo-pdf.h': ('reports/output_pdf.c',),
    'seccomp.h': ('sensor/confine/',), 'cap-ng.h': ('sensor/confine/',), 'linux/landlock.h': ('sensor/confine/', 'cli/'),
    'libical/ical.h': ('rules/calendar/ical_time.h',),
    'nghttp2/nghttp2.h': ('sensor/proto/http/http2.c',), 'brotli/decode.h': ('sensor/proto/http/',),
}
# Leaves of a list never include the list that stands on the roof of their folder.
LISTS = {'sensor/gateway/formats.def': 'sensor/gateway/formats.c', 'sensor/llm/shapes.def': 'sensor/llm/usage.c'}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def room(path):
    return next((r for r in sorted(ARROWS, key=len, reverse=True) if path.startswith(r + '/')), None)


def complaints(path, text):
    own = room(path)
    for kind, name in INCLUDE.findall(text):
        if kind == '<':
            places = LIBRARIES.get(name)
            if places and not path.startswith(places):
                yield '%s includes <%s>, whose place is %s' % (path, name, ' '.join(places))
            continue
        target = room(name)
        if '/' not in name or not os.path.exists(name):
            yield '%s includes "%s": write the path from the root' % (path, name)
        elif name in LISTS and path != LISTS[name]:
            yield '%s includes the list %s' % (path, name)
        elif target is None:
            yield '%s includes "%s", which is in no room of the program' % (path, name)
        elif target != own and not (name in SHARED and own.startswith('sensor/')) and not any(
                target == a or (a == 'core' and target.startswith('core/')) for a in ARROWS[own]):
            yield '%s includes "%s": an arrow that goes up or sideways' % (path, name)


def sources():
    for top in sorted({r.split('/')[0] for r in ARROWS}):
        for folder, _, files in os.walk(top):
            for f in sorted(files):
                if f.endswith(('.c', '.h', '.def')):
                    yield os.path.join(folder, f)


def main():
    bad, n = [], 0
    for path in sources():
        n += 1
        if room(path) is None:
            bad.append('%s lies in no room' % path)
            continue
        with open(path, encoding='utf-8') as f:
            bad += complaints(path, f.read())
    # the test sees what it is for
    probes = [('core/base/x.c', '#include "core/event/event.h"\n'), ('reports/x.c', '#include "sensor/roles.h"\n'),
              ('rules/x.c', '#include "geoip/geoip.h"\n'), ('reports/x.c', '#include <sqlite3.h>\n'),
              ('core/config/x.c', '#include "core/event/event.h"\n'), ('rules/x.c', '#include "rules.h"\n')]
    blind = [p for p in probes if not list(complaints(*p))]
    print('%sok 1 - %d files include downwards only' % ('not ' if bad or n == 0 else '', n))
    for b in bad:
        print('#   ' + b)
    print('%sok 2 - each kind of wrong arrow is seen' % ('not ' if blind else ''))
    print('1..2')
    return 1 if bad or blind or n == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
