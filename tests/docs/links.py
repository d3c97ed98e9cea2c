#!/usr/bin/env python3
"""Fails where a document links to a file, or to a heading, that is not there: links.py ROOT."""
import os
import re
import sys

SKIPPED = {".git", "build", ".cache"}


def anchors(path):
    """The anchors of a document's headings, as the usual renderers make them."""
    with open(path, encoding="utf-8") as text:
        headings = re.findall(r"(?m)^#+ +(.*?) *$", text.read())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


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
    complaints = list(broken(os.path.realpath(sys.argv[1])))
    print("\n".join(complaints + [f"{len(complaints)} broken links"]))
    sys.exit(1 if complaints else 0)
