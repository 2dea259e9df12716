"""A network namespace of our own, joined to the machine by a pair of virtual interfaces."""

import ctypes
import os
import re
import subprocess
import threading

CLONE_NEWNET = 0x40000000


def _run(*command):
    subprocess.run(command, check=True, capture_output=True, text=True)


class Namespace:
    """`host_address` is the machine's end of the pair, `address` the namespace's."""

    _count = 0

    def __init__(self):
        Namespace._count += 1
        number = (os.getpid() * 8 + Namespace._count) % 16_000
        self.name = f"lens-{os.getpid()}-{Namespace._count}"
        self.link = f"ln{number}h"
        # A /29 each, out of the range for tests of equipment (RFC 2544).
        base = (198 << 24 | 18 << 16) + number * 8
        self.host_address, self.address, self.other_address = (
            ".".join(str((base + place) >> shift & 255) for shift in (24, 16, 8, 0)) for place in (1, 2, 3))
        inner = self._inner = f"ln{number}n"
        _run("ip", "netns", "add", self.name)
        try:
            _run("ip", "link", "add", self.link, "type", "veth", "peer", "name", inner, "netns", self.name)
            _run("ip", "address", "add", f"{self.host_address}/29", "dev", self.link)
            _run("ip", "link", "set", self.link, "up")
            for command in (["address", "add", f"{self.address}/29", "dev", inner], ["link", "set", inner, "up"],
                            ["link", "set", "lo", "up"], ["route", "add", "default", "via", self.host_address]):
                _run("ip", "-n", self.name, *command)
        except subprocess.CalledProcessError:
            self.close()
            raise
        self.prefix = ("ip", "netns", "exec", self.name)

    def filter(self, *rules):
        """Lets only pass what the rules of nftables leave, until `unfilter`."""
        _run(*self.prefix, "nft", "add table inet lens; " + "; ".join(rules))

    def unfilter(self):
        _run(*self.prefix, "nft", "delete table inet lens")

    def block_udp(self):
        self.filter(
            "add chain inet lens out { type filter hook output priority 0 ; }", "add rule inet lens out meta l4proto udp drop")

    def move(self):
        """Gives everything over UDP another source address and port, as a NAT that forgets does."""
        _run("ip", "-n", self.name, "address", "replace", f"{self.other_address}/29", "dev", self._inner)
        # Without the kernel's memory of connections, so that it happens at once.
        self.filter(
            "add chain inet lens raw { type filter hook output priority -300 ; }",
            "add rule inet lens raw meta l4proto udp notrack",
            "add chain inet lens in { type filter hook prerouting priority -300 ; }",
            f"add rule inet lens in ip daddr {self.other_address} meta l4proto udp notrack ip daddr set {self.address}",
            "add chain inet lens post { type filter hook postrouting priority 100 ; }",
            f"add rule inet lens post ip saddr {self.address} meta l4proto udp counter ip saddr set "
            f"{self.other_address}")

    def moved_packets(self):
        """How many have left from the other address."""
        listed = subprocess.run(
            [*self.prefix, "nft", "list", "chain", "inet", "lens", "post"], check=True, capture_output=True, text=True)
        return int(re.search(r"counter packets (\d+)", listed.stdout).group(1))

    def call(self, work):
        """What `work` answers on a thread inside the namespace; sockets that it makes stay there."""
        answers = []

        def enter():
            with open(f"/run/netns/{self.name}") as file:
                if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET) != 0:
                    answers.append((None, OSError(ctypes.get_errno(), "setns")))
                    return
            try:
                answers.append((work(), None))
            except Exception as error:
                answers.append((None, error))

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        value, error = answers[0]
        if error:
            raise error
        return value

    def close(self):
        # The pair goes with the namespace.
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True)
