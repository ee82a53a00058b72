"""Build a report as one HTML file with embedded figures and styles, which loads nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxysim.errors import Fault, InputError, MissingExtra
from proxysim.report import evidence
from proxysim.runs.files import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from proxysim.scenario.scenario import Scenario

#: Most characters of a cell that is aligned as a number.
_AMOUNT = 24
#: Maximum number of rows in the table of parameters; the rest is only counted.
_PARAMETERS = 1500
_TAKEN = re.compile(r'(\bid=")([^"]+)(")')
_NAMED = re.compile(r'((?:xlink:)?href="#|url\(#)([^")]+)')
_LONG = re.compile(r"(\.\d\d)\d+")


# ---- figures --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Picture:
    """A figure on the page: SVG, caption and alternative text."""

    key: str
    title: str
    svg: str
    caption: str
    alt: str


@dataclass
class Pictures:
    """The figures of a page, each with unique ids."""

    stamp: Mapping[str, str]
    made: dict[str, Picture] = field(default_factory=dict)

    def add(self, key: str, title: str, figure: Figure, caption: str, alt: str) -> None:
        """Add a figure to the page."""
        self.made[key] = Picture(key, title, inline(figure, key, title, alt, self.stamp), caption, alt)


def inline(figure: Figure, key: str, title: str, alt: str, stamp: Mapping[str, str]) -> str:
    """A figure as an `svg` element with unique ids, a title and a description, and without styles that affect the page."""
    from markupsafe import escape

    from proxysim.figures.kit.export import rendered

    text = rendered(figure, "svg", stamp).decode("utf-8")
    text = text[text.index("<svg") :]
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    text = _TAKEN.sub(lambda m: f"{m[1]}{key}-{m[2]}{m[3]}", text)
    text = _NAMED.sub(lambda m: f"{m[1]}{key}-{m[2]}", text)
    text = text.replace("xlink:href", "href").replace("\n", " ")
    text = re.sub(r"> +<", "><", text)
    text = re.sub(r' (d|points)="[^"]+"', lambda m: _LONG.sub(r"\1", m[0]), text)
    box = re.search(r'viewBox="([^"]+)"', text)
    assert box is not None
    head = f'<svg viewBox="{box[1]}" role="img" aria-labelledby="{key}-title {key}-alt" xmlns="http://www.w3.org/2000/svg">'
    described = f'<title id="{key}-title">{escape(title)}</title><desc id="{key}-alt">{escape(alt)}</desc>'
    return head + described + text[text.index(">") + 1 :].strip()


# ---- page -----------------------------------------------------------------------------------------------------------


def template(name: str) -> Any:
    """Load the template of a page; markup in labels is escaped.

    Raises
    ------
    MissingExtra : Jinja2 is not installed
    """
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise MissingExtra('a report needs Jinja2: pip install "proxysim[report]"') from None
    environment = Environment(loader=PackageLoader("proxysim.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True)  # fmt: skip
    environment.filters["breakable"] = _breakable
    environment.tests["amount"] = _is_amount
    return environment.get_template(name)


def _is_amount(cell: str) -> bool:
    """Whether a cell of a table begins as a number does, and is short."""
    return bool(re.match(r"[+\u2212\d–]", cell)) and len(cell) <= _AMOUNT


def _breakable(path: str) -> Any:
    """A path that can break after its dots on a narrow screen."""
    from markupsafe import Markup, escape

    return Markup(".<wbr>").join(escape(part) for part in path.split("."))


def layout_context(
    stamp: Mapping[str, str], pictures: Mapping[str, Picture], keys: Sequence[str], scenario: Scenario | None, residual: float
) -> dict[str, Any]:
    """Template variables that every page needs: stamp, figures, parameters and sources.

    Parameters
    ----------
    stamp : origin of the results, such as seed and model version
    pictures : figures by key
    keys : keys of all figures that the template uses; missing figures become None
    scenario : scenario whose parameters are listed; None lists none
    residual : largest relative residual of the books
    """
    from markupsafe import Markup

    rows = evidence.parameters(scenario) if scenario is not None else []
    shown = {
        key: {"title": one.title, "svg": Markup(one.svg), "caption": one.caption} for key, one in pictures.items()
    }
    return {
        "stamp": stamp,
        "shown_stamp": shown_stamp(stamp),
        "pictures": {**dict.fromkeys(keys), **shown},
        "grade_names": [f"{letter} {name}".strip() for letter, name in evidence.GRADES],
        "parameters": rows[:_PARAMETERS],
        "more_parameters": max(0, len(rows) - _PARAMETERS),
        "sources": evidence.sources(scenario) if scenario is not None else {},
        "residual": f"{residual:.1e}" if residual else "0",
    }


def shown_stamp(stamp: Mapping[str, str]) -> dict[str, str]:
    """A stamp in display form."""
    words = {"True": "yes", "False": "no"}
    return {key: f"{float(value):.1e}" if key == "residual" else words.get(value, value) for key, value in stamp.items()}


def write(target: Path, text: str) -> Path:
    """Write a page completely or not at all.

    Raises
    ------
    InputError : the file cannot be written
    """
    try:
        write_whole(target, text)
    except OSError as error:
        raise InputError([Fault(str(target), 0, "", f"cannot be written: {error.strerror or error}")]) from None
    return target
