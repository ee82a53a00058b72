"""What the package brings along is under permissive licences."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

#: Beginnings of names of permissive licences, as authors write them.
PERMISSIVE = re.compile(
    r"(the )?(new |modified |simplified |[023]-clause )?(mit|0?bsd|apache|isc|psf|python software foundation|zlib|cc0|hpnd|unlicense|kiwi)", re.I
)
COPYLEFT = re.compile(r"\b(A|L)?GPL|General Public|MPL|Mozilla|EUPL|CDDL|EPL\b|share ?alike|CeCILL", re.I)
#: Distribution -> why it may stay although a part of it is not permissive.
EXCEPTIONS = {"tqdm": "MPL-2.0 covers its own files alone; Mesa requires it, and nothing here imports it"}


#: The same for what builds the documentation; nothing of it comes with the package or with the pages.
SITE_EXCEPTIONS = {
    "certifi": "MPL-2.0 covers its list of certificates alone; Sphinx requires it for requests that the build never makes",
    "docutils": "in the public domain; the GPL covers an Emacs mode that is not installed",
    "ptyprocess": "under the ISC licence, which its metadata leave out; terminals of notebooks, which the build does not open",
}


def closure(name: str, extra: str) -> set[str]:
    """Names of all that a distribution with an extra requires here, itself included."""
    found: set[str] = set()
    done: set[tuple[str, frozenset[str]]] = set()
    left = [(name, frozenset({extra}))]
    while left:
        one = left.pop()
        if one in done:
            continue
        done.add(one)
        found.add(canonicalize_name(one[0]))
        for line in metadata.requires(one[0]) or []:
            wanted = Requirement(line)
            extras = {"", *one[1]}
            if wanted.marker is None or any(wanted.marker.evaluate({"extra": each}) for each in extras):
                left.append((wanted.name, frozenset(wanted.extras)))
    return found


def licences(name: str) -> list[str]:
    """Licences that a distribution states: its expression, else its classifiers, else the first words of its text."""
    facts = metadata.metadata(name)
    if expression := facts.get("License-Expression"):
        return [part.strip("() ") for part in re.split(r"\bAND\b", expression)]
    stated = [line.rpartition("::")[2].strip() for line in facts.get_all("Classifier") or [] if line.startswith("License ::")]
    text = (facts.get("License") or "").strip()
    if text and "\n" not in text:
        stated = [part.strip() for part in re.split(r"\bAND\b", text)]
    return stated or [text[:60]]


def is_permissive(licence: str) -> bool:
    """Whether one licence, or one of several to choose from, is permissive."""
    return any(PERMISSIVE.match(each.strip()) and not COPYLEFT.search(each) for each in re.split(r"\bOR\b", licence))


ALL = sorted(closure("proxysim", "all"))


def test_closure__holds_what_the_extra_brings() -> None:
    """The list is not empty by mistake, and the library under the GPL is gone from it."""
    assert {"numpy", "mesa", "duckdb", "salib", "xarray", "distributed", "jinja2", "scikit-learn", "starlette", "uvicorn", "websockets"} <= set(ALL)
    assert not {"ema-workbench", "platypus-opt"} & set(ALL)


@pytest.mark.parametrize("name", [name for name in ALL if name not in EXCEPTIONS])
def test_licence__is_permissive(name: str) -> None:
    """Every distribution that `proxysim[all]` requires, directly or not."""
    assert [] == [one for one in licences(name) if not is_permissive(one)]


def site() -> list[str]:
    """What the extra `site` requires in addition, by the project file."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [Requirement(line) for line in project["optional-dependencies"]["site"]]
    return sorted({name for line in lines if line.name != "proxysim" for name in closure(line.name, "")} - set(ALL))


def test_licences__of_what_builds_the_site_are_permissive() -> None:
    """Every distribution that the extra `site` requires; an exception that is no longer one goes."""
    pytest.importorskip("sphinx", reason="the extra site is not installed")
    found = site()
    assert {"sphinx", "myst-nb", "latex2mathml"} <= set(found)
    assert sorted(SITE_EXCEPTIONS) == [name for name in found if not all(map(is_permissive, licences(name)))]


def test_exceptions__are_still_needed() -> None:
    """An exception that has become permissive, or is no longer required, goes."""
    assert [] == [name for name in EXCEPTIONS if name not in ALL or all(map(is_permissive, licences(name)))]


@pytest.mark.parametrize("licence", ["GPL-3.0-or-later", "GNU General Public License v3 (GPLv3)", "MPL-2.0", "LGPL-2.1", ""])
def test_copyleft__would_be_seen(licence: str) -> None:
    """The test is able to fail."""
    assert not is_permissive(licence)
