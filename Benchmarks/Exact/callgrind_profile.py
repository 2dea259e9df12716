"""Reads what callgrind writes: instructions of each function by itself, and who called whom how often."""

import os
import re
from collections import Counter

# "fn=(12) name" names number 12; "fn=(12)" alone means it again. Files, objects and functions are numbered apart.
_NAME = re.compile(r"^(ob|fl|fi|fe|fn|cob|cfi|cfl|cfn)=\((\d+)\)(?: (.*))?$")
_KIND = {"ob": "object", "cob": "object", "fn": "function", "cfn": "function"}


class Profile:
    """One profile. Functions are pairs of an object's file name and the function's own."""

    def __init__(self, lines):
        self.instructions = Counter()
        self.calls = Counter()
        self._read(lines)

    @classmethod
    def open(cls, path):
        with open(path, encoding="utf-8", errors="replace") as lines:
            return cls(lines)

    def _read(self, lines):
        names = {"object": {}, "function": {}, "file": {}}
        here = {"object": "", "function": ""}
        callee = dict(here)
        within_call = False
        for line in lines:
            line = line.rstrip("\n")
            if not line:
                continue
            name = _NAME.match(line)
            if name:
                field, number, text = name.groups()
                kind = _KIND.get(field, "file")
                if text is not None:
                    names[kind][number] = os.path.basename(text) if kind == "object" else text
                if kind == "file":
                    continue
                if field.startswith("c"):
                    callee[kind] = names[kind][number]
                else:
                    here[kind] = names[kind][number]
                    # A callee without "cob=" lies in its caller's object.
                if field == "ob":
                    callee["object"] = here["object"]
            elif line.startswith("calls="):
                count = int(line[len("calls="):].split()[0])
                target = (callee["object"] or here["object"], callee["function"])
                self.calls[((here["object"], here["function"]), target)] += count
                callee["object"] = here["object"]
                within_call = True
            elif line[0] in "0123456789+-*":
                # The line behind "calls=" holds what the callee cost, which stands at the callee too.
                if within_call:
                    within_call = False
                    continue
                fields = line.split()
                self.instructions[(here["object"], here["function"])] += int(fields[1]) if len(fields) > 1 else 0

    def total(self):
        return sum(self.instructions.values())
