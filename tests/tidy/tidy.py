#!/usr/bin/env python3
"""Fails where the tree breaks a rule that a machine can see: tidy.py [ROOT].

Rules and their reasons: docs/architecture.md (floors) and CONTRIBUTING.md (the rest).
"""
import fnmatch
import os
import pathlib
import re
import sys

from rules import (BANNED, BELOW, EVERYWHERE, FLOOR_OF, HASHED, SEEDED, SHIPPED, SKIPPED_FOLDERS,
                   TEXT_ENDINGS, THIRD_PARTY)


def floor_of(path):
    """The floor that a file belongs to; None where floors do not matter. A tool is free as an example."""
    if path.endswith("_test.cpp") or path.endswith("_fuzz.cpp"):
        return None
    if path.startswith("core/include/synod/"):
        return floor_of_header(path[len("core/include/synod/"):])
    if path.startswith("core/src/"):
        return "examples" if "/tool/" in path else path.split("/")[2]
    return next((top for top in ("decorations", "examples") if path.startswith(top + "/")), None)


def floor_of_header(name):
    return FLOOR_OF.get(name.split("/")[0] + "/" if "/" in name else name.removesuffix(".hpp"))


def wrong_include(path, floor, quote, target):
    """Why a file of `floor` may not include `target`, or None."""
    allowed = [floor] + BELOW.get(floor, [])
    if target.startswith("synod/"):
        found = floor_of_header(target[len("synod/"):])
        if found is None:
            return f"<{target}> is of no known floor: add it to PUBLIC in tests/tidy/tidy.py"
    elif quote == '"':
        found = target.split("/")[0]
        if path.startswith("core/include/"):
            return f'a public header includes the private "{target}"'
        if path.startswith(("decorations/", "examples/")):
            return f'"{target}" is private to the core' if found in BELOW and found != floor else None
    elif "." not in target and "/" not in target:
        return None
    else:
        floors = next((floors for what, floors in THIRD_PARTY if re.match(what, target)), "")
        return None if floor in floors.split() else f"floor {floor} may not include <{target}>"
    return None if found in allowed else f"floor {floor} may not include {target} of floor {found}"


def without_text(source):
    """The source with comments and the insides of strings blanked, line by line as before."""
    parts = (r'#include "[^"\n]*"|//[^\n]*|/\*.*?\*/|R"\(.*?\)"|"(?:\\.|[^"\\\n])*"'
             r"|(?<!\d)'(?:\\.|[^'\\\n])'")
    return re.sub(parts, lambda m: m.group() if m.group()[0] == "#" else re.sub(r"[^\n]", " ", m.group()),
                  source, flags=re.S)


def long_functions(code, longest=70):
    """(line, length) of each function body of more than `longest` lines."""
    stack, start = [], 0
    code = re.sub(r"(?m)^ *#[^\n]*(\\\n[^\n]*)*", lambda m: "\n" * m.group().count("\n"), code)
    for found in re.finditer(r"[{};]", code):
        if found.group() == "{":
            head = re.sub(r"template *<[^{;]*?> *(?=\n|class|struct)", "", code[start:found.start()])
            scope = re.search(r"\b(namespace|class|struct|enum|union)\b(?![^(]*\()", head)
            other = any(stack) or scope or "(" not in head
            stack.append(0 if other else code.count("\n", 0, found.start()) + 1)
        elif found.group() == "}" and stack:
            opened = stack.pop()
            length = code.count("\n", 0, found.start()) - opened
            if opened and length > longest:
                yield opened, length
        start = found.end()


