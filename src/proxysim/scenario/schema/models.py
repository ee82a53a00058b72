"""Pydantic models of a world file, built from `SECTIONS`: unknown keys are rejected, and no key is required."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError, ValidationInfo, create_model
from pydantic_core import InitErrorDetails, PydanticCustomError

from proxysim.scenario.schema.keys import ENTITIES, NAMED, SECTIONS, SINGLE, Key
from proxysim.scenario.schema.numbers import Problems, Written
from proxysim.scenario.schema.values import read_source_text, read_value

Path = tuple[str, ...]
#: Axes along which one number in [defaults] may apply to all ids.
BROADCAST = ("category", "origin", "provision")


def _refuse(faults: Iterable[tuple[Path, str]]) -> ValidationError:
    """Return an error with the faults inside a value, each with the keys below it."""
    lines = [
        InitErrorDetails(type=PydanticCustomError("fault", "{text}", {"text": message}), loc=loc, input=None)
        for loc, message in faults
    ]
    return ValidationError.from_exception_data("value", lines)


def _below(problems: Problems, path: Path = ()) -> list[tuple[Path, str]]:
    """Return the faults of one value with full locations."""
    return [((*path, sub) if sub else path, message) for sub, message in problems]


def _field(key: Key) -> Any:
    """Return the type of a field: a validator of the value, inside one table per axis."""

    def check(raw: Any, info: ValidationInfo) -> Any:
        value, problems = read_value(key, raw, info.context["flows"])  # type: ignore[index]
        if problems:
            raise _refuse(_below(problems))
        return value

    kind: Any = Annotated[Any, PlainValidator(check)]
    for _ in key.axes:
        kind = dict[str, kind]
    return kind


def _default_field(key: Key) -> Any:
    """Return the type of a field of [defaults]: as in an entry, or one number for all ids of its axes."""
    if not key.axes or key.axes[0] not in BROADCAST:
        return _field(key)

    def check(raw: Any, info: ValidationInfo) -> Any:
        flows = info.context["flows"]  # type: ignore[index]
        found: dict[Path, Written] = {}
        errors: list[tuple[Path, str]] = []
        waiting: list[tuple[Path, Any]] = [((), raw)]
        while waiting:
            path, value = waiting.pop()
            table = isinstance(value, dict) and "value" not in value and not any(name[:1].isdigit() for name in value)
            if table and len(path) < len(key.axes):
                waiting += [((*path, name), below) for name, below in value.items()]
                continue
            number, problems = read_value(key, value, flows)
            found[path] = number
            errors += _below(problems, path)
        if errors:
            raise _refuse(errors)
        return found

    return Annotated[Any, PlainValidator(check)]


_STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True, protected_namespaces=())
#: A part of a larger model, whose own validator is never used.
_PART = ConfigDict(**_STRICT, defer_build=True)


def _plain(read: Callable[[Any], tuple[Any, Problems]]) -> Any:
    def check(raw: Any) -> Any:
        value, problems = read(raw)
        if problems:
            raise _refuse(_below(problems))
        return value

    return Annotated[Any, PlainValidator(check)]


@cache
def entity_model(section: str, defaults: bool = False) -> type[BaseModel]:
    """Return the model of one entry of a section, or of its table in [defaults]; no key is required here."""
    keys = [key for key in SECTIONS[section].values() if key.has_default or not defaults]
    fields: dict[str, Any] = {key.name: (_default_field(key) if defaults else _field(key), None) for key in keys}
    return create_model(f"{section}_entry", __config__=_PART, **fields)


@lru_cache(maxsize=64)
def world_model(sections: frozenset[str], defaults: frozenset[str] = frozenset()) -> type[BaseModel]:
    """Return the model of a world file; required keys are checked after all layers have been read.

    Building the model of a section takes longer than checking a file with it, so that only those which the file has are built.

    Parameters
    ----------
    sections : names of the tables that the file has, known or not
    defaults : names of the tables that it has in [defaults]
    """
    fields: dict[str, Any] = {section: (entity_model(section), None) for section in SINGLE if section in sections}
    fields |= {section: (dict[str, entity_model(section)], None) for section in ENTITIES if section in sections}  # type: ignore[misc]
    tables: dict[str, Any] = {section: (entity_model(section, True), None) for section in NAMED if section in defaults}
    fields["defaults"] = (create_model("defaults_table", __config__=_PART, **tables), None)
    fields["sources"] = (dict[str, _plain(read_source_text)], None)  # type: ignore[misc]
    for name in ("kind", "extends", "branch"):
        fields[name] = (Annotated[Any, PlainValidator(lambda raw: raw)], None)
    return create_model("world_file", __config__=_STRICT, **fields)
