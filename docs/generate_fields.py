"""Write docs/fields.md from the tables of `proxysim.core.parameters` and `proxysim.core.records`.

Run ``python docs/generate_fields.py``; with ``--check`` it writes nothing and fails when the page is out of date.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from pathlib import Path

from proxysim.core.parameters import PARAMETERS, VARIANTS, Parameter
from proxysim.core.records import FLOWS, STATE, Field
from proxysim.core.vocabulary import ARMS_IN, ARMS_OUT, MEASURES, MONEY_IN, MONEY_OUT

PAGE = Path(__file__).with_name("fields.md")
SINGLE = ("scenario", "behaviour")
UNITS = {
    "money_flow": "USD m / year or month, as `flows` says",
    "arms_flow": "USD m of arms / year or month, as `flows` says",
    "money": "USD m",
    "arms": "USD m of arms",
    "price": "USD per USD of base value",
    "capital": "months of output",
    "share": "share",
    "loss": "share / month",
    "factor": "1",
    "signed": "1",
    "persons": "persons",
    "months": "months",
    "month": "date",
    "level": "unit of the measure",
}
HEADINGS = {
    "scenario": "The scenario",
    "behaviour": "Behaviour: numbers of the rules, for the whole world",
    "categories": "Categories",
    "states": "States",
    "proxies": "Proxies",
    "ties": "Ties",
    "legs": "Legs",
    "fronts": "Fronts",
    "regimes": "Regimes",
    "pacts": "Pacts",
    "events": "Events",
    "policies": "Policies",
}
INTRODUCTION = """\
# Every number

`python docs/generate_fields.py` generates this page from `src/proxysim/core/parameters.py` and
`src/proxysim/core/records.py`. Edit those files instead of this page.

- *Path* is the place of a number in a world file. Ids are in capitals. Branches, events and `--set` use the same path.
- *Unit* is the unit of a number that is written without one. A table `{value = ..., unit = "..."}` can use other units
  of the same kind; the unit applies to `low` and `high` too. Money is in constant prices of 2024. Arms are a quantity,
  at their base production value of 2024.
- *Bounds* are in the unit used inside the model, in which flows are per month.
- *Meaning*: a number marked *(start)* is an initial value. The model updates it during a run, so it cannot have dates.
- *Source* gives the basis of a parameter in general. *Scenario* means that each world file sets it.
"""


def plain(value: float) -> str:
    """A number as a file writes it."""
    return "no limit" if math.isinf(value) else f"{value:g}"


def default(parameter: Parameter) -> str:
    """What holds when the key is absent."""
    if parameter.default is None:
        return "required"
    return "computed" if math.isnan(parameter.default) else plain(parameter.default)


def path(parameter: Parameter, section: str) -> str:
    """Path of a number, with capitals for ids."""
    if section in SINGLE:
        return f"{section}.{parameter.key}"
    head, *below = (axis.upper() for axis in parameter.axes)
    if parameter.name == "engagement":
        return f"{section}.{head}.side_a.{below[0]} or .side_b.{below[0]}"
    return ".".join((section, head, parameter.key, *below))


def bounds(parameter: Parameter) -> str:
    """Least and greatest value."""
    if parameter.kind == "month":
        return "a date"
    return f"{plain(parameter.low)} to {plain(parameter.high)}"


def cell(text: str) -> str:
    """Text of a cell: a bar would end it."""
    return text.replace("|", "\\|")


def table(heads: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    names = list(heads)
    rows = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    return "\n".join(rows + [f"| {' | '.join(cell(one) for one in line)} |" for line in lines]) + "\n"


def parameters(section: str) -> str:
    """The numbers of one section of a world file."""
    lines = []
    for parameter in PARAMETERS:
        if section in parameter.sections:
            meaning = parameter.meaning + (" *(start)*" if parameter.carried else "")
            lines.append((f"`{path(parameter, section)}`", UNITS[parameter.kind], default(parameter),
                          bounds(parameter), meaning, parameter.source))  # fmt: skip
    return table(("path", "unit", "default", "bounds", "meaning", "source"), lines)


def arrays(fields: Iterable[Field]) -> str:
    """Arrays of one record."""
    lines = ((f"`{field.name}`", ", ".join(field.axes), field.unit, field.meaning) for field in fields)
    return table(("name", "axes", "unit", "meaning"), lines)


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION, "## In a world file\n"]
    for section, heading in HEADINGS.items():
        parts += [f"### {heading}\n", parameters(section)]
    variants = ((f"`rules.{rule}`", f"`{names[0]}`", ", ".join(f"`{name}`" for name in names[1:]))
                for rule, names in VARIANTS.items())  # fmt: skip
    parts += ["### Variants of rules\n", table(("path", "default", "other variants"), variants)]
    parts.append("## In the results\n")
    measures = ((f"`{name}`", unit, meaning) for name, (unit, meaning) in MEASURES.items())
    parts += ["### Measures of an actor, at the end of each month\n", table(("name", "unit", "meaning"), measures)]
    parts += ["### What is carried from month to month\n", arrays(STATE)]
    parts += ["### What happened in a month\n", arrays(FLOWS)]
    books = ((kind, ", ".join(f"`{line}`" for line in lines)) for kind, lines in (
        ("money, in", MONEY_IN), ("money, out", MONEY_OUT), ("arms, in", ARMS_IN), ("arms, out", ARMS_OUT),
    ))  # fmt: skip
    parts += ["### Lines of the books\n", table(("book", "lines"), books)]
    return "\n".join(parts)


def main(check: bool) -> int:
    """Write the page, or say whether it is up to date."""
    text = page()
    if not check:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
    if not fresh:
        print("docs/fields.md is out of date; run: python docs/generate_fields.py", file=sys.stderr)
    return 0 if fresh else 1


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
