"""Write docs/validation.md, the comparison of the shipped worlds with patterns of the real world, and a part of docs/worlds.md.

Run ``python docs/generate_validation.py [--runs N]``; it takes about four minutes on two cores. With ``--check`` it writes
nothing and fails if a page is out of date. Every figure of the page comes from these runs. In docs/worlds.md it replaces only
the text between ``<!-- validation: begin -->`` and ``<!-- validation: end -->``. Results do not depend on the machine.
"""
# ruff: noqa: E501 - paragraphs of a page

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from proxysim.formatting import counted, joined, percent
from proxysim.runs.threads import Progress
from proxysim.studies.patterns.assessment import LEAST_RUNS, Assessment, Rejection, Verdict, patterns
from proxysim.studies.patterns.document import DATED, Pattern, PatternsFile
from proxysim.studies.patterns.held_back import VERSIONS, HeldBack, held_back
from proxysim.studies.patterns.reader import read_patterns
from proxysim.studies.patterns.statistic import passes
from proxysim.studies.patterns.text import range_words, said

DOCS = Path(__file__).parent
PAGE, WORLDS_PAGE = DOCS / "validation.md", DOCS / "worlds.md"
BEGIN, END = "<!-- validation: begin -->", "<!-- validation: end -->"
RUNS, SEED = 400, 0
WIDTH = 180

#: World -> heading and held-back years.
WORLDS: dict[str, tuple[str, tuple[str, str]]] = {
    "levant": ("Levant 2020-2026", ("2023-01", "2024-12")),
    "angola": ("Angola 1975-1991", ("1987-01", "1988-12")),
}

#: World -> pattern that the world misses -> why. A pattern that is met, or a miss that is not listed, is a fault.
REASONS: dict[str, dict[str, str]] = {
    "levant": {
        "iran-russia-money": "Russia buys drones and small arms. Most of the reported money is for missiles, which it does not buy in this world (see the next line).",
        "iran-russia-missiles": "Russia holds so many missiles of its own that it never buys any.",
        "cost-of-drones": "In the model, only experience lowers the cost, and the learning rate of the world is too low for this. The published figure is a price, "
        "which also contains the margin of the seller.",
        "drones-in-2024": "The event drone-programme raises Russia's plant from October 2024 on. Until then it imports most of its drones and makes few.",
        "seizure-of-2025": "The event makes searches four times as intense in that month, but a cargo keeps its usual size. One very large cargo cannot occur.",
        "drone-contract": "Close below the low end of the range.",
        "russian-drones-2025": "Close below the low end of the range. Plant is set to the reported output, and part of the knowhow to use it is still missing.",
        "reverse-flow": "The event opens the tie for two months, but in most runs Russia buys nothing in them.",
        "largest-seizure": "Searches are four times as intense in that month, but cargoes keep their size, so that a month with more luck often has more.",
        "arms-destroyed": "The fall itself destroys 0.60 in the file. The strikes of the next days are an event, and the books do not count it as destroyed in the fall.",
    },
    "angola": {
        "deliveries-after-1980": "The world follows ACDA, which counts all arms and has them double after 1980. SIPRI counts major weapons, and its rise is twice as large.",
        "cuba-first-1976-80": "Angola receives over half of what goes to the two. Of the major weapons that SIPRI counts, Cuba received three quarters.",
        "first-deliveries": "Soviet support is a smooth budget in the world. It has no emergency lift in the first winter.",
        "soviet-rifles-1979": "Both sides lose equal amounts in fighting, so UNITA captures less than it loses itself. It would have to capture about ninety times as much.",
    },
}  # fmt: skip

