"""The live page in a real Chromium: what is clicked is what is shown, and nothing old is shown as new."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import proxysim as ps
from living import serving, until
from pages import browser
from proxysim.live.server import LiveServer
from test_live import compared

#: Moves one slider, as a hand does.
MOVE = """([path, value]) => { const one = document.querySelector(`[data-path='${path}']`); one.value = value;
  one.dispatchEvent(new Event('input', { bubbles: true })); }"""
MOVE_OFTEN = """async path => { const one = document.querySelector(`[data-path='${path}']`);
  const move = value => { one.value = value; one.dispatchEvent(new Event('input', { bubbles: true })); };
  for (let at = 0; at <= 150; at++) { move(String(((at * 37) % 100) / 100)); await new Promise(resolve => setTimeout(resolve, 10)); }
  move('0.41'); }"""
STRENGTH = "pacts.treaty.strength"


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with serving(runs=200) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    sync_api, path = browser()
    with sync_api.sync_playwright() as play:
        found = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


class Page:
    """A tab of the browser on a live server, with what it asked for and what it complained of."""

    def __init__(self, context: Any, server: LiveServer, address: str = "") -> None:
        self.server = server
        self.asked: list[str] = []
        self.said: list[str] = []
        self.tab = context.new_page()
        self.tab.on("request", lambda one: self.asked.append(one.url))
        self.tab.on("console", lambda one: self.said.append(one.text))
        self.tab.on("pageerror", lambda one: self.said.append(str(one)))
        self.tab.goto(address or server.address)

    def done(self) -> Page:
        self.tab.wait_for_selector("body[data-state=done]", timeout=60_000)
        return self

    def move(self, path: str, value: float) -> None:
        self.tab.evaluate(MOVE, [path, str(value)])

    def text(self, name: str) -> str:
        return str(self.tab.inner_text(f"#{name}"))

    def exact(self) -> list[float]:
        return [float(self.tab.text_content(f"#exact-{name}")) for name in ("difference", "low", "high")]

    def picture(self) -> str:
        return str(self.tab.inner_html("#levels"))

    def quiet(self) -> bool:
        """Whether it asked this server only, and complained of nothing."""
        return not self.said and all(re.match(rf"(http|ws|blob:http)://127\.0\.0\.1:{self.server.port}/", one) for one in self.asked)


@pytest.fixture
def page(chromium: Any, server: LiveServer) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    yield Page(context, server).done()
    context.close()


def equal_to_the_command(page: Page) -> None:
    """The numbers of the page are those of the command that it copies, to the last digit, and so are the words."""
    result = compared(page.text("command"))
    effect = result.effects[0]
    assert [effect.difference, effect.low, effect.high] == page.exact()
    assert page.text("change").replace("−", "-") in result.summary()


def test_slider__changes_picture_and_numbers_to_those_of_the_copied_command(page: Page) -> None:
    """And the address bar has no token, and nothing was asked of anyone else."""
    assert page.tab.url == f"http://127.0.0.1:{page.server.port}/"
    equal_to_the_command(page)
    before = page.text("change"), page.picture(), page.tab.inner_html("#strip")
    page.move(STRENGTH, 0.83)
    assert "no" == page.tab.get_attribute("#headline", "data-fresh"), "the old answer is marked at once"
    assert page.tab.is_disabled("#copy-command")
    page.done()
    after = page.text("change"), page.picture(), page.tab.inner_html("#strip")
    assert all(one != two for one, two in zip(before, after, strict=True))
    assert "none:pacts.treaty.strength=0.83" in page.text("command")
    assert "yes" == page.tab.get_attribute("#headline", "data-fresh")
    equal_to_the_command(page)
    page.tab.check("[data-lever='sea-patrol']")
    page.done()
    assert "sea-patrol:pacts.treaty.strength=0.83" in page.text("command")
    equal_to_the_command(page)
    assert page.quiet(), (page.said, page.asked)


def test_hundred_moves_a_second__end_with_the_right_picture(page: Page) -> None:
    """Whatever was drawn on the way."""
    page.tab.evaluate(MOVE_OFTEN, STRENGTH)
    page.done()
    assert "none:pacts.treaty.strength=0.41" in page.text("command")
    assert "200 paired runs" == page.text("status-text")
    equal_to_the_command(page)
    assert page.quiet()


def test_keyboard__moves_a_slider_and_undoes_it(page: Page) -> None:
    """Arrow keys change the value, which is said with the value of the file; undo comes after the slider."""
    page.tab.focus(f"[data-path='{STRENGTH}']")
    page.tab.keyboard.press("ArrowRight")
    page.done()
    assert "51 %; in the file 50 %" == page.tab.get_attribute(f"[data-path='{STRENGTH}']", "aria-valuetext")
    assert "none:pacts.treaty.strength=0.51" in page.text("command")
    page.tab.keyboard.press("Shift+Tab")
    assert "Strength: back to the value of the file" == page.tab.evaluate("document.activeElement.getAttribute('aria-label')")
    page.tab.keyboard.press("Enter")
    page.done()
    assert "--set" not in page.text("command")
    assert page.tab.is_disabled("#reset")


def test_refresh_and_second_tab__have_their_own_changes(page: Page) -> None:
    """A refresh keeps them; another tab begins with the file."""
    page.move(STRENGTH, 0.2)
    page.done()
    shown = page.text("change")
    other = Page(page.tab.context, page.server, f"http://127.0.0.1:{page.server.port}/").done()
    assert "--set" not in other.text("command")
    other.move("pacts.treaty.provisions.funding", 0.5)
    other.done()
    page.tab.reload()
    page.done()
    assert shown == page.text("change") and "pacts.treaty.strength=0.2" in page.text("command")
    equal_to_the_command(page)
    equal_to_the_command(other)
    other.tab.close()
    until(lambda: len(page.server.compute._clients) == 1)


def test_any_other_number__is_found_by_name_and_set_in_every_branch(page: Page) -> None:
    """Outside of its range the page says so."""
    page.tab.fill("#add", "Detection (North coast)")
    page.tab.keyboard.press("Enter")
    page.move("legs.north-coast.detection", 0.4)
    page.done()
    assert "--set legs.north-coast.detection=0.4" in page.text("command")
    assert "the new value is outside" in page.text("changed") and "D, assumption" in page.text("changed")
    equal_to_the_command(page)


def test_outcome_and_actor__can_be_picked(page: Page) -> None:
    """With a table of all actors, each of which can be looked at."""
    page.tab.select_option("#outcome", "stock_end")
    page.done()
    page.tab.click("#others button:text('Blues')")
    page.done()
    assert "--measures stock_end.blues" in page.text("command")
    equal_to_the_command(page)


def test_views__open_and_play(page: Page) -> None:
    """The map goes on by itself, and a month can be chosen; the provisions add up to the effect."""
    page.tab.click("#map-view summary")
    page.tab.wait_for_selector("#map svg", timeout=60_000, state="attached")
    page.tab.evaluate("() => { const one = document.querySelector('#month'); one.value = '0'; one.dispatchEvent(new Event('input')); }")
    assert "2020-01" == page.text("month-name")
    page.tab.click("#play")
    until(lambda: page.tab.wait_for_timeout(100) or page.text("month-name") > "2020-03")
    page.tab.click("#play")
    month = page.text("month-name")
    page.tab.wait_for_timeout(500)
    assert month == page.text("month-name")
    page.tab.click("#provisions-view summary")
    page.tab.wait_for_selector("#provisions tr", timeout=60_000)
    assert ["Funding", "Technology", "Reciprocity"] == page.tab.eval_on_selector_all("#provisions th", "all => all.map(one => one.textContent)")
    page.move(STRENGTH, 0.9)
    assert "no" == page.tab.get_attribute("#map", "data-fresh") == page.tab.get_attribute("#provisions", "data-fresh")
    page.tab.wait_for_selector("#map[data-fresh=yes]", timeout=60_000)
    page.tab.wait_for_selector("#provisions[data-fresh=yes]", timeout=60_000)
    assert page.quiet()


@pytest.mark.slow
def test_report__is_saved_with_the_settings(page: Page, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file that the browser keeps is the report, and names its command."""
    monkeypatch.setattr("proxysim.live.reports.RUNS", 10)
    page.move(STRENGTH, 0.77)
    page.done()
    with page.tab.expect_download(timeout=120_000) as waited:
        page.tab.click("#save")
    waited.value.save_as(tmp_path / "report.html")
    assert "--set none:pacts.treaty.strength=0.77 --out report.html" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.quiet()


