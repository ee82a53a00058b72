"""What the page asks for: one message, checked against what the world offers, and the same thing as a command and as a world file."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proxysim.errors import did_you_mean
from proxysim.live.offer import Offer, Offered, joined, path_text
from proxysim.scenario.labels import AS_IT_STANDS
from proxysim.scenario.shipped import shipped_worlds

#: Views that are computed only while they are open.
VIEWS = ("map", "provisions")
#: Most changes in one message, and the largest number of a message.
MOST_CHANGES, MOST_SEQ = 200, 2**53
_KEYS = {"seq", "world", "focus", "changes", "countermeasures", "policies", "outcome", "actor", "views", "uncertain"}


class Refused(ValueError):
    """A message that cannot be used; the text is one line for people."""


@dataclass(frozen=True)
class State:
    """What is compared, and which outcome is looked at.

    Attributes
    ----------
    world : name of the world
    focus : branch of interest
    changes : (path, value) of the changed numbers, sorted by path, in the unit of the file
    countermeasures : branches that are joined to the branch of interest, in the order of the offer
    policies : policies that are on, in the order of the offer; None for those of the file
    outcome, actor : the outcome
    uncertain : whether uncertain parameters are resampled
    """

    world: str
    focus: str
    changes: tuple[tuple[str, float], ...]
    countermeasures: tuple[str, ...]
    policies: tuple[str, ...] | None
    outcome: str
    actor: str
    uncertain: bool = False

    @property
    def branch(self) -> str:
        """The branch of interest with the countermeasures."""
        return joined([self.focus, *self.countermeasures])


def state_of(message: object, offers: Mapping[str, Offer]) -> tuple[State, tuple[str, ...], int]:
    """Check a message of the page.

    Parameters
    ----------
    message : the message, as read from JSON
    offers : what each world offers, by its name

    Returns
    -------
    tuple : the state, the views that are open, and the number of the message

    Raises
    ------
    Refused : the message has another form, or asks for something that is not offered
    """
    if not isinstance(message, dict) or not all(isinstance(key, str) for key in message):
        raise Refused("a message is one JSON object")
    if unknown := sorted(set(message) - _KEYS):
        raise Refused(f'"{unknown[0][:40]}" is not part of a message')
    seq = message.get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq <= MOST_SEQ:
        raise Refused("seq needs a whole number from 0 on")
    world = _one_of(message.get("world"), offers, "world")
    offer = offers[world]
    focus = _one_of(message.get("focus"), offer.focuses, "focus")
    outcome = _one_of(message.get("outcome"), offer.outcomes, "outcome")
    actor = _one_of(message.get("actor"), offer.outcomes[outcome]["actors"], "actor")
    uncertain = message.get("uncertain", False)
    if not isinstance(uncertain, bool):
        raise Refused("uncertain needs true or false")
    levers = _some_of(message.get("countermeasures", []), offer.countermeasures, "countermeasures")
    policies: tuple[str, ...] | None = _some_of(message["policies"], offer.policies, "policies") if "policies" in message else None
    if policies == tuple(name for name, one in offer.policies.items() if one["on"]):
        policies = None
    views = _some_of(message.get("views", []), dict.fromkeys(VIEWS), "views")
    changes = _changes(message.get("changes", {}), offer.numbers(focus))
    return State(world, focus, changes, levers, policies, outcome, actor, uncertain), views, seq


def _one_of(value: object, known: Mapping[str, Any], what: str) -> str:
    if not isinstance(value, str) or value not in known:
        shown = value[:40] if isinstance(value, str) else type(value).__name__
        raise Refused(f'{what}: "{shown}" is not offered{did_you_mean(shown, list(known))}')
    return value


def _some_of(value: object, known: Mapping[str, Any], what: str) -> tuple[str, ...]:
    """Return names in the order of what is offered, each once."""
    if not isinstance(value, list) or len(value) > len(known):
        raise Refused(f"{what} needs a list of at most {len(known)} names")
    chosen = {_one_of(one, known, what) for one in value}
    return tuple(name for name in known if name in chosen)


def _changes(value: object, offered: Mapping[str, Offered]) -> tuple[tuple[str, float], ...]:
    """Return the changed numbers; those that are set to the value of the file are no change."""
    if not isinstance(value, dict) or len(value) > MOST_CHANGES:
        raise Refused(f"changes needs an object with at most {MOST_CHANGES} numbers")
    found = []
    for path, number in value.items():
        one = offered[_one_of(path, offered, "changes")]
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not abs(number) < math.inf:
            raise Refused(f"{path}: needs a number")
        if not one.least <= number <= one.most:
            shown = f"{number:g}" if abs(number) < 1e300 else "a number of more than 300 digits"
            raise Refused(f"{path}: found {shown}; the page offers {one.least:g} to {one.most:g}")
        if float(number) != one.value:
            found.append((path, float(number)))
    return tuple(sorted(found))


# ---- the same as changes of the command line ------------------------------------------------------------------------


def written(value: float) -> str:
    """Return a number as TOML reads it back to the last bit."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def sets_of(state: State, offer: Offer) -> tuple[list[str], list[str]]:
    """Return the changes as ``--set`` takes them: those of every branch, and the terms of a pact, in the branch of interest only."""
    offered = offer.numbers(state.focus)
    everywhere = [f"{path}={written(value)}" for path, value in state.changes if not offered[path].in_branch]
    return everywhere, [f"{state.branch}:{path}={written(value)}" for path, value in state.changes if offered[path].in_branch]


