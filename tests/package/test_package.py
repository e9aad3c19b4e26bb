#!/usr/bin/env python3
"""The Debian package: lintian has no word against it, another build elsewhere gives the same bytes, the program is
hardened, the bill of materials is what the loader loads, units keep their budgets."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import ROOT, Tap, temporary_folder  # noqa: E402

ENVOY = {'START_TIME': '2026-11-25T01:02:03.004Z', 'REQ(:METHOD)': 'POST', 'REQ(X-ENVOY-ORIGINAL-PATH?:PATH)': '/v1/messages',
         'PROTOCOL': 'HTTP/1.1', 'RESPONSE_CODE': '200', 'RESPONSE_FLAGS': '-', 'BYTES_RECEIVED': '10', 'BYTES_SENT': '20', 'DURATION': '30',
         'RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)': '29', 'REQ(X-FORWARDED-FOR)': '10.10.0.1', 'REQ(USER-AGENT)': 'x/1',
         'REQ(X-REQUEST-ID)': 'r-1', 'REQ(:AUTHORITY)': 'llm.example', 'UPSTREAM_HOST': '10.0.0.2:443'}
# Tenths. Root starts the first of them, and sendmail, which a report's unit starts, may need its group and the network.
BUDGETS = {'tochoku': 35, 'tochoku-report': 46, 'tochoku-sensor': 15, 'tochoku-restricted': 15, 'tochoku-recorder': 3, 'tochoku-heads': 15,
           'tochoku-metrics': 15, 'tochoku-prune': 15}


def run(*args, **kw):
    return subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8', errors='replace', **kw)


def test_units(tap):
    for path in sorted(glob.glob(os.path.join(ROOT, 'debian/*.service'))):
        name = os.path.basename(path)[:-len('.service')]
        p = run('systemd-analyze', 'security', '--offline=true', '--threshold=%d' % BUDGETS[name], path)
        tap.ok(p.returncode == 0 and 'Unknown' not in p.stdout and 'ignoring' not in p.stdout,
               '%s is within its budget' % name, '\n'.join(x for x in p.stdout.splitlines() if '✗' in x or 'Overall' in x))
        folder = temporary_folder('tochoku-unit-')
        with open(path, encoding='utf-8') as f, open(os.path.join(folder, name + '.service'), 'w', encoding='utf-8') as g:
            g.write(f.read().replace('/usr/bin/tochoku', '/bin/true'))
        p = run('systemd-analyze', 'verify', '--man=no', '--recursive-errors=no', os.path.join(folder, name + '.service'))
        tap.ok(p.returncode == 0 and name not in p.stdout, '%s is a good unit' % name, p.stdout)
    if shutil.which('apparmor_parser'):
        p = run('apparmor_parser', '-Q', '-K', '--abort-on-error', os.path.join(ROOT, 'debian/tochoku.apparmor'))
        tap.ok(p.returncode == 0, "AppArmor's profile is good", p.stdout)
    p = run('logrotate', '-d', '-s', '/dev/null', os.path.join(ROOT, 'debian/tochoku.logrotate'))
    tap.ok(p.returncode == 0 and 'error' not in p.stdout.lower().replace('errors', ''), "logrotate's rules are good", p.stdout)


def test_examples(tap):
    """What administrators copy: users and folders of the package, the gateways' configurations, read by their own programs."""
    p = run('systemd-sysusers', '--dry-run', os.path.join(ROOT, 'debian/tochoku.sysusers'))
    tap.ok(p.returncode == 0 and p.stdout.count('Would create user') + p.stdout.count('Creating user') == 3, 'three users', p.stdout)
    folder = temporary_folder('tochoku-tmpfiles-')
    with open(os.path.join(ROOT, 'debian/tochoku.tmpfiles'), encoding='utf-8') as f:
        rows = re.sub(r'(\d{4}) +\S+ +\S+ -', r'\1 root root -', f.read())
    with open(os.path.join(folder, 't.conf'), 'w', encoding='utf-8') as f:
        f.write(rows)
    p = run('systemd-tmpfiles', '--create', '--root=' + folder, os.path.join(folder, 't.conf'))
    made = [oct(os.stat(os.path.join(folder, x)).st_mode & 0o777) for x in ('var/lib/tochoku', 'etc/tochoku')
            if os.path.isdir(os.path.join(folder, x))]
    tap.equal((p.returncode, made), (0, ['0o750', '0o750']), 'its folders, which are not for everybody')
    with open(os.path.join(ROOT, 'debian/control'), encoding='utf-8') as f:
        needs = set(re.findall(r'[a-z0-9.+-]+-dev\b', f.read()))
    with open(os.path.join(ROOT, 'tools/deps.sh'), encoding='utf-8') as f:
        build = set(re.findall(r'[a-z0-9.+-]+-dev\b', f.read().split('build)')[1].split(';;')[0]))
    tap.equal(build - needs, {'libc6-dev'}, 'Build-Depends has every library that the build asks for')
    with open(os.path.join(ROOT, 'docs/examples/haproxy.cfg'), encoding='utf-8') as f:
        text = 'defaults\n    timeout connect 5s\n    timeout client 5s\n    timeout server 5s\n' + f.read() + \
            '    bind 127.0.0.1:8091\n    default_backend b\nbackend b\n    mode http\n    server s 127.0.0.1:8092\n'
    with open(os.path.join(folder, 'haproxy.cfg'), 'w', encoding='utf-8') as f:
        f.write(text)
    p = run('haproxy', '-c', '-f', os.path.join(folder, 'haproxy.cfg'))
    tap.ok(p.returncode == 0 and 'WARNING' not in p.stdout, 'HAProxy takes its example', p.stdout)
    with open(os.path.join(ROOT, 'docs/examples/envoy.yaml'), encoding='utf-8') as f:
        form = json.loads(re.search(r'inline_string: (".*")$', f.read(), re.M).group(1))
    for name, value in ENVOY.items():
        form = form.replace('%%%s%%' % name, value)
    with open(os.path.join(folder, 'envoy.log'), 'w', encoding='utf-8') as f:
        f.write(form)
    p = run(os.path.join(ROOT, 'build/tochoku'), 'decode', '--format', 'envoy-default', os.path.join(folder, 'envoy.log'))
    tap.ok('%' not in form and p.returncode == 0 and '"http.request.id":"r-1"' in p.stdout and '"url.path":"/v1/messages"' in p.stdout,
           "what Envoy's example writes is read", form + p.stdout)