#: World -> what a reader has to know about how its patterns and their roles came about.
HISTORY: dict[str, str] = {
    "levant": "Most ranges were written before any run was compared with them. Roles and wrong models were not all fixed then. After the first comparison, seven patterns to whose "
    "figure a number of the world had been adjusted were moved from input to fit, three were replaced by others, several wrong models were replaced, and three numbers of "
    "the world were adjusted to patterns of role fit and to two checks, `seizure-rise` and `houthis-2024`, which are fits since. Four more patterns were added with the runs known: "
    "`drones-before-the-plant`, `mastery-in-2023`, `drones-in-2024` and `ukraine-inventory`.",
    "angola": "Roles and ranges were written before any run was compared with them. The first version of the world met 9 of 22 patterns. Its numbers were then mended to agree with "
    "their own sources, and adjusted to the patterns of role fit. Five checks became inputs, because the world now follows the same source or the figure follows from an event. One was left "
    "out, because no wrong model fails it. Of the 16 that remain, the first version met 8 (4 fits and 4 checks). The fits are met because the world was adjusted to them.",
}  # fmt: skip

#: Kinds of wrong models: what they are called, and as a heading.
KINDS = {
    "rule": ("a whole rule off", "Whole rules"),
    "part": ("a part of a rule off", "Parts of rules"),
    "variant": ("another variant of a rule", "Variants of rules"),
    "policy": ("a policy off", "Policies"),
    "number": ("a headline parameter at an end of its range", "Ends of headline parameters"),
    "own": ("written for this world", "Written for this world"),
}


@dataclass(frozen=True)
class Found:
    """All comparisons of one world.

    Attributes
    ----------
    name, title : name of the world and heading
    values : comparison with uncertain parameters at their values, with all wrong models
    drawn : the same with uncertain parameters resampled
    held : held-back years
    """

    name: str
    title: str
    values: Assessment
    drawn: Assessment
    held: HeldBack

    @property
    def file(self) -> PatternsFile:
        """The patterns file."""
        return self.values.file

    def drawn_evidence(self) -> list[Verdict]:
        """The same patterns as the evidence of `values`, with uncertain parameters resampled."""
        ids = {one.pattern.id for one in self.values.evidence}
        return [one for one in self.drawn.verdicts if one.pattern.id in ids]

    def missed(self) -> list[Verdict]:
        """Patterns that are evidence and that the world misses."""
        return [one for one in self.values.evidence if not one.met]


# ---- Runs ------------------------------------------------------------------------------------------------------------
def compared(name: str, runs: int) -> Found:
    """Run all comparisons of one world."""
    title, years = WORLDS[name]
    file = read_patterns(name)
    check_reasons(name, patterns(file, runs, SEED, rivals="none"))
    values = patterns(file, runs, SEED, rivals="all", progress=told(f"{name}, at values"))
    drawn = patterns(file, runs, SEED, uncertain=True, rivals="all", progress=told(f"{name}, resampled"))
    held = held_back(file, years, runs, SEED)
    return Found(name, title, values, drawn, held)


def told(what: str) -> Progress:
    """A progress line for people who wait."""
    def show(done: int, total: int) -> None:
        print(f"\r{what}: {done:,} of {total:,} runs", end="\n" if done == total else "", file=sys.stderr)

    return show


def check_reasons(name: str, found: Assessment) -> None:
    """Fail if a miss has no reason, or a reason no miss."""
    missed = {one.pattern.id for one in found.verdicts if not one.met}
    given = set(REASONS[name])
    if missed != given:
        sys.exit(f"REASONS of {name}: without a reason: {joined(sorted(missed - given), 99)}; not missed: {joined(sorted(given - missed), 99)}")