def test_server__that_is_killed_leaves_numbers_that_are_marked_as_old(chromium: Any) -> None:
    """When it comes back under another key, the page says what to do."""
    context = chromium.new_context()
    with serving(runs=24) as server:
        page = Page(context, server).done()
        port = server.port
    page.tab.wait_for_selector("body[data-state=lost]")
    assert "Connection lost. The numbers on the page are old." == page.text("status-text")
    assert "no" == page.tab.get_attribute("#headline", "data-fresh") == page.tab.get_attribute("#pictures", "data-fresh")
    assert page.tab.is_disabled("#copy-command")
    page.tab.wait_for_selector("#trouble:has-text('does not answer')")
    with serving(runs=24, port=port):
        page.tab.wait_for_selector("#trouble:has-text('Open the new address')", timeout=20_000)
    context.close()


def test_connection__that_is_lost_comes_back_with_the_same_changes(page: Page) -> None:
    """The answer is asked for again, and is fresh only then."""
    page.move(STRENGTH, 0.15)
    page.done()
    shown = page.text("change")
    loop = page.server._server.servers[0].get_loop()  # type: ignore[union-attr]
    states = page.server._server.server_state  # type: ignore[union-attr]
    loop.call_soon_threadsafe(lambda: [one.transport.abort() for one in tuple(states.connections)])
    page.tab.wait_for_selector("body[data-state=lost]")
    page.done()
    assert shown == page.text("change") and page.tab.is_hidden("#trouble")
    equal_to_the_command(page)


