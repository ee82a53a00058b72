"""The comparison with patterns of the real world as words and a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxysim.formatting import counted, joined, percent
from proxysim.studies.patterns.text import range_words, said

if TYPE_CHECKING:
    from proxysim.report.study.findings import Findings
    from proxysim.studies.patterns.assessment import Verdict

_ROLES = {"fit": "fit", "check": "check", "construction": "by construction", "input": "put in"}


def in_one_sentence(found: Findings) -> str:
    """How many historical patterns are reproduced, as a sentence."""
    if found.history is None:
        return "The world was not compared with historical patterns."
    whole = found.history.at_values
    return f"{whole.met} of {counted(len(whole.evidence), 'historical pattern')} {'is' if whole.met == 1 else 'are'} reproduced."


def patterns_section(found: Findings) -> dict[str, Any] | None:
    """The table of patterns and the sentences around it; None if the world was not compared with any."""
    if found.history is None:
        return None
    whole, drawn = found.history.at_values, found.history.resampled
    rows = [_row(found, one, other) for one, other in zip(whole.verdicts, drawn.verdicts, strict=True)]
    missed = [f"{one.pattern.about}: {_against(found, one)}" for one in whole.evidence if not one.met]
    compared = Path(whole.file.world.file).stem
    where = "" if compared == Path(found.world.scenario.file).stem else f" The runs are those of {compared}, which this world extends."
    return {
        "sentence": in_one_sentence(found) + where, "missed": missed, "rows": [row for row in rows if row["evidence"]],
        "given": [row for row in rows if not row["evidence"]], "runs": whole.runs, "command": f"proxysim patterns {compared}",
        "left_out": joined([one.about for one in whole.file.left_out], 40) if whole.file.left_out else "",
    }  # fmt: skip


def _against(found: Findings, one: Verdict) -> str:
    """What was published and what the model shows, for a pattern that is not reproduced."""
    assert found.history is not None
    whole, p = found.history.at_values, one.pattern
    if p.at_least is not None:
        return f"{range_words(whole, p)}, in the model in {percent(one.share)}"
    return f"{range_words(whole, p)}, in the model {said(whole, p, one.median)}"


def _row(found: Findings, one: Verdict, other: Verdict) -> dict[str, Any]:
    assert found.history is not None
    whole, p = found.history.at_values, one.pattern
    low, high = one.interval
    model = f"{said(whole, p, one.median)} ({said(whole, p, low)} to {said(whole, p, high)})"
    return {"about": p.about, "role": _ROLES[p.role], "evidence": p.is_evidence, "range": range_words(whole, p), "model": model,
            "share": percent(other.share), "met": one.met, "source": ", ".join(p.source), "published": p.published}  # fmt: skip