# ---- Parts of the page -----------------------------------------------------------------------------------------------
def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format a Markdown table."""
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    return "\n".join(lines + [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]) + "\n"


def wrapped(words: str) -> str:
    """Break a paragraph into lines."""
    lines, line = [], ""
    for word in words.split():
        if line and len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line]) + "\n"


def direct(one: Pattern) -> bool:
    """Whether a number of the world was adjusted to this very figure, although the pattern counts as evidence."""
    return one.is_evidence and bool(one.because)


def role(one: Pattern) -> str:
    """The role of a pattern, marked if a number was adjusted to its figure."""
    return f"{one.role}*" if direct(one) else one.role


def cited(one: Pattern) -> str:
    """The published figure with its sources."""
    return f"{one.published} [{', '.join(one.source)}]"


def value(found: Found, one: Pattern, of: float) -> str:
    """A value of a pattern; a ratio to nothing is unbounded."""
    if one.statistic not in DATED and math.isinf(of):
        return "never" if one.statistic == "lag-between" else "unbounded"
    return said(found.values, one, of)


def model(found: Found, one: Verdict) -> str:
    """The median with the 5th and the 95th percentile."""
    if math.isnan(one.median):
        return "undefined in most runs"
    low, high = (value(found, one.pattern, end) for end in one.interval)
    middle = value(found, one.pattern, one.median)
    return middle if low == middle == high else f"{middle} ({low} to {high})"


def yes(met: bool) -> str:
    """Whether a pattern is reproduced; a miss is bold."""
    return "yes" if met else "**NO**"


def pairs(found: Found, evidence: bool) -> list[tuple[Verdict, Verdict]]:
    """Verdicts with parameters at their values and resampled, on patterns that are evidence or not."""
    both = zip(found.values.verdicts, found.drawn.verdicts, strict=True)
    return [(one, other) for one, other in both if one.pattern.is_evidence == evidence]


def met_of(verdicts: Iterable[Verdict]) -> str:
    """How many verdicts are met, such as "9 of 12"; a dash if there are none."""
    listed = list(verdicts)
    return "–" if not listed else f"{sum(one.met for one in listed)} of {len(listed)}"


def by_role(verdicts: Iterable[Verdict]) -> tuple[str, str, str]:
    """How many are met: checks, fits, and fits with a number adjusted to the figure."""
    listed = list(verdicts)
    return (met_of(one for one in listed if one.pattern.role == "check"), met_of(one for one in listed if one.pattern.role == "fit" and not direct(one.pattern)),
            met_of(one for one in listed if direct(one.pattern)))  # fmt: skip


def rejected(found: Assessment, kinds: Iterable[str]) -> tuple[int, int]:
    """How many wrong models of some kinds fail a pattern, and how many there are."""
    assert found.rejections is not None
    different = [one for one in found.rejections if one.model.kind in kinds and one.model.world is not None]
    return sum(bool(one.failed) for one in different), len(different)


def both(found: Found) -> list[tuple[Rejection, Rejection]]:
    """The wrong models that differ from the world, with parameters at their values and resampled."""
    assert found.values.rejections is not None and found.drawn.rejections is not None
    return [(one, other) for one, other in zip(found.values.rejections, found.drawn.rejections, strict=True) if one.model.world is not None]


BUILT_IN = [kind for kind in KINDS if kind != "own"]


def short(founds: Sequence[Found]) -> str:
    """The table of the whole page."""
    rows = []
    for one in founds:
        check, fit, adjusted = by_role(one.values.evidence)
        caught = [rejected(mode, BUILT_IN) for mode in (one.values, one.drawn)]
        rows.append((f"`{one.name}`", met_of(one.values.evidence), check, fit, adjusted, met_of(one.drawn_evidence()),
                     *(f"{some} of {all_}" for some, all_ in caught)))  # fmt: skip
    return table(("world", "patterns reproduced", "check", "fit", "fit*", "with draws", "wrong models rejected", "with draws"), rows)


def described(one: Rejection) -> str:
    """A wrong model in words."""
    model = one.model
    if model.kind == "number":
        path, end = model.name.rsplit(" ", 1)
        return f"`{path}` at the {end} end"
    return model.about if model.about != model.name else f"`{model.name}`"


def listed(models: Sequence[Rejection]) -> str:
    """Wrong models as a list by kind, ends of one parameter together."""
    lines = []
    for kind, (_, heading) in KINDS.items():
        of_kind = [one for one in models if one.model.kind == kind]
        if of_kind:
            words = ends(of_kind) if kind == "number" else [described(one) for one in of_kind]
            lines += [f"- **{heading}** ({len(of_kind)}): {'; '.join(words)}."]
    return "\n".join(lines) + "\n" if lines else "None.\n"


def ends(models: Sequence[Rejection]) -> list[str]:
    """Parameters, with the ends that are listed."""
    found: dict[str, list[str]] = {}
    for one in models:
        path, end = one.model.name.rsplit(" ", 1)
        found.setdefault(path, []).append(end)
    return [f"`{path}` at {'both ends' if len(which) == 2 else f'the {which[0]} end'}" for path, which in found.items()]


def evidence_part(found: Found) -> Iterator[str]:
    """The patterns that count, the misses, and those that do not count."""
    evidence = pairs(found, True)
    yield "### Patterns that can be failed\n"
    yield table(("pattern", "role", "published figure", "range", "model, median (5 to 95 %)", "runs in range", "draws in range", "reproduced"), [
        (f"`{one.pattern.id}`: {one.pattern.about}", role(one.pattern), cited(one.pattern), range_words(found.values, one.pattern), model(found, one),
         percent(one.share), percent(other.share), yes(one.met)) for one, other in evidence])  # fmt: skip
    yield wrapped(f"{met_of(found.values.evidence)} are reproduced with uncertain parameters at their values, and {met_of(found.drawn_evidence())} if all of them are resampled. "
                  f"{percent(at_once(found.values.evidence))} of the runs pass all patterns at once, and {percent(at_once(found.drawn_evidence()))} of the draws.")  # fmt: skip
    refused = [one.pattern.id for one in found.values.refused]
    if refused:
        yield wrapped(f"No evidence after all, because none of the wrong models that they name fails them: {joined([f'`{one}`' for one in refused], 99)}.")
    only = [one.pattern.id for one in found.drawn.refused if one.pattern.id not in refused]
    if only:
        yield wrapped(f"Weak evidence, because none of the wrong models that they name fails them once parameters are resampled: {joined([f'`{one}`' for one in only], 99)}.")
    yield "### Missed\n"
    yield "\n".join(f"- `{one.pattern.id}`: {one.pattern.about}. {compared_words(found, one)} {REASONS[found.name][one.pattern.id]}" for one in found.missed()) + "\n"
    yield "### Assumed, or true by construction\n"
    yield wrapped("These agree, or should agree, because of how the world is written. They count neither as hits nor as misses.")
    given = pairs(found, False)
    yield table(("pattern", "role", "range", "model, median (5 to 95 %)", "reproduced", "what makes it true"), [
        (f"`{one.pattern.id}`: {one.pattern.about}", one.pattern.role, range_words(found.values, one.pattern), model(found, one), yes(one.met), one.pattern.because)
        for one, _ in given])  # fmt: skip
    failed = [one for one, _ in given if not one.met]
    if failed:
        yield "Not reproduced all the same:\n"
        yield "\n".join(f"- `{one.pattern.id}`: {REASONS[found.name][one.pattern.id]}" for one in failed) + "\n"
    yield "### Left out\n"
    yield wrapped("Published figures with which this world cannot be compared:")
    yield table(("figure", "why not"), [(one.about, one.because) for one in found.file.left_out])


def at_once(evidence: Sequence[Verdict]) -> float:
    """Share of the runs that pass all patterns."""
    return float(np.all([passes(one.pattern, one.values) for one in evidence], axis=0).mean())


def compared_words(found: Found, one: Verdict) -> str:
    """The model and the range of a miss."""
    return f"The model has {model(found, one)}; the range is {range_words(found.values, one.pattern)}."


def wrong_part(found: Found) -> Iterator[str]:
    """The wrong models: how many are rejected, which pattern rejects which, and which none rejects."""
    yield "### Wrong models\n"
    rows = []
    for kind, (words, _) in KINDS.items():
        counts = [rejected(mode, [kind]) for mode in (found.values, found.drawn)]
        if counts[0][1]:
            rows.append((words, str(counts[0][1]), str(counts[0][0]), str(counts[1][0])))
    yield table(("kind", "tried", "rejected, parameters at their values", "rejected, parameters resampled"), rows)
    if not found.file.headline:
        yield wrapped("This file names no headline parameters, so no ends were tried.")
    every = both(found)
    yield "Which patterns reject which wrong models, with parameters at their values and resampled:\n"
    yield table(("wrong model", "kind", "rejected by", "resampled, by"), [
        (described(one), KINDS[one.model.kind][0], names(one.failed), names(other.failed)) for one, other in every if one.failed or other.failed])  # fmt: skip
    yield "#### What the data cannot tell\n"
    yield wrapped("No pattern rejects these wrong models, with parameters at their values or resampled. The comparison says nothing about them, for or against. "
                  "An answer that depends on one of them rests on the assumptions of the file and not on this comparison.")  # fmt: skip
    yield listed([one for one, other in every if not one.failed and not other.failed])
    once = [one for one, other in every if one.failed and not other.failed]
    if once:
        yield wrapped("These are rejected only while all parameters have their values, and no longer if they are resampled. Other values within the ranges would hide the fault:")
        yield listed(once)
    assert found.values.rejections is not None
    same = [one for one in found.values.rejections if one.model.world is None]
    if same:
        yield wrapped("These do not differ from the world as it is, because it does not use what they switch off:")
        yield listed(same)


def names(failed: Sequence[str]) -> str:
    """Ids of patterns."""
    return ", ".join(f"`{one}`" for one in failed) or "none"


def held_part(found: Found) -> Iterator[str]:
    """Held-back years in three versions."""
    held = found.held
    yield f"### Held-back years, {held.first} to {held.last}\n"
    yield wrapped("*Blind*: every series keeps its value of the month before, and no later event happens. *Wars given*: the same, but the wars take their dated course. "
                  "*As shipped*: the file as it is. Median over the runs, and share of the runs in the range.")  # fmt: skip
    columns = [held.verdicts[version] for version in VERSIONS]
    rows = [(f"`{cells[0].pattern.id}`", role(cells[0].pattern), range_words(held, cells[0].pattern), *(held_cell(found, one) for one in cells))
            for cells in zip(*columns, strict=True)]  # fmt: skip
    yield table(("pattern", "role", "range", *VERSIONS), rows)
    inside = list(zip(*columns, strict=True))
    evidence = [cells for cells in inside if cells[0].pattern.is_evidence]
    yield wrapped(f"Of {counted(len(evidence), 'pattern')} that can be failed, {sum(c[0].met for c in evidence)} are met blind, {sum(c[1].met for c in evidence)} with the wars given "
                  f"and {sum(c[2].met for c in evidence)} as shipped; of {counted(len(inside) - len(evidence), 'input or construction', 'inputs and constructions')}, "
                  f"{sum(c[0].met for c in inside) - sum(c[0].met for c in evidence)} blind.")  # fmt: skip
    wars = [c[0].pattern.id for c in inside if not c[0].met and c[1].met]
    later = [c[0].pattern.id for c in inside if not c[0].met and not c[1].met and c[2].met]
    if wars:
        yield wrapped(f"Missed blind and met with the wars given: {names(wars)}. They follow from the dated intensities of the wars, which are inputs; that the model has them is no prediction.")
    if later:
        yield wrapped(f"Met only as shipped: {names(later)}. They follow from other dated numbers or events of these years.")
    yield wrapped("Blind hides the later series and events from the model. It does not hide them from whoever wrote the world: the numbers before these years, their ranges and the rules "
                  "were set with knowledge of what came later. A hit here is weaker than a prediction.")  # fmt: skip


def held_cell(found: Found, one: Verdict) -> str:
    """One version of one pattern."""
    return f"{value(found, one.pattern, one.median)} ({percent(one.share)}) {'hit' if one.met else '**MISS**'}"


def sources_part(found: Found) -> str:
    """The sources of the patterns."""
    used = Counter(key for one in found.values.verdicts for key in one.pattern.source)
    rows = [(key, text, str(used[key])) for key, text in found.file.sources.items() if used[key]]
    return "### Sources of the patterns\n\n" + table(("source", "what", "patterns"), rows)


INTRODUCTION = """# Comparison with the real world

