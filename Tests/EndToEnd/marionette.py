"""Firefox by its own remote protocol, Marionette, since Debian has no geckodriver. The same few calls as Selenium's driver."""

import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    # Pages of a namespace's address are no secure context.
    "media.devices.insecure.enabled": True,
    "media.getusermedia.insecure.enabled": True,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "toolkit.telemetry.enabled": False,
    "browser.aboutwelcome.enabled": False,
}


class Firefox:
    _count = 0

    def __init__(self, namespace):
        # Two of them may share the namespace.
        Firefox._count += 1
        port = 2828 + Firefox._count
        self._profile = tempfile.mkdtemp(prefix="lens-firefox-")
        with open(os.path.join(self._profile, "user.js"), "w") as file:
            for name, value in {**PREFERENCES, "marionette.port": port}.items():
                file.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        environment = dict(os.environ, HOME=self._profile, MOZ_HEADLESS="1", XDG_RUNTIME_DIR=self._profile)
        self._process = subprocess.Popen(
            [*namespace.prefix, "firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", self._profile],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._number = 0
        end = time.monotonic() + 60
        while True:
            try:
                self._socket = namespace.call(lambda: socket.create_connection(("127.0.0.1", port), 5))
                break
            except OSError:
                if time.monotonic() > end or self._process.poll() is not None:
                    self._end()
                    raise RuntimeError("Firefox takes no commands within 60 s") from None
                time.sleep(0.2)
        self._socket.settimeout(60)
        self._file = self._socket.makefile("rb")
        self._read()
        self._command("WebDriver:NewSession", {"pageLoadStrategy": "eager"})

    def _read(self):
        length = b""
        while not length.endswith(b":"):
            byte = self._file.read(1)
            if not byte:
                raise RuntimeError("Firefox hung up")
            length += byte
        return json.loads(self._file.read(int(length[:-1])))

    def _command(self, name, parameters):
        self._number += 1
        message = json.dumps([0, self._number, name, parameters]).encode()
        self._socket.sendall(str(len(message)).encode() + b":" + message)
        _, number, error, result = self._read()
        if error:
            raise RuntimeError(f"{name}: {error.get('message')}")
        assert number == self._number
        return result

    def get(self, url):
        self._command("WebDriver:Navigate", {"url": url})

    def execute_script(self, script, *arguments):
        # Without a sandbox the script sees what the page put into its window.
        return self._command("WebDriver:ExecuteScript", {"script": script, "args": arguments, "sandbox": None})["value"]

    def execute_async_script(self, script, *arguments):
        return self._command("WebDriver:ExecuteAsyncScript", {"script": script, "args": arguments, "sandbox": None})["value"]

    def save_screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._command("WebDriver:TakeScreenshot", {"full": False})["value"]))

    def quit(self):
        try:
            self._command("Marionette:Quit", {"flags": ["eForceQuit"]})
        except (OSError, RuntimeError):
            pass
        self._end()

    def _end(self):
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)
