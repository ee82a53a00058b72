"""Values of a scenario file that are not numbers: text, ids, lists, dates and conditions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from proxysim.errors import did_you_mean
from proxysim.scenario.schema.keys import LABEL_LIMIT, NAMED, SINGLE, TEXT_LIMIT, Key, key_at, leaf_length
from proxysim.scenario.schema.numbers import Problems, Reader, grade_fault, month_of, read_sources, show
from proxysim.scenario.schema.units import Unit, UnitError, flows_unit
from proxysim.scenario.toml.paths import split_path

ID = re.compile(r"[a-z][a-z0-9_-]{0,63}")
ID_FORM = "lower-case letters, digits, - and _, beginning with a letter, at most 64"
_TIE = re.compile(r"\s*([^\s>]+?)\s*->\s*([^\s>]+?)(?:\s+via\s+([^\s>]+?))?\s*")
CONDITIONS_LIMIT = 4
#: Largest number of measures that a policy watches, and of paths that it moves.
WATCHES_LIMIT = 24
_CONDITION_FIELDS = ("fallen", "happened", "measure", "of", "below", "above", "months")


@dataclass(frozen=True, order=True)
class Clause:
    """One condition of an event, as written."""

    kind: str
    of: str
    measure: str | None = None
    below: float | None = None
    above: float | None = None
    months: int = 1


def tie_parts(text: str) -> tuple[str, str, str | None] | None:
    """Return sender, receiver and broker of a tie such as ``north -> reds via blues``, or None if it is not a tie."""
    match = _TIE.fullmatch(text) if len(text) < 300 else None
    return (match[1], match[2], match[3]) if match else None


def tie_id(text: str) -> str:
    """Return a tie, or a pattern of ties, with standard spaces: ``a -> b via c``."""
    parts = tie_parts(text)
    if parts is None:
        return text
    return f"{parts[0]} -> {parts[1]}" + (f" via {parts[2]}" if parts[2] else "")


def id_fault(text: str) -> str:
    """Return what is wrong with an id, or an empty text."""
    return "" if ID.fullmatch(text) else f"{show(text)} is not an id; allowed are {ID_FORM}"


def read_value(key: Key, raw: Any, flows: Unit) -> tuple[Any, Problems]:
    """Return one value of `key` as the model needs it, or None and its faults."""
    if key.type == "number":
        assert key.parameter is not None
        return Reader(key.parameter, flows, dated=key.dated).read(raw)
    value, problem = _READERS[key.type](key, raw)
    return (None, problem) if problem else (value, [])


Found = tuple[Any, Problems]


def _one(message: str) -> Problems:
    return [("", message)] if message else []


def _text(key: Key, raw: Any) -> Found:
    limit = LABEL_LIMIT if key.type == "label" else TEXT_LIMIT
    if not isinstance(raw, str):
        return None, _one(f"needs text in quotes; found {show(raw)}")
    if key.required and not raw.strip():
        return None, _one("is empty")
    long = f"found {len(raw)} characters; allowed are at most {limit}" if len(raw) > limit else ""
    return raw, _one(long)


def _flag(key: Key, raw: Any) -> Found:
    return raw, _one("" if isinstance(raw, bool) else f"needs true or false; found {show(raw)}")


def _id(key: Key, raw: Any) -> Found:
    if not isinstance(raw, str):
        return None, _one(f"needs an id in quotes; found {show(raw)}")
    return raw, _one(id_fault(raw))


def _ids(key: Key, raw: Any) -> Found:
    if not isinstance(raw, list | tuple):
        return None, _one(f'needs a list of ids such as ["a", "b"]; found {show(raw)}')
    for entry in raw:
        if not isinstance(entry, str):
            return None, _one(f"needs ids in quotes in the list; found {show(entry)}")
        if id_fault(entry):
            return None, _one(id_fault(entry))
    if len(set(raw)) < len(raw):
        doubled = next(entry for at, entry in enumerate(raw) if entry in raw[:at])
        return None, _one(f'names "{doubled}" twice')
    if key.name == "between" and len(raw) != 2:
        return None, _one(f"needs two places; found {len(raw)}")
    return tuple(raw), []


def _chains(key: Key, raw: Any) -> Found:
    if not isinstance(raw, list | tuple) or not raw or not all(isinstance(entry, list | tuple) and entry for entry in raw):
        return None, _one(f'needs lists of legs such as [["a", "b"], ["c"]]; found {show(raw)}')
    for entry in raw:
        _, problem = _ids(key, entry)
        if problem:
            return None, problem
    chains = tuple(tuple(entry) for entry in raw)
    twice = next((chain for at, chain in enumerate(chains) if chain in chains[:at]), None)
    return chains, _one("" if twice is None else f"names the route {show(list(twice))} twice")


def _date(key: Key, raw: Any) -> Found:
    month = month_of(raw)
    return month, _one(
        "" if month is not None else f"needs a date without quotes such as 2021-06-01; found {show(raw)}"
    )


def _dates(key: Key, raw: Any) -> Found:
    months = [month_of(entry) for entry in raw] if isinstance(raw, list | tuple) and len(raw) == 2 else []
    if len(months) != 2 or months[0] is None or months[1] is None:
        return None, _one(f"needs two dates such as [2021-01-01, 2021-12-01]; found {show(raw)}")
    return tuple(months), _one("has its end before its start" if months[1] < months[0] else "")


def _choice(key: Key, raw: Any) -> Found:
    if not key.choices:
        good = raw == key.default and not isinstance(raw, bool)
        return raw, _one("" if good else f"found {show(raw)}; only {key.default} is allowed")
    if raw in key.choices if isinstance(raw, str) else False:
        return raw, []
    near = did_you_mean(raw, key.choices) if isinstance(raw, str) else ""
    return None, _one(f"found {show(raw)}; allowed are {', '.join(show(choice) for choice in key.choices)}{near}")


def _count(key: Key, raw: Any) -> Found:
    good = isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw <= 24
    return raw, _one("" if good else f"found {show(raw)}; allowed is a whole number of months from 0 to 24")


def _flows(key: Key, raw: Any) -> Found:
    if not isinstance(raw, str):
        return None, _one(f'needs a unit such as "USD m / year"; found {show(raw)}')
    try:
        flows_unit(raw)
    except UnitError as error:
        return None, _one(str(error))
    return raw, []


def _sources(key: Key, raw: Any) -> Found:
    ids, problem = read_sources(raw)
    return ids, _one(problem)


def _grade(key: Key, raw: Any) -> Found:
    return raw, _one(grade_fault(raw, ("",)))


def _changes(key: Key, raw: Any) -> Found:
    example = "{legs.sea-leg.limit = 0}"
    return raw, _one("" if isinstance(raw, dict) else f"needs a table of paths such as {example}; found {show(raw)}")


def _conditions(key: Key, raw: Any) -> Found:
    if not isinstance(raw, list | tuple) or not raw or not all(isinstance(entry, dict) for entry in raw):
        return None, _one(f'needs a list of conditions such as [{{fallen = "x"}}]; found {show(raw)}')
    if len(raw) > CONDITIONS_LIMIT:
        return None, _one(f"has {len(raw)} conditions; at most {CONDITIONS_LIMIT} are allowed")
    clauses, problems = [], []
    for entry in raw:
        clause, problem = _clause(entry)
        clauses.append(clause)
        problems += _one(problem)
    return (None, problems) if problems else (tuple(sorted(clauses, key=repr)), [])


def _texts(raw: Any, example: str) -> tuple[tuple[str, ...], str]:
    """Return a text or a list of different texts as a tuple, or a fault."""
    found = (raw,) if isinstance(raw, str) else tuple(raw) if isinstance(raw, list | tuple) else ()
    if not found or not all(isinstance(entry, str) and entry.strip() for entry in found):
        return (), f"needs text such as {example}, or a list of such texts; found {show(raw)}"
    if len(found) > WATCHES_LIMIT:
        return (), f"has {len(found)} entries; at most {WATCHES_LIMIT} are allowed"
    if len(set(found)) < len(found):
        return (), f"names {show(next(entry for at, entry in enumerate(found) if entry in found[:at]))} twice"
    return found, ""


def _watches(key: Key, raw: Any) -> Found:
    texts, problem = _texts(raw, '"stock.reds"')
    found = []
    for text in texts:
        measure, dot, of = (part.strip() for part in text.partition("."))
        if not dot or id_fault(of):
            problem = problem or f'{show(text)} is not a measure of an actor; write it as "stock.reds", or "level.treaty" for a pact'
        found.append((measure, of))
    return tuple(sorted(found)), _one(problem)


def _paths(key: Key, raw: Any) -> Found:
    texts, problem = _texts(raw, '"legs.sea-leg.detection"')
    found = []
    for text in texts:
        try:
            found.append(normal_path(split_path(text)))
        except ValueError as error:
            problem = problem or str(error)
    return tuple(sorted(found)), _one(problem)


def _clause(raw: dict[str, Any]) -> tuple[Clause | None, str]:
    """Return one condition, or None and its fault."""
    for name in raw:
        if name not in _CONDITION_FIELDS:
            near = did_you_mean(name, _CONDITION_FIELDS)
            return None, f"{show(name)} is not a field of a condition; allowed are {', '.join(_CONDITION_FIELDS)}{near}"
    kinds = [name for name in ("fallen", "happened", "measure") if name in raw]
    if len(kinds) != 1:
        return None, "a condition needs exactly one of fallen, happened and measure"
    for name in (kinds[0], "of"):
        if name in raw and not isinstance(raw[name], str):
            return None, f"{name} needs text in quotes; found {show(raw[name])}"
    if kinds[0] != "measure":
        return (None, f"{kinds[0]} takes no other fields") if len(raw) > 1 else (Clause(kinds[0], raw[kinds[0]]), "")
    bounds = [name for name in ("below", "above") if name in raw]
    if "of" not in raw or len(bounds) != 1:
        return None, "a measure needs `of` and exactly one of `below` and `above`"
    bound, months = raw[bounds[0]], raw.get("months", 1)
    if isinstance(bound, bool) or not isinstance(bound, int | float) or not math.isfinite(bound):
        return None, f"{bounds[0]} needs a number; found {show(bound)}"
    if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= 1200:
        return None, f"months: found {show(months)}; allowed is a whole number from 1 to 1200"
    ends = {bounds[0]: float(bound)}
    return Clause("measure", raw["of"], raw["measure"], ends.get("below"), ends.get("above"), months), ""


_READERS: dict[str, Callable[[Key, Any], Found]] = {
    "text": _text, "label": _text, "flag": _flag, "id": _id, "ids": _ids, "chains": _chains, "date": _date, "dates": _dates,
    "choice": _choice, "count": _count, "flows": _flows, "sources": _sources, "grade": _grade, "changes": _changes,
    "conditions": _conditions, "watches": _watches, "paths": _paths,
}  # fmt: skip


def read_source_text(raw: Any) -> tuple[str | None, Problems]:
    """Return a source as one line of text: as written, or its title, address, date of reading and note."""
    if isinstance(raw, str):
        return (
            (raw, [])
            if 0 < len(raw) <= TEXT_LIMIT
            else (None, _one("needs the text of a source, of 1 to 4000 characters"))
        )
    if not isinstance(raw, dict):
        return None, _one(f'needs text, or {{title = "...", url = "...", read = 2025-01-31}}; found {show(raw)}')
    fields = ("title", "url", "read", "note")
    for name, value in raw.items():
        if name not in fields:
            near = did_you_mean(name, fields)
            return None, [(name, f"is not a field of a source; allowed are {', '.join(fields)}{near}")]
        if name == "read" and month_of(value) is None:
            return None, [(name, f"needs a date such as 2025-01-31; found {show(value)}")]
        if name != "read" and not (isinstance(value, str) and 0 < len(value) <= TEXT_LIMIT):
            return None, [(name, f"needs text in quotes; found {show(value)}")]
    if "title" not in raw:
        return None, _one("needs `title`")
    read = f"read {raw['read'].isoformat()}" if "read" in raw else ""
    return ", ".join(part for part in (raw["title"], raw.get("url", ""), read, raw.get("note", "")) if part), []


def flatten_changes(raw: dict[str, Any]) -> list[tuple[tuple[str, ...], tuple[str, ...], Any]]:
    """Return the changes of a verb as (path or pattern, keys as written, value), nested and quoted paths alike."""
    found: list[tuple[tuple[str, ...], tuple[str, ...], Any]] = []
    waiting: list[tuple[tuple[str, ...], tuple[str, ...], Any]] = [((), (), raw)]
    while waiting:
        path, keys, value = waiting.pop()
        if isinstance(value, dict) and not ends_path(path):
            for key, below in value.items():
                waiting.append((normal_path(path + split_dotted(key, path)), (*keys, key), below))
        else:
            found.append((path, keys, value))
    return found[::-1]


def ends_path(path: tuple[str, ...]) -> bool:
    """Whether a path leads to one value, or is so wrong that nothing below it matters."""
    if not path or (path[0] not in NAMED and path[0] not in SINGLE):
        return len(path) > 0
    key = key_at(path)
    if key is None:
        return len(path) > (1 if path[0] in SINGLE else 2)
    return len(path) >= leaf_length(path, key)


def split_dotted(text: str, before: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Split a dotted path inside one quoted key; dots in quotes are kept, and spaces around parts are ignored."""
    if "." not in text or before[:1] == ("sources",):
        return (text,)
    parts = re.findall(r'\s*("[^"]*"|\'[^\']*\'|[^."\']*)\s*(?:\.|$)', text)
    return tuple(
        part[1:-1] if part[:1] in ('"', "'") else part.strip() for part in parts[: -1 if parts[-1] == "" else None]
    )


def normal_path(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return a path with the id of a tie in its standard spelling."""
    return (path[0], tie_id(path[1]), *path[2:]) if len(path) > 1 and path[0] == "ties" else path
