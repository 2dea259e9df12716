"""What the checker says of figures, and what it reads out of profiles and traces."""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import measure
import thresholds
import syscall_trace
from callgrind_profile import Profile

HERE = "Swift 6.3.1, x86_64"


def document(**figures):
    """A document of name → (value, tolerance)."""
    return {
        "schema": thresholds.SCHEMA,
        "figures": [
            {"name": name, "unit": "per packet", "tolerance": tolerance, "values": {HERE: value}}
            for name, (value, tolerance) in figures.items()
        ],
    }


class VerdictTests(unittest.TestCase):
    def verdicts(self, of, measured, key=HERE):
        return {row[0].split()[0]: row[3] for row in thresholds.compare(of, measured, key)[0]}

    def test_relative_tolerance_has_two_sides(self):
        held = document(a=(1000, {"relative": 0.02}))
        for value, expected in [
            (1000, "ok"), (1020, "ok"), (980, "ok"), (1020.1, "OVER"), (979.9, "better than recorded"), (0, "better than recorded"),
        ]:
            self.assertEqual(self.verdicts(held, {"a": value}), {"a": expected}, value)

    def test_absolute_zero_lets_nothing_pass(self):
        held = document(a=(0, {"absolute": 0}), b=(46.875, {"absolute": 0}))
        self.assertEqual(self.verdicts(held, {"a": 0, "b": 46.875}), {"a": "ok", "b": "ok"})
        self.assertEqual(self.verdicts(held, {"a": 0.001, "b": 46.876}), {"a": "OVER", "b": "OVER"})
        self.assertEqual(self.verdicts(held, {"a": 0, "b": 39.062}), {"a": "ok", "b": "better than recorded"})

    def test_another_compiler_does_not_pass(self):
        held = document(a=(1000, {"relative": 0.02}))
        rows, advice = thresholds.compare(held, {"a": 1000}, "Swift 6.4, x86_64")
        self.assertEqual(rows[0][3], "not recorded for Swift 6.4, x86_64")
        self.assertEqual(len(advice), 1)

    def test_what_holds_anywhere_holds_for_every_compiler(self):
        held = document(a=(0, {"absolute": 0}))
        held["figures"][0]["values"] = {thresholds.ANYWHERE: 0}
        self.assertEqual(self.verdicts(held, {"a": 0}, "Swift 7, riscv64"), {"a": "ok"})
        self.assertEqual(self.verdicts(held, {"a": 1}, "Swift 7, riscv64"), {"a": "OVER"})

    def test_figures_missing_on_either_side_fail(self):
        rows, advice = thresholds.compare(document(a=(1, {"absolute": 0})), {"b": 1}, HERE)
        self.assertEqual([row[3] for row in rows], ["not measured", "not recorded"])
        self.assertEqual(len(advice), 2)

    def test_a_tolerance_must_be_clear(self):
        for tolerance in [{}, {"relative": 0.1, "absolute": 1}]:
            with self.assertRaises(thresholds.ThresholdError):
                thresholds.compare(document(a=(1, tolerance)), {"a": 1}, HERE)


class CommandTests(unittest.TestCase):
    """The whole command, with what is measured given."""

    def run_command(self, action, held, measured, key=HERE):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "thresholds.json")
            if held is not None:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(held if isinstance(held, str) else json.dumps(held))
            output, errors = io.StringIO(), io.StringIO()
            with (
                mock.patch.object(measure, "everything", lambda program, say: (measured, [])),
                mock.patch.object(thresholds, "toolchain", lambda: key),
                contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors),
            ):
                status = thresholds.main([action, "/nowhere", "--file", path])
            after = None
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    after = file.read()
            return status, output.getvalue() + errors.getvalue(), after

    def test_exit_status_and_next_step(self):
        held = document(**{"instructions/x": (1000, {"relative": 0.02})})
        self.assertEqual(self.run_command("check", held, {"instructions/x": 1010})[0], 0)
        for value, key in [(1030, HERE), (900, HERE), (1000, "Swift 6.4, x86_64")]:
            status, text, _ = self.run_command("check", held, {"instructions/x": value}, key)
            self.assertEqual(status, 1)
            self.assertIn("make thresholds-update", text)

    def test_unreadable_and_foreign_files_fail(self):
        for held in [None, "{", '{"schema": "lens.thresholds/2", "figures": []}']:
            status, text, _ = self.run_command("check", held, {})
            self.assertEqual(status, 1)
            self.assertIn("thresholds.json", text)

    def test_update_makes_the_check_pass_and_keeps_other_compilers(self):
        other = "Swift 6.4, aarch64"
        held = document(**{"instructions/x": (1000, {"relative": 0.01}), "instructions/gone": (1, {"relative": 0.02})})
        held["figures"][0]["values"] = {other: 900}
        measured = {"instructions/x": 1234.5678, "allocations/x": 0.0}
        status, _, after = self.run_command("update", held, measured)
        self.assertEqual(status, 0)
        self.assertEqual(self.run_command("check", after, measured)[0], 0)
        self.assertEqual(self.run_command("check", after, dict(measured, **{"allocations/x": 1}))[0], 1)
        figures = {figure["name"]: figure for figure in json.loads(after)["figures"]}
        self.assertEqual(figures["instructions/x"]["values"], {other: 900, HERE: 1234.568})
        self.assertEqual(figures["instructions/x"]["tolerance"], {"relative": 0.01})
        self.assertEqual(figures["allocations/x"]["values"], {thresholds.ANYWHERE: 0})
        self.assertNotIn("instructions/gone", figures)

    def test_recorded_thresholds_are_whole(self):
        held = thresholds.load(thresholds.FILE)
        for figure in held["figures"]:
            self.assertIn(figure["name"].split("/")[0], thresholds.KINDS)
            self.assertTrue(figure["values"])
            for value in figure["values"].values():
                self.assertGreaterEqual(thresholds.allowance(figure, value), 0)


