#!/usr/bin/env python3
"""Every command that the operations guides show is run, in their order, at one site (tests/lib/guide_site.py), by the
people who are said to run it; what is shown of its answer must be in its answer.

In a ```console block a line that begins with `$`, `#` or `NAME$` is a command, others are its answer: digits and keys
stand for any, `…` for any text. Dates are moved from the guide's day to this one, folders to the site's. Commands of the
system (systemctl, apt, ...) are played by stand-ins that know the package's units and files."""
import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from guide_site import TODAY, GuideSite  # noqa: E402
from harness import ROOT, TOCHOKU, Tap  # noqa: E402

GUIDES = ('docs/guide-ja.md', 'docs/guide-en.md')
JST = datetime.timezone(datetime.timedelta(hours=9))
SECOND = 60123  # another person's uid
PROMPT = re.compile(r'^(\w*\$|#) (.+)$')
# numbers of findings in the guides -> the rule whose finding stands for it
FINDINGS = {4: '0201', 5: '0203', 6: '0504', 7: '0603', 8: '0101'}
STAND_INS = {
    'systemctl': '''for u in "$@"; do case $u in enable|restart|reload|--now) ;; *.timer|*.service) test -e "$ROOT/debian/$u" ;;
*) test -e "$ROOT/debian/$u.service" ;; esac || exit 1; done
[ "$1" != reload ] || kill -HUP "$(cat "$SITE/pid")"''',
    'apt': '[ "$1" = install ] && expr "$2" : "./tochoku_[0-9.]*_amd64.deb" >/dev/null',
    'adduser': '[ "$2" = tochoku ] && grep -q "^u tochoku " "$ROOT/debian/tochoku.sysusers"',
    'journalctl': '[ "$1" = -u ] && test -e "$ROOT/debian/$2.service"',
}


def blocks(path):
    """(line number, who, command, [shown answer]) of each command."""
    out, inside = [], False
    with open(path, encoding='utf-8') as f:
        for n, line in enumerate(f, 1):
            line = line.rstrip('\n')
            if line.startswith('```'):
                inside = line == '```console'
            elif inside:
                m = PROMPT.match(line)
                if m:
                    out.append((n, m[1].rstrip('$#'), m[2], []))
                elif line:
                    out[-1][3].append(line)
    return out


def moved(text, today):
    """The guide's dates as this day's; a month alone is the one before."""
    shift = today - TODAY
    text = re.sub(r'\d{4}-\d\d-\d\d', lambda m: (datetime.date.fromisoformat(m[0]) + shift).isoformat(), text)
    return re.sub(r'(--month )\d{4}-\d\d\b', lambda m: m[1] + (today.replace(day=1) - datetime.timedelta(days=1)).strftime('%Y-%m'), text)


def wild(line):
    """A shown line as a pattern of what may stand there."""
    parts = [re.escape(p) for p in line.split('…')]
    return '.*'.join(re.sub(r'[0-9]+', '[0-9]+', p) for p in parts) + '$' * (not line.endswith('…'))


