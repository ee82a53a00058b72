"""Time from the move of a slider on the live page to its first picture and to its last, in a Chromium, for docs/performance.md.

    python tests/benchmarks/live.py [WORLD ...]
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
from typing import Any

from tests.pages import browser
from tests.sweeping import surroundings

WORLDS, MOVES = ("quickstart", "levant-2025"), 20
#: Moves a slider and waits until the page shows a fresh answer, painted, and until it shows the last one; milliseconds.
MOVE = """([path, value]) => new Promise(resolve => {
  const one = document.querySelector(`[data-path='${path}']`), head = document.querySelector('#headline'), found = [];
  const began = performance.now();
  const painted = act => requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel(); port1.onmessage = act; port2.postMessage(0); });
  const watch = new MutationObserver(() => {
    if (found.length === 0 && head.dataset.fresh === 'yes') { found.push(Infinity); painted(() => { found[0] = performance.now() - began; }); }
    if (document.body.dataset.state === 'done') { watch.disconnect();
      painted(() => resolve([Math.min(found[0], performance.now() - began), performance.now() - began])); }
  });
  watch.observe(document.body, { attributes: true, subtree: true, attributeFilter: ['data-fresh', 'data-state'] });
  one.value = value;
  one.dispatchEvent(new Event('input', { bubbles: true }));
})"""


def moves(world: str, play: Any, path: str) -> list[tuple[float, float]]:
    """Milliseconds to the first and to the last picture, for each of `MOVES` moves to values that were not there before."""
    words = [sys.executable, "-m", "proxysim", "serve", world, "--no-browser", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=surroundings()) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        chromium = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        tab = chromium.new_page(viewport={"width": 1400, "height": 900})
        tab.goto(address)
        tab.wait_for_selector("body[data-state=done]", timeout=120_000)
        found = [tuple(tab.evaluate(MOVE, ["pacts.treaty.strength", f"{0.2 + 0.03 * at:.2f}"])) for at in range(MOVES)]
        chromium.close()
        process.terminate()
    return found  # type: ignore[return-value]


def main() -> None:
    """Print one row for each world."""
    sync_api, path = browser()
    print("| world | first picture, median | 9 of 10 within | all 1,000 pairs, median |\n| --- | --: | --: | --: |")
    with sync_api.sync_playwright() as play:
        for world in sys.argv[1:] or WORLDS:
            assert re.fullmatch(r"[\w./-]+", world)
            first, last = zip(*moves(world, play, path), strict=True)
            tenth = sorted(first)[int(0.9 * len(first)) - 1]
            cells = f"{statistics.median(first) / 1000:.2f} s | {tenth / 1000:.2f} s | {statistics.median(last) / 1000:.1f} s"
            print(f"| {world} | {cells} |", flush=True)
    print(f"load of the machine meanwhile: {os.getloadavg()[0]:.1f}", file=sys.stderr)


if __name__ == "__main__":
    main()
