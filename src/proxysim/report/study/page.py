"""The report of a world as one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from proxysim.errors import check_options
from proxysim.formatting import counted, percent
from proxysim.paths import path_of
from proxysim.report import evidence
from proxysim.report.html import layout_context, template, write
from proxysim.report.study import answers_text, words
from proxysim.report.study.calibration import calibration_section, posterior_facts
from proxysim.report.study.findings import PARTS, Findings, ReportOptions, study_findings
from proxysim.report.study.first_page import first_page
from proxysim.report.study.grounds import mean_against_end
from proxysim.report.study.information import section as information_section
from proxysim.report.study.matrix import all_rows
from proxysim.report.study.patterns import patterns_section
from proxysim.report.study.pictures import pictures
from proxysim.report.study.portfolio import folder_of
from proxysim.report.study.portfolio import section as portfolio_section
from proxysim.report.study.portfolio import words_of as portfolio_words
from proxysim.report.study.respond import section as respond_section
from proxysim.report.study.respond import words_of as respond_words
from proxysim.report.study.spread import section as spread_section
from proxysim.report.study.structure import section as structure_section
from proxysim.report.study.takes import section as takes_section
from proxysim.report.study.takes import words_of
from proxysim.report.text import called, number, span, yearly
from proxysim.scenario.labels import provision_label
from proxysim.statistics.paired import rare_words
from proxysim.studies.limits import ceiling_words

if TYPE_CHECKING:
    from proxysim.report.study.findings import Seed
    from proxysim.scenario.world.world import World

_KEYS = ("main", "matrix", "fighting", "arms", "survival", "differences", "chain", "flows", "map", "provenance", "provisions", "counter", "answers",
         "screening", "spread", "structure", "takes", "ranks", "frontier", "information", "payoffs", "equilibria", "patterns", "checks",
         "calibration")  # fmt: skip
#: Those in the section on results.
_RESULTS = ("matrix", "fighting", "arms", "survival", "differences")
#: Maximum number of rows in the table of effects.
_EFFECTS = 400


def study_page(found: Findings, *, full: bool = False) -> str:
    """Render the report as HTML.

    Parameters
    ----------
    found : findings from `study_findings`
    full : whether the folded tables are printed too

    Raises
    ------
    MissingExtra : Jinja2 is not installed
    """
    text: str = template("report.html").render(_context(found, full))
    return text


def _context(found: Findings, full: bool) -> dict[str, Any]:
    """Template variables: plain values and text."""
    from proxysim.figures.kit.export import stamp

    scenario, study = found.world.scenario, found.study
    focus, base = found.roles.focus, found.roles.baseline
    front = first_page(found)
    shared = layout_context(stamp(study) | posterior_facts(found), pictures(found), _KEYS, scenario, study.residual)
    regimes = [one for key, one in shared["pictures"].items() if key.startswith("regime")]
    return shared | {
        "question": scenario.question, "page": front, "description": front.verdict[0], "full": full,
        "regimes": regimes, "results": bool(regimes or words.idle(found) or any(shared["pictures"][key] for key in _RESULTS)),
        "branches": [(found.labels[name], name, scenario.branches.get(name, ""), _role(found, name)) for name in study.branches],
        "focus": found.labels[focus] if focus else "", "reason": found.roles.reason,
        "baseline": found.labels[base], "compared": found.comparison is not None,
        "assumed": evidence.assumed_rows(found, focus) if found.comparison is not None and focus else [],
        "idle": words.idle(found), "composite": _composite(found), "at_ceiling": ceiling_words(found.study),
        "effects": _effects(found), "divided": _divided(found), "undivided": found.undivided, "most_effective": words.most_effective(found),
        "outcomes": all_rows(found), "outcome_heads": [found.labels[name] for name in found.roles.all[1:]],
        "answers": answers_text.section(found),
        "counters": _counters(found), "turns": mean_against_end(found), "held": evidence.held_fixed(found), "not_fixed": evidence.not_fixed(found),
        "uncertainties": words.uncertainties(found) if found.screening is not None else "",
        "grades": evidence.grades(found), "spread": spread_section(found), "structure": structure_section(found), "takes": takes_section(found),
        "portfolio": portfolio_section(found), "information": information_section(found), "respond": respond_section(found),
        "patterns": patterns_section(found),
        "calibration": calibration_section(found), "label": Path(scenario.file).stem,
        "runs": counted(study.runs, "paired run" if found.comparison is not None else "run"),
        "months": (study.worlds[0].months[0], study.worlds[0].months[-1]), "command": found.asked or _command(found),
        "divided_runs": found.attribution.runs if found.attribution else 0,
    }  # fmt: skip


def _role(found: Findings, name: str) -> str:
    roles = found.roles
    if name == roles.baseline:
        return "baseline" if len(roles.all) > 1 else "the only branch"
    return (
        "countermeasure"
        if name in roles.counters
        else "branch of interest"
        if name == roles.focus
        else "shown for comparison"
    )


def _command(found: Findings) -> str:
    """The command that produces this report."""
    import shlex

    parts = ["proxysim", "report", found.world.scenario.file, "--branches", ",".join(found.study.branches), "--runs", str(found.study.runs),
             "--seed", str(found.study.seed)]  # fmt: skip
    focus = ["--focus", found.roles.focus] if found.roles.focus else []
    posterior = found.world.scenario.posterior
    drawn = [] if not found.study.uncertain else ["--uncertain"] if posterior is None else ["--posterior", posterior.to_json()["file"]]
    drawn += ["--evidence"] if found.sources is not None else []
    drawn += ["--forms"] if found.structure is not None else []
    if found.takes:
        outcome, asked = found.takes[0].study.outcome, [one.axis.varied.text for one in found.takes]
        drawn += words_of(asked, found.takes[0].crosses, f"{outcome.measure}.{outcome.actor}")
    drawn += portfolio_words(None if found.portfolio is None else folder_of(found.portfolio))
    drawn += respond_words(None if found.responses is None else found.responses.folder)
    return shlex.join([*parts, *focus, *drawn, *_policies(found.world), "--out", "report.html"])


def _policies(world: World) -> list[str]:
    """The option that switches on the policies that are on in a world."""
    ids, on = [one.id for one in world.scenario.policies], list(world.scenario.policies_on)
    if on == list(world.with_policies("file").scenario.policies_on):
        return []
    return ["--policies", "off" if not on else "on" if on == ids else ",".join(on)]


def _effects(found: Findings) -> list[tuple[str, ...]]:
    """Rows of the table of effects for all shown branches; composite capacity has a separate table."""
    if found.comparison is None:
        return []
    rows: list[tuple[str, ...]] = []
    for effect in map(yearly, found.comparison.effects):
        if effect.branch not in found.roles.shown or effect.difference is None or effect.measure in ("capacity", *PARTS):
            continue
        certain = "the same in every pair" if effect.same else "yes" if effect.detected else rare_words(effect) or "no effect detected"
        certain += _ceiling(words.at_ceiling(found, effect))
        rows.append((found.labels[effect.branch], found.labels.get(effect.actor, effect.actor), called(effect.measure), effect.unit,
                     number(effect.baseline), number(effect.difference, True), span(effect.low, effect.high), certain))  # fmt: skip
    return rows[:_EFFECTS]


def _ceiling(share: str) -> str:
    """The note in a cell next to a fighting index."""
    return f" ({share} at ceiling)" if share else ""


def _composite(found: Findings) -> list[tuple[str, str, list[str]]]:
    """Rows of branch, proxy, and the effects on its composite capacity and on its three parts."""
    rows = []
    proxies = set(found.world.scenario.ids["proxies"])
    for branch in found.roles.shown[1:] if found.comparison is not None else ():
        for whole in map(yearly, found.effects("capacity", branch)):
            if whole.actor not in proxies:
                continue
            cells = [number(whole.difference, True) if whole.detected else "no effect detected"]
            for measure in ("fighting", *PARTS):
                part = next((yearly(one) for one in found.effects(measure, branch) if one.actor == whole.actor), None)
                shown = "–" if part is None else number(part.difference, True) if part.detected else "no effect detected"
                cells.append(shown + (_ceiling(words.at_ceiling(found, part)) if part is not None else ""))
            rows.append((found.labels[branch], found.labels[whole.actor], cells))
    return rows


def _divided(found: Findings) -> dict[str, Any] | None:
    """Table of provisions by proxies: the share of each provision in the effect on arms held."""
    if found.attribution is None:
        return None
    measures = found.attribution.measures
    rows = []
    for player in found.attribution.players:
        size = measures[0].provisions[player].size if measures else None
        name = provision_label(player)
        rows.append((name, "–" if size is None else percent(size), [number(m.provisions[player].value, True) for m in measures],
                     max(abs(m.provisions[player].value or 0.0) for m in measures)))  # fmt: skip
    rows.sort(key=lambda row: -row[3])
    return {
        "heads": [found.labels[m.total.actor] for m in measures],
        "largest": _largest_shares(found),
        "rows": rows,
        "total": [number(m.total.difference, True) for m in measures],
    }


def _largest_shares(found: Findings) -> str:
    """The provision with the largest share for each proxy but the one in the figure, as a sentence; empty for one proxy."""
    assert found.attribution is not None
    drawn = max(found.attribution.measures, key=lambda m: abs(m.total.difference or 0.0), default=None)
    told = []
    for one in found.attribution.measures:
        name = max(one.provisions, key=lambda player: abs(one.provisions[player].value or 0.0), default="")
        if one is not drawn and name and one.provisions[name].value:
            told.append(f"{found.labels[one.total.actor]}, {provision_label(name)} {number(one.provisions[name].value, True)}")
    return f"Largest shares for the other proxies, USD m: {'; '.join(told)}." if told else ""


def _counters(found: Findings) -> dict[str, Any] | None:
    """Table of countermeasures by proxies."""
    if not len(found.ranking):
        return None
    actors = list(next(iter(found.per_actor.values()), {}))
    rows = []
    for _, one in found.ranking.iterrows():
        name = str(one["branch"])
        spread = span(float(one["low"]), float(one["high"]))
        each = [number(found.per_actor[name][actor].difference, True) for actor in actors]
        undone, end, best, single = (percent(float(one[key])) for key in ("undone", "undone_end", "best", "single"))
        rows.append(
            (found.labels[name], number(float(one["difference"]), True), spread, undone, end, best, single, each)
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
    branches: str | Sequence[str] | None = None,
    runs: int = 200,
    rng: Seed = 0,
    *,
    full: bool = False,
    **options: Unpack[ReportOptions],
) -> Path:
    """Run a world and write the answer to its question as one self-contained HTML file.

    Parameters
    ----------
    world : a World, or the path or name of a world file
    out : file to write; an existing file is replaced; default "report.html"
    branches : names of branches, or one name; the first is the baseline, and the others are compared with it. The focus is
        "strengthened-pact" if given, otherwise the default branch of the world, otherwise the second. Branches that build on the
        focus are its countermeasures. None, the default, takes the baseline, the file's own
        branch, the focus and the branches that extend it
    runs : number of paired runs per branch; default 200
    rng : seed, or a SeedSequence or Generator that gives one; default 0
    full : whether the folded tables are printed too; default False. On a screen they can always be unfolded
    options : keywords `uncertain` (True resamples the uncertain parameters in the runs; default False), `evidence` (True divides the variance
        of the main effect among grades of evidence, sections of the file and random variation; default False), `vary`, `crosses` and
        `measure` (numbers that are varied to find where the main effect crosses a level, as in `proxysim.threshold`; default none),
        `portfolio` (folder of a finished portfolio of the same branches, which makes no runs; default none), `respond` (folder of a finished
        study of best answers in the same world, which makes no runs either; default none), `forms` (True estimates the main effect in every
        form of the model; default False), `policies` (policies that are on: "file", "off", "on" or ids; None, the default, leaves them as
        they are in `world`), `threads` (number of threads; None, the default, uses all
        processors), `steps` (called with the name of each step; returns a function called as ``progress(done, total)``, or None) and `asked`
        (command to quote in the report; empty by default)

    Returns
    -------
    pathlib.Path : the file

    Raises
    ------
    BooksError : money or arms do not balance in a run
    InputError : the world, a branch or an option cannot be used, or the file cannot be written
    MissingExtra : Jinja2 is not installed
    RunError : a run failed, or `rng` is not a valid seed
    TypeError : an option is unknown

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> print(ps.write_report("quickstart", "pact.html", ["no-pact", "strong"], runs=5))
    pact.html
    >>> "Do their three proxies end up with more arms?" in Path("pact.html").read_text(encoding="utf-8")
    True
    """
    check_options("write_report", options, ReportOptions)
    template("report.html")  # fails before the runs if Jinja2 is missing
    target = path_of(out)
    with suppress(OSError):  # the current folder has been removed
        target = target.absolute()  # the steps of the caller may change it
    found = study_findings(world, branches, runs, rng, **options)
    write(target, study_page(found, full=full))
    return path_of(out)