def check_code(path, source, hashed):
    floor, code = floor_of(path), without_text(source)
    if path.startswith("core/include/") and floor is None:
        yield 1, "of no known floor: add it to PUBLIC in tests/tidy/tidy.py"
    longest = 600 if path.startswith(SHIPPED) else 800
    if source.count("\n") > longest:
        yield 1, f"{source.count(chr(10))} lines; at most {longest}"
    if path.endswith(".hpp") and "#pragma once" not in source:
        yield 1, "no #pragma once"
    if re.fullmatch(r"(data|info|manager|utils?)\.[hc]pp", os.path.basename(path)):
        yield 1, "a file name that says nothing"
    for line, length in long_functions(code):
        yield line, f"a function of {length} lines; at most 70"
    for number, line in enumerate(code.split("\n"), 1):
        if len(line) > 110:
            yield number, f"{len(line)} columns; at most 110, aim at 100"
        include = re.match(r'#include ([<"])([^>"]+)', line) if floor else None
        if include and (reason := wrong_include(path, floor, *include.groups())):
            yield number, reason
        for pattern, floors, what in BANNED:
            if floor in floors.split() and re.search(pattern, line):
                yield number, what
        walk = rf"for \(.*: ({hashed})\)|\b({hashed})\.c?begin\("
        if hashed and floor in SEEDED.split() and re.search(walk, line):
            yield number, "iterates over a hash-ordered container"
        if "core/include/" in path and "absl::string_view" in line:
            yield number, "absl::string_view in a public header"
        friend = re.search(r"\bfriend\b(?! .*operator)(?: (?:class|struct) (\w+))?", line)
        if friend and floor and not re.search(rf"(?m)^ *(class|struct) {friend.group(1)}\b", code):
            yield number, "a friend that is neither an operator nor of this very file"


def read(*parts):
    """The text of a file; empty where there is none."""
    path = pathlib.Path(*parts)
    return path.read_text(encoding="utf-8") if path.exists() else ""


def is_listed(root, path):
    """Whether a CMakeLists.txt of the file's folder, or of one above, names it."""
    folder = os.path.dirname(path)
    while True:
        listed = re.findall(r"[\w./*-]+\.cpp", read(root, folder, "CMakeLists.txt"))
        if any(fnmatch.fnmatch(os.path.relpath(path, folder or "."), name) for name in listed):
            return True
        if not folder:
            return False
        folder = os.path.dirname(folder)


# A list of names, the macro of their sites, and whether a name may have several.
NAMED_SITES = [("core/include/synod/probe_names.hpp", r"kMarkNames\[\].*?;", "MARK", False),
               ("core/include/synod/probe_names.hpp", r"kBuggifyNames\[\].*?;", "BUGGIFY", False),
               ("core/src/base/mutants.hpp", r"kMutants\[\].*?\n\};", "MUTANT", True)]


def check_sites(root):
    """That each listed name has its site; a site whose name is not listed does not compile."""
    sources = "".join(read(folder, name) for top in ("core/src", "decorations")
                      for folder, _, names in os.walk(os.path.join(root, top))
                      for name in names if name.endswith((".hpp", ".cpp")))
    for path, pattern, macro, several in NAMED_SITES:
        listed = re.search(pattern, read(root, path), re.S)
        first = r'^ *\{"([^"]+)"' if macro == "MUTANT" else r'^ *"([^"]+)"'
        names = re.findall(first, listed.group(), re.M) if listed else []
        sites = re.findall(rf'SYNOD_{macro}\("([^"]+)"\)', sources)
        for name in names:
            count = sites.count(name)
            if count == 0 or (count > 1 and not several):
                yield f"{path}:1: {name} has {count} sites"
        if not several and names != sorted(set(names)):
            yield f"{path}:1: the names of SYNOD_{macro} are not sorted"


def check(root):
    """Every complaint about the tree under `root`, as `path:line: what`."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for path in (os.path.relpath(os.path.join(folder, name), root) for name in sorted(files)):
            if not path.endswith(TEXT_ENDINGS):
                continue
            source = read(root, path)
            found = [(number, what) for number, line in enumerate(source.split("\n"), 1)
                     for pattern, what in EVERYWHERE if re.search(pattern, line) and "tests/tidy/" not in path]
            if path.endswith((".hpp", ".cpp")):
                twin = read(root, path[:-3] + ("hpp" if path.endswith("cpp") else "cpp"))
                found += check_code(path, source, "|".join(HASHED.findall(source + twin)))
            if path.endswith(".cpp") and not path.endswith("_fuzz.cpp") and not is_listed(root, path):
                found.append((1, "in no CMakeLists.txt"))
            yield from (f"{path}:{number}: {what}" for number, what in found)


if __name__ == "__main__":
    top = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "..")
    complaints = list(check(os.path.realpath(top))) + list(check_sites(os.path.realpath(top)))
    print("\n".join(complaints + [f"{len(complaints)} complaints"]))
    sys.exit(bool(complaints))
