"""A network of two ends: one here, one in a network namespace of its own. Needs root."""
import os
import subprocess


def ip(*words, check=True):
    return subprocess.run(['ip', *words], check=check, stdout=subprocess.PIPE, stderr=None if check else subprocess.DEVNULL,
                          env=dict(os.environ, PATH=os.environ['PATH'] + ':/usr/sbin:/sbin')).stdout.decode()


class Veth:
    """`here` and `there` are the ends, in a `with`; `run` are the words that start a command beside the other end.
    `network`: three numbers, "10.99.0": .1 is here, .2 there; without it the ends have no addresses."""

    def __init__(self, name, network=None):
        self.space, self.here, self.there = name, name + '0', name + '1'
        self.run = ('ip', 'netns', 'exec', name)
        self.network = network

    def __enter__(self):
        self.__exit__()
        ip('netns', 'add', self.space)
        ip('link', 'add', self.here, 'type', 'veth', 'peer', 'name', self.there, 'netns', self.space)
        for end, space, host in ((self.here, (), 1), (self.there, ('-n', self.space), 2)):
            # Packets as a wire has them: the kernel cuts its segments before they reach the interface.
            ip(*space, 'link', 'set', 'dev', end, 'mtu', '1500', 'gso_max_size', '1500', 'gso_max_segs', '1')
            ip(*space, 'link', 'set', 'dev', end, 'addrgenmode', 'none')
            if self.network:
                ip(*space, 'addr', 'add', '%s.%d/24' % (self.network, host), 'dev', end)
            ip(*space, 'link', 'set', 'dev', end, 'up')
        return self

    def __exit__(self, *_):
        """Also what a run that was killed left behind."""
        ip('link', 'del', self.here, check=False)
        ip('netns', 'del', self.space, check=False)

    def dropped(self):
        """Packets that the other end sent and that never reached a listener here."""
        total = 0
        for words, counter in (((), 'rx_dropped'), (self.run, 'tx_dropped')):
            end = self.there if words else self.here
            total += int(subprocess.run([*words, 'cat', '/sys/class/net/%s/statistics/%s' % (end, counter)], check=True,
                                        stdout=subprocess.PIPE).stdout)
        return total