def tree(folder):
    """{path: what it is, with its bytes} below a folder."""
    out = {}
    for d, folders, files in os.walk(folder):
        for n in folders + files:
            p = os.path.join(d, n)
            st = os.lstat(p)
            data = b''
            if os.path.isfile(p) and not os.path.islink(p):
                with open(p, 'rb') as f:
                    data = f.read()
            out[os.path.relpath(p, folder)] = (st.st_mode, int(st.st_mtime) if os.path.isfile(p) else 0, data)
    return out


def test_reproducible(tap, deb):
    """Another path, zone, locale, umask and time of the files; nothing of git."""
    folder = os.path.join(temporary_folder('tochoku-other-path-'), 'tree')
    for f in run('git', 'ls-files', '-co', '--exclude-standard', cwd=ROOT).stdout.splitlines():
        if os.path.isfile(os.path.join(ROOT, f)):
            os.makedirs(os.path.join(folder, os.path.dirname(f)), exist_ok=True)
            shutil.copy(os.path.join(ROOT, f), os.path.join(folder, f))
    env = dict(os.environ, TZ='Pacific/Apia', LC_ALL='C', LANG='C', GIT_DIR='/nonexistent', DEB_BUILD_OPTIONS='parallel=1')
    p = run('tools/deb.sh', 'build', cwd=folder, env=env, umask=0o077)
    other = os.path.join(folder, 'build', os.path.basename(deb))
    if not tap.ok(p.returncode == 0 and os.path.exists(other), 'another build elsewhere', p.stdout[-2000:]):
        return
    with open(deb, 'rb') as f, open(other, 'rb') as g:
        same = f.read() == g.read()
    detail = ''
    if not same:
        a, b = (unpack(x) for x in (deb, other))
        ta, tb = tree(a), tree(b)
        detail = [k for k in sorted(set(ta) | set(tb)) if ta.get(k) != tb.get(k)]
    tap.ok(same, 'gives the same bytes', detail)


