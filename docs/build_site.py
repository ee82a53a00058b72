"""Build the documentation site: `python docs/build_site.py [--out DIR]`, after `pip install -e ".[site]"`.

It writes the tree of pages, runs the notebooks and then Sphinx, with every warning an error. The site works from a folder, without a
server. Pages and notebooks that have not changed since the last build are not made again; `--fresh` forgets that build.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("MPLBACKEND", "Agg")

from docs.site.parts import api, commands, look, notebooks, tree
from docs.site.parts.requests import outside

WORK = ROOT / "build" / "site"


def write_tree(source: Path, cache: Path, jobs: int) -> None:
    """Write all that Sphinx reads."""
    pages = {tree.place(page): tree.moved_links((ROOT / page).read_text(encoding="utf-8"), page) for page in tree.pages()}
    content: dict[str, str | bytes] = {**pages, **api.generated(), "commands.md": commands.generated()}
    for file in tree.files_of(tree.pages()):
        content[tree.place(file)] = (ROOT / file).read_bytes()
    for script in notebooks.scripts():
        content[f"files/experiments/{script.name}"] = script.read_bytes()
    for name, text in notebooks.every(cache, jobs):
        content[f"notebooks/{name}.ipynb"] = text
    for path, text in content.items():
        tree.write(source / path, text)
    tree.remove_others(source, set(content))


def main() -> int:
    """Build the site; exit status 0 if there was no warning and no page loads anything from elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, help="folder of the site; default: build/site/html")
    parser.add_argument("--work", type=Path, default=WORK, help="folder of what is kept between builds; default: build/site")
    parser.add_argument("--fresh", action="store_true", help="run all notebooks and read all pages again")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; default: one per CPU")
    parser.add_argument("--look", type=Path, metavar="DIR", help="also look at pages in Chromium at three widths, light and dark; pictures go to DIR")
    given = parser.parse_args()
    from sphinx.cmd.build import main as sphinx_build

    if given.fresh:
        for part in ("source", "notebooks", "doctrees"):
            shutil.rmtree(given.work / part, ignore_errors=True)
    out = given.out or given.work / "html"
    began = time.monotonic()
    write_tree(given.work / "source", given.work / "notebooks", given.jobs)
    print(f"pages and notebooks: {time.monotonic() - began:.0f} s")
    status = sphinx_build(["-b", "html", "-W", "--keep-going", "-n", "-q", "-j", str(given.jobs), "-d", str(given.work / "doctrees"), "-c",
                           str(ROOT / "docs" / "site"), str(given.work / "source"), str(out)])  # fmt: skip
    for file, address in outside(out):
        print(f"{file} loads {address}", file=sys.stderr)
        status = 1
    if given.look and not status:
        chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        if chromium is None:
            parser.error("--look needs Chromium")
        for fault in look.faults(out, look.PAGES, chromium, given.look):
            print(fault, file=sys.stderr)
            status = 1
    print(f"{out / 'index.html'}: {time.monotonic() - began:.0f} s in all" if not status else "the site is not as it should be")
    return status


if __name__ == "__main__":
    sys.exit(main())