def titles_of(state: State, offer: Offer) -> tuple[str, str]:
    """Return the labels of the two branches; a branch in which a number was changed is marked."""
    everywhere, in_branch = sets_of(state, offer)
    base, focus = offer.title(offer.baseline), offer.title(state.branch)
    return f"{base}, changed" if everywhere else base, f"{focus}, changed" if everywhere or in_branch else focus


def policies_option(state: State, offer: Offer) -> str | None:
    """Return the policies that are on as ``--policies`` takes them; None for those of the file."""
    if state.policies is None:
        return None
    if not state.policies:
        return "off"
    return "on" if len(state.policies) == len(offer.policies) else ",".join(state.policies)


def command_of(state: State, offer: Offer, runs: int, seed: int, verb: str = "compare") -> str:
    """Return the command line that gives the same numbers, quoted for a shell.

    Parameters
    ----------
    state, offer : what is compared
    runs : number of paired runs
    seed : seed of the study
    verb : "compare", or "report" for the whole report
    """
    words = ["proxysim", verb, offer.given, "--branches", f"{offer.baseline},{state.branch}"]
    words += ["--measures", f"{state.outcome}.{state.actor}"] if verb == "compare" else ["--focus", state.branch]
    words += ["--runs", str(runs), "--seed", str(seed)]
    words += ["--uncertain"] if state.uncertain else []
    for change in (part for group in sets_of(state, offer) for part in group):
        words += ["--set", change]
    policies = policies_option(state, offer)
    words += ["--policies", policies] if policies is not None else []
    return shlex.join(words)


# ---- the same as a world file ---------------------------------------------------------------------------------------


def toml_of(state: State, offer: Offer, runs: int, seed: int) -> str:
    """Return a world file that extends that of the world, with the changes as branches of their own.

    It has one branch for the changes, and one for the baseline if that changes too.
    """
    offered = offer.numbers(state.focus)
    everywhere = [(path, value) for path, value in state.changes if not offered[path].in_branch]
    switched = [] if state.policies is None else [name for name in offer.policies if (name in state.policies) != offer.policies[name]["on"]]
    taken = set(offer.scenario.branches)
    branch, base = _free("as-set", taken), offer.baseline
    lines: list[str] = []
    if everywhere or switched:
        base = _free("as-set-baseline", taken)
        # policies compare with the baseline, which now has changes of its own
        against = ['set.policies."*".against = ' + f'"{base}"'] if _compares(offer, offer.baseline) else []
        more = [*_switches(switched, offer), *against]
        lines += _branch(base, "The baseline with what was changed on the page", [offer.baseline], [*_sets(everywhere), *more])
    else:
        more = []
    lines += _branch(branch, "What was set on the page", [state.focus, *state.countermeasures], [*_sets(state.changes), *more])
    file = _file_of(offer)
    name = f"{Path(file).stem}-as-set.toml"
    words = ["proxysim", "compare", name, "--branches", f"{base},{branch}", "--measures", f"{state.outcome}.{state.actor}",
             "--runs", str(runs), "--seed", str(seed), *(["--uncertain"] if state.uncertain else [])]  # fmt: skip
    where = f"Save it as {name} next to {file}"
    if offer.given in shipped_worlds() and not Path(offer.given).exists():
        where = f"`proxysim copy {offer.given} FOLDER` writes {file}. Save this file next to it as {name}"
    return "\n".join([
        f"# {where}, and run there:", f"# {shlex.join(words)}", "", 'kind    = "world"', f"extends = [{_text(file)}]", "", *lines,
    ]).rstrip() + "\n"  # fmt: skip


def _file_of(offer: Offer) -> str:
    asked = offer.scenario.asked
    return Path(offer.scenario.file if asked is None else asked.file).name


def _free(name: str, taken: set[str]) -> str:
    """Return a name for a branch that the world does not have."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found


def _compares(offer: Offer, branch: str) -> bool:
    """Whether a policy of the world compares with a branch."""
    return any(one.against == branch for one in offer.scenario.policies)


def _branch(name: str, about: str, extends: list[str], lines: list[str]) -> list[str]:
    parents = [one for one in extends if one != AS_IT_STANDS]
    extended = [f"extends = [{', '.join(map(_text, parents))}]"] if parents else []
    return [f"[branches.{path_text([name])}]", f"about   = {_text(about)}", *extended, *lines, ""]


def _sets(changes: Any) -> list[str]:
    return [f"set.{path} = {written(value)}" for path, value in changes]


def _switches(names: list[str], offer: Offer) -> list[str]:
    return [f"set.policies.{path_text([name])}.active = {'false' if offer.policies[name]['on'] else 'true'}" for name in names]


def _text(text: str) -> str:
    """Return a text in quotes, as TOML reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in escaped) + '"'