def test_answer__that_comes_late_is_not_shown_as_fresh(chromium: Any, server: LiveServer) -> None:
    """Messages of an earlier question, sent again after the slider has moved, while the answers to the new one are held back."""
    context = chromium.new_context()
    tab = context.new_page()
    kept: list[str] = []
    held: list[str] | None = None
    sockets: list[Any] = []

    def route(socket: Any) -> None:
        sockets.append(socket)
        upstream = socket.connect_to_server()

        def from_server(text: str) -> None:
            kept.append(text)
            if held is None:
                socket.send(text)
            else:
                held.append(text)

        upstream.on_message(from_server)
        socket.on_message(upstream.send)

    tab.route_web_socket(re.compile("/live$"), route)
    tab.goto(server.address)
    tab.click("#map-view summary")
    tab.click("#provisions-view summary")
    tab.wait_for_selector("body[data-state=done]", timeout=60_000)
    tab.wait_for_selector("#provisions tr", timeout=60_000)
    tab.wait_for_selector("#map svg", timeout=60_000, state="attached")
    old, held = list(kept), []
    command = tab.inner_text("#command")
    tab.evaluate(MOVE, [STRENGTH, "0.66"])
    until(lambda: tab.wait_for_timeout(100) or any('"answer"' in text for text in held))
    for text in old:
        if json.loads(text)["type"] in ("answer", "about", "map", "provisions"):
            sockets[0].send(text)
    tab.wait_for_timeout(500)
    for name in ("headline", "pictures", "map", "provisions", "changed-box", "command"):
        assert "no" == tab.get_attribute(f"#{name}", "data-fresh"), name
    assert command == tab.inner_text("#command") and tab.is_disabled("#copy-command")
    for text in held:
        sockets[0].send(text)
    held = None
    tab.wait_for_selector("body[data-state=done]", timeout=60_000)
    assert "none:pacts.treaty.strength=0.66" in tab.inner_text("#command")
    context.close()


EVIL = "<img src=x onerror=\"document.title='evil'\"><script>document.title='evil'</script>"


