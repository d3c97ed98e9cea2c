#!/usr/bin/env python3
"""Shows that tidy.py bites: each rule once on a tree that breaks it, and once on one that does not."""
import os
import tempfile
import unittest

import tidy

LISTED = "add_library(x a.cpp x.cpp)\n"
# name: (file, content, a part of the complaint)
BAD = {
    "floor": ("core/include/synod/types.hpp", "#include <synod/replica.hpp>\n", "of floor protocol"),
    "floor across": ("core/src/wire/x.cpp", '#include "journal/segment.hpp"\n', "of floor journal"),
    "unknown header": ("core/include/synod/novel.hpp", "", "of no known floor"),
    "private header": ("core/include/synod/wire.hpp", '#include "wire/x.hpp"\n', "the private"),
    "absl in the protocol": ("core/src/protocol/x.cpp", "#include <absl/status/status.h>\n", "may not include"),
    "asio below the host": ("core/src/node/x.cpp", "#include <asio.hpp>\n", "may not include"),
    "asio, a part": ("core/src/journal/x.cpp", "#include <asio/ip/tcp.hpp>\n", "may not include"),
    "cereal in the wire": ("core/src/wire/x.cpp", "#include <cereal/cereal.hpp>\n", "may not include"),
    "posix below the host": ("core/src/journal/x.cpp", "#include <sys/stat.h>\n", "may not include"),
    "host in the simulation": ("core/src/simulation/x.cpp", "#include <synod/node.hpp>\n", "of floor host"),
    "decoration looks inside": ("decorations/beats/x.cpp", '#include "protocol/learner.hpp"\n', "private to the core"),
    "decoration on the host": ("decorations/beats/x.cpp", "#include <synod/node.hpp>\n", "of floor host"),
    "clock": ("core/src/node/x.cpp", "auto t = std::chrono::steady_clock::now();\n", "reads a clock"),
    "random": ("core/src/base/x.cpp", "std::random_device d;\n", "other than Prng"),
    "mutex": ("decorations/beats/x.cpp", "std::mutex m;\n", "a mutex"),
    "thread": ("core/src/journal/x.cpp", "std::thread t;\n", "a thread"),
    "hash container": ("core/src/protocol/x.cpp", "std::unordered_map<int, int> m;\n", "a hash container"),
    "hash order": ("core/src/node/x.cpp", "std::unordered_map<int, int> m_;\nvoid f() {\n  for (auto& e : m_) {}\n}\n",
                   "hash-ordered"),
    "throw": ("core/src/wire/x.cpp", "void f() { throw 1; }\n", "throws"),
    "assert": ("core/src/wire/x.cpp", "void f() { assert(true); }\n", "uses assert"),
    "coroutine": ("core/src/host/x.cpp", "void f() { co_await g(); }\n", "coroutine"),
    "option in the core": ("core/src/node/x.cpp", "#ifdef SYNOD_HEARTBEATS\n#endif\n", "every subset"),
    "long file": ("core/src/node/x.cpp", "\n" * 601, "at most 600"),
    "long test": ("tests/unit/x.cpp", "\n" * 801, "at most 800"),
    "long function": ("core/src/node/x.cpp", "namespace n {\nint A::f(int a) const {\n" + "  a;\n" * 71 + "}\n}\n",
                      "a function of 71 lines"),
    "long member": ("core/src/node/x.hpp", "#pragma once\nclass A {\n  void f() {\n" + "    g();\n" * 80 + "  }\n};\n",
                    "a function of 80 lines"),
    "long line": ("core/src/node/x.cpp", "//" + "x" * 109 + "\n", "111 columns"),
    "no pragma": ("core/src/node/x.hpp", "class A;\n", "#pragma once"),
    "empty name": ("core/src/node/util.hpp", "#pragma once\n", "says nothing"),
    "string_view": ("core/include/synod/status.hpp", "#pragma once\nabsl::string_view f();\n", "absl::string_view"),
    "friend": ("core/src/node/x.hpp", "#pragma once\nclass A {\n  friend class B;\n};\n", "a friend"),
    "friend function": ("core/src/node/x.hpp", "#pragma once\nclass A {\n  friend void f();\n};\n", "a friend"),
    "unlisted": ("core/src/node/forgotten.cpp", "\n", "in no CMakeLists.txt"),
    "white space": ("docs/x.md", "word \n", "trailing white space"),
    "tab": ("docs/x.md", "a\tb\n", "a tab"),
    "machine": ("docs/x.md", "see /" + "home/somebody/file\n", "somebody's machine"),
    "todo": ("core/src/node/x.cpp", "// TODO: later.\n", "without its issue"),
}
GOOD = {
    "core/src/node/x.cpp": '#include <map>\n#include <absl/status/status.h>\n#include <synod/replica.hpp>\n'
                           '#include "node/x.hpp"\n// TODO(#12): Sentence about std::mutex.\n'
                           'const char* words = "std::thread throw assert(";\n'
                           'std::unordered_map<int, int> m_;\nvoid f() {\n  m_.find(1);\n}\n',
    "core/src/node/x.hpp": "#pragma once\nclass A {\n  friend bool operator==(A, A);\n  class B;\n  friend class B;\n};\n",
    "core/src/host/x.cpp": "#include <asio.hpp>\n#include <unistd.h>\nstd::mutex m;\n",
    "core/include/synod/types.hpp": "#pragma once\n#include <cstdint>\n",
    "tests/unit/x.cpp": "namespace n {\n" + "void f() {\n  g();\n}\n" * 100 + "}\n#include <thread>\n",
}


def complaints(files, check=tidy.check):
    with tempfile.TemporaryDirectory() as root:
        for path, content in files.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as out:
                out.write(content)
            if path.endswith(".cpp"):
                with open(os.path.join(root, os.path.dirname(path), "CMakeLists.txt"), "w", encoding="utf-8") as out:
                    out.write(LISTED)
        return list(check(root))


class TidyTest(unittest.TestCase):
    def test_each_bad_sample_is_seen(self):
        for name, (path, content, expected) in BAD.items():
            with self.subTest(name):
                found = complaints({path: content})
                self.assertTrue(any(line.startswith(path) and expected in line for line in found), found)

    def test_names_and_sites_belong_together(self):
        names = "core/include/synod/probe_names.hpp"
        listing = ('inline constexpr std::string_view kMarkNames[] = {\n    "a.b",\n    "a.c",\n};\n'
                   'inline constexpr std::string_view kBuggifyNames[] = {\n    "x.y",\n};\n')
        for sites, expected in [('SYNOD_MARK("a.b"); SYNOD_MARK("a.c"); SYNOD_BUGGIFY("x.y");', []),
                                ('SYNOD_MARK("a.b"); SYNOD_BUGGIFY("x.y");', ["a.c has 0 sites"]),
                                ('SYNOD_MARK("a.b"); SYNOD_MARK("a.c"); SYNOD_MARK("a.c"); SYNOD_BUGGIFY("x.y");',
                                 ["a.c has 2 sites"]),
                                ('SYNOD_MARK("a.b"); SYNOD_MARK("a.c");', ["x.y has 0 sites"])]:
            found = complaints({names: listing, "core/src/node/x.cpp": sites + "\n"}, tidy.check_sites)
            self.assertEqual([line.split(": ")[1] for line in found], expected)

    def test_good_samples_pass(self):
        self.assertEqual(complaints(GOOD), [])


if __name__ == "__main__":
    unittest.main()
