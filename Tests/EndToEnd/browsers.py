"""Real browsers on the pages of `lens serve --dev`."""

import os
import subprocess
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

import clip
import marionette
import strip

STRIP = {
    "cells": strip.CELLS, "numberBits": strip.NUMBER_BITS, "checkBits": strip.CHECK_BITS,
    "checkModulus": strip.CHECK_MODULUS,
}


def _script(name):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), encoding="utf-8") as file:
        return file.read()


class Page:
    """What the two pages have in common."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, url, name, session, token):
        """Opens the page `name` of the server at `url`, which begins by itself."""
        self.driver.get(f"{url}/dev/{name}#session={session}&token={token}")

    def open_with_canvas(self, url, session, token):
        """Opens the publishing page with a canvas in place of the camera."""
        self.driver.get(f"{url}/dev/publish")
        self.wait("return document.readyState === 'complete'", 20, "the page")
        self.driver.execute_script(_script("fake_camera.js"), STRIP, clip.RATE)
        self.driver.execute_script(
            "const form = document.getElementById('form');"
            "[form.elements.session.value, form.elements.token.value] = arguments; form.requestSubmit()", session, token)

    def state(self):
        return self.driver.execute_script("return document.getElementById('state').textContent")

    def wait(self, script, seconds, what):
        end = time.monotonic() + seconds
        while True:
            value = self.driver.execute_script(script)
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not within {seconds} s; the page says: {self.state()}")
            time.sleep(0.02)

    def wait_until_connected(self, seconds=30):
        self.wait("return window.mediaClient?.connection.connectionState === 'connected'", seconds, "connected")

    def read_marks(self, name):
        self.wait("return document.getElementById('video').srcObject?.getVideoTracks().length > 0", 30, "a video track")
        self.driver.execute_script(_script("read_marks.js"), name, None, STRIP)

    def marks(self, name):
        """(frame number, Unix time in ms) of each frame seen so far; -1 where no number could be read."""
        return [tuple(mark) for mark in self.driver.execute_script("return window.marks[arguments[0]]", name)]

    def statistics(self):
        """The entries of getStats, by their type."""
        found = {}
        for entry in self.driver.execute_async_script(
            "const done = arguments[0];"
            "mediaClient.connection.getStats().then(report => done([...report.values()]))"
        ):
            found.setdefault(entry["type"], []).append(entry)
        return found

    def close(self):
        self.driver.quit()


def chromium(picture=None, sound=None, namespace=None):
    """A Chromium of its own; with a clip it has a camera and a microphone that play it. It may live in a namespace."""
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    # A playing video may keep a page from ever being loaded.
    options.page_load_strategy = "eager"
    for argument in [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--autoplay-policy=no-user-gesture-required",
    ]:
        options.add_argument(argument)
    if picture:
        for argument in [
            "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={picture}", f"--use-file-for-fake-audio-capture={sound}",
        ]:
            options.add_argument(argument)
    if not namespace:
        return Page(webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver")))
    # Pages of such an address are no secure context, which cameras need.
    options.add_argument(f"--unsafely-treat-insecure-origin-as-secure={namespace.origin}")
    return InsidePage(namespace, options)


class InsidePage(Page):
    """A page of a Chromium in a namespace, and its driver there."""

    def __init__(self, namespace, options):
        port = 9515
        self._driver_process = subprocess.Popen(
            [*namespace.prefix, "/usr/bin/chromedriver", f"--port={port}", f"--allowed-ips={namespace.host_address}",
             "--allowed-origins=*"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while True:
            try:
                super().__init__(webdriver.Remote(f"http://{namespace.address}:{port}", options=options))
                return
            except Exception:
                if time.monotonic() > end:
                    self._end()
                    raise
                time.sleep(0.2)

    def _end(self):
        self._driver_process.terminate()
        self._driver_process.wait()

    def close(self):
        super().close()
        self._end()


def firefox(namespace):
    """A Firefox of its own in a namespace: on loopback it reaches no relay that is ICE-lite."""
    return Page(marionette.Firefox(namespace))
