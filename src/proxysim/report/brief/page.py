"""The brief of a world as one HTML file: two printed pages, and the tables behind every sentence."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from proxysim.core.version import model_version
from proxysim.errors import Fault, InputError, check_options
from proxysim.formatting import counted, number, spelled
from proxysim.paths import path_of
from proxysim.report.brief.choice import FILE, FOLDER, FirstChoice, choice_part, fate, first_choice, joinable
from proxysim.report.brief.dependence import dependence, dependence_part
from proxysim.report.brief.effect import PactEffect, effect_part, pact_effect
from proxysim.report.brief.knowledge import knowledge, knowledge_part
from proxysim.report.brief.parts import Part
from proxysim.report.brief.rivals import FOLDER as ANSWERS_FOLDER
from proxysim.report.brief.rivals import Rivals, check_sides, rivals, rivals_part
from proxysim.report.brief.setting import Setting, setting_of, unit_words
from proxysim.report.brief.takes import HalfEffect, half_effects, takes_part
from proxysim.report.html import Picture, Pictures, template, write
from proxysim.report.html import shown_stamp as shown
from proxysim.runs.course import seed_of
from proxysim.runs.files import write_whole
from proxysim.scenario.arguments import names_of
from proxysim.scenario.world.world import load
from proxysim.studies.naming import outcome_named
from proxysim.studies.phrases import table_factor, table_unit

if TYPE_CHECKING:
    from proxysim.report.brief.setting import Steps
    from proxysim.report.study.findings import Seed
    from proxysim.runs.outcomes import Outcome

#: Pairs of runs and futures unless others are asked for, and the least number of each.
PAIRS, FUTURES, LEAST, LEAST_FUTURES = 2000, 200, 20, 50
#: File with all sentences and tables in the folder of a brief.
ANSWER = "brief.json"
#: What the folder of a brief holds; runs that were interrupted are there without the sentences.
KEPT = (ANSWER, FOLDER, FILE, ANSWERS_FOLDER)


class BriefOptions(TypedDict, total=False):
    """Options of a brief.

    Attributes
    ----------
    focus : the branch of interest; None chooses it as a report does
    measure : the outcome that leads, ``MEASURE.ACTOR``; None for the one with which a comparison leads
    countermeasures : branches that can be joined to the branch of interest; None for those that state a cost or that the file joins to
        it, else those that leave the pacts as they are
    futures : draws in which the countermeasures are compared
    respond : experiment file with the levers, purses and objectives of two sides, as in `respond`; None for the answers in the file
    folder : folder that keeps the runs, so that the same call continues them, and the tables; None for a temporary one
    threads : number of threads and workers; None for all
    steps : called with the name of each step; returns a function called as ``progress(done, total)``, or None
    asked : command to quote in the brief
    """

    focus: str | None
    measure: str | None
    countermeasures: str | Sequence[str] | None
    futures: int
    respond: str | Path | None
    folder: str | Path | None
    threads: int | None
    steps: Steps | None
    asked: str


@dataclass(frozen=True)
class Brief:
    """Everything that a brief says.

    Attributes
    ----------
    setting : the world, its branches and how it was run
    effect : the effect of the pact
    choice : the countermeasures; None in a world without any
    half : strengths at which the effect is halved
    others : what others do
    parts : the questions with their answers and tables
    asked : command to quote
    """

    setting: Setting
    effect: PactEffect
    choice: FirstChoice | None
    half: list[HalfEffect]
    others: Rivals
    parts: tuple[Part, ...]
    asked: str

    @property
    def bottom(self) -> list[str]:
        """The answer in two sentences."""
        return [one for one in (_main_line(self), _choice_line(self)) if one]

    @property
    def metadata(self) -> dict[str, Any]:
        """What the results depend on."""
        scenario, study = self.setting.scenario, self.effect.off.study
        return {"world": {name: world.hash for name, world in zip(study.branches, study.worlds, strict=True)}, "seed": self.setting.seed,
                "pairs": self.setting.pairs, "futures": self.setting.futures, "countermeasures": list(self.setting.countermeasures),
                "outcome": f"{self.effect.outcome.measure}.{self.effect.outcome.actor}", "file": Path(scenario.file).name,
                "model_version": model_version()}  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """All sentences and tables as one JSON object."""
        return {"question": self.setting.scenario.question, "answer": self.bottom, "parts": [one.to_json() for one in self.parts], **self.metadata}


def brief_of(
    world: str | Path, branches: str | Sequence[str] | None = None, runs: int = PAIRS, rng: Seed = 0, **options: Unpack[BriefOptions]
) -> Brief:
    """Run everything that a brief needs; see `write_brief`."""
    check_options("brief_of", options, BriefOptions)
    base, futures = load(world), options.get("futures", FUTURES)
    for name, given, least in (("--runs", runs, LEAST), ("--futures", futures, LEAST_FUTURES)):
        if given < least:
            raise InputError([Fault(name, 0, "", f"found {given}; at least {least} are needed")])
    names = None if branches is None else names_of(branches, "branches")
    named = options.get("countermeasures")
    chosen = None if named is None else names_of(named, "countermeasures")
    asked = options.get("measure")
    outcome = None if asked is None else outcome_named(asked, base, "--measure")
    with tempfile.TemporaryDirectory() as temporary:
        kept = options.get("folder")
        folder = Path(temporary) if kept is None else _folder(kept)
        setting = setting_of(base, str(world), names, options.get("focus"), chosen, runs, futures, seed_of(rng), folder,
                             Path("DIR") if kept is None else folder, options.get("threads"), options.get("steps") or (lambda _: None))  # fmt: skip
        sides = options.get("respond")
        experiment = None if sides is None else path_of(sides)
        if experiment is not None:
            check_sides(setting, experiment)
        setting = joinable(setting, chosen is not None)
        made = _made(setting, outcome, experiment, options.get("asked", ""))
        if kept is not None:
            write_whole(folder / ANSWER, json.dumps(made.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return made


def _folder(kept: str | Path) -> Path:
    """The folder that keeps the runs, made if it is missing."""
    folder = path_of(kept)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        foreign = sorted(one.name for one in folder.iterdir() if one.name not in KEPT)
    except OSError as error:
        raise InputError([Fault(str(kept), 0, "", f"cannot be used as a folder: {error.strerror or error}")]) from None
    if foreign:
        message = f'holds "{foreign[0][:60]}", which is not of a brief; give a new folder, or that of an earlier brief'
        raise InputError([Fault("--keep", 0, "", message)])
    return folder


def _made(setting: Setting, outcome: Outcome | None, experiment: Path | None, asked: str) -> Brief:
    effect = pact_effect(setting, outcome)
    choice = first_choice(setting, effect)
    half = half_effects(setting, effect)
    searches, known = dependence(setting, effect, choice), knowledge(setting, choice)
    others = rivals(setting, effect, experiment)
    parts = (effect_part(setting, effect), choice_part(setting, effect, choice), dependence_part(setting, effect, searches),
             takes_part(setting, effect, half), rivals_part(setting, effect, others), knowledge_part(setting, choice, known))  # fmt: skip
    return Brief(setting, effect, choice, half, others, parts, asked)


# ---- the page -------------------------------------------------------------------------------------------------------


def brief_page(found: Brief) -> str:
    """Render the brief as HTML.

    Raises
    ------
    MissingExtra : Jinja2 is not installed
    """
    from markupsafe import Markup

    from proxysim.figures.kit.export import stamp

    facts = stamp(found.metadata)
    pictures = {key: {"title": one.title, "svg": Markup(one.svg), "caption": one.caption} for key, one in _pictures(found, facts).items()}
    setting, months = found.setting, found.setting.base.months
    text: str = template("brief.html").render(
        stamp=facts, shown_stamp=shown(facts), question=setting.scenario.question, label=Path(setting.scenario.file).stem,
        months=(months[0], months[-1]), bottom=found.bottom, parts=found.parts, made=_how(found), command=found.asked or _command(found),
        pictures={**{one.key: None for one in found.parts}, **pictures},
    )  # fmt: skip
    return text


def _how(found: Brief) -> str:
    """How the numbers were made, in one line."""
    setting = found.setting
    words = f"All uncertain parameters are drawn from their ranges: {counted(setting.pairs, 'pair')} of runs of the two branches"
    words += f", {counted(found.choice.portfolio.futures, 'future')} of all countermeasures" if found.choice is not None else ""
    return f"{words}. Seed {setting.seed}. Intervals cover 95\u00a0%."


def _main_line(found: Brief) -> str:
    """The effect in one sentence."""
    effect, setting = found.effect.basis, found.setting
    subject, pact = setting.subject(found.effect.outcome), setting.label(setting.pact)
    answered = " with the answers of others that the file has on" if setting.answering else ""
    if not effect.detected:
        return f"“{pact}” has no detected effect on {subject}{answered}."
    size = number(abs(table_factor(effect.unit) * (effect.difference or 0.0)))
    verb = "adds" if (effect.difference or 0.0) > 0.0 else "takes"
    link = "to" if verb == "adds" else "from"
    if not answered:
        return f"“{pact}” {verb} {size} {unit_words(effect.unit)} {link} {subject}."
    off = found.effect.main
    nobody = f" ({number(table_factor(off.unit) * (off.difference or 0.0), True)} if nobody answers)"
    return f"“{pact}” {verb} {size} {unit_words(effect.unit)} {link} {subject}{answered}{nobody}."


def _choice_line(found: Brief) -> str:
    """The first countermeasure in one sentence."""
    if found.choice is None or not found.effect.basis.detected:
        return ""
    setting, result = found.setting, found.choice.portfolio
    one, single = result.objectives[0], next(at for at, option in enumerate(result.options) if option.name == found.choice.single)
    sizes = [number(table_factor(one.unit) * float(one.effects[at].mean()), True) for at in (single, 0)]
    tied = f", tied with {spelled(len(found.choice.tied))} other{'s' if len(found.choice.tied) > 1 else ''}" if found.choice.tied else ""
    label, only, now = f"“{setting.label(found.choice.single)}”", len(setting.countermeasures) == 1, fate(result, one, single)
    if now == "kept":
        return f"{f'The one countermeasure, {label}, does not lessen' if only else 'No single countermeasure lessens'} it."
    who = f"The one countermeasure, {label}," if only else f"Of single countermeasures, {label}"
    size = f"{sizes[0]} {unit_words(one.unit)}"
    if now == "undone":
        does = "more than undoes it" if only else "does most against it, and more than undoes it"
        return f"{who} {does}: {size} in place of {sizes[1]}{tied}."
    return f"{who} leaves {'' if only else 'least of it: '}{size} of {sizes[1]}{tied}."


def _command(found: Brief) -> str:
    """The command that makes this brief."""
    setting, effect = found.setting, found.effect
    words = ["brief", setting.name, "--branches", ",".join(setting.branches), "--measure", f"{effect.outcome.measure}.{effect.outcome.actor}"]
    words += ["--countermeasures", ",".join(setting.countermeasures)] if setting.countermeasures else []
    return setting.command(*words, "--runs", str(setting.pairs), "--futures", str(setting.futures), "--seed", str(setting.seed))


def _pictures(found: Brief, facts: dict[str, str]) -> dict[str, Picture]:
    """The outcome over time, and the effect by strength of the pact."""
    from proxysim.figures.kit.frame import captions_apart

    made = Pictures(facts)
    with captions_apart():
        _over_time(made, found)
        _by_strength(made, found)
    return made.made


def _over_time(made: Pictures, found: Brief) -> None:
    """Median and band of the measure that leads, for the actors of the table."""
    from proxysim import figures
    from proxysim.report.labels import labels_in
    from proxysim.runs.outcomes import END, outcomes_of

    study, scenario = found.effect.off.study, found.setting.scenario
    stem = found.effect.outcome.measure.removesuffix(END)
    table = study.bands_table()
    if stem not in set(table["measure"]):
        stem = "fighting"
    actors = [found.effect.outcome.actor, *(one for one in scenario.ids["proxies"] if one != found.effect.outcome.actor)]
    rows = table[(table["measure"] == stem) & table["actor"].isin(actors)]
    if not len(rows) or not bool((rows["q95"].abs() > 0.0).any()):
        return
    # An outcome that is one number per run, such as the fall of a regime, has no course: the fighting index of the proxies stands for it.
    known = {(one.measure, one.actor): one for one in outcomes_of(found.setting.base)}
    shown = next(known[stem, actor] for actor in actors if actor in set(rows["actor"]))
    factor = table_factor(shown.unit)
    levels = [column for column in rows.columns if column.startswith("q")]
    rows = rows.assign(**{name: factor * rows[name] for name in levels})
    unit = "index, start = 100" if shown.unit == "index" else table_unit(stem, shown.unit)
    figure = figures.headline(rows, stem, unit, None, None, labels_in(scenario, study.branches))
    subject = found.setting.subject(shown)
    made.add("effect", "Over time", figure, getattr(figure, "caption", ""), f"Median and 90 % band over time in both branches: {subject}.")


def _by_strength(made: Pictures, found: Brief) -> None:
    from proxysim import figures
    from proxysim.report.study import takes

    if not found.half:
        return
    one = found.half[0].found
    labels = {"value": "strength of the pact", "difference": f"Effect on {found.setting.subject(found.effect.outcome)}"}
    level = table_factor(one.study.outcome.unit) * one.target
    figure = figures.lever_effect(takes.table(one), "value", unit=takes.unit_of(one), labels=labels, level=level)
    made.add("takes", "By strength of the pact", figure, getattr(figure, "caption", ""), takes.alt_text(one))


def write_brief(
    world: str | Path, out: str | Path = "brief.html", branches: str | Sequence[str] | None = None, runs: int = PAIRS, rng: Seed = 0,
    **options: Unpack[BriefOptions],
) -> Path:  # fmt: skip
    """Write two pages for those who decide: what the pact does, what to do first, what that depends on, and what to find out.

    All uncertain parameters are drawn from their ranges. Each sentence names the table behind it; the tables follow in the same file,
    with the commands that make them, and are not printed.

    Parameters
    ----------
    world : path or name of a world file
    out : file to write; an existing file is replaced; default "brief.html"
    branches : names of the baseline and of the branch of interest; None, the default, chooses them as `write_report` does
    runs : number of pairs of runs of the two branches, at least 20; default 2,000
    rng : seed, or a SeedSequence or Generator that gives one; default 0
    options : keywords `focus` (the branch of interest), `measure` (the outcome that leads, such as ``"received_arms.reds"``; the default
        is the one with which `compare` leads), `countermeasures` (branches that can be joined to the branch of interest; the default takes
        those that state a cost or that the file joins to it, else those that leave the pacts as they are, at most 8), `futures` (draws in
        which all combinations of countermeasures are compared, at least 50; default 200), `respond` (experiment file with the levers, purses and
        objectives of two sides; the default takes the answers in the world), `folder` (keeps runs and tables, so that an
        interrupted call continues),
        `threads` (number of threads and workers; default all), `steps` (called with the name of each step; returns a function called as
        ``progress(done, total)``, or None) and `asked` (command to quote)

    Returns
    -------
    pathlib.Path : the file

    Raises
    ------
    BooksError : money or arms do not balance in a run
    InputError : the world, a branch, a countermeasure or an option cannot be used, or the file cannot be written
    MissingExtra : Jinja2 is not installed
    RunError : a run failed, or `rng` is not a valid seed
    TypeError : an option is unknown

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> print(ps.write_brief("quickstart", "brief.html", ["no-pact", "strong"], runs=40, futures=50))
    brief.html
    >>> "What to do first?" in Path("brief.html").read_text(encoding="utf-8")
    True
    """
    check_options("write_brief", options, BriefOptions)
    template("brief.html")  # fails before the runs if Jinja2 is missing
    target = path_of(out)
    with suppress(OSError):  # the current folder has been removed
        target = target.absolute()  # the steps of the caller may change it
    write(target, brief_page(brief_of(world, branches, runs, rng, **options)))
    return path_of(out)
