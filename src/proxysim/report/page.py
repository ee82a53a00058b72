"""Findings as one HTML page: figures drawn into it, styles in it, nothing asked of any other place."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.errors import Fault, InputError, MissingExtra
from proxysim.report import facts, words
from proxysim.report.gather import Findings, Steps, fighters, gather, makers

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from proxysim.scenario.world import World

_MEASURES = ("capacity", "fighting", "manufacture", "received_money", "received_arms", "sent_arms")
_TAKEN = re.compile(r'(\bid=")([^"]+)(")')
_NAMED = re.compile(r'((?:xlink:)?href="#|url\(#)([^")]+)')
_LONG = re.compile(r"(\.\d\d)\d+")
_KEYS = ("capacity", "differences", "chain", "flows", "map", "provenance", "provisions", "counter")
#: Rows of the long tables; the rest is counted.
_PARAMETERS, _EFFECTS = 1500, 400


@dataclass(frozen=True)
class Picture:
    """A figure of the page: its SVG, what stands under it, and what is told to those who do not see it."""

    key: str
    title: str
    svg: str
    caption: str
    alt: str


@dataclass(frozen=True)
class Pattern:
    """One pattern of the real world that runs were held against: what, the range asked for, and what came."""

    what: str
    wanted: str
    seen: str
    met: bool


@dataclass
class _Pictures:
    """Figures as they are made, each with ids of its own."""

    found: Findings
    stamp: Mapping[str, str]
    made: dict[str, Picture] = field(default_factory=dict)

    def add(self, key: str, title: str, figure: Figure, caption: str, alt: str) -> None:
        self.made[key] = Picture(key, title, inline(figure, key, title, alt, self.stamp), caption, alt)


def inline(figure: Figure, key: str, title: str, alt: str, stamp: Mapping[str, str]) -> str:
    """A figure as an `svg` element for a page: ids of its own, title and description, no styles that reach out of it."""
    from markupsafe import escape

    from proxysim.figures.style import rendered

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
    told = f'<title id="{key}-title">{escape(title)}</title><desc id="{key}-alt">{escape(alt)}</desc>'
    return head + told + text[text.index(">") + 1 :].strip()


def pictures(found: Findings) -> dict[str, Picture]:
    """All figures of a report; what a world does not have gets none."""
    from proxysim import figures
    from proxysim.figures.style import stamp

    made = _Pictures(found, stamp(found.study))
    labels, shown = found.labels, found.roles.shown
    fighting = fighters(found.study)
    runs = words.counted(found.study.runs, "pair")
    looked = f"{found.looked_into} runs of each branch" + (
        ", with every number at its value" if found.study.uncertain else ""
    )
    focus = labels[found.roles.focus or found.roles.baseline]
    if fighting:
        bands = found.study.bands_table()
        bands = bands[bands["branch"].isin(shown)]
        made.add("capacity", "Capacity of each proxy by branch",
                 figures.capacity_bands(bands, actors=fighting, events=found.events, labels=labels),
                 f"Index, start = 100: fighting, manufacture and reach together. First {found.study.band_runs:,} runs of each branch.",
                 words.alt_bands(found, fighting))  # fmt: skip
    if found.comparison is not None:
        table = found.comparison.to_dataframe()
        chosen = table[table["branch"].isin(shown) & table["measure"].isin(_MEASURES)]
        chosen = chosen[_moves(chosen)]
        if len(chosen):
            made.add("differences", "Differences against the first branch",
                     figures.differences(chosen, [m for m in _MEASURES if m in set(chosen["measure"])], labels=labels),
                     f"{runs} of runs. Each panel has its own unit.", words.alt_differences(found))  # fmt: skip
    if len(found.chain):
        made.add("chain", "From pledge to capacity", figures.support_chain(found.chain, labels=labels),
                 f"Support of all patrons, {looked}. What is pledged goes out as money or is budgeted for arms; of these some are sent, and "
                 "of what is sent some arrives.", words.alt_chain(found))  # fmt: skip
    if found.attribution is not None:
        first = max(found.attribution.measures, key=lambda m: abs(m.total.difference or 0.0))
        if first.total.difference:
            made.add("provisions", "Which provision does it", _waterfall(found, first.total.actor),
                     f"Effect on capacity of {labels[first.total.actor]}, where it is largest. {found.attribution.runs} pairs of runs for each of "
                     f"{1 << len(found.attribution.players):,} sets of provisions.", words.alt_waterfall(found, first.total.actor))  # fmt: skip
    if len(found.cargoes) and float(found.cargoes["sent"].sum()) > 0:
        told = makers(labels)
        cargo = f"{focus}; mean of {int(found.cargoes['n'].iloc[0])} runs"
        made.add("flows", "Who sends whose arms to whom", figures.alluvial(found.cargoes, labels=labels, makers=told),
                 f"{cargo}. USD m a year at base production value of 2024.", words.alt_flows(found))  # fmt: skip
        if found.world.scenario.ids["legs"]:
            made.add("map", "Over which legs", figures.arms_map(found.world, found.cargoes, labels=told), f"{cargo}. Schematic, not to scale.",
                     words.alt_map(found))  # fmt: skip
    if len(found.provenance):
        made.add("provenance", "Whose make it is", figures.provenance(found.provenance, labels=labels, makers=makers(labels)),
                 f"Arms received, by maker; {found.study.runs:,} runs of each branch.", words.alt_provenance(found))  # fmt: skip
    for place, regime in enumerate(dict.fromkeys(found.regimes["regime"]) if len(found.regimes) else ()):
        made.add(f"regime{place}", f"Stability of {labels.get(str(regime), str(regime))}",
                 figures.regime_stability(found.regimes, str(regime), labels=labels), f"{looked}.",
                 words.alt_stability(found, str(regime)))  # fmt: skip
    if len(found.ranking):
        made.add("counter", "What blunts it", figures.ranking(found.ranking, found.yardstick[1], labels=labels),
                 f"Effect on the {found.yardstick[0]} against “{focus}”, {runs} of runs.", words.alt_ranking(found))  # fmt: skip
    return made.made


def _moves(table: pandas.DataFrame) -> Any:
    """Rows of measures that differ somewhere, by more than dust."""
    dust = 1e-3 * table["baseline"].abs().groupby(table["measure"]).transform("max").clip(lower=1e-9)
    large = table["difference"].abs() > dust.clip(lower=5e-4)
    return large.groupby([table["measure"], table["actor"]]).transform("any") & np.isfinite(
        table["difference"].astype(float)
    )


def _waterfall(found: Findings, actor: str) -> Figure:
    """The figure of one divided effect."""
    from proxysim import figures
    from proxysim.figures.effects import plain_rows

    assert found.attribution is not None
    table = found.attribution.to_dataframe()
    table = plain_rows([dict(row) for _, row in table[table["actor"] == actor].iterrows()]).assign(
        n=found.attribution.runs
    )
    one = next(m for m in found.attribution.measures if m.total.actor == actor)
    pairs = plain_rows(
        [{"one": a, "two": b, "value": s.value, "low": s.low, "high": s.high} for (a, b), s in one.interactions.items()]
    )
    return figures.waterfall(table, pairs, labels={**found.labels, "everything_else": "Everything else"})


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
    text: str = _template().render(_context(found, patterns))
    return text


def _breakable(path: str) -> Any:
    """A path that a narrow screen breaks after its dots."""
    from markupsafe import Markup, escape

    return Markup(".<wbr>").join(escape(part) for part in path.split("."))


def _template() -> Any:
    """The page without its contents; a label with markup in it stays text."""
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise MissingExtra('a report needs Jinja2: pip install "proxysim[report]"') from None
    environment = Environment(loader=PackageLoader("proxysim.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True)  # fmt: skip
    environment.filters |= {"number": words.number, "percent": words.percent, "breakable": _breakable}
    return environment.get_template("report.html")


def _context(found: Findings, patterns: Sequence[Pattern] | None) -> dict[str, Any]:
    """What the template is given: plain values and words."""
    from markupsafe import Markup

    from proxysim.figures.style import stamp

    scenario, study = found.world.scenario, found.study
    shown = {
        key: {"title": one.title, "svg": Markup(one.svg), "caption": one.caption}
        for key, one in pictures(found).items()
    }
    focus, base = found.roles.focus, found.roles.baseline
    rows = facts.parameters(found)
    return {
        "question": scenario.question, "answer": words.answer(found), "pictures": {**dict.fromkeys(_KEYS), **shown},
        "regimes": [one for key, one in shown.items() if key.startswith("regime")],
        "branches": [(found.labels[name], name, scenario.branches.get(name, ""), _role(found, name)) for name in study.branches],
        "focus": found.labels[focus] if focus else "", "baseline": found.labels[base], "compared": found.comparison is not None,
        "put_in": facts.put_in_rows(found, focus) if found.comparison is not None and focus else [],
        "effects": _effects(found), "divided": _divided(found), "undivided": found.undivided, "blunting": words.blunting(found),
        "counters": _counters(found), "held": facts.held_fixed(found), "not_fixed": facts.not_fixed(found),
        "grades": facts.grades(found), "grade_names": [f"{letter} {name}".strip() for letter, name in facts.GRADES],
        "parameters": rows[:_PARAMETERS], "more_parameters": max(0, len(rows) - _PARAMETERS), "sources": facts.sources(found),
        "patterns": patterns or [], "runs": study.runs, "seed": study.seed, "months": (study.worlds[0].months[0], study.worlds[0].months[-1]),
        "uncertain": study.uncertain, "residual": f"{study.residual:.1e}" if study.residual else "0", "command": found.asked or _command(found),
        "stamp": stamp(study), "world_hash": found.study.worlds[0].hash, "label": Path(scenario.file).stem,
        "divided_runs": found.attribution.runs if found.attribution else 0,
    }  # fmt: skip


def _role(found: Findings, name: str) -> str:
    roles = found.roles
    if name == roles.baseline:
        return "the others are held against it" if len(roles.all) > 1 else "the only branch"
    return "countermeasure" if name in roles.counters else "looked at first" if name == roles.focus else "beside it"


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
        name = (
            "everything else that differs"
            if player == "everything_else"
            else player.rpartition(".")[2].replace("_", " ")
        )
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
    _template()  # whether it can be written is known before an hour is spent
    found = gather(world, branches, runs, rng, uncertain=uncertain, threads=threads, steps=steps, asked=asked)
    target = Path(out)
    text = page(found, patterns)
    aside = target.with_name(f".{target.name}.part")
    try:
        aside.write_text(text, encoding="utf-8", newline="\n")
        os.replace(aside, target)
    except OSError as error:
        raise InputError([Fault(str(target), 0, "", f"cannot be written: {error.strerror or error}")]) from None
    return target
