"""Finds what a page would load from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

#: Attributes that make a browser load something, by element; ``a`` only leads somewhere when it is clicked.
LOADS = {
    "script": ("src",), "img": ("src", "srcset"), "link": ("href",), "source": ("src", "srcset"), "iframe": ("src",), "embed": ("src",),
    "object": ("data",), "video": ("src", "poster"), "audio": ("src",), "track": ("src",), "input": ("src",), "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"), "form": ("action",), "base": ("href",),
}  # fmt: skip
OUTSIDE = re.compile(r"^\s*(https?:|wss?:|ftp:)?//", flags=re.IGNORECASE)
#: In style sheets.
STYLE = re.compile(r"""@import\s+(?:url\()?\s*["']?([^"')\s;]+)|url\(\s*["']?([^"')\s]+)""", flags=re.IGNORECASE)
#: In scripts: calls that load, with a literal address.
SCRIPT = re.compile(
    r"""(?:fetch|importScripts|import|\.open|sendBeacon|EventSource|WebSocket|Worker)\s*\(\s*(?:["'`]\w+["'`]\s*,\s*)?["'`]((?:https?:|wss?:)?//[^"'`]+)"""
)
#: In scripts: an element that is given an outside source.
SOURCE = re.compile(r"""\.(?:src|href)\s*=\s*["'`]((?:https?:|wss?:)?//[^"'`]+)""")


class _Loads(HTMLParser):
    """Collects what the elements of a page load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.inside = tag if tag in ("script", "style") else ""
        if tag == "link" and given.get("rel") in ("canonical", "license", "author"):
            return
        for key in LOADS.get(tag, ()):
            self.found += [part for part in re.split(r",\s+", given.get(key, "")) if OUTSIDE.match(part)]
        self.found += in_style(given.get("style", ""))

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.found += in_style(data) if self.inside == "style" else in_script(data)


def in_style(text: str) -> list[str]:
    """Return the outside addresses that a style sheet loads."""
    return [address for match in STYLE.finditer(text) if OUTSIDE.match(address := match[1] or match[2])]


def in_script(text: str) -> list[str]:
    """Return the outside addresses that a script loads, as far as they are literal."""
    return [match[1] for pattern in (SCRIPT, SOURCE) for match in pattern.finditer(text)]


def in_page(text: str) -> list[str]:
    """Return the outside addresses that an HTML page or a picture loads."""
    return _Loads(text).found


def outside(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (file, address) of each outside address that a file of a site loads."""
    readers = {".html": in_page, ".svg": in_page, ".css": in_style, ".js": in_script}
    for file in sorted(folder.rglob("*")):
        if file.suffix in readers:
            for address in readers[file.suffix](file.read_text(encoding="utf-8")):
                yield file.relative_to(folder).as_posix(), address
