"""JSON Schema of world files for editors, for completion and hints.

A file that extends another may contain only two numbers, so nothing is `required`. The strict check is
`document.check_document`.
"""

from __future__ import annotations

import math
from typing import Any

from proxysim.scenario.schema.keys import KINDS, NAMED, SECTIONS, SINGLE, VERBS, Key
from proxysim.scenario.schema.numbers import DISTS, GRADES
from proxysim.scenario.schema.units import ALLOWED

_SOURCE = ("title", "url", "read", "note")
_ID = "^[a-z][a-z0-9_-]*$"
_DATE = "^[0-9]{4}(-[0-9]{2})?$"
_TEXT = {"type": "string"}
_IDS = {"type": "array", "items": {"type": "string"}}
_TIE = r"^\s*[a-z][a-z0-9_-]*\s*->\s*[a-z][a-z0-9_-]*(\s+via\s+[a-z][a-z0-9_-]*)?\s*$"


def editor_schema() -> dict[str, Any]:
    """Return the JSON Schema of a world file: nothing is `required`, and ``*`` is allowed in patterns."""
    properties: dict[str, Any] = {
        "kind": {"enum": list(KINDS), "description": "kind of file"},
        "extends": _IDS
        | {"description": "files in the same folder that this one extends; later files override earlier ones"},
        "branch": _TEXT | {"description": "default branch"},
        "sources": {
            "type": "object",
            "additionalProperties": {
                "anyOf": [_TEXT, {"type": "object", "properties": {name: {} for name in _SOURCE}}]
            },
        },
        "defaults": _closed({section: _entry(section, defaults=True) for section in NAMED}),
    }
    for section in SINGLE:
        properties[section] = _entry(section)
    for section in (*NAMED, "branches"):
        pattern = _TIE if section == "ties" else _ID
        properties[section] = _closed({}, {pattern: _entry(section)})
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "proxysim world",
        "definitions": {
            f"change_{verb}": _closed(
                {section: _changes(section, verb) for section in (*SINGLE, *NAMED)}, {r"\.": {}}
            ) for verb in VERBS
        },
        **_closed(properties),
    }  # fmt: skip


def _closed(properties: dict[str, Any], patterns: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the schema of an object with these keys and no others."""
    found: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    return found | ({"patternProperties": patterns} if patterns else {})


def _entry(section: str, defaults: bool = False) -> dict[str, Any]:
    """Return the schema of one entry of a section, or of the section itself if it has no entries."""
    keys = [key for key in SECTIONS[section].values() if key.has_default or not defaults]
    return _closed({key.name: _value(key, broadcast=defaults) for key in keys})


def _changes(section: str, verb: str) -> dict[str, Any]:
    """Return the schema of the changes to a section under a verb."""
    keys = [key for key in SECTIONS[section].values() if verb == "set" or key.type == "number"]
    entry = _closed({key.name: _value(key, bounded=verb == "set", patterns=True) for key in keys})
    return entry if section in SINGLE else {"type": "object", "patternProperties": {".": entry}}


def _value(key: Key, bounded: bool = True, patterns: bool = False, broadcast: bool = False) -> dict[str, Any]:
    """Return the schema of the value of a key."""
    if key.type != "number":
        return _plain(key) | {"description": key.meaning}
    assert key.parameter is not None
    number = _number(key, bounded)
    found = number
    for _ in key.axes:
        table = {
            "type": "object",
            "patternProperties": {"." if patterns else _ID: found},
            "additionalProperties": False,
        }
        found = {"anyOf": [number, table]} if broadcast else table
    default = key.parameter.default
    known = "" if default is None or math.isnan(default) or key.axes else f"; default {default:g}"
    return found | {"description": f"{key.meaning} ({key.parameter.kind.replace('_', ' ')}{known})"}


def _plain(key: Key) -> dict[str, Any]:
    """Return the schema of a value that is not a number."""
    if key.type == "choice":
        return {"enum": list(key.choices) or [key.default]}
    if key.type == "grade":
        return {"enum": list(GRADES)}
    if key.type == "changes":
        return {"$ref": f"#/definitions/change_{key.name}"}
    if key.type == "conditions":
        number = {"type": "number"}
        fields = {"fallen": _TEXT, "happened": _TEXT, "measure": _TEXT, "of": _TEXT, "below": number, "above": number,
                  "months": {"type": "integer", "minimum": 1}}  # fmt: skip
        return {"type": "array", "items": _closed(fields)}
    simple: dict[str, Any] = {
        "flag": {"type": "boolean"}, "ids": _IDS, "chains": {"type": "array", "items": _IDS},
        "count": {"type": "integer", "minimum": 0, "maximum": 24},
        "watches": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}, "paths": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]},
        "date": {}, "dates": {"type": "array"}, "sources": {"anyOf": [_TEXT, _IDS]},
    }  # fmt: skip
    return dict(simple.get(key.type, _TEXT))


def _number(key: Key, bounded: bool) -> dict[str, Any]:
    """Return the schema of a number: a bare value, or a table."""
    assert key.parameter is not None
    kind = key.parameter.kind
    if kind == "month":
        return {}
    value: dict[str, Any] = {"type": "number"}
    bare = dict(value)
    if bounded:
        bare |= {"minimum": key.parameter.low} if math.isfinite(key.parameter.low) else {}
        bare |= {"maximum": key.parameter.high} if math.isfinite(key.parameter.high) else {}
    ends = {"anyOf": [value, _TEXT]}
    fields = {
        "value": value, "low": ends, "high": ends, "dist": {"enum": list(DISTS)},
        "unit": _TEXT | {"description": f"allowed: {ALLOWED[kind]}"}, "source": {"anyOf": [_TEXT, _IDS]},
        "grade": {"enum": list(GRADES)}, "moves_with": _TEXT, "note": _TEXT, "linear": {"type": "boolean"},
    }  # fmt: skip
    return {"anyOf": [bare, _closed(fields, {_DATE: value} if key.dated else None)]}
