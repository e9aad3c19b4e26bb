"""Chromium, spoken to over the pipe of its DevTools protocol."""
import base64
import json
import os
import shutil
import subprocess
import tempfile


class Chromium:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix='tochoku-chromium-')
        to_read, self.to = os.pipe()
        self.back, from_write = os.pipe()

        def pipes():  # the protocol wants 3 to read from and 4 to write to
            os.dup2(to_read, 13)
            os.dup2(from_write, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)
        # a container has no user namespaces for the sandbox; the pages are our own and load nothing
        self.process = subprocess.Popen(
            ['chromium', '--headless=new', '--remote-debugging-pipe', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
             '--no-first-run', '--disable-extensions', '--disable-background-networking', '--hide-scrollbars',
             '--user-data-dir=' + self.profile, 'about:blank'],
            preexec_fn=pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        self.rest, self.n, self.events, self.session = b'', 0, [], None
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Log', 'Runtime'):
            self.call(domain + '.enable')

    def message(self):
        while b'\0' not in self.rest:
            more = os.read(self.back, 1 << 20)
            if not more:
                raise RuntimeError('chromium went away')
            self.rest += more
        one, self.rest = self.rest.split(b'\0', 1)
        return json.loads(one)

    def call(self, method, **params):
        self.n += 1
        request = {'id': self.n, 'method': method, 'params': params}
        if self.session:
            request['sessionId'] = self.session
        os.write(self.to, json.dumps(request).encode() + b'\0')
        while True:
            m = self.message()
            if m.get('id') == self.n:
                if 'error' in m:
                    raise RuntimeError('%s: %s' % (method, m['error']))
                return m['result']
            self.events.append(m)

    def open(self, path):
        """Loads a file; what the page complained of (blocked by its policy, errors)."""
        self.events = []
        self.call('Page.navigate', url='file://' + os.path.abspath(path))
        while not any(e.get('method') == 'Page.loadEventFired' for e in self.events):
            self.events.append(self.message())
        return [e['params'] for e in self.events
                if e.get('method') in ('Log.entryAdded', 'Runtime.exceptionThrown', 'Page.javascriptDialogOpening')]

    def screen(self, width, height=900, dark=False):
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}])

    def ask(self, expression):
        answer = self.call('Runtime.evaluate', expression=expression, awaitPromise=True, returnByValue=True)
        if 'exceptionDetails' in answer:
            raise RuntimeError(str(answer['exceptionDetails'])[:600])
        return answer['result'].get('value')

    def save(self, method, path, **params):
        with open(path, 'wb') as f:
            f.write(base64.b64decode(self.call(method, **params)['data']))

    def close(self):
        self.session = None
        try:
            self.call('Browser.close')
        except (RuntimeError, OSError):
            pass
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)
