"""Looks at the pages of a built site in Chromium."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

#: Widths of a desk, a tablet and a phone, in pixels.
WIDTHS = (1400, 900, 360)
#: One page of each kind, as paths in the site.
PAGES = (
    "index.html", "tasks.html", "how-to-decide.html", "model.html", "api/index.html", "api/proxysim.compare.html",
    "api/proxysim.Comparison-class.html", "commands.html", "search.html", "gallery.html", "fields.html", "validation.html",
    "notebooks/07_from_sweep_to_decision.html", "worlds/angola.html",
)  # fmt: skip
#: Elements of the article that stick out of the screen, other than those in boxes that scroll.
STICKING = """wide => [...document.querySelectorAll('.bd-article *')].filter(one => one.getBoundingClientRect().right > wide + 1
  && !one.closest('.pst-scrollable-table-container, pre, .equation, p:has(> img:only-child), .cell_output')
  && !one.parentElement.closest('math')).map(one => one.outerHTML.slice(0, 80))"""
#: The least contrast of text with the ground of the page.
CONTRAST = """() => {
  const light = c => { const [r, g, b] = c.match(/[0-9.]+/g).slice(0, 3).map(Number).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = one => { for (; one; one = one.parentElement) { const c = getComputedStyle(one).backgroundColor;
    if (c !== 'rgba(0, 0, 0, 0)' && !/, 0\\)$/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
  return Math.min(...[...document.querySelectorAll('.bd-article :is(p, li, td, th, h1, h2, h3, dt, dd, a, code, pre span)')]
    .filter(one => one.textContent.trim() && one.getClientRects().length && !one.closest('.headerlink'))
    .map(one => { const a = light(getComputedStyle(one).color), b = light(ground(one)); return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); }));
}"""


def faults(site: Path, pages: Sequence[str], chromium: str, pictures: Path | None = None) -> Iterator[str]:
    """Yield what is wrong with pages of a site at three widths, light and dark.

    A page must load nothing from outside its folder, show no error, be no wider than the screen, follow the colours that the reader
    prefers, and have text of a contrast of at least 4.5.

    Parameters
    ----------
    site : folder of the site
    pages : pages to look at, relative to it
    chromium : path of the browser
    pictures : folder for a picture of each page, width and theme; None for none
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser: Any = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for wide in WIDTHS:
            for theme in ("light", "dark"):
                context = browser.new_context(viewport={"width": wide, "height": 1000}, color_scheme=theme)
                for page in pages:
                    yield from (f"{page} at {wide}, {theme}: {fault}" for fault in _faults(context, site, page, wide, theme, pictures))
                context.close()
        browser.close()


def _faults(context: Any, site: Path, page: str, wide: int, theme: str, pictures: Path | None) -> Iterator[str]:
    tab = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    tab.on("request", lambda one: asked.append(one.url))
    tab.on("pageerror", lambda one: errors.append(str(one)))
    tab.on("requestfailed", lambda one: errors.append(f"cannot load {one.url}"))
    tab.goto((site / page).as_uri())
    tab.wait_for_timeout(200)
    yield from errors
    yield from (f"loads {url}" for url in asked if not url.startswith((site.as_uri(), "data:")))
    if (found := tab.evaluate("document.documentElement.dataset.theme")) != theme:
        yield f"is {found}"
    if tab.evaluate("document.documentElement.scrollWidth") > wide:
        yield "is wider than the screen"
    yield from (f"sticks out: {one}" for one in tab.evaluate(STICKING, wide))
    if wide == WIDTHS[0] and (least := tab.evaluate(CONTRAST)) < 4.5:
        yield f"has text with a contrast of {least:.1f}"
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=str(pictures / f"{page.replace('/', '_').removesuffix('.html')}-{wide}-{theme}.png"))
    tab.close()
