"""All keys of a world file: the numbers of `proxysim.core.parameters`, and keys with text, lists or dates.

`SECTIONS` is used by the models that check a file, the schema for editors, paths in branches, and the checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from proxysim.core.parameters import BY_NAME, PARAMETERS, VARIANTS, Parameter
from proxysim.core.vocabulary import COUNTED, FORMS, SIZES

NAMED = (
    "categories", "places", "legs", "states", "proxies", "ties", "fronts", "regimes", "pacts", "events", "policies",
)  # fmt: skip
ENTITIES = (*NAMED, "branches")
SINGLE = ("scenario", "behaviour", "rules")
VERBS = ("set", "scale", "add")
KINDS = ("world", "part")

#: Largest number of entries of each kind: those of the largest size class. One origin is reserved for `other`.
LIMITS = {axis: SIZES["huge"][axis] - (axis == "origin") for axis in COUNTED if axis != "route"}
MONTHS_LIMIT = 1200
#: Longest route, in legs, in a world of any size.
MOST_LEGS = 10
LABEL_LIMIT = 300
TEXT_LIMIT = 4000

#: Numbers that only set up the start; no event may change them.
START_ONLY = ("stock_origin", "cumulative", "patrols")
#: Numbers that take no dates although they are not carried.
_UNDATED = ("stock_origin", "patrols", "noise", "in_force", "until", "policy_from", "policy_until", "branch_cost")


_WITH_A_POLICY = "leave it out, and write the answer as a policy: see docs/scenario-files.md, Policies"
#: Section and key -> cure, for keys of earlier versions that were removed.
REMOVED = {
    ("rules", "procurement"): f"was removed, as was its variant richardson; {_WITH_A_POLICY}",
    ("rules", "strikes"): f"was removed, as was its variant responsive; {_WITH_A_POLICY}",
} | {
    ("states", key): f"was removed with the variant richardson of the rule procurement; {_WITH_A_POLICY}"
    for key in ("rival", "reaction", "fatigue", "grievance", "outlay")
}  # fmt: skip


@dataclass(frozen=True)
class Key:
    """One key of a section.

    Attributes
    ----------
    name : the key
    type : number, text, label, flag, flows, id, ids, chains, date, dates, choice, count, sources, grade, conditions,
    watches, paths or changes
    meaning : text for people
    required : True if every entry must have it
    default : value used where it is absent; None for no value
    parameter : parameter of a number
    axes : axes of the tables below a number
    choices : allowed words of a choice
    target : section that ids refer to
    has_default : True if [defaults] may give it
    """

    name: str
    type: str
    meaning: str
    required: bool = False
    default: object = None
    parameter: Parameter | None = None
    axes: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    target: str = ""
    has_default: bool = True

    @property
    def dated(self) -> bool:
        """Whether the number may change by date."""
        number = self.parameter
        return number is not None and not (number.carried or number.name in _UNDATED or number.sections == ("events",))


def _label() -> Key:
    return Key("label", "label", "display name", has_default=False)


def _home() -> Key:
    return Key("home", "id", "place where it is located", required=True, target="places")


def _origin() -> Key:
    return Key("origin", "id", "origin of the arms that it makes", target="origins")


#: What a branch costs. It is no parameter of the model: no run depends on it.
BRANCH_COST = Parameter(
    "branch_cost", (), ("branches",), "cost", "money_flow", None, 0.0, 1e9, "what the branch costs its payer, outside the books", "Scenario"
)  # fmt: skip


_STRUCTURE: dict[str, tuple[Key, ...]] = {
    "scenario": (
        Key("question", "text", "question that the file answers", required=True),
        Key("start", "date", "first month", required=True),
        Key("end", "date", "last month", required=True),
        Key("flows", "flows", 'unit of flows that have no unit of their own, such as "USD m / year"', required=True),
        Key("money_year", "choice", "year of constant prices; only 2024", default=2024),
        Key("origins", "ids", "origins of arms that are tracked separately", default=(), target=""),
        _label(),
    ),
    "categories": (
        _label(),
        Key("air_defence", "flag", "true for air defence", default=False),
        Key("components", "flag", "true for the category of components", default=False),
    ),
    "places": (_label(),),
    "legs": (
        _label(),
        Key("between", "ids", "the two places that it joins", required=True, target="places", has_default=False),
        Key("mode", "choice", "mode of transport", required=True, choices=("land", "sea", "air")),
        Key("months", "count", "travel time in months, 0 to 24", default=1),
        Key("host", "id", "regime whose fall reduces the limit to the share `residual`", target="regimes"),
        Key("front", "id", "front whose intensity raises the hazard of the leg", target="fronts"),
    ),
    "states": (
        _label(),
        _home(),
        _origin(),
        Key("income_basis", "choice", "whether the income already reflects sanctions (observed) or not (potential)", default="observed",
            choices=("observed", "potential")),
    ),
    "proxies": (_label(), _home(), _origin()),
    "ties": (
        _label(),
        Key("routes", "chains", "routes of the tie, instead of all possible ones; each is a list of legs from home to home", has_default=False),
        Key("avoid", "ids", "legs and places that no route of the tie uses", default=()),
        Key("returns", "flag", "true if arms may be sent back to the actor that made them", default=False),
    ),
    "fronts": (
        _label(),
        Key("guerrilla", "choice", "side that fights as guerrillas", default="side_a", choices=("side_a", "side_b")),
    ),
    "regimes": (
        _label(),
        Key("state", "id", "state that it governs", required=True, target="states", has_default=False),
    ),
    "pacts": (
        _label(),
        Key("members", "ids", "member states", required=True, target="states"),
        Key("signed", "date", "date of signature"),
        Key("debtor", "id", "member that owes reciprocity; by default all members do", target="states"),
        Key("reciprocity_order", "choice",
            "whether arms owed to members are sent before arms for proxies (priority) or in proportion with them (share)",
            default="priority", choices=("priority", "share")),
    ),
    "events": (
        _label(),
        Key("about", "text", "what happens"),
        Key("source", "sources", "ids of its sources"),
        Key("grade", "grade", "quality of the source, A to D"),
        Key("on", "date", "month in which it happens", has_default=False),
        Key("window", "dates", "first and last month in which it may happen", has_default=False),
        Key("when", "conditions", "conditions that must all hold", has_default=False),
        Key("front", "id", "front whose balance of sides its monthly hazard follows, with exponent `balance_response`", target="fronts"),
        Key("unless", "conditions", "conditions that prevent the event while any of them holds", has_default=False),
        *(Key(verb, "changes", f"numbers to {verb}", has_default=False) for verb in VERBS),
    ),
    "policies": (
        _label(),
        Key("about", "text", "what the actor does, and why"),
        Key("source", "sources", "ids of its sources"),
        Key("grade", "grade", "quality of the source, A to D"),
        Key("owner", "id", "actor that answers and pays", required=True, target="actors"),
        Key("watches", "watches", "what it watches: a measure of an actor such as \"stock.reds\", the sum of a list of them, or the level of a pact",
            required=True, has_default=False),
        Key("against", "id", "branch with whose run of the same number it compares; \"none\" for the file without a branch"),
        Key("moves", "paths", "path of the number that it moves, or a list of paths", required=True, has_default=False),
        Key("form", "choice", "proportional: (seen / reference)^gain; linear: 1 + gain (seen - reference); switch: 1 + gain while it is on",
            default="proportional", choices=FORMS[:-1]),
        Key("lag", "count", "months between the last month that it sees and the last closed one, 0 to 24", default=1),
        Key("over", "count", "months over which it averages what it sees, 1 to 24", default=6),
        Key("active", "flag", "false for a policy that is off unless a study switches it on", default=True),
    ),
    "branches": (
        _label(),
        Key("about", "text", "what is different"),
        Key("extends", "ids", "branches that this one extends", target="branches"),
        Key("off", "ids", "events that do not happen", target="events"),
        Key("cost", "number", BRANCH_COST.meaning, parameter=BRANCH_COST),
        Key("payer", "id", "actor that pays the cost", target="actors"),
        *(Key(verb, "changes", f"paths to {verb}") for verb in VERBS),
    ),
    "rules": tuple(
        Key(name, "choice", f"variant of {name}", default=variants[0], choices=variants)
        for name, variants in VARIANTS.items()
    ),
    "behaviour": (),
}  # fmt: skip


def _chance_key() -> Key:
    return Key("chance_key", "id", "name that determines its random numbers; its id by default", has_default=False)


def _number(parameter: Parameter, name: str, axes: tuple[str, ...], required: bool) -> Key:
    return Key(
        name, "number", parameter.meaning, required=required, default=parameter.default, parameter=parameter, axes=axes,
        has_default=parameter.name != "engagement",
    )  # fmt: skip


def _sections() -> dict[str, dict[str, Key]]:
    """Return keys by section and name, structure first."""
    found = {section: {key.name: key for key in keys} for section, keys in _STRUCTURE.items()}
    for section in NAMED:
        found[section]["chance_key"] = _chance_key()
    for parameter in PARAMETERS:
        for section in parameter.sections:
            axes = parameter.axes if section in SINGLE else parameter.axes[1:]
            if parameter.name == "engagement":
                found[section]["side_a"] = _number(parameter, "side_a", axes, True)
                found[section]["side_b"] = _number(parameter, "side_b", axes, False)
            else:
                found[section][parameter.key] = _number(parameter, parameter.key, axes, parameter.default is None)
    return found


#: Section -> name of key -> key. A key that is not `required` and has no default may be absent.
SECTIONS: dict[str, dict[str, Key]] = _sections()


#: Section and key -> parameter; engagement is given under the side of an actor, or under its own name.
_PARAMETERS = {(section, p.key): p for p in PARAMETERS for section in p.sections} | {
    ("fronts", key): BY_NAME["engagement"] for key in ("side_a", "side_b", "engagement")
}


def parameter_of(path: Sequence[str]) -> Parameter:
    """Return the parameter of a path to a number."""
    return _PARAMETERS[path[0], path[1] if path[0] in SINGLE else path[2]]


def key_at(path: Sequence[str]) -> Key | None:
    """Return the key on a path of a world, or None."""
    place = 1 if path[0] in SINGLE else 2
    return SECTIONS.get(path[0], {}).get(path[place]) if len(path) > place else None


def removed_at(path: Sequence[str]) -> str:
    """Return the cure for a path to a key that was removed; empty for any other path."""
    place = 1 if path[0] in SINGLE else 2
    return REMOVED.get((path[0], path[place]), "") if len(path) > place else ""


def leaf_length(path: Sequence[str], key: Key) -> int:
    """Return the number of parts of a full path to one value of `key`."""
    return (2 if path[0] in SINGLE else 3) + len(key.axes)


def shown(path: Sequence[str]) -> str:
    """Return a path as ids joined by dots."""
    return ".".join(str(part) for part in path)[:200]
