#!/usr/bin/env python3
"""Fails where a document links to a file, or to a heading, or names a test, that is not there: links.py ROOT."""
import fnmatch
import os
import re
import sys

SKIPPED = {".git", "build", ".cache"}


def anchors(path):
    """The anchors of a document's headings, as the usual renderers make them."""
    with open(path, encoding="utf-8") as text:
        headings = re.findall(r"(?m)^#+ +(.*?) *$", text.read())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def tests_in(root):
    """The names of the tests, as documents give them: Suite.Name, script.Class, and stories."""
    for folder, _, files in os.walk(os.path.join(root, "tests")):
        for name in files:
            stem, kind = os.path.splitext(name)
            if kind == ".trace":
                yield name
            elif kind in (".cpp", ".py"):
                with open(os.path.join(folder, name), encoding="utf-8") as text:
                    code = text.read()
                yield from (".".join(match) for match in re.findall(r"^TEST(?:_[FP])?\((\w+), (\w+)\)", code, re.M))
                yield from (f"{stem}.{name}" for name in re.findall(r"^class (\w+)\(", code, re.M))


def unknown_tests(root):
    """Documents that say which test shows something name those that there are."""
    known = set(tests_in(root))
    for document in ("docs/hazards.md", "docs/regressions.md"):
        path = os.path.join(root, document)
        if not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as text:
            for number, line in enumerate(text, 1):
                for name in re.findall(r"`([A-Z]\w+\.[A-Z]\w+|\w+_test\.[A-Z]\w+|[\w*]+\.trace)`", line):
                    if not fnmatch.filter(known, name):
                        yield f"{document}:{number}: no such test: {name}"


def broken(root):
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED]
        for document in (os.path.join(folder, name) for name in sorted(files) if name.endswith(".md")):
            with open(document, encoding="utf-8") as text:
                prose = re.sub(r"```.*?```", lambda m: "\n" * m.group().count("\n"), text.read(), flags=re.S)
            for match in re.finditer(r"\]\(([^)\s]+)\)", prose):
                place = f"{os.path.relpath(document, root)}:{prose.count(chr(10), 0, match.start()) + 1}"
                target, _, anchor = match.group(1).partition("#")
                if re.match(r"\w+:", target):
                    continue
                path = os.path.normpath(os.path.join(folder, target)) if target else document
                if not os.path.exists(path):
                    yield f"{place}: no such file: {target}"
                elif anchor and path.endswith(".md") and anchor not in anchors(path):
                    yield f"{place}: no such heading: {match.group(1)}"


if __name__ == "__main__":
    top = os.path.realpath(sys.argv[1])
    complaints = [*broken(top), *unknown_tests(top)]
    print("\n".join(complaints + [f"{len(complaints)} broken links"]))
    sys.exit(1 if complaints else 0)
