"""Every Python block of the README and the how-tos runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


PAGES = [page.relative_to(ROOT).as_posix() for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
         if "```python" in page.read_text(encoding="utf-8")]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_guides__python_blocks_run(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a page run one after the other in one namespace, from the root of the project."""
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert blocks
    namespace: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, page, "exec"), namespace)
