"""Findings as one HTML page: figures drawn into it, styles in it, nothing asked of any other place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.errors import Fault, InputError, MissingExtra
from proxysim.report import evidence
from proxysim.report.study import words
from proxysim.report.study.findings import Findings, Steps, gather
from proxysim.report.study.pictures import pictures
from proxysim.runs.files import write_whole

if TYPE_CHECKING:
    from proxysim.scenario.world.world import World

_KEYS = ("capacity", "differences", "chain", "flows", "map", "provenance", "provisions", "counter", "screening")
#: Rows of the long tables; the rest is counted.
PARAMETERS, _EFFECTS = 1500, 400


@dataclass(frozen=True)
class Pattern:
    """One pattern of the real world that runs were held against: what, the range asked for, and what came."""

    what: str
    wanted: str
    seen: str
    met: bool


def page(found: Findings, patterns: Sequence[Pattern] | None = None) -> str:
    """The report as HTML.

    Parameters
    ----------
    found : from `gather`
    patterns : patterns of the real world that this world was held against; None says that there are none

    Raises
    ------
    MissingExtra : Jinja2 is not installed
    """
    text: str = template().render(_context(found, patterns))
    return text


def _breakable(path: str) -> Any:
    """A path that a narrow screen breaks after its dots."""
    from markupsafe import Markup, escape

    return Markup(".<wbr>").join(escape(part) for part in path.split("."))


def template(name: str = "report.html") -> Any:
    """A page without its contents; a label with markup in it stays text."""
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise MissingExtra('a report needs Jinja2: pip install "proxysim[report]"') from None
    environment = Environment(loader=PackageLoader("proxysim.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True)  # fmt: skip
    environment.filters |= {"number": words.number, "percent": words.percent, "breakable": _breakable}
    return environment.get_template(name)


def _context(found: Findings, patterns: Sequence[Pattern] | None) -> dict[str, Any]:
    """What the template is given: plain values and words."""
    from markupsafe import Markup

    from proxysim.figures.kit.style import stamp

    scenario, study = found.world.scenario, found.study
    shown = {
        key: {"title": one.title, "svg": Markup(one.svg), "caption": one.caption}
        for key, one in pictures(found).items()
    }
    focus, base = found.roles.focus, found.roles.baseline
    rows = evidence.parameters(scenario)
    return {
        "question": scenario.question, "answer": words.answer(found), "pictures": {**dict.fromkeys(_KEYS), **shown},
        "regimes": [one for key, one in shown.items() if key.startswith("regime")],
        "branches": [(found.labels[name], name, scenario.branches.get(name, ""), _role(found, name)) for name in study.branches],
        "focus": found.labels[focus] if focus else "", "baseline": found.labels[base], "compared": found.comparison is not None,
        "put_in": evidence.put_in_rows(found, focus) if found.comparison is not None and focus else [],
        "effects": _effects(found), "divided": _divided(found), "undivided": found.undivided, "blunting": words.blunting(found),
        "counters": _counters(found), "held": evidence.held_fixed(found), "not_fixed": evidence.not_fixed(found),
        "hangs_on": words.hangs_on(found) if found.screening is not None else "",
        "grades": evidence.grades(found), "grade_names": [f"{letter} {name}".strip() for letter, name in evidence.GRADES],
        "parameters": rows[:PARAMETERS], "more_parameters": max(0, len(rows) - PARAMETERS), "sources": evidence.sources(scenario),
        "patterns": patterns or [], "runs": study.runs, "seed": study.seed, "months": (study.worlds[0].months[0], study.worlds[0].months[-1]),
        "uncertain": study.uncertain, "residual": f"{study.residual:.1e}" if study.residual else "0", "command": found.asked or _command(found),
        "stamp": stamp(study), "shown_stamp": shown_stamp(stamp(study)), "world_hash": found.study.worlds[0].hash, "label": Path(scenario.file).stem,
        "divided_runs": found.attribution.runs if found.attribution else 0,
    }  # fmt: skip


def shown_stamp(stamp: Mapping[str, str]) -> dict[str, str]:
    """A stamp as people read it."""
    told = {"True": "yes", "False": "no"}
    return {key: f"{float(value):.1e}" if key == "residual" else told.get(value, value) for key, value in stamp.items()}


def _role(found: Findings, name: str) -> str:
    roles = found.roles
    if name == roles.baseline:
        return "the others are held against it" if len(roles.all) > 1 else "the only branch"
    return (
        "countermeasure"
        if name in roles.counters
        else "the branch looked at"
        if name == roles.focus
        else "shown beside it"
    )


def _command(found: Findings) -> str:
    """The command that gives this report."""
    import shlex

    parts = ["proxysim", "report", found.world.scenario.file, "--branches", ",".join(found.study.branches), "--runs", str(found.study.runs),
             "--seed", str(found.study.seed)]  # fmt: skip
    return shlex.join([*parts, *(["--uncertain"] if found.study.uncertain else []), "--out", "report.html"])


def _effects(found: Findings) -> list[tuple[str, ...]]:
    """Rows of the table of effects of all branches that are shown."""
    if found.comparison is None:
        return []
    rows: list[tuple[str, ...]] = []
    for effect in found.comparison.effects:
        if effect.branch not in found.roles.shown or effect.difference is None:
            continue
        spread = "–" if effect.low is None else f"{words.number(effect.low, True)} to {words.number(effect.high, True)}"
        same = effect.difference == 0.0 and not effect.opposite_sign and not effect.variance_reduction
        certain = "the same in every pair" if same else "yes" if effect.found else "no difference found"
        rows.append((found.labels[effect.branch], found.labels.get(effect.actor, effect.actor), effect.measure.replace("_", " "), effect.unit,
                     words.number(effect.baseline), words.number(effect.difference, True), spread, certain))  # fmt: skip
    return rows[:_EFFECTS]


def _divided(found: Findings) -> dict[str, Any] | None:
    """Provisions down, proxies across: what each has of the effect on capacity."""
    if found.attribution is None:
        return None
    measures = found.attribution.measures
    rows = []
    for player in found.attribution.players:
        size = measures[0].provisions[player].size if measures else None
        name = words.provision_label(player)
        rows.append((name, "–" if size is None else words.percent(size), [words.number(m.provisions[player].value, True) for m in measures],
                     max(abs(m.provisions[player].value or 0.0) for m in measures)))  # fmt: skip
    rows.sort(key=lambda row: -row[3])
    return {
        "heads": [found.labels[m.total.actor] for m in measures],
        "rows": rows,
        "total": [words.number(m.total.difference, True) for m in measures],
    }


def _counters(found: Findings) -> dict[str, Any] | None:
    """Countermeasures down, proxies across."""
    if not len(found.ranking):
        return None
    actors = list(next(iter(found.per_actor.values()), {}))
    rows = []
    for _, one in found.ranking.iterrows():
        name = str(one["branch"])
        spread = (
            f"{words.number(float(one['low']), True)} to {words.number(float(one['high']), True)}"
            if one["low"] == one["low"]
            else "–"
        )
        each = [words.number(found.per_actor[name][actor].difference, True) for actor in actors]
        undone, best, single = (words.percent(float(one[key])) for key in ("undone", "best", "single"))
        rows.append(
            (found.labels[name], words.number(float(one["difference"]), True), spread, undone, best, single, each)
        )
    return {
        "heads": [found.labels[actor] for actor in actors],
        "rows": rows,
        "single": bool(found.ranking["single"].notna().any()),
        "what": found.yardstick[0],
        "unit": found.yardstick[1],
    }


def write_report(
    world: World | str | Path,
    out: str | Path = "report.html",
    branches: Sequence[str] | None = None,
    runs: int = 200,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    *,
    uncertain: bool = False,
    threads: int | None = None,
    steps: Steps | None = None,
    patterns: Sequence[Pattern] | None = None,
    asked: str = "",
) -> Path:
    """Run a world and write the answer to its question as one HTML file.

    Parameters
    ----------
    world : a World, or its file; out : the file to write
    branches, runs, rng, uncertain, threads, steps, asked : as in `gather`
    patterns : as in `page`

    Raises
    ------
    InputError : the file cannot be written, and as in `compare`
    MissingExtra : Jinja2 is not installed
    """
    template()  # whether it can be written is known before an hour is spent
    found = gather(world, branches, runs, rng, uncertain=uncertain, threads=threads, steps=steps, asked=asked)
    return write(Path(out), page(found, patterns))


def write(target: Path, text: str) -> Path:
    """Write a page, whole or not at all.

    Raises
    ------
    InputError : it cannot be written
    """
    try:
        write_whole(target, text)
    except OSError as error:
        raise InputError([Fault(str(target), 0, "", f"cannot be written: {error.strerror or error}")]) from None
    return target
