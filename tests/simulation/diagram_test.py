#!/usr/bin/env python3
"""Opens diagrams in headless Chromium: what is drawn, what filters and zoom change, and that nothing
is loaded and nothing complains. The page's own object, window.synodDiagram, is asked; where it matters,
the pixels are."""
import html
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

SIMULATE = os.environ["SYNOD_SIMULATE"]
BROKEN = os.environ["SYNOD_BROKEN_SIMULATE"]
TRACE_TEST = os.environ["SYNOD_TRACE_TEST"]
CHROMIUM = os.environ.get("SYNOD_CHROMIUM", "chromium")

# What every test may use. The page draws once per frame; here it draws when it is told to.
PRELUDE = """
const page = window.synodDiagram, model = page.model, drawing = page.drawing;
const result = {};
const draw = () => { drawing.draw(); return drawing; };
const button = (box, text) => [...document.querySelectorAll(`#${box} button`)]
    .find((each) => each.textContent === text);
const key = (name) => document.getElementById('drawing')
    .dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));
const write = (id, text) => {
  const field = document.getElementById(id);
  field.value = text;
  field.dispatchEvent(new Event('input'));
};
const pixel = (x, y) => {
  const ratio = window.devicePixelRatio;
  return [...drawing.context.getImageData(x * ratio, y * ratio, 1, 1).data.slice(0, 3)];
};
const shownText = (moment) => { page.select(moment); return document.getElementById('details').textContent; };
"""
POSTLUDE = """
result.errors = page.errors;
result.requests = performance.getEntriesByType('resource').map((entry) => entry.name);
const answer = document.createElement('pre');
answer.id = 'answer';
answer.textContent = JSON.stringify(result);
document.body.append(answer);
"""


def look(path, script, dark=False):
    """Runs `script` in the page; what it put into `result`. Fails on errors and on requests."""
    with open(path, encoding="utf-8") as file:
        page = file.read()
    guarded = f"try {{ {script} }} catch (error) {{ result.thrown = String(error.stack); }}"
    page = page.replace("</body>", f"<script nonce='synod'>{PRELUDE}{guarded}{POSTLUDE}</script></body>")
    with tempfile.TemporaryDirectory() as folder:
        tried = os.path.join(folder, "page.html")
        with open(tried, "w", encoding="utf-8") as file:
            file.write(page)
        theme = ["--blink-settings=preferredColorScheme=0"] if dark else []
        done = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1300,900",
             "--enable-logging=stderr", "--disable-background-networking", "--no-first-run",
             f"--user-data-dir={folder}/profile", *theme, "--dump-dom", "file://" + tried],
            capture_output=True, text=True, check=False, timeout=200)
    found = re.search(r'<pre id="answer">(.*?)</pre>', done.stdout, re.S)
    assert found, f"no answer: {done.stdout[-500:]} {done.stderr[-2000:]}"
    result = json.loads(html.unescape(found.group(1)))
    # Only these tests read pixels back, and only that is remarked upon.
    complaints = [line for line in done.stderr.splitlines()
                  if "CONSOLE" in line and "willReadFrequently" not in line]
    assert not result.get("thrown"), result["thrown"]
    assert not result["errors"] and not complaints, (result["errors"], complaints)
    assert not result["requests"], result["requests"]
    return result


class DiagramCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name

    def story(self, name):
        """The drawing of a story; the whole test program draws each."""
        subprocess.run([TRACE_TEST, f"--gtest_filter=*/{name}", "--html", self.folder], check=True,
                       stdout=subprocess.DEVNULL)
        return os.path.join(self.folder, name + ".html")

    def run_of(self, *words, program=(SIMULATE,), status=0):
        path = os.path.join(self.folder, "run.html")
        done = subprocess.run([*program, *map(str, words), "--html", path], check=False,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return path


class Story(DiagramCase):
    def test_a_story_has_its_lanes_arrows_crash_and_chosen_rounds(self):
        result = look(self.story("h06_commit_by_id_of_another_entry"), """
            draw();
            result.lanes = [...document.querySelectorAll('#lanes button')].map((each) => each.textContent);
            result.about = document.getElementById('subtitle').textContent;
            result.fates = model.messages.map((message) => message.fate);
            result.arrows = model.arrows.length;
            const crash = model.moments.find((moment) => moment.what === 'crashes');
            result.crash = shownText(crash);
            draw();
            result.crashPixel = pixel(drawing.x(crash.node), drawing.y(crash.place));
            const chosen = model.moments.filter((moment) => moment.what === 'chosen');
            result.chosen = chosen.map((moment) => moment.text);
            page.select(chosen[0]);
            page.select(null);
            draw();
            result.band = pixel(drawing.right - 5, drawing.y(chosen[0].place));
            result.vote = pixel(drawing.x(chosen[0].nodes[0]), drawing.y(chosen[0].place));
            const down = model.spans.find((span) => span.kind === 'down');
            result.down = [model.moments[down.from].what, model.moments[down.to].what];
            result.leaders = model.spans.filter((span) => span.kind === 'leading')
                .map((span) => model.name(span.node));
        """)
        self.assertEqual(result["lanes"], ["A", "B", "C"])
        self.assertIn("C holds another entry", result["about"])
        self.assertEqual(len(result["fates"]), result["arrows"])
        self.assertIn("lost", result["fates"])
        self.assertGreater(result["fates"].count("delivered"), 10)
        self.assertIn("A: crashes", result["crash"])
        self.assertEqual(result["crashPixel"], [0xc8, 0x1e, 0x2b])
        self.assertIn("r2 is chosen at c2.2: y", " ".join(result["chosen"]))
        self.assertEqual(result["band"], [0xd9, 0xf2, 0xe2])
        self.assertEqual(result["vote"], [0x17, 0x89, 0x4a])
        self.assertEqual(result["down"], ["crashes", "starts"])
        self.assertEqual(result["leaders"][:2], ["A", "B"])

    def test_a_vote_that_waits_for_the_disk_looks_unlike_one_that_counts(self):
        result = look(self.story("h11_counted_before_durable"), """
            const vote = (what, text) => model.moments.find(
                (moment) => moment.what === what && moment.text.startsWith(text));
            const waiting = vote('writing', 'accepted r2'), counted = vote('accepted', 'accepted r2');
            result.waiting = shownText(waiting);
            draw();
            result.ring = pixel(drawing.x(waiting.node), drawing.y(waiting.place));
            result.disc = pixel(drawing.x(counted.node), drawing.y(counted.place));
        """)
        self.assertIn("counts for nobody yet", result["waiting"])
        self.assertEqual(result["ring"], [0xfd, 0xfd, 0xfc])
        self.assertEqual(result["disc"], [0x1d, 0x5f, 0xbf])

    def test_a_picture_has_the_whole_story_and_leaves_the_page_as_it_was(self):
        result = look(self.story("h06_commit_by_id_of_another_entry"), """
            draw();
            const lane = drawing.x(2);
            const picture = pictureOf(page, 800);
            result.size = [picture.width, picture.height];
            result.lines = model.lines;
            result.same = drawing.x(2) === lane;
            const last = model.shown[model.shown.length - 1];
            result.drawn = picture.getContext('2d')
                .getImageData(0, 34 + 22 * last.place - 60, 800, 80).data
                .some((value, k) => k % 4 === 0 && value < 0x80);
        """)
        self.assertEqual(result["size"][0], 800)
        self.assertGreater(result["size"][1], 22 * result["lines"])
        self.assertTrue(result["same"])
        self.assertTrue(result["drawn"])

    def test_it_is_dark_where_a_person_wants_it(self):
        result = look(self.story("h06_commit_by_id_of_another_entry"), """
            draw();
            result.dark = drawing.dark;
            result.ground = pixel(300, drawing.height - 3);
        """, dark=True)
        self.assertTrue(result["dark"])
        self.assertLess(max(result["ground"]), 0x40)


class Swarm(DiagramCase):
    def test_a_violation_is_on_top_and_in_the_picture_and_no_text_is_markup(self):
        path = self.run_of("--seed", 3, "--entries", 300, "--faults", "crash", "--exactly",
                           program=(BROKEN, "after-restart"), status=1)
        result = look(path, """
            draw();
            const banner = document.getElementById('violations');
            result.banner = banner.hidden ? '' : banner.textContent;
            const [violation] = model.violations;
            result.visible = drawing.visible.includes(violation);
            result.band = pixel(drawing.right - 5, drawing.y(violation.place));
            result.about = document.getElementById('subtitle').textContent;
            const bad = model.moments.find((moment) => moment.text.includes('<it>'));
            result.text = shownText(bad);
            result.markup = document.querySelector('it') !== null;
            page.forget();
            page.fit();
            key('v');
            result.next = drawing.current === violation;
        """)
        self.assertIn("I16: ", result["banner"])
        self.assertTrue(result["visible"])
        self.assertEqual(result["band"], [0xfd, 0xe4, 0xe4])
        self.assertIn("synod-simulate --seed 3 ", result["about"])
        self.assertIn("forgot how <it> goes", result["text"])
        self.assertFalse(result["markup"])
        self.assertTrue(result["next"])

    def test_pauses_partitions_wipes_and_copies_are_there(self):
        path = self.run_of("--seed", 5, "--entries", 120, "--exactly", "--faults",
                           "loss,duplication,crash,pause,wipe,partition,slow-disk")
        result = look(path, """
            draw();
            result.spans = [...new Set(model.spans.map((span) => span.kind))].sort();
            result.cuts = model.cuts.length;
            result.copies = model.messages.filter((message) => message.copy).length;
            result.fates = [...new Set(model.messages.map((message) => message.fate))].sort();
            const healed = model.moments.filter((moment) => moment.what === 'healed').pop();
            result.rest = model.lanes.map((lane) => lane.id).filter((id) => !healed.nodes.includes(id));
            result.open = model.cuts.filter((span) => span.to === Infinity).map((span) => span.nodes);
            const strike = model.moments.find((moment) => moment.what === 'fault');
            result.strike = shownText(strike);
            result.groups = model.groups.map((group) => group.name);
        """)
        self.assertEqual(result["spans"], ["down", "leading", "passive", "paused"])
        self.assertGreater(result["cuts"], 0)
        # Of what is never healed the network stays in parts.
        self.assertIn(result["open"], ([], [result["rest"]]))
        self.assertRegex(result["strike"], r"^strike \d+: [a-z-]+ ·")
        self.assertIn("faults", result["groups"])
        self.assertGreater(result["copies"], 10)
        for fate in ("cut", "delivered", "lost", "nobody-there"):
            self.assertIn(fate, result["fates"])

    def test_a_spare_has_a_lane_from_when_it_starts_to_when_it_is_retired(self):
        path = self.run_of("--seed", 1, "--entries", 600, "--exactly", "--faults", "join,swap,leave,grow")
        result = look(path, """
            const starts = (id) => model.moments.find((moment) => moment.what === 'starts' && moment.node === id);
            const retired = model.moments.find((moment) => moment.what === 'retires');
            result.lanes = model.lanes.map((lane) => lane.id);
            result.absent = model.spans.filter((span) => span.kind === 'absent')
                .map((span) => [span.node, span.from, span.to === starts(span.node).index]);
            result.gone = model.spans.some((span) => span.kind === 'gone' && span.from === retired.index);
            draw();
            page.select(retired);
            drawing.current = null;
            draw();
            result.after = pixel(drawing.x(retired.node), drawing.y(retired.place) + 40);
        """)
        self.assertIn([4, -1, True], result["absent"])
        self.assertEqual(result["lanes"], sorted({1, 2, 3} | {node for node, _, _ in result["absent"]}))
        self.assertTrue(result["gone"])
        self.assertEqual(result["after"], [0xfd, 0xfd, 0xfc])

    def test_what_a_disk_did_is_told(self):
        path = self.run_of("--seed", 1, "--entries", 300, "--exactly", "--faults", "write-error,hung-disk")
        result = look(path, """
            const text = (what) => model.moments.filter((moment) => moment.what === what)
                .map((moment) => moment.text).join(' | ');
            result.faults = text('disk-fault');
            result.mended = text('disk-mended');
        """)
        self.assertIn("simulated write error", result["faults"])
        self.assertIn("its disk hangs", result["faults"])
        self.assertIn("its disk goes on", result["mended"])


class Filters(DiagramCase):
    def test_filter_zoom_and_search_change_what_is_shown(self):
        result = look(self.story("h02_mandate_outside_its_cluster"), """
            const arrows = () => draw() && model.arrows.length;
            result.all = arrows();
            button('lanes', 'B').click();
            result.withoutB = arrows();
            result.lanes = model.lanes.filter((lane) => lane.shown).length;
            button('lanes', 'B').click();
            button('kinds', 'propose').click();
            result.withoutPropose = arrows();
            result.proposes = model.messages.filter((message) => message.word === 'propose').length;
            button('kinds', 'propose').click();
            const lines = model.lines;
            button('kinds', 'applied').click();
            result.fewerLines = lines - model.lines;
            result.applied = model.moments.filter(
                (each) => ['applied', 'skipped', 'installed'].includes(each.what)).length;
            button('kinds', 'applied').click();
            result.back = arrows();

            write('round', '4');
            result.faded = model.shown.filter((each) => drawing.fades(each)).length;
            document.getElementById('only').click();
            result.only = arrows();
            result.foreign = model.arrows.filter((each) => each.sent.first > 4 || each.sent.last < 4).length;
            document.getElementById('only').click();
            key('Escape');
            result.unfaded = model.shown.filter((each) => drawing.fades(each)).length;

            write('search', 'members=abd');
            result.found = document.getElementById('found').textContent;
            key('n');
            result.foundText = drawing.current.text;
            key('Escape');

            draw();
            result.before = drawing.visible.length;
            for (let i = 0; i < 5; ++i) key('+');
            result.zoomedIn = draw().visible.length;
            key('0');
            result.zoomedOut = draw().visible.length;
            result.moments = model.shown.length;
            key('1');
            result.scale = draw().scale;
            key('End');
            result.end = draw().visible.includes(model.shown[model.shown.length - 1]);
            key('Home');
            draw();
            key('t');
            result.time = [draw().model.byTime, document.getElementById('axis').getAttribute('aria-pressed')];
        """)
        self.assertLess(result["withoutB"], result["all"])
        self.assertEqual(result["lanes"], 3)
        self.assertEqual(result["withoutPropose"], result["all"] - result["proposes"])
        self.assertEqual(result["fewerLines"], result["applied"])
        self.assertEqual(result["back"], result["all"])
        self.assertGreater(result["faded"], 10)
        self.assertEqual(result["unfaded"], 0)
        self.assertGreater(result["only"], 3)
        self.assertLess(result["only"], result["all"])
        self.assertEqual(result["foreign"], 0)
        self.assertRegex(result["found"], r"^\d+ found$")
        self.assertIn("members=ABD", result["foundText"])
        self.assertLess(result["zoomedIn"], result["before"])
        self.assertEqual(result["zoomedOut"], result["moments"])
        self.assertEqual(result["scale"], 22)
        self.assertTrue(result["end"])
        self.assertEqual(result["time"], [True, "true"])

    def test_pointer_and_keys_reach_every_event(self):
        result = look(self.story("h02_mandate_outside_its_cluster"), """
            const canvas = document.getElementById('drawing');
            draw();
            const arrow = model.arrows.find((each) => each.fate === 'delivered' && each.to === 3);
            const { fromX, y, toX, toY } = drawing.ends(arrow);
            const at = (type, x, y, more = {}) => {
              const box = canvas.getBoundingClientRect();
              canvas.dispatchEvent(new PointerEvent(type, { clientX: box.left + x, clientY: box.top + y,
                                                            bubbles: true, pointerId: 1, ...more }));
            };
            canvas.setPointerCapture = () => {};
            at('pointermove', (fromX + toX) / 2, (y + toY) / 2);
            result.tip = document.getElementById('tip').hidden ? '' :
                document.getElementById('tip').textContent;
            at('pointerdown', (fromX + toX) / 2, (y + toY) / 2);
            at('pointerup', (fromX + toX) / 2, (y + toY) / 2);
            result.round = document.getElementById('round').value;
            result.details = document.getElementById('details').textContent;
            key('Escape');
            draw();
            const top = drawing.top;
            canvas.dispatchEvent(new WheelEvent('wheel', { deltaY: 220, cancelable: true }));
            result.moved = drawing.top - top;
            canvas.dispatchEvent(new WheelEvent('wheel', { deltaY: -200, ctrlKey: true, cancelable: true }));
            result.zoomed = drawing.scale;

            page.forget();
            draw();
            const seen = new Set();
            drawing.current = null;
            drawing.top = 0;
            for (let i = 0; i < model.shown.length; ++i) { key('ArrowDown'); seen.add(drawing.current); }
            result.seen = seen.size;
            result.shown = model.shown.length;
            result.live = document.getElementById('details').getAttribute('aria-live');
        """)
        self.assertIn("A → C: prepare r1 c1.1", result["tip"])
        self.assertIn("delivered", result["tip"])
        self.assertEqual(result["round"], "1")
        self.assertIn("prepare r1 c1.1", result["details"])
        self.assertAlmostEqual(result["moved"], 10)
        self.assertGreater(result["zoomed"], 22)
        self.assertEqual(result["seen"], result["shown"])
        self.assertEqual(result["live"], "polite")


class Hostile(DiagramCase):
    def test_a_page_made_of_markup_stays_a_page(self):
        path = self.run_of("--entries", 10, "--faults", "none")
        with open(path, encoding="utf-8") as file:
            page = file.read()
        # What the writer makes of such texts, as its own test shows.
        evil = ("\\u003c/script\\u003e\\u003cscript\\u003ewindow.hit=1\\u003c/script\\u003e"
                "\\u003cimg src=x onerror=window.hit=2\\u003e")
        page = page.replace('"starts"', f'"{evil}"', 1)
        page = page.replace('"subtitle":"', f'"subtitle":"{evil}', 1).replace('"name":"1"', f'"name":"{evil}"')
        with open(path, "w", encoding="utf-8") as file:
            file.write(page)
        result = look(path, """
            draw();
            page.select(model.moments[0]);
            page.hover(drawing.x(1), drawing.y(0));
            result.hit = window.hit ?? null;
            result.images = document.querySelectorAll('img').length;
            result.lane = document.querySelector('#lanes button').textContent;
        """)
        self.assertIsNone(result["hit"])
        self.assertEqual(result["images"], 0)
        self.assertIn("<img src=x", result["lane"])


class Large(DiagramCase):
    def test_what_was_left_out_is_said(self):
        path = self.run_of("--seed", 6, "--entries", 200, "--events", 1000)
        result = look(path, """
            draw();
            const box = document.getElementById('left-out');
            result.box = box.hidden ? '' : box.textContent;
            result.moments = model.moments.length;
        """)
        self.assertRegex(result["box"], r"^[\d,]+ earlier events left out: the picture begins at ")
        self.assertEqual(result["moments"], 1000)

    def test_a_window_is_a_window(self):
        path = self.run_of("--seed", 6, "--from", "100ms", "--until", "300ms")
        result = look(path, """
            draw();
            result.times = [model.moments[0].at, model.moments[model.moments.length - 1].at];
            result.leftOut = document.getElementById('left-out').hidden;
        """)
        self.assertGreaterEqual(result["times"][0], 100_000)
        self.assertLessEqual(result["times"][1], 300_000)
        self.assertTrue(result["leftOut"])

    def test_of_many_events_only_those_in_sight_are_drawn(self):
        path = self.run_of("--entries", 10, "--faults", "none")
        with open(path, encoding="utf-8") as file:
            page = file.read()
        strings = ["sent", "delivered", "propose", "propose r1 c1.1 e1", "c1.1", "applied", ""]
        moments = []
        for i in range(66_667):
            moments.append([3 * i, 0, 1 + i % 3, 1 + (i + 1) % 3, i, 2, 3, 1, 1, 4])
            moments.append([3 * i + 1, 1, 1 + (i + 1) % 3, 1 + i % 3, i, 2, 3, 1, 1, 4])
            moments.append([3 * i + 2, 5, 1 + i % 3, 0, 0, 6, 3, 1, 1, 4])
        many = json.dumps({"title": "many", "subtitle": "", "leftOut": 0, "firstDrawn": 0, "before": [],
                           "nodes": [{"id": i, "name": str(i)} for i in (1, 2, 3)],
                           "moments": moments, "strings": strings})
        page = re.sub(r'(<script id="timeline"[^>]*>).*?</script>',
                      lambda found: found.group(1) + many + "</script>", page, count=1, flags=re.S)
        with open(path, "w", encoding="utf-8") as file:
            file.write(page)
        result = look(path, """
            result.moments = model.moments.length;
            draw();
            result.near = [drawing.visible.length, drawing.arrows.length, drawing.milliseconds];
            key('End');
            draw();
            result.end = [drawing.visible.length, drawing.arrows.length, drawing.milliseconds];
            key('0');
            draw();
            result.far = [drawing.visible.length, drawing.skipped, drawing.milliseconds];
        """)
        self.assertEqual(result["moments"], 200_001)
        print("near, end, far:", result["near"], result["end"], result["far"])
        for sight in (result["near"], result["end"]):
            self.assertGreater(sight[0], 10)
            self.assertLess(sight[0], 200)
            self.assertLess(sight[1], 100)
        self.assertEqual(result["far"][0], 200_001)
        self.assertGreater(result["far"][1], 1)


if __name__ == "__main__":
    sys.exit(unittest.main())