def test_markup__in_a_world_file_is_shown_as_text(chromium: Any, tmp_path: Path) -> None:
    """In the question, in labels, texts, sources and notes."""
    text = (Path(ps.__file__).parents[2] / "scenarios" / "quickstart.toml").read_text(encoding="utf-8")
    evil = json.dumps(EVIL)
    text = text.replace('question = "Two patrons sign a pact. Do their three proxies end up with more arms?"', f"question = {evil}")
    text = text.replace('reds   = {home = "coast"}', f'reds   = {{home = "coast", label = {evil}}}')
    text = text.replace("[states.north]", f"[states.north]\nlabel = {evil}")
    text = text.replace('about = "Detection at sea is doubled"', f"about = {evil}, label = {evil}")
    text = text.replace('low = 0.05, high = 0.30, grade = "D"}', f'low = 0.05, high = 0.30, note = {evil}, grade = "D"}}')
    assert 6 == text.count(evil)
    file = tmp_path / "<b>evil world.toml"
    file.write_text(text, encoding="utf-8")
    context = chromium.new_context()
    with serving(str(file), runs=24) as server:
        page = Page(context, server).done()
        page.tab.check("[data-lever='sea-patrol']")
        page.done()
        page.tab.click("#map-view summary")
        page.tab.wait_for_selector("#map svg", timeout=60_000, state="attached")
        assert EVIL == page.text("question")
        assert EVIL in page.text("levers") and EVIL in page.text("others")
        assert "evil" != page.tab.title()
        assert 0 == page.tab.evaluate("document.querySelectorAll('img, main script, form script, b').length")
        equal_to_the_command(page)
        assert page.quiet(), page.said
        page.tab.close()
    context.close()


#: Names of controls that have none, of texts that are too pale, and controls that are too small for a finger.
NAMELESS = """() => [...document.querySelectorAll('input, select, button, summary')].filter(one => one.offsetParent)
  .filter(one => !(one.labels?.length || one.getAttribute('aria-label') || one.textContent.trim())).map(one => one.outerHTML)"""
PALE = """() => { const light = c => { const [r, g, b] = c.match(/[0-9.]+/g).slice(0, 3).map(Number).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = one => { for (; one; one = one.parentElement) { const c = getComputedStyle(one).backgroundColor;
    if (!/, 0\\)$/.test(c)) return light(c); } return 1; };
  return [...document.querySelectorAll('p, li, td, th, h1, h2, h3, legend, label, span, small, code, figcaption, summary, button, output, svg text')]
    .filter(one => one.textContent.trim() && one.getClientRects().length && !one.disabled)
    .map(one => { const s = getComputedStyle(one), ink = light(one instanceof SVGElement ? s.fill : s.color), back = ground(one);
      return [(Math.max(ink, back) + 0.05) / (Math.min(ink, back) + 0.05), one.outerHTML.slice(0, 120)]; })
    .filter(([contrast]) => contrast < 4.5); }"""


@pytest.mark.parametrize("width", [1400, 900, 360])
def test_page__fits_and_can_be_read_at_every_width(chromium: Any, server: LiveServer, width: int) -> None:
    """Nothing is wider than the screen; every control has a name; contrast is at least 4.5; headings are in order; ids are single."""
    context = chromium.new_context(viewport={"width": width, "height": 800}, reduced_motion="reduce")
    page = Page(context, server).done()
    page.move(STRENGTH, 0.6)
    page.done()
    for name in ("map-view", "provisions-view"):
        page.tab.click(f"#{name} summary")
    page.tab.wait_for_selector("#provisions tr", timeout=60_000)
    page.tab.wait_for_selector("#map svg", timeout=60_000, state="attached")
    page.tab.wait_for_timeout(300)
    assert page.tab.evaluate("document.documentElement.scrollWidth") <= width
    assert [] == page.tab.evaluate(NAMELESS)
    assert [] == page.tab.evaluate(PALE)
    levels = page.tab.eval_on_selector_all("h1, h2, h3", "all => all.filter(one => one.getClientRects().length).map(one => Number(one.tagName[1]))")
    assert 1 == levels[0] == levels.count(1)
    ids = page.tab.eval_on_selector_all("[id]", "all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))
    assert page.quiet()
    context.close()


def test_focus__can_be_seen_on_everything_that_tab_reaches(page: Page) -> None:
    """In the order of the page: skip link, world, controls, answer, tables."""
    reached = []
    page.tab.evaluate("document.activeElement.blur()")
    for _ in range(60):
        page.tab.keyboard.press("Tab")
        name, outline = page.tab.evaluate("""() => { const one = document.activeElement;
          return [one.dataset.path || one.id || one.className || one.tagName, getComputedStyle(one).outlineStyle]; }""")
        if name == "BODY":
            break
        reached.append(name)
        assert "none" != outline, name
    assert ["skip", "focus"] == [name for name in reached if name in ("skip", "focus")]
    order = [STRENGTH, "uncertain", "outcome", "actor", "copy-command", "save"]
    places = [reached.index(name) for name in order]
    assert places == sorted(places)