def unpack(deb):
    folder = temporary_folder('tochoku-deb-')
    subprocess.run(['dpkg-deb', '-R', deb, folder], check=True)
    return folder


def hardened(tap, program, name):
    elf = run('readelf', '-W', '-h', '-l', '-d', '-n', program).stdout
    for what, pattern in (('position independent', r'Type:\s+DYN'), ('relro', r'GNU_RELRO'), ('bind now', r'FLAGS.*BIND_NOW|FLAGS_1.*NOW'),
                          ('no executable stack', r'GNU_STACK.*RW ')):
        tap.ok(re.search(pattern, elf), '%s: %s' % (name, what), elf[-1500:])
    if 'X86-64' in run('readelf', '-h', program).stdout:
        # Debian's own start files are without: the linker then leaves the mark of the whole out
        tap.ok(run('objdump', '-d', program).stdout.count('endbr64') > 1000, name + ': control-flow protection')
    symbols = run('readelf', '-W', '--dyn-syms', program).stdout
    tap.ok('__stack_chk_fail' in symbols, name + ': stack protector')
    tap.ok('__snprintf_chk' in symbols and '__memcpy_chk' in symbols, name + ': fortified')
    with open(program, 'rb') as f:
        tap.ok(ROOT.encode() not in f.read(), name + ': no path of the build is in it')


def test_programs(tap, root):
    programs = [os.path.join(root, p) for p in ('usr/bin/tochoku', 'usr/libexec/tochoku/tochoku-pdf')]
    for program in programs:
        hardened(tap, program, os.path.basename(program))
    with open(os.path.join(root, 'usr/share/doc/tochoku/sbom.spdx.json'), encoding='utf-8') as f:
        bill = json.load(f)
    loaded = {os.path.basename(os.path.realpath(x)) for p in programs for x in re.findall(r'(/\S+) \(0x', run('ldd', p).stdout)}
    named = {p['packageFileName']: p for p in bill['packages'] if 'packageFileName' in p}
    tap.equal(set(named), loaded, 'the bill of materials is what the loader loads')
    for p in named.values():
        tap.equal(run('dpkg-query', '-W', '-f', '${Version}\n', p['name']).stdout.split('\n')[0], p['versionInfo'], p['name'])
    ids = {p['SPDXID'] for p in bill['packages']} | {'SPDXRef-DOCUMENT'}
    tap.ok(len(ids) == len(bill['packages']) + 1 and all(r['spdxElementId'] in ids and r['relatedSpdxElement'] in ids
                                                        for r in bill['relationships']), 'its parts fit')


def main():
    tap = Tap()
    test_units(tap)
    test_examples(tap)
    p = run('make', 'deb', cwd=ROOT)
    debs = glob.glob(os.path.join(ROOT, 'build/tochoku_*.deb'))
    if tap.ok(p.returncode == 0 and len(debs) == 1, 'make deb', p.stdout[-2000:]):
        p = run('lintian', '--fail-on', 'error,warning', glob.glob(os.path.join(ROOT, 'build/*.changes'))[0])
        words = [x for x in p.stdout.splitlines() if 'root privileges' not in x]
        tap.equal((p.returncode, words), (0, []), 'lintian has no word against it')
        test_programs(tap, unpack(debs[0]))
        test_reproducible(tap, debs[0])
    tap.done()


if __name__ == '__main__':
    main()
