"""The comparison with patterns as text."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from proxysim.formatting import ascii_only, counted, joined, number, percent, plain, table
from proxysim.studies.patterns.document import DATED, Pattern

if TYPE_CHECKING:
    from proxysim.studies.patterns.assessment import Assessment, Verdict
    from proxysim.studies.patterns.held_back import HeldBack

_WIDTH = 118
_HEADS = ("pattern", "role", "range", "model (5 % to 95 %)", "in range", "met")


def summary(found: Assessment) -> str:
    """Return the comparison as text: the answer, the table, patterns that are no evidence, and the wrong models."""
    lines = [*_wrapped(headline(found)), ""]
    shown = list(found.evidence)
    lines += table(_HEADS, [_row(found, one) for one in shown], left=(0, 1, 5))
    if found.refused:
        lines += ["", "Refused as evidence, because no wrong model that they name fails them:"]
        lines += table(_HEADS, [_row(found, one) for one in found.refused], left=(0, 1, 5))
    given = [one for one in found.verdicts if not one.pattern.is_evidence]
    if given:
        lines += ["", "Inputs, or true by how the world is written; not counted:"]
        lines += table(_HEADS, [_row(found, one) for one in given], left=(0, 1, 5))
    if found.file.left_out:
        lines += ["", *_wrapped(f"Not comparable with this model: {joined([one.id for one in found.file.left_out], 40)}; the file says why.")]
    if found.rejections is not None:
        lines += ["", *_rivals(found)]
    return ascii_only("\n".join(lines))


def headline(found: Assessment) -> str:
    """Return the answer in one or two sentences."""
    evidence, scenario = found.evidence, found.file.scenario
    drawn = "all uncertain parameters resampled" if found.uncertain else "uncertain parameters at their values"
    name = Path(scenario.file).stem
    if not evidence:
        return f"{name}: no pattern of this file counts as evidence, so nothing here could have failed."
    verbs = ("counts", "is") if len(evidence) == 1 else ("count", "are")
    words = f"{name}: {found.met} of {counted(len(evidence), 'pattern')} that {verbs[0]} as evidence {verbs[1]} reproduced, "
    words += f"in {counted(found.runs, 'run')} with {drawn}."
    together = found.jointly
    words += f" Half of the runs pass {int(_middle(together))} or more of them; {percent(float((together == len(evidence)).mean()))} pass all."
    return words


def _middle(values: object) -> float:
    import numpy as np

    return float(np.quantile(np.asarray(values), 0.5, method="lower"))


def _row(found: Assessment, one: Verdict) -> tuple[str, ...]:
    return one.pattern.id, one.pattern.role, *range_and_model(found, one), percent(one.share), "yes" if one.met else "NO"


def range_and_model(found: Assessment, one: Verdict) -> tuple[str, str]:
    """Return the range of a pattern, and the median and interval of the model, as text; with more digits where both would look the same."""
    p, (q05, q95) = one.pattern, one.interval
    same = any(end != one.median and said(found, p, end) == said(found, p, one.median) for end in (p.low, p.high) if math.isfinite(end))
    digits = _EXACT if same else None
    median, low, high = (said(found, p, value, digits) for value in (one.median, q05, q95))
    return range_words(found, p, digits), median if median == low == high else f"{median} ({low} to {high})"


#: Significant digits of numbers that would otherwise look the same.
_EXACT = 6


def range_words(found: Assessment | HeldBack, pattern: Pattern, digits: int | None = None) -> str:
    """Return the range of a pattern as text, with three significant digits or more."""
    low, high = said(found, pattern, pattern.low, digits), said(found, pattern, pattern.high, digits)
    words = f"at most {high}" if math.isinf(pattern.low) else f"at least {low}" if math.isinf(pattern.high) else f"{low} to {high}"
    if pattern.low == pattern.high:
        words = low
    return words if pattern.at_least is None else f"{words} in {percent(pattern.at_least)} of runs"


def said(found: Assessment | HeldBack, pattern: Pattern, value: float, digits: int | None = None) -> str:
    """Return a value of a pattern as text: a month if it is dated; otherwise with three significant digits or more."""
    if pattern.statistic not in DATED:
        if math.isinf(value):
            return "never" if pattern.statistic == "lag-between" else "unbounded"
        return number(value) if digits is None else plain(value, digits, ",")
    if math.isnan(value):
        return "-"
    return "never" if math.isinf(value) else found.file.scenario.month_name(round(value))


#: Kinds of wrong models in words.
_KIND_WORDS = {"rule": ("rule off", "rules off"), "part": ("part of a rule off", "parts of rules off"), "variant": ("variant", "variants"),
               "policy": ("policy off", "policies off"), "number": ("end of a headline parameter", "ends of headline parameters"),
               "own": ("model of its own", "models of its own")}  # fmt: skip


def _rivals(found: Assessment) -> Iterator[str]:
    assert found.rejections is not None
    evidence = [one.pattern.id for one in found.evidence]
    tried = [one for one in found.rejections if one.model.kind != "own"]
    different = [one for one in tried if one.model.world is not None]
    rejected = [one for one in different if one.failed]
    yield from _wrapped(f"{len(rejected)} of {counted(len(different), 'wrong model')} fail a pattern: at most 1 % of their runs pass, where at least "
                        f"20 % of the model's do. By kind: {'; '.join(by_kind(found))}.")  # fmt: skip
    yield ""
    rows = []
    for one in found.rejections:
        if one.model.world is not None:
            rows.append((one.model.name, str(len(one.failed)), *(("x" if name in one.failed else ".") for name in evidence)))
    yield from table(("wrong model", "failed", *(f"{k + 1}" for k in range(len(evidence)))), rows)
    yield ""
    yield from _wrapped("Patterns: " + ", ".join(f"{k + 1} {name}" for k, name in enumerate(evidence)) + ".")
    own = [one for one in found.rejections if one.model.kind == "own" and one.model.world is not None]
    for words, models in (("What the data cannot tell", different), ("Models of the file itself that no pattern rejects", own)):
        left = [one.model.name for one in models if not one.failed]
        if left:
            yield ""
            yield from _wrapped(f"{words}: {joined(left, len(left))}.")
    same = [one.model.name for one in tried if one.model.world is None]
    if same:
        yield ""
        yield from _wrapped(f"The same as the model in this world: {joined(same, len(same))}.")


def by_kind(found: Assessment) -> list[str]:
    """Return how many wrong models of each kind fail a pattern, such as "9 of 14 rules off"."""
    assert found.rejections is not None
    words = []
    for kind, (single, many) in _KIND_WORDS.items():
        of_kind = [one for one in found.rejections if one.model.kind == kind and one.model.world is not None]
        if of_kind:
            words.append(f"{sum(bool(one.failed) for one in of_kind)} of {counted(len(of_kind), single, many)}")
    return words


def held_back_summary(found: HeldBack) -> str:
    """Return the prediction of held-back years as text."""
    from proxysim.studies.patterns.held_back import VERSIONS

    lines = _wrapped(f"{found.first} to {found.last} held back, {counted(found.runs, 'run')} of each version:")
    lines += [f"  {version}: {about}" for version, about in VERSIONS.items()]
    rows = []
    for k, one in enumerate(found.verdicts["as shipped"]):
        cells = [found.verdicts[version][k] for version in VERSIONS]
        texts = [f"{said(found, one.pattern, cell.median)} ({percent(cell.share)}) {'hit' if cell.met else 'MISS'}" for cell in cells]
        rows.append((one.pattern.id, one.pattern.role, range_words(found, one.pattern), *texts))
    lines += ["", *table(("pattern", "role", "range", *VERSIONS), rows, left=(0, 1))]
    lines += ["", *_wrapped(f"Median over the runs, and share of the runs in the range. {_hits(found)}")]
    return ascii_only("\n".join(lines))


def _hits(found: HeldBack) -> str:
    """Return how many patterns each version meets; as shipped, an input or a construction is no hit, since the world contains it."""
    words = []
    for evidence, what in ((True, "pattern"), (False, "input or construction")):
        met = {version: [one.met for one in verdicts if one.pattern.is_evidence is evidence] for version, verdicts in found.verdicts.items()}
        count = len(met["blind"])
        if count:
            told = [f"{sum(one)} {version}" for version, one in met.items() if evidence or version != "as shipped"]
            words.append(f"Of {counted(count, what, 'patterns' if evidence else 'inputs and constructions')}, {joined(told)}.")
    return " ".join(words)


def _wrapped(words: str) -> list[str]:
    return textwrap.wrap(words, _WIDTH, break_long_words=False, break_on_hyphens=False)
