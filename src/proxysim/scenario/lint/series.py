"""Series that begin after the start, dates that no run reaches, and pacts outside the run."""

from __future__ import annotations

from collections.abc import Iterator

from proxysim.core.calendar import month_index, month_name
from proxysim.scenario.lint.facts import Facts, warning_at, warning_on
from proxysim.scenario.lint.warning import CheckWarning
from proxysim.scenario.schema.numbers import Written


def warnings(facts: Facts) -> Iterator[CheckWarning]:
    """Yield the warnings about dates of numbers, once for each place in the files."""
    start = month_index(*facts.base.start)
    end = start + facts.base.months - 1
    seen: set[CheckWarning] = set()
    for leaves in facts.leaves.values():
        for path, leaf in leaves.items():
            if leaf.origin == "default" or not isinstance(leaf.value, Written) or not leaf.value.series:
                continue
            first = leaf.value.series[0][0]
            if first > end:
                message = f"begins in {month_name(first)}, after the end {month_name(end)}, so only its first value counts, in every month"
                seen.add(warning_on(leaf, path, "late-series", message, "correct the dates, or give one value"))
            elif first > start:
                message = (
                    f"begins in {month_name(first)}, after the start {month_name(start)}; its first value is also used"
                    " for the months before"
                )
                seen.add(warning_on(leaf, path, "late-series", message, f"give a value for {month_name(start)}"))
            elif (late := leaf.value.series[-1][0]) > end:
                message = f"has a value for {month_name(late)}, after the end {month_name(end)}, which no run reaches"
                seen.add(warning_on(leaf, path, "late-dates", message, "correct the date, move the end, or leave it out"))
    yield from seen
    yield from _pacts(facts)


def _pacts(facts: Facts) -> Iterator[CheckWarning]:
    """Yield a warning for each pact that is not in force in any month of any branch."""
    for pact in facts.base.ids["pacts"]:
        begins = {scenario.numbers["pacts", pact, "in_force"] for scenario in facts.scenarios.values()}
        if all(number.value >= facts.base.months for number in begins):
            number = facts.base.numbers["pacts", pact, "in_force"]
            message = f"is {facts.month(round(number.value))}, after the end {facts.month(facts.base.months - 1)}, so the pact never counts"
            yield warning_at(number, ("pacts", pact, "in_force"), "outside-run", message, "correct the date, or move the end")
        ends = [scenario.numbers.get(("pacts", pact, "until")) for scenario in facts.scenarios.values()]
        given = [number for number in ends if number is not None]
        if given and len(given) == len(ends) and all(number.value <= 0 for number in given):
            message = f"is {facts.month(round(given[0].value))}, not after the start {facts.month(0)}, so the pact never counts"
            yield warning_at(given[0], ("pacts", pact, "until"), "outside-run", message, "correct the date")