class ProfileTests(unittest.TestCase):
    # As callgrind 3.19 writes: names compressed, positions relative, a call's cost in the line behind it.
    TEXT = """\
version: 1
events: Ir

ob=(1) /build/ExactCounts
fl=(1) ???
fn=(1) own
0 100
+3 5
cob=(2) /lib/libc.so.6
cfn=(2) memcpy
calls=4 0
* 900
cfn=(3) inner
calls=2 0
0 60

fn=(3)
0 60

ob=(2)
fn=(2)
0 900

ob=(1)
fn=(4) malloc
0 7
cob=(3) /lib/libswiftCore.so
cfn=(5) swift_retain
calls=1 0
0 11
"""

    def test_exclusive_instructions_and_calls(self):
        profile = Profile(self.TEXT.splitlines(keepends=True))
        self.assertEqual(
            dict(profile.instructions),
            {
                ("ExactCounts", "own"): 105, ("ExactCounts", "inner"): 60, ("libc.so.6", "memcpy"): 900,
                ("ExactCounts", "malloc"): 7,
            },
        )
        self.assertEqual(
            {(caller[1], callee): count for (caller, callee), count in profile.calls.items()},
            {
                ("own", ("libc.so.6", "memcpy")): 4, ("own", ("ExactCounts", "inner")): 2,
                ("malloc", ("libswiftCore.so", "swift_retain")): 1,
            },
        )
        own = sum(count for key, count in profile.instructions.items() if measure.is_own(key))
        self.assertEqual(own, 165)


class TraceTests(unittest.TestCase):
    BURST = """\
write(-1, "begin many", 10)             = -1 EBADF (Bad file descriptor)
futex(0x7ffbdf0c51d0, FUTEX_WAKE_PRIVATE, 1) = 1
recvmmsg(0xcd, 0x7ffbcc006fb0, 0x40, 0x40, 0) = 0x40
getsockopt(205, SOL_SOCKET, SO_MEMINFO, [4], [64]) = 0
sendmmsg(0xcd, 0x7ffbcc006fb0, 0x1a, 0x40) = 0x1a
recvmmsg(0xcd, 0x7ffbcc006fb0, 0x40, 0x40, 0) = -1 EAGAIN (Resource temporarily unavailable)
sendmmsg(0xcd, 0x7ffbcc006fb0, 0x2, 0x40) = 0x1
recvmmsg(0xcd, 0x7ffbcc006fb0, 0x40, 0x40, 0) = -1 EAGAIN (Resource temporarily unavailable)
ppoll([{fd=205, events=POLLIN}], 2, {tv_sec=0, tv_nsec=386850719}, NULL, 8) = 1 ([{fd=204, revents=POLLIN}])
read(204, "\\1\\0\\0\\0\\0\\0\\0\\0", 8)        = 8
write(-1, "end many", 8)                = -1 EBADF (Bad file descriptor)
"""

    def test_from_the_first_receive_to_the_last_send(self):
        found = syscall_trace.bursts(("prctl(PR_SET_NAME, \"shard-0\") = 0\n" + self.BURST * 2).splitlines())
        self.assertEqual([burst.calls for burst in found], [4, 4])
        self.assertEqual([burst.messages for burst in found], [27, 27])
        self.assertEqual(found[0].names, "recvmmsg sendmmsg recvmmsg sendmmsg")

    def test_a_burst_that_was_not_relayed_is_an_error(self):
        for missing in ["sendmmsg", "recvmmsg"]:
            lines = [line for line in self.BURST.splitlines() if not line.startswith(missing)]
            with self.assertRaises(ValueError):
                syscall_trace.bursts(lines)


if __name__ == "__main__":
    unittest.main()
