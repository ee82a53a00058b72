"""The comparison with patterns of the real world as words and a table."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxysim.formatting import counted, joined, percent
from proxysim.scenario.shipped import shipped_patterns
from proxysim.studies.patterns.text import range_and_model, range_words

if TYPE_CHECKING:
    from proxysim.report.study.findings import Findings
    from proxysim.studies.patterns.assessment import Verdict

_ROLES = {"fit": "fit", "check": "check", "construction": "by construction", "input": "put in"}


def in_one_sentence(found: Findings) -> str:
    """How many historical patterns are reproduced, as a sentence."""
    if found.history is None:
        return "The world was not compared with historical patterns."
    whole = found.history.at_values
    return f"Of {counted(len(whole.evidence), 'historical pattern')}, {whole.met} {'is' if whole.met == 1 else 'are'} reproduced."


def patterns_section(found: Findings) -> dict[str, Any] | None:
    """The table of patterns and the sentences around it; None if the world was not compared with any."""
    if found.history is None:
        return None
    whole, drawn = found.history.at_values, found.history.resampled
    rows = [_row(found, one, other) for one, other in zip(whole.verdicts, drawn.verdicts, strict=True)]
    missed = [f"{one.pattern.about}: {_against(found, one)}" for one in whole.evidence if not one.met]
    compared, branch = Path(whole.file.world.file).stem, whole.file.scenario.branch or "none"
    where = f" The runs are those of the branch {branch}"
    same = compared == Path(found.world.scenario.file).stem
    where += "." if same else f" of {compared}, which this world extends, without the changes of this report."
    return {
        "sentence": in_one_sentence(found) + where, "missed": missed, "rows": [row for row in rows if row["evidence"]],
        "given": [row for row in rows if not row["evidence"]], "runs": whole.runs, "command": _command(Path(whole.file.file)),
        "sources": [(key, whole.file.sources[key]) for key in dict.fromkeys(key for one in whole.verdicts for key in one.pattern.source)],
        "left_out": joined([one.about for one in whole.file.left_out], 40) if whole.file.left_out else "",
    }  # fmt: skip


def _command(file: Path) -> str:
    """The command that compares a world with the patterns of a file."""
    shipped = [name for name, one in shipped_patterns().items() if one == file]
    return shlex.join(["proxysim", "patterns", *(shipped or [str(file)])])


def _against(found: Findings, one: Verdict) -> str:
    """What was published and what the model shows, for a pattern that is not reproduced."""
    assert found.history is not None
    whole, p = found.history.at_values, one.pattern
    if p.at_least is not None:
        return f"{range_words(whole, p)}, in the model in {percent(one.share)}"
    within, model = range_and_model(whole, one)
    return f"{within}, in the model {model.partition(' (')[0]}"


def _row(found: Findings, one: Verdict, other: Verdict) -> dict[str, Any]:
    assert found.history is not None
    whole, p = found.history.at_values, one.pattern
    within, model = range_and_model(whole, one)
    return {"about": p.about, "role": _ROLES[p.role], "evidence": p.is_evidence, "range": within, "model": model,
            "share": percent(other.share), "met": one.met, "source": ", ".join(p.source), "published": p.published}  # fmt: skip