This page asks why anyone should believe the runs of the shipped worlds of real conflicts. It compares them with published figures, lists what they get wrong next to what they get right, and says
what the comparison cannot tell. [limits.md](limits.md) says what follows from that for the use of the results.

The command `python docs/generate_validation.py` writes the whole page. Every figure comes from {runs} runs with seed {seed}. The results do not depend on the machine. These commands give the
same comparisons:

```sh
{commands}
```

The patterns are in [levant.patterns.toml](../scenarios/levant.patterns.toml) and [angola.patterns.toml](../scenarios/angola.patterns.toml). The invented worlds `quickstart` and `insurgency` cannot be
compared with anything. `levant-2025` extends `levant`, and most of its years are in the future.

## In short
"""

READING = """Check, fit and fit* are the roles of the patterns, and *with draws* means that all uncertain parameters are resampled; see the next section. The wrong models counted here are those that can be
made in any world. In words:
"""

HOW_TO_READ = """## How to read this page

**A pattern** is one published figure: what its source can see, a statistic of that, and the range in which the runs should lie. The range comes from the published figure and its stated uncertainty.

**Roles.** Only two of the four count as evidence.

| role | meaning | counts |
|---|---|---|
| check | no number of the world was adjusted to it | yes |
| fit | used, or fair to be used, to adjust numbers of the world | yes, as weaker evidence |
| fit* | a fit for which the file names a number that was set to this very figure | yes, but it shows only that the model can hold the figure |
| input | the figure, or one from which it follows, is a number of the world | no |
| construction | true by how the world or a rule is written | no |

