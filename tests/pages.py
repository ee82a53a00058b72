"""Reads a page strictly, by itself and in a browser."""

from __future__ import annotations

import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

#: Elements that have no end.
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Page(HTMLParser):
    """Reads a page strictly: elements close in order, ids are single, and what is asked of other places is kept."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.points: list[str] = []
        self.asks: list[str] = []
        self.heads: list[int] = []
        self.words: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert len(given) == len(attrs), (tag, attrs)
        if tag not in VOID:
            self.open.append(tag)
        self._take(tag, given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._take(tag, dict(attrs))

    def _take(self, tag: str, given: dict[str, str | None]) -> None:
        assert tag not in ("script", "iframe", "object", "embed", "link", "base", "form")
        assert not any(key.startswith("on") for key in given)
        self.ids += [given["id"] or ""] if "id" in given else []
        for key in ("href", "src", "xlink:href", "srcset", "action"):
            target = given.get(key)
            if target is not None:
                (self.points if target.startswith("#") else self.asks).append(target)
        self.points += re.findall(r"url\((#[^)]+)\)", " ".join(value or "" for value in given.values()))
        for key in ("aria-labelledby",):
            self.points += [f"#{one}" for one in (given.get(key) or "").split()]
        if re.fullmatch("h[1-6]", tag):
            self.heads.append(int(tag[1]))
        if tag == "svg":
            self.pictures.append(given)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, (tag, self.open[-3:])

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)
        else:
            assert "@import" not in data and "url(" not in data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def checked(text: str) -> Page:
    """A page that is whole, asks for nothing, and whose parts all stand in order."""
    read = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert not read.asks
    assert len(read.ids) == len(set(read.ids))
    assert {point[1:] for point in read.points} <= set(read.ids)
    assert read.heads[0] == 1 and read.heads.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(read.heads, read.heads[1:], strict=False))
    assert all(one.get("role") == "img" and one.get("aria-labelledby") for one in read.pictures)
    assert not re.search(r"\b(nan|NaN|inf|None(?! (?:has|of|is)))\b", read.text), re.search(
        r".{30}\b(nan|NaN|inf|None(?! (?:has|of|is)))\b.{30}", read.text
    )
    assert len(text.encode()) < 3_000_000
    return read


def browser() -> Any:
    """A headless Chromium; without one the test is skipped, and where CI is set it fails."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("there is no Chromium on this machine")
    return sync_api, path


#: The least contrast of words against white or the pale ground they stand on.
_CONTRAST = """() => {
  const light = c => { const [r, g, b] = c.match(/[0-9.]+/g).slice(0, 3).map(Number).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = light('rgb(244, 244, 241)');
  return Math.min(...[...document.querySelectorAll('p, li, td, th, h1, h2, h3, dt, dd, a, code, figcaption, summary')]
    .map(one => (ground + 0.05) / (light(getComputedStyle(one).color) + 0.05)));
}"""


def check_in_browser(file: Path) -> None:
    """No request, no error, no script; nothing wider than the screen at 1200 and 360 pixels; words dark enough."""
    sync_api, path = browser()
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for wide in (1200, 360):
            context = chromium.new_context(viewport={"width": wide, "height": 800}, offline=True)
            tab = context.new_page()
            asked: list[str] = []
            said: list[str] = []
            tab.on("request", lambda one, kept=asked: kept.append(one.url))
            tab.on("console", lambda one, kept=said: kept.append(one.text))
            tab.on("pageerror", lambda one, kept=said: kept.append(str(one)))
            tab.goto(file.as_uri())
            assert [file.as_uri()] == asked
            assert not said
            assert "evil" != tab.title()
            assert wide >= tab.evaluate("document.documentElement.scrollWidth")
            assert 0 < tab.evaluate("document.querySelectorAll('svg').length")
            assert tab.evaluate(
                "[...document.querySelectorAll('figure svg')].every(one => one.getBoundingClientRect().height > 60)"
            )
            assert tab.evaluate(_CONTRAST) >= 4.5
            context.close()
        chromium.close()


def printed(file: Path, only: str | None = None) -> int:
    """How many A4 pages a file fills when a browser prints it; `only` keeps one section and the head of the page."""
    sync_api, path = browser()
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        tab = chromium.new_page()
        tab.goto(file.as_uri())
        if only is not None:
            tab.evaluate("id => document.querySelectorAll('main > section').forEach(one => one.id === id || one.remove())", only)
        pdf = tab.pdf(prefer_css_page_size=True)
        chromium.close()
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))
