"""A bare Debian 12, made by debootstrap, and systemd running in it: process 1 of namespaces of its own."""
import atexit
import glob
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import ROOT, temporary_folder  # noqa: E402

QUIET = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
# What runs systemd for an administrator, and what tochoku.deb depends on: a booted machine here has no network to ask for it.
PREPARE = '''export DEBIAN_FRONTEND=noninteractive TMPDIR=/tmp
mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && exec chroot "$0" sh -euc '
apt-get update -q
apt-get install -y -q --no-install-recommends systemd-sysv dbus iproute2
apt-get satisfy -y -q --no-install-recommends "$(dpkg-deb -f /root/tochoku.deb Depends)"
' '''


def bare_root():
    """BARE_ROOT: one that debootstrap made before, to be copied. None: it cannot be had."""
    folder = temporary_folder('tochoku-root-')
    os.chmod(folder, 0o755)
    root = os.path.join(folder, 'root')
    if 'BARE_ROOT' in os.environ:
        subprocess.run(['cp', '-a', os.environ['BARE_ROOT'], root], check=True)
    elif os.geteuid() != 0 or shutil.which('debootstrap') is None or \
            subprocess.run(['debootstrap', '--variant=minbase', 'bookworm', root], **QUIET).returncode != 0:
        return None
    if 'DEB' not in os.environ:
        subprocess.run(['make', 'deb'], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    shutil.copy(os.environ.get('DEB') or glob.glob(os.path.join(ROOT, 'build/tochoku_*.deb'))[0],
                os.path.join(root, 'root/tochoku.deb'))
    return root


def control_groups():
    """Where version 2 of them is mounted, which systemd needs; None: nowhere."""
    with open('/proc/self/mounts', encoding='utf-8') as f:
        return next((m.split()[1] for m in f if m.split()[2] == 'cgroup2'), None)


class Machine:
    """systemd in `root`. It has a loopback and no other network."""

    def __init__(self, root):
        self.root, self.process, self.init = root, None, None
        self.group = os.path.join(control_groups(), 'tochoku-test-%d' % os.getpid())
        atexit.register(self.halt)

    def prepare(self):
        p = subprocess.run(['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', PREPARE, self.root],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8', errors='replace')
        return None if p.returncode == 0 else p.stdout

    def boot(self):
        """What systemd says of itself when all is started: "running"."""
        os.makedirs(self.group, exist_ok=True)
        self.process = subprocess.Popen(
            ['sh', '-c', 'echo $$ >"$0/cgroup.procs" && exec unshare --mount --pid --uts --ipc --net --cgroup --fork --kill-child "$@"',
             self.group, os.path.join(HERE, 'boot.sh'), self.root], stdin=subprocess.DEVNULL)
        with_children = '/proc/%d/task/%d/children' % (self.process.pid, self.process.pid)

        def up():
            with open(with_children, encoding='ascii') as f:
                self.init = (f.read().split() or [None])[0]
            return self.init is not None and self.run('systemctl', 'is-system-running', want=None).stdout.strip() in (
                'starting', 'running', 'degraded')
        try:
            if not self.until(up):
                return 'no answer'
        except OSError:
            return 'ended with status %s' % self.process.wait()
        return self.run('systemctl', 'is-system-running', '--wait', want=None).stdout.strip()

    def run(self, *args, want=0, **kw):
        """A command in it; any other exit status than `want` ends the test."""
        p = subprocess.run(['nsenter', '-t', self.init, '-m', '-p', '-u', '-i', '-n', '-C', '-r', '-w', 'env', '-i', 'LC_ALL=C.UTF-8',
                            'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'DEBIAN_FRONTEND=noninteractive', *args], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding='utf-8', errors='replace', timeout=120, **kw)
        if want is not None and p.returncode != want:
            print('# %s: exit status %d\n%s' % (' '.join(args), p.returncode, ''.join(
                '#   %s\n' % x for x in (p.stdout + p.stderr).splitlines()[-30:])))
            if args[0] == 'systemctl':
                print(''.join('#   %s\n' % x for x in self.run('journalctl', '--no-pager', '-n', '30', want=None).stdout.splitlines()))
            print('Bail out! a command failed')
            sys.exit(1)
        return p

    def python(self, program, *args):
        """A program of the machine outside, in this one's network."""
        return subprocess.Popen(['nsenter', '-t', self.init, '-n', sys.executable, '-c', program, *map(str, args)],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding='utf-8')

    def file(self, path):
        return os.path.join(self.root, path.lstrip('/'))

    @staticmethod
    def until(what, seconds=30):
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def power_off(self):
        """As a person does it. False: it had to be killed."""
        self.run('systemctl', 'poweroff', want=None)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            pass
        return not self.halt()

    def halt(self):
        """Whether there was something to kill."""
        ran = self.process is not None and self.process.poll() is None
        if ran:
            self.process.kill()  # and its child with it, and with that all of the namespace
            self.process.wait()
        self.process = None
        for _ in range(50):
            subprocess.run(['find', self.group, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';'], **QUIET)
            if not os.path.exists(self.group):
                break
            time.sleep(0.1)
        return ran