**Model.** Median over the runs with uncertain parameters at their values, with the 5th and the 95th percentile in brackets. These show random variation only. *Runs in range* is the share of these runs
that lie in the range. *Draws in range* is the same share if all uncertain parameters, and what sources see, are resampled. A pattern is reproduced if the median lies in the range, or, for
"in 80 %", if at least that share of the runs does.

**Wrong models** are models that are known to be wrong: a rule or a part of one switched off, another variant of a rule, a headline parameter at an end of its range, or a mistake written for this
world. A wrong model fails a pattern, and is *rejected*, if at most 1 % of its runs lie in the range while at least 20 % of the runs of the model do. Where the statistic is undefined in more than half
of the runs of a wrong model, such as a delay from a delivery that never comes, the pattern counts neither for nor against it. A pattern that the model itself misses can reject nothing. Nothing is adjusted again for a wrong model, so the number of rejections is rather too high than too low.

**A hit is no proof.** Many patterns follow from few numbers, and a world with hundreds of assumptions can hold a history for the wrong reasons. The misses and the wrong models that no pattern rejects
say more about the model than the number of hits.
"""

NOT_FOR = """## What the model is not for

- forecasts of wars, of falls of governments or of single shipments;
- levels of arms or money that no source reports; most are assumptions;
- answers that rest on a rule or a parameter listed above under "What the data cannot tell", unless the answer says so;
- other worlds: their numbers need patterns of their own ([how to write them](how-to-patterns.md)).

