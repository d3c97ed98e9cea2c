#!/usr/bin/env python3
"""Draws the hazards' stories as pictures for docs/hazards.md: draw.py TRACE_TEST [STORY…].

TRACE_TEST is the test program, build/dev/tests/traces/trace_test. Without a STORY, one of
each hazard is drawn anew. Needs Chromium."""
import base64
import json
import os
import re
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.realpath(__file__))
# The story that shows its hazard best, where that is not the first.
BEST = ("h01_promise_before_the_crash", "h06_commit_by_id_at_an_older_number", "h07_one_entry_for_one_number",
        "h15_deaf_leader_resigns", "h19_checkpoint_keeps_the_promise", "h20_what_only_the_removed_know",
        "h22_quorums_come_from_the_state", "h23_read_at_the_old_cluster")
# How the first comment begins from which on a story is not drawn.
UNTIL = {"h01_promise_before_the_crash": "9."}
BYTES_MAX = 300_000  # A longer story is better looked at in a browser.
# As wide as names and texts need, and no higher than a person scrolls.
SCRIPT = """
const { model } = synodDiagram;
const end = UNTIL === '' ? -1 :
    model.moments.findIndex((moment) => moment.what === 'narration' && moment.text.startsWith(UNTIL));
if (end >= 0) {
  model.moments.length = end;
  model.messages = model.messages.filter((message) => message.sent.index < end);
  for (const message of model.messages) if (message.end?.index >= end) message.end = null;
}
const lanes = model.lanes.length;
model.filter.groups.add('other records');
model.layOut();
const picture = pictureOf(synodDiagram, 120 + 250 * lanes);
const answer = document.createElement('pre');
answer.id = 'answer';
answer.textContent = picture.toDataURL('image/webp', 0.6);
document.body.append(answer);
"""


def first_of_each(names):
    """A story of each hazard, by its number."""
    chosen = {name[:3]: name for name in BEST}
    for name in sorted(names):
        number = re.match(r"h\d\d", name)
        if number:
            chosen.setdefault(number.group(), name)
    return sorted(chosen.values())


def picture_of(page, folder, until):
    """The picture that the page makes of itself."""
    path = os.path.join(folder, "page.html")
    script = SCRIPT.replace("UNTIL", json.dumps(until))
    with open(path, "w", encoding="utf-8") as out:
        out.write(page.replace("</body>", f'<script nonce="synod">{script}</script></body>'))
    done = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
                           "--window-size=1300,900", f"--user-data-dir={folder}/profile", "file://" + path],
                          capture_output=True, text=True, check=True)
    found = re.search(r'<pre id="answer">data:image/webp;base64,([^<]*)</pre>', done.stdout)
    return base64.b64decode(found.group(1))


def main():
    program, wanted = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "--html", folder, "--gtest_brief=1"], check=True, stdout=subprocess.DEVNULL)
        names = [name.removesuffix(".html") for name in os.listdir(folder) if name.endswith(".html")]
        for name in wanted or first_of_each(names):
            with open(os.path.join(folder, name + ".html"), encoding="utf-8") as page:
                picture = picture_of(page.read(), folder, UNTIL.get(name, ""))
            if len(picture) > BYTES_MAX and name not in wanted:
                print(f"{name} is left out: {len(picture)} bytes")
                continue
            with open(os.path.join(FOLDER, name + ".webp"), "wb") as out:
                out.write(picture)
            print(f"{name}.webp: {len(picture)} bytes")


if __name__ == "__main__":
    main()
