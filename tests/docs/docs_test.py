#!/usr/bin/env python3
"""Shows that extract.py and links.py see what they are there for."""
import os
import tempfile
import unittest

import extract
import links

TEXT = """# One
```cpp
int a = 1;
```
```cpp continued
int b = a;
```
```cpp global
struct G {};
```
```cpp no-compile
nonsense;
```
```cpp
#include <map>
int main() {}
```
```cpp
co_await x();
```
"""


class DocsTest(unittest.TestCase):
    def test_blocks_become_units(self):
        made = extract.units("docs/x.md", TEXT, ["synod/types.hpp"])
        self.assertEqual(sorted(made), ["docs_x.cpp", "docs_x_15.cpp"])
        self.assertTrue(made["docs_x_15.cpp"].startswith('#line 15 "docs/x.md"\n#include <map>'))
        together = made["docs_x.cpp"]
        self.assertTrue(together.startswith("#include <synod/types.hpp>\n"))
        self.assertIn('void run() {\n#line 3 "docs/x.md"\nint a = 1;\n#line 6 "docs/x.md"\nint b = a;\n}', together)
        self.assertIn('namespace block_at_9 {\n#line 9 "docs/x.md"\nstruct G {};\n}', together)
        self.assertIn("asio::awaitable<void> run()", together)
        self.assertNotIn("nonsense", together)

    def test_an_unknown_kind_is_refused(self):
        with self.assertRaises(SystemExit):
            extract.units("x.md", "```cpp nocompile\n```\n", [])

    def test_broken_links_are_seen(self):
        with tempfile.TemporaryDirectory() as root:
            with open(os.path.join(root, "a.md"), "w", encoding="utf-8") as out:
                out.write("# A b: c\n[x](b.md) [y](#a-b-c) [z](#d) [w](a.md#a-b-c) [v](https://example.org/)\n")
            self.assertEqual(list(links.broken(root)),
                             ["a.md:2: no such file: b.md", "a.md:2: no such heading: #d"])

    def test_a_test_that_is_not_there_is_seen(self):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {"tests/a_test.cpp": "TEST_F(Some, Thing) {\n", "tests/b_test.py": "class All(X):\n",
                               "tests/h01_a.trace": "", "docs/hazards.md": "`Some.Thing` `b_test.All` `h01_*.trace`\n"
                               "`Some.Other` `h02_*.trace` `c_test.All` `Some::Thing`\n"}.items():
                os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
                with open(os.path.join(root, name), "w", encoding="utf-8") as out:
                    out.write(text)
            self.assertEqual(list(links.unknown_tests(root)), [f"docs/hazards.md:2: no such test: {name}" for name in
                                                               ("Some.Other", "h02_*.trace", "c_test.All")])


if __name__ == "__main__":
    unittest.main()