[limits.md](limits.md) has the whole list with reasons.
"""


def commands() -> str:
    """The commands behind the page."""
    lines = []
    for name, (_, years) in WORLDS.items():
        lines += [f"proxysim patterns {name} --runs {RUNS} --rivals", f"proxysim patterns {name} --runs {RUNS} --rivals --uncertain",
                  f"proxysim patterns {name} --runs {RUNS} --held-back {years[0]}:{years[1]}"]  # fmt: skip
    return "\n".join(lines)


def in_words(found: Found) -> str:
    """The result of one world in a list entry."""
    check = [one for one in found.values.evidence if one.pattern.role == "check"]
    rules, parts, variants = (rejected(found.values, [kind]) for kind in ("rule", "part", "variant"))
    words = [f"- **{found.title}.** {sum(one.met for one in check)} of {counted(len(check), 'check')} are reproduced, and {met_of(found.values.evidence)} of all patterns that can be failed.",
             f"Missed: {names([one.pattern.id for one in found.missed()])}.",
             f"The patterns notice the absence of {rules[0]} of {rules[1]} whole rules and {parts[0]} of {parts[1]} parts of rules, and {variants[0]} of {variants[1]} variants."]  # fmt: skip
    number = rejected(found.values, ["number"])
    if number[1]:
        drawn = rejected(found.drawn, ["number"])
        words.append(f"Of {number[1]} ends of the parameters on which the main answer rests they reject {number[0]} ({drawn[0]} with draws), so the main answer is hardly tested.")
    return " ".join(words)


def whole_page(founds: Sequence[Found], runs: int) -> str:
    """docs/validation.md."""
    parts = [INTRODUCTION.format(runs=runs, seed=SEED, commands=commands().replace(f"--runs {RUNS}", f"--runs {runs}")), short(founds), READING]
    parts += ["\n".join(in_words(one) for one in founds) + "\n", HOW_TO_READ]
    for one in founds:
        scenario = one.file.scenario
        parts += [f"## {one.title}\n", wrapped(f"World `{one.name}`, hash {scenario.hash}, branch {scenario.branch or 'none'}; {counted(len(one.file.patterns), 'pattern')}, "
                                               f"{len(one.values.evidence)} of which can be failed. {HISTORY[one.name]}")]  # fmt: skip
        parts += [*evidence_part(one), *wrong_part(one), *held_part(one), sources_part(one)]
    return "\n".join([*parts, NOT_FOR])


def block(founds: Sequence[Found], runs: int) -> str:
    """The part of docs/worlds.md."""
    rows = []
    for one in founds:
        check, fit, adjusted = by_role(one.values.evidence)
        rows.append((f"`{one.name}`", check, fit, adjusted, names([miss.pattern.id for miss in one.missed()])))
    words = wrapped(f"Patterns that are reproduced, by role, in {runs} runs with uncertain parameters at their values, and those that are missed. No number was adjusted to a check. For a fit*, the "
                    "file names a number that was set to this very figure. [validation.md](validation.md) has each pattern with its range, source and value, the reason for each miss, and "
                    "what the comparison cannot tell.")  # fmt: skip
    return f"{BEGIN}\n\n{words}\n{table(('world', 'check', 'fit', 'fit*', 'missed'), rows)}\n{END}"


def main() -> int:
    """Write the pages, or report which are out of date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs of each world and of each wrong model; at least {LEAST_RUNS}")
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 if a page is out of date")
    given = parser.parse_args()
    founds = [compared(name, given.runs) for name in WORLDS]
    page = WORLDS_PAGE.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{WORLDS_PAGE.name} lacks the lines {BEGIN} and {END}")
    wanted = {PAGE: whole_page(founds, given.runs), WORLDS_PAGE: before + block(founds, given.runs) + after}
    old = [file for file, text in wanted.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    if given.check:
        for file in old:
            print(f"{file.relative_to(DOCS.parent)} is out of date; run: python docs/generate_validation.py", file=sys.stderr)
        return 1 if old else 0
    for file in old:
        file.write_text(wanted[file], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