class Play:
    def __init__(self):
        self.site = GuideSite(datetime.datetime.now(JST).date())
        s = self.site
        for name, text in STAND_INS.items():
            self.program(name, text)
        self.program('tochoku', 'if [ "$1" = setup ]; then exec %s -c "$SITE/new.yml" setup --yes --state "$SITE/new" --log "$SITE/log/access.json"; fi\n'
                     'exec %s -c "$SITE/etc/tochoku.yml" "$@"' % (TOCHOKU, TOCHOKU))
        s.write('work/ward-7.key', 'sk-guide-ward-7-EXAMPLE')
        s.write('work/keys.csv', 'id,key,user,kind,owner,department\nward-8,sk-guide-ward-8-EXAMPLE,sato,person,,\n')
        s.write('work/satisfaction.csv', 'score,comment\n5,速い\n4,\n3,用語が違う\n')
        self.env = dict(os.environ, PATH=s.path('bin') + ':' + os.environ['PATH'], SITE=s.dir, ROOT=ROOT, TZ='Asia/Tokyo', LC_ALL='C.UTF-8')
        self.run_out = open(s.path('run.out'), 'wb')
        self.process = subprocess.Popen([TOCHOKU, '-c', s.config, 'run'], stdout=self.run_out, stderr=self.run_out, cwd=s.dir)
        s.write('pid', str(self.process.pid))
        for _ in range(200):
            if subprocess.run([TOCHOKU, '-c', s.config, 'status'], stdout=subprocess.DEVNULL).returncode == 0:
                break
            time.sleep(0.1)
        findings = self.findings()
        self.number = {n: next(f['id'] for f in findings if '-%s-' % rule in f['rule.id']) for n, rule in FINDINGS.items()}

    def findings(self):
        return [json.loads(x) for x in self.site.tochoku('findings', 'list', '--json').splitlines()]

    def program(self, name, text):
        path = self.site.path('bin/' + name)
        with open(path, 'w', encoding='utf-8') as f:
            f.write('#!/bin/sh\n' + text + '\n')
        os.chmod(path, 0o755)

    def here(self, command):
        """The command as it is to be run at this site."""
        command = moved(command, self.site.today)
        for there, name in (('/etc/tochoku', 'etc'), ('/var/lib/tochoku', 'state'), ('/mnt/backup', 'backup'), ('/media/usb', 'usb')):
            command = command.replace(there, self.site.path(name))
        return re.sub(r'(findings (?:show|acknowledge|assign|escalate|accept|suppress|close) )(\d+)',
                      lambda m: m[1] + str(self.number[int(m[2])]), command)

    def run(self, who, command):
        other = {}
        if who:
            subprocess.run(['chmod', '-R', 'g+rwX,a+X', self.site.dir], check=True)
            other = {'user': SECOND, 'group': os.getegid(), 'extra_groups': []}
        return subprocess.run(['sh', '-ec', self.here(command)], cwd=self.site.path('work'), env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, **other)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        self.run_out.close()
        return self.process.returncode


def play(tap, guide):
    p, n = Play(), 0
    for line, who, command, shown in blocks(os.path.join(ROOT, guide)):
        where = '%s:%d: %s' % (os.path.basename(guide), line, command)
        if who and os.geteuid() != 0:
            tap.skip('another person needs root: ' + where)
            continue
        done = p.run(who, command)
        text = done.stdout.decode('utf-8', 'replace')
        n += 1
        if not tap.ok(done.returncode == 0, where, '%s\nexit status %d\n%s' % (p.here(command), done.returncode, text)):
            continue
        missing = [x for x in shown if not re.search('(?m)^' + wild(x), text)]
        if shown:
            tap.ok(not missing, where + ': answers as shown', 'shown: %s\nanswer:\n%s' % ('\n'.join(missing), text))
    tap.ok(n > 60, guide + ': its commands are read', n)
    with open(os.path.join(ROOT, guide), encoding='utf-8') as f:
        pictures = re.findall(r'!\[[^]]*\]\(([^)]+)\)', f.read())
    missing = [m for m in pictures if not os.path.exists(os.path.join(ROOT, 'docs', m))]
    tap.equal(missing, [], guide + ': its pictures are there')
    tap.equal(p.end(), 0, guide + ': run ends well')


def same(tap):
    """Both languages show the same commands."""
    def bare(path):
        return [re.sub(r"'[^']*'|[^\x00-\x7f]+", 'TEXT', c) for _, _, c, _ in blocks(os.path.join(ROOT, path))]
    a, b = map(bare, GUIDES)
    words = [[[w for w in re.sub(r'"[^"]*"', 'TEXT', c).split() if w.startswith('-') or w.isdigit()] for c in x] for x in (a, b)]
    tap.equal(words[0], words[1], 'both guides have the same commands and options')


def main():
    tap = Tap()
    for guide in GUIDES:
        play(tap, guide)
    same(tap)
    tap.done()


if __name__ == '__main__':
    if not shutil.which('shred'):
        sys.exit('test_guide.py: shred (coreutils) is not here')
    main()
