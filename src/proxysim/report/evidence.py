"""The evidence base of a report: what is held fixed, and the grades and sources of its numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proxysim.formatting import counted, joined, spaced
from proxysim.scenario.labels import UNITS, kind_of, label_of
from proxysim.studies.changes import before_and_after, change_text

if TYPE_CHECKING:
    from proxysim.report.study.findings import Findings
    from proxysim.scenario.scenario import Number, Scenario
    from proxysim.studies.changes import Change

GRADES = (("A", "measured"), ("B", "public estimate"), ("C", "expert guess"), ("D", "assumption"), ("", "no grade"))


@dataclass(frozen=True)
class Held:
    """One kind of input, such as wars or routes, and whether it is the same in every branch.

    Attributes
    ----------
    what : the kind
    same : description of the inputs that are the same in every branch
    differs : description of the inputs that differ
    """

    what: str
    same: str
    differs: str


@dataclass(frozen=True)
class Row:
    """One number in display form."""

    path: str
    value: str
    unit: str
    spread: str
    grade: str
    source: tuple[str, ...]


def held_fixed(found: Findings) -> list[Held]:
    """Inputs that no branch changes, by kind, and those in which branches differ."""
    scenarios = [world.scenario for world in found.study.worlds]
    first = scenarios[0]
    changed = {path for path in {path for s in scenarios for path in s.numbers}
               if len({given(s.numbers.get(path)) for s in scenarios}) > 1}  # fmt: skip
    rows = []

    def kind(what: str, ids: Iterable[str], section: str, key: Callable[[tuple[str, ...]], bool], words: str) -> None:
        names = list(ids)
        if not names:
            return
        moved = {path[1] for path in changed if path[0] == section and key(path)}
        label = [label_of(first, section, one, spaced) for one in names if one not in moved]
        other = [label_of(first, section, one, spaced) for one in names if one in moved]
        same = f"{words.format(n=len(label))}: {joined(label)}." if label else ""
        rows.append(Held(what, same, f"Differs between branches: {joined(other)}." if other else ""))

    kind("Wars", first.ids["fronts"], "fronts", lambda path: True,
         "Parties and intensity in each month ({n})")  # fmt: skip
    kind("State income", [a for a in first.ids["states"] if ("states", a, "income") in first.numbers], "states",
         lambda path: path[2] == "income", "Income before sanctions ({n})")  # fmt: skip
    kind("Own income of proxies", [a for a in first.ids["proxies"] if _value(first, ("proxies", a, "income"))], "proxies",
         lambda path: path[2] == "income", "Income other than support ({n})")  # fmt: skip
    kind("Routes", first.ids["legs"], "legs", lambda path: True, "Limits and detection, before events ({n})")
    rows += _events(found, scenarios, changed)
    kind("Pacts", first.ids["pacts"], "pacts", lambda path: True, "Terms ({n})")
    told = {"fronts", "legs", "events", "pacts"}
    rest = sorted({path for path in changed if path[0] not in told and path[-1] != "income"})
    if rest:
        rows.append(
            Held("Other numbers", "", f"Differ between branches: {joined(['.'.join(path) for path in rest], 8)}.")
        )
    rules = sum(path[0] == "behaviour" for path in first.numbers)
    if not any(path[0] == "behaviour" for path in changed) and rules:
        rows.append(Held("Rules", f"The rules of the model and their {rules} parameters.", ""))
    return [row for row in rows if row.same or row.differs]


def _events(found: Findings, scenarios: Sequence[Scenario], changed: set[tuple[str, ...]]) -> list[Held]:
    moved = {path[1] for path in changed if path[0] == "events"}
    off = [{event.id for event in s.events if event.off} for s in scenarios]
    effects = [
        {
            event: [(e.verb, e.path, given(e.number)) for e in s.effects if e.event == event]
            for event in s.ids["events"]
        }
        for s in scenarios
    ]
    same: list[str] = []
    other: list[str] = []
    never = 0
    for event in scenarios[0].events:
        differs = (
            event.id in moved
            or len({event.id in one for one in off}) > 1
            or any(one[event.id] != effects[0][event.id] for one in effects)
        )
        chance = scenarios[0].numbers.get(("events", event.id, "chance"))
        if not differs and (event.off or (chance is not None and chance.value == 0.0)):
            never += 1
            continue
        (other if differs else same).append(label_of(scenarios[0], "events", event.id, spaced))
    words = (
        f"Times, conditions and effects ({len(same)}): {joined(same, 16)}." if same else ""
    )
    if never:
        words += f" {never} more are switched off in all branches."
    return (
        [Held("Events", words.strip(), f"Differs between branches: {joined(other)}." if other else "")]
        if words or other
        else []
    )


_PLURALS = {"A": "measured", "B": "public estimates", "C": "expert guesses", "D": "assumptions"}


def grades_in_words(grades: Sequence[str | None]) -> str:
    """The grades of some numbers as a clause, such as "3 are expert guesses (grade C) and 9 are assumptions (grade D)"."""
    counts = {letter: sum((grade or "") == letter for grade in grades) for letter, _ in GRADES}
    parts = []
    for letter, count in counts.items():
        if not count:
            continue
        whole = count == len(grades)
        lead = ("it" if count == 1 else "both" if count == 2 else "all") if whole else str(count)
        if not letter:
            parts.append("none has a grade" if whole and count > 1 else f"{lead} {'has' if count == 1 else 'have'} no grade")
        elif count == 1:
            name = _PLURALS[letter].removesuffix("es" if letter == "C" else "s")
            article = "" if letter == "A" else "an " if name[0] in "ae" else "a "
            parts.append(f"{lead} is {article}{name} (grade {letter})")
        else:
            parts.append(f"{lead} are {_PLURALS[letter]} (grade {letter})")
    return joined(parts) if parts else ""


def not_fixed(found: Findings) -> str:
    """A sentence on what is computed in every run."""
    scenario = found.world.scenario
    words = "Computed in every run, and therefore free to differ: pledges, transfers, production, sales, shipments, losses and "
    words += "arrivals; stocks, plant and knowhow; the capacity of each proxy"
    regimes = [found.labels[one] for one in scenario.ids["regimes"]]
    gone = [
        found.labels[one] for one in scenario.ids["regimes"] if _value(scenario, ("regimes", one, "stability")) <= 0.0
    ]
    standing = [one for one in regimes if one not in gone]
    if standing:
        words += f"; the survival of {joined(standing)}"
    words += "."
    if gone:
        words += f" {joined(gone)} had fallen before the start and stays fallen."
    return words


def grades(found: Findings) -> list[tuple[str, list[int], int]]:
    """Rows (what, count per grade of `GRADES`, total) for the assumed changes and for the rest of the world."""
    changes: list[Change] = []
    if found.comparison is not None and found.roles.focus is not None:
        changes = found.comparison.changes[found.roles.focus]
    put = {change.path: change.grade for change in changes}
    return grade_rows(found.world.scenario, "assumed changes of the branch", put)


def grade_rows(scenario: Scenario, what: str, put: Mapping[str, str | None]) -> list[tuple[str, list[int], int]]:
    """Rows (what, count per grade of `GRADES`, total) for some numbers by path and for the rest of a world."""
    world = [n.grade for path, n in scenario.numbers.items() if n.origin != "default" and ".".join(path) not in put]
    engine = [n.grade for n in scenario.numbers.values() if n.origin == "default"]
    rows = [(what, list(put.values())), ("all other numbers of the world file", world),
            ("default parameters of the model", engine)]  # fmt: skip
    return [
        (what, [sum((grade or "") == letter for grade in given) for letter, _ in GRADES], len(given))
        for what, given in rows
        if given
    ]


def assumed_rows(found: Findings, branch: str) -> list[tuple[str, str, str, str, str, str]]:
    """Changes of a branch as rows of path, before, after, range, grade, source; each value with its unit."""
    assert found.comparison is not None
    rows = []
    for change in found.comparison.changes[branch]:
        before, after = before_and_after(change, found.world.scenario)
        spread = change_text(change, found.world.scenario).spread
        rows.append((change.path, before, after, spread, change.grade or "–", ", ".join(change.source) or "assumption"))
    return rows


def parameters(scenario: Scenario) -> list[Row]:
    """Every number given in the files of a world or in its branch, without the defaults."""
    rows = []
    for path, number in scenario.numbers.items():
        if number.origin == "default":
            continue
        kind = kind_of(path)
        value = _shown(scenario, number.value, kind)
        if number.series:
            value += f", then {counted(len(number.series), 'later value')}, the last {_shown(scenario, number.series[-1][1], kind)}"
            spread = "" if number.low is None or number.high is None else f"× {number.low:.3g} to {number.high:.3g}"
        else:
            spread = _spread(scenario, number.low, number.high, kind)
        rows.append(Row(".".join(path), value, UNITS.get(kind, ""), spread, number.grade or "–", number.source))
    return rows


def sources(scenario: Scenario) -> Mapping[str, str]:
    """Cited sources by key."""
    cited = {key for number in scenario.numbers.values() for key in number.source}
    return {key: text for key, text in scenario.sources.items() if key in cited}


def _shown(scenario: Scenario, value: float | None, kind: str) -> str:
    if value is None:
        return "–"
    if math.isnan(value):
        return "computed"
    if math.isinf(value):
        return "unlimited"
    if kind == "month":
        count = scenario.start[0] * 12 + scenario.start[1] - 1 + round(value)
        return f"{count // 12:04d}-{count % 12 + 1:02d}"
    return f"{value * (12.0 if kind.endswith('_flow') else 1.0):,.6g}".replace("-", "\u2212")


def _spread(scenario: Scenario, low: float | None, high: float | None, kind: str) -> str:
    if low is None or high is None:
        return "–"
    return f"{_shown(scenario, low, kind)} to {_shown(scenario, high, kind)}"


def given(number: Number | None) -> Any:
    """The value and the series of a number; None for no number."""
    return None if number is None else (number.value, number.series)


def _value(scenario: Scenario, path: tuple[str, ...]) -> float:
    number = scenario.numbers.get(path)
    return math.nan if number is None else max([number.value, *(value for _, value in number.series)])
