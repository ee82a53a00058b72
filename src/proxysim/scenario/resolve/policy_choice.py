"""Switch the policies of a world on and off: all, none, or only some, as changes of `policies.*.active`."""

from __future__ import annotations

from collections.abc import Sequence

from proxysim.errors import Fault, InputError, did_you_mean
from proxysim.scenario.arguments import names_of
from proxysim.scenario.toml.paths import split_path

#: As the file says, none, and all of them, those with ``active = false`` too.
FILE, OFF, ON = "file", "off", "on"
WORDS = (FILE, OFF, ON)


def policy_sets(policies: str | Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return the changes that switch policies on and off; empty for "file" and for a world without policies.

    Parameters
    ----------
    policies : "file", "off", "on", or ids of the only policies that are on
    known : ids of the policies of the world

    Raises
    ------
    InputError : an id that is not among `known`
    """
    if isinstance(policies, str) and policies in WORDS:
        return () if policies == FILE or not known else (f"policies.*.active={'true' if policies == ON else 'false'}",)
    chosen = names_of(policies, "policies")
    faults = [Fault("policies", 0, "", f'"{name[:60]}" is not one of the policies{_near(name, known)}') for name in chosen if name not in known]
    if faults:
        raise InputError(faults)
    return (*policy_sets(OFF, known), *(f"policies.{name}.active=true" for name in dict.fromkeys(chosen)))


def without_policy_sets(sets: Sequence[str]) -> tuple[str, ...]:
    """Return changes without those that switch policies on and off."""
    return tuple(text for text in sets if not _switches(text))


def _near(name: str, known: Sequence[str]) -> str:
    if not known:
        return "; this world has none"
    return did_you_mean(name, [*known, *WORDS]) or f"; allowed are {', '.join([*WORDS, *known][:12])}"


def _switches(text: str) -> bool:
    try:
        path = split_path(text.partition("=")[0].strip())
    except ValueError:
        return False
    return len(path) == 3 and path[0] == "policies" and path[2] == "active"
