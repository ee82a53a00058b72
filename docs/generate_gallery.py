"""Draw the pictures of docs/gallery.md: run its Python blocks in order and save the figure of each under the name of its picture.

Run ``python docs/generate_gallery.py`` from the root of the project.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from proxysim.figures import save

DOCS = Path(__file__).parent
PAGE = DOCS / "gallery.md"


def main() -> None:
    """Draw all pictures, and delete files that no block draws."""
    folder = DOCS / "gallery"
    folder.mkdir(exist_ok=True)
    namespace: dict[str, Any] = {}
    written = set()
    pattern = r"```python\n(.*?)```|!\[[^\]]*\]\(gallery/([^)]+)\)"
    for block, picture in re.findall(pattern, PAGE.read_text(encoding="utf-8"), flags=re.DOTALL):
        if block:
            exec(compile(block, str(PAGE), "exec"), namespace)
        else:
            source = namespace["past" if "regime" in picture or "patterns" in picture else "world"]
            save(namespace["figure"], folder / picture, {"world": source.hash, "seed": 0, "page": "docs/gallery.md"})
            written.add(picture)
            print(picture)
    for file in folder.iterdir():
        if file.name not in written:
            file.unlink()


if __name__ == "__main__":
    main()
