"""Validators of a world file, built from `SECTIONS`: unknown keys are rejected, and no key is required.

They are put together from the schemas of pydantic's core. Models, whose classes pydantic writes out field by field, would take
longer to build than most files take to check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from pydantic_core import (
    CoreSchema,
    InitErrorDetails,
    PydanticCustomError,
    SchemaValidator,
    ValidationError,
    core_schema,
)

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


def _field(key: Key) -> CoreSchema:
    """Return the schema of a field: a validator of the value, inside one table per axis."""

    def check(raw: Any, info: core_schema.ValidationInfo) -> Any:
        value, problems = read_value(key, raw, info.context["flows"])  # type: ignore[index]
        if problems:
            raise _refuse(_below(problems))
        return value

    kind: CoreSchema = core_schema.with_info_plain_validator_function(check)
    for _ in key.axes:
        kind = _by_name(kind)
    return kind


def _default_field(key: Key) -> CoreSchema:
    """Return the schema of a field of [defaults]: as in an entry, or one number for all ids of its axes."""
    if not key.axes or key.axes[0] not in BROADCAST:
        return _field(key)

    def check(raw: Any, info: core_schema.ValidationInfo) -> Any:
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

    return core_schema.with_info_plain_validator_function(check)


def _plain(read: Callable[[Any], tuple[Any, Problems]]) -> CoreSchema:
    def check(raw: Any) -> Any:
        value, problems = read(raw)
        if problems:
            raise _refuse(_below(problems))
        return value

    return core_schema.no_info_plain_validator_function(check)


def _by_name(entry: CoreSchema) -> CoreSchema:
    """Return the schema of a table with an entry for each id."""
    return core_schema.dict_schema(core_schema.str_schema(), entry)


def _table(fields: Mapping[str, CoreSchema]) -> CoreSchema:
    """Return the schema of a table in which no other key is allowed and none is required."""
    return core_schema.typed_dict_schema(
        {name: core_schema.typed_dict_field(field) for name, field in fields.items()}, total=False, extra_behavior="forbid"
    )


def _entry(section: str, defaults: bool = False) -> CoreSchema:
    """Return the schema of one entry of a section, or of its table in [defaults]."""
    keys = [key for key in SECTIONS[section].values() if key.has_default or not defaults]
    return _table({key.name: _default_field(key) if defaults else _field(key) for key in keys})


@cache
def world_validator() -> SchemaValidator:
    """Return the validator of a world file; required keys are checked after all layers have been read."""
    fields = {section: _entry(section) for section in SINGLE} | {section: _by_name(_entry(section)) for section in ENTITIES}
    fields["defaults"] = _table({section: _entry(section, True) for section in NAMED})
    fields["sources"] = _by_name(_plain(read_source_text))
    return SchemaValidator(_table(fields | dict.fromkeys(("kind", "extends", "branch"), core_schema.any_schema())))
