#!/usr/bin/env python3
"""Turns the C++ blocks of the documents into translation units: extract.py OUTPUT INCLUDES DOCUMENT…

A block is marked ```cpp and is compiled
  as it is       where it has includes of its own,
  as statements  otherwise: inside a function of its own, a coroutine if it waits for something,
  ```cpp global      at namespace scope, behind the includes of INCLUDES (a comma-separated list),
  ```cpp continued   behind the block before it, in the same scope,
  ```cpp no-compile  not at all: for declarations quoted from a header.
Prints the names of the units that it wrote, one a line; leaves unchanged ones alone.
"""
import os
import re
import sys

FENCE = re.compile(r"^```cpp *([a-z-]*) *\n(.*?)^```", re.M | re.S)
KINDS = ("", "global", "continued", "no-compile")


def blocks(document, text):
    """(kind, first line, code) of each block, the continued ones joined to those before."""
    found = []
    for match in FENCE.finditer(text):
        kind, line = match.group(1), text.count("\n", 0, match.start(2)) + 1
        code = f'#line {line} "{document}"\n{match.group(2)}'
        if kind not in KINDS:
            raise SystemExit(f"{document}:{line - 1}: no such kind of block: {kind}")
        if kind == "continued":
            if not found:
                raise SystemExit(f"{document}:{line - 1}: continues nothing")
            before = found.pop()
            found.append((before[0], before[1], before[2] + code))
        elif kind != "no-compile":
            found.append((kind or ("alone" if "#include" in code else "statements"), line, code))
    return found


def wrapped(kind, line, code):
    if kind == "statements":
        coroutine = "co_await" in code or "co_return" in code
        head = "asio::awaitable<void>" if coroutine else "void"
        code = f"[[maybe_unused]] {head} run() {{\n{code}}}\n"
    return f"namespace block_at_{line} {{\n{code}}}  // namespace\n"


def units(document, text, includes):
    """name -> source: one unit for all wrapped blocks of a document, one for each that stands alone."""
    stem = re.sub(r"\W", "_", document.removesuffix(".md"))
    made, together = {}, ""
    for kind, line, code in blocks(document, text):
        if kind == "alone":
            made[f"{stem}_{line}.cpp"] = code
        else:
            together += wrapped(kind, line, code)
    if together:
        prelude = "".join(f"#include <{name}>\n" for name in includes)
        made[f"{stem}.cpp"] = f"{prelude}using namespace std::chrono_literals;\n{together}"
    return made


def main():
    output, includes, documents = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
    os.makedirs(output, exist_ok=True)
    for document in documents:
        with open(document, encoding="utf-8") as text:
            made = units(document, text.read(), [name for name in includes if name])
        for name, source in made.items():
            path = os.path.join(output, name)
            if not os.path.exists(path) or open(path, encoding="utf-8").read() != source:
                with open(path, "w", encoding="utf-8") as out:
                    out.write(source)
            print(path)


if __name__ == "__main__":
    main()
