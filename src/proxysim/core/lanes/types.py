"""Types of the compiler of lanes: what a value is, and whether it may differ between the runs in a group."""

from __future__ import annotations

from dataclasses import dataclass

#: Kinds of numbers, from the narrowest: condition, integer, float; `u8` (a random-number key) mixes with no other.
ORDER = {"b": 0, "i8": 1, "f8": 2}


@dataclass(frozen=True)
class Scalar:
    """A number; `varies` if it may differ between the runs of a group."""

    kind: str
    varies: bool = False


@dataclass(frozen=True)
class Record:
    """A record of `core.records`: "world", "params", "state" or "flows"."""

    name: str
    size: str
    varies: bool


@dataclass(frozen=True)
class Array:
    """An array of numbers; a length that is only known at run time is None. A `steady` one belongs to the world, and no rule writes it."""

    kind: str
    shape: tuple[int | None, ...]
    varies: bool
    steady: bool = False


@dataclass(frozen=True)
class Group:
    """A named tuple of `core.schedule` or `core.step`."""

    name: str
    fields: tuple[tuple[str, Type], ...]

    def field(self, name: str) -> Type | None:
        """Return the type of a field, or None if there is none of that name."""
        return dict(self.fields).get(name)


@dataclass(frozen=True)
class Several:
    """Several numbers, as a function returns them."""

    items: tuple[Scalar, ...]


Type = Scalar | Record | Array | Group | Several

BOOL, INT, FLOAT, KEY = Scalar("b"), Scalar("i8"), Scalar("f8"), Scalar("u8")


def unify(one: Scalar, two: Scalar) -> Scalar | None:
    """Return the type that holds numbers of both types, or None if a random-number key would mix with a number."""
    varies = one.varies or two.varies
    if one.kind == two.kind:
        return Scalar(one.kind, varies)
    if "u8" in (one.kind, two.kind):
        return None
    return Scalar(max(one.kind, two.kind, key=ORDER.__getitem__), varies)
