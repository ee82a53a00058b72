"""The tree of pages that Sphinx reads: the pages of the repository, moved to where the site has them, with their links moved too."""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[3]
SITE = ROOT / "docs" / "site"
#: A link or a picture of Markdown that leads to a file: what comes before the target, target, anchor.
LINK = re.compile(r"(\]\()([^)#:\s]+)(#[^)\s]*)?(?=\))")
#: A link whose text is the name of the file: the site shows the title of the page or section instead.
BY_FILE = re.compile(r"\[`?[\w/-]+\.md`?\](?=\([\w./-]+\.md)")
FENCE = re.compile(r"^(```+|~~~+)", flags=re.MULTILINE)
#: Where a file of the repository is in the site, if not under its own name.
MOVED = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changes.md", "README.md": "index.md", "experiments": "notebooks.md"}


def place(path: str) -> str:
    """Return the place in the tree of a file of the repository; both are relative, with forward slashes."""
    parts = PurePosixPath(path).parts
    if path in MOVED:
        return MOVED[path]
    if parts[:3] == ("docs", "site", "pages"):
        return posixpath.join(*parts[3:])
    if parts[0] == "docs":
        return posixpath.join(*parts[1:])
    if parts[0] == "experiments" and path.endswith(".py"):
        return f"notebooks/{parts[-1].removesuffix('.py')}.ipynb"
    return f"files/{path}"


def moved_links(text: str, source: str) -> str:
    """Return a page of the repository with its links as they are in the tree; blocks of code stay as they are.

    Parameters
    ----------
    text : the page, Markdown
    source : its path in the repository
    """
    here = posixpath.dirname(place(source))

    def moved(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[2]))
        return f"{match[1]}{posixpath.relpath(place(target), here or '.')}{match[3] or ''}"

    return "".join(part if code else LINK.sub(moved, BY_FILE.sub("[]", part)) for part, code in parted(text))


def parted(text: str) -> Iterator[tuple[str, bool]]:
    """Yield (part, whether it is a block of code) of a page, in order."""
    at, fence = 0, ""
    for match in FENCE.finditer(text):
        if not fence:
            yield text[at : match.start()], False
            at, fence = match.start(), match[1]
        elif text[match.start() :].split("\n", 1)[0].strip() == fence:
            end = match.end()
            yield text[at:end], True
            at, fence = end, ""
    yield text[at:], bool(fence)


def linked(text: str, source: str) -> set[str]:
    """Return the files of the repository to which a page links."""
    return {
        posixpath.normpath(posixpath.join(posixpath.dirname(source), match[2]))
        for part, code in parted(text)
        if not code
        for match in LINK.finditer(part)
    }


def pages() -> list[str]:
    """Return the pages of the repository that are pages of the site, as paths in the repository."""
    found = [ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "worlds").glob("*.md")]
    return sorted(file.relative_to(ROOT).as_posix() for file in [*found, *(SITE / "pages").rglob("*.md")])


def files_of(pages: Iterable[str]) -> Iterator[str]:
    """Yield the files that pages show or offer and that are no pages: pictures, worlds, patterns."""
    found = {target for page in pages for target in linked((ROOT / page).read_text(encoding="utf-8"), page)}
    for target in sorted(found):
        if (ROOT / target).is_file() and not target.endswith((".md", ".py")):
            yield target


def write(path: Path, content: str | bytes) -> None:
    """Write a file unless it has this content already, so that Sphinx reads again only what has changed."""
    data = content.encode() if isinstance(content, str) else content
    if not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def remove_others(folder: Path, kept: set[str]) -> None:
    """Remove the files of a folder that are not among those that were just written."""
    for file in sorted(folder.rglob("*"), reverse=True):
        if file.is_file() and file.relative_to(folder).as_posix() not in kept:
            file.unlink()
        elif file.is_dir() and not any(file.iterdir()):
            shutil.rmtree(file)
