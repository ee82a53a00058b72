"""Models that are known to be wrong: a rule switched off or replaced, a policy off, a parameter at an end of its range.

A comparison with patterns should reject them. Those that it cannot reject show what the data do not tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from proxysim.core.parameters import VARIANTS
from proxysim.errors import InputError
from proxysim.scenario.resolve.patterns import PathError
from proxysim.scenario.scenario import EventEffect, Number, Scenario
from proxysim.scenario.schema.keys import parameter_of
from proxysim.scenario.toml.paths import split_path
from proxysim.scenario.world.world import World, build
from proxysim.studies.patterns.document import PatternsFile, Rival


@dataclass(frozen=True)
class Off:
    """How a rule, or a part of one, is switched off in any world.

    Attributes
    ----------
    about : the wrong model in words
    rule : the rule in `proxysim.core.rules` that it concerns
    sets : changes PATH=VALUE; those that match nothing in a world are left out
    whole : whether the whole rule is off
    """

    about: str
    rule: str
    sets: tuple[str, ...]
    whole: bool = False


def _zero(*paths: str) -> tuple[str, ...]:
    return tuple(f"{path}=0" for path in paths)


_STRIKES, _USE = _zero("fronts.*.strikes.*"), _zero("states.*.use_rate", "proxies.*.use_rate")
_ATTRITION, _SPOILS = _zero("fronts.*.attrition"), _zero("fronts.*.spoils", "regimes.*.captured")
_CASUALTIES = _zero("states.*.casualty_rate", "proxies.*.casualty_rate")
_RECRUITS = _zero("states.*.recruit_rate", "proxies.*.recruit_rate")
_TECHNOLOGY = _zero("ties.*.technology_rate", "behaviour.technology_boost")
_ADAPTATION = _zero("behaviour.belief_rate", "behaviour.belief_return", "behaviour.patrol_rate", "behaviour.control_rate")
_ACCESS, _RETRANSFER = _zero("ties.*.access", "behaviour.market_boost"), _zero("ties.*.retransfer")
_NEED = _zero("states.*.need_response", "states.*.threat_response", "proxies.*.need_response", "proxies.*.threat_response")
_CHOICE, _HASTE = _zero("behaviour.route_choice"), _zero("behaviour.haste")
_PATROLS, _DECAY = _zero("states.*.effort"), _zero("behaviour.decay")

#: Wrong models by name: each rule of the model without effect, then parts of rules.
BUILT_IN: dict[str, Off] = {
    "no-aid": Off("No arms come from outside the world", "arrival", _zero("states.*.aid.*", "proxies.*.aid.*"), True),
    "no-sanctions": Off("Sanctions take no income", "budgets", _zero("states.*.exposure", "proxies.*.exposure"), True),
    "no-events": Off("Events do nothing", "events", (), True),
    "no-fighting": Off("War changes nobody's arms or forces", "fighting",
                       (*_STRIKES, *_USE, *_ATTRITION, *_SPOILS, *_CASUALTIES, *_RECRUITS, *_DECAY), True),
    "no-wars": Off("There are no wars", "fronts", _zero("fronts.*.intensity"), True),
    "no-interdiction": Off("Nothing is lost on the way", "interdiction", (*_zero("legs.*.detection"), *_PATROLS), True),
    "nobody-learns": Off("No knowhow passes, and nobody learns from losses, finds or dependence", "learning", (*_TECHNOLOGY, *_ADAPTATION), True),
    "no-pact": Off("The pact has no effect", "pact", _zero("pacts.*.strength"), True),
    "no-output": Off("Nobody makes arms", "production",
                     _zero("states.*.plant.*", "proxies.*.plant.*", "states.*.investment", "proxies.*.investment"), True),
    "no-falls": Off("Governments respond to nothing", "regimes", _zero("regimes.*.gain"), True),
    "any-route": Off("Senders choose routes by their limits alone", "routes", (*_CHOICE, *_HASTE, "behaviour.arms_response=0"), True),
    "no-limits": Off("Routes carry any amount, whoever governs", "shipping", ("legs.*.limit=1e9", "legs.*.residual=1"), True),
    "no-support": Off("Nobody supports anybody", "sponsorship", _zero("states.*.support_share", "proxies.*.support_share"), True),
    "no-trade": Off("Nobody sells or passes on arms", "trade", (*_ACCESS, *_RETRANSFER), True),
    "no-variation": Off("The deterministic world: no random variation", "events", _zero("scenario.noise")),
    "no-burden": Off("Wars take no attention from clients", "sponsorship", _zero("fronts.*.burden.*")),
    "no-need": Off("Support responds neither to the need of a client nor to its war", "sponsorship", _NEED),
    "no-prospects": Off("Support responds neither to the prospects of a client's government nor to the sponsor's reserve", "sponsorship",
                        _zero("states.*.prospects", "proxies.*.prospects")),
    "no-experience": Off("Unit costs do not fall with output", "production", _zero("categories.*.learning")),
    "no-new-plant": Off("No plant is added", "production", (*_zero("states.*.investment", "proxies.*.investment"), "behaviour.production_part=0")),
    "no-technology": Off("No knowhow passes from one actor to another", "learning", _TECHNOLOGY),
    "no-adaptation": Off("Senders, patrols and control respond to nothing", "learning", _ADAPTATION),
    "no-sales": Off("Nobody sells arms", "trade", _ACCESS),
    "no-retransfer": Off("Nobody passes on arms of foreign origin", "trade", _RETRANSFER),
    "no-collapse-of-routes": Off("The fall of a government leaves its routes open", "shipping", ("legs.*.residual=1",)),
    "no-route-choice": Off("Senders ignore losses on the way", "routes", (*_CHOICE, "behaviour.arms_response=0")),
    "no-haste": Off("Senders ignore the length of routes", "routes", _HASTE),
    "no-patrols": Off("Nobody searches the routes; only accidents happen", "interdiction", _PATROLS),
    "steady-searches": Off("Searches do not come in campaigns", "interdiction", _zero("behaviour.search_volatility")),
    "no-strikes": Off("Nobody's arms are struck", "fighting", _STRIKES),
    "no-use": Off("Fighting uses no arms", "fighting", _USE),
    "no-attrition": Off("Fighting destroys no arms", "fighting", _ATTRITION),
    "no-spoils": Off("Nobody captures arms in battle", "fighting", _SPOILS),
    "no-casualties": Off("Nobody is lost in fighting", "fighting", _CASUALTIES),
    "no-recruits": Off("Nobody recruits", "fighting", _RECRUITS),
    "no-decay": Off("Arms in store do not deteriorate", "fighting", _DECAY),
    "no-helpers": Off("Governments get no help from abroad", "regimes", _zero("regimes.*.helpers.*")),
}  # fmt: skip


@dataclass(frozen=True)
class WrongModel:
    """A wrong model of one world.

    Attributes
    ----------
    name, about : name and description
    kind : "rule" (a whole rule off), "part" (of one), "variant", "policy" (off), "number" (an end of a headline parameter) or "own"
    world : the world of the wrong model; None if it is the same as the model, so that nothing can tell them apart
    """

    name: str
    about: str
    kind: str
    world: World | None


class WrongModels:
    """The wrong models of the world of a patterns file.

    Parameters
    ----------
    file : the patterns file
    """

    def __init__(self, file: PatternsFile) -> None:
        self.file = file
        self.scenario = file.scenario
        self.model = build(self.scenario)

    def named(self) -> dict[str, WrongModel]:
        """Return the wrong models that the patterns name in `fails_if`, by that text."""
        texts = dict.fromkeys(text for one in self.file.evidence for text in one.fails_if)
        return {text: self._of_text(text) for text in texts}

    def all(self) -> tuple[WrongModel, ...]:
        """Return every rule and part of a rule off, every variant, every policy off, the ends of the headline parameters, and the file's own."""
        found = [self._built_in(name) for name in BUILT_IN]
        found += self._variants()
        found += [self._made(f"no-policy-{name}", f"The policy {name} is off", "policy", [f"policies.{name}.active=false"])
                  for name in self.scenario.policies_on]  # fmt: skip
        found += [self._end(path, end) for path in self.file.headline for end in ("low", "high")]
        found += [self._own(one) for one in self.file.rivals.values()]
        return tuple(found)

    def _of_text(self, text: str) -> WrongModel:
        if text in self.file.rivals:
            return self._own(self.file.rivals[text])
        if text in BUILT_IN:
            return self._built_in(text)
        return self._made(text, text, "own", [one.strip() for one in text.split(";")])

    def _built_in(self, name: str) -> WrongModel:
        one = BUILT_IN[name]
        kind = "rule" if one.whole else "part"
        if name == "no-events":
            return self._model(name, one.about, kind, _without(self.scenario, self.scenario.ids["events"]))
        return self._made(name, one.about, kind, [text for text in one.sets if self._matches(text)])

    def _variants(self) -> Iterator[WrongModel]:
        for rule, variants in VARIANTS.items():
            for variant in variants:
                if variant != self.scenario.rules[rule]:
                    yield self._made(f"{rule}={variant}", f"The variant {variant} of {rule}", "variant", [f'rules.{rule}="{variant}"'])

    def _own(self, one: Rival) -> WrongModel:
        branch = " + ".join(part for part in (self.scenario.branch, one.branch) if part) or "none"
        scenario = self._changed(branch, one.sets)
        return self._model(one.id, one.about, "own", _without(scenario, one.off))

    def _made(self, name: str, about: str, kind: str, sets: Sequence[str]) -> WrongModel:
        return self._model(name, about, kind, self._changed(self.scenario.branch or "none", sets))

    def _changed(self, branch: str, sets: Sequence[str]) -> Scenario:
        """Return a branch with changes, in which no event changes what they set."""
        changed, before = self.file.resolved(branch, sets), self.file.resolved(branch)
        fixed = {path for path, number in changed.numbers.items() if number.origin == "set" and number != before.numbers.get(path)}
        how = f"kept {' '.join(sorted('.'.join(path) for path in fixed))}"
        return edited(changed, lambda one: _keeping(one, [effect for effect in one.effects if effect.path not in fixed]), how)

    def _end(self, path: tuple[str, ...], end: str) -> WrongModel:
        name = ".".join(path)
        scenario = edited(self.scenario, lambda one: replace(one, numbers=one.numbers | {path: _at(path, one.numbers[path], end)}), f"{name} {end}")
        return self._model(f"{name} {end}", f"{name} at the {end} end of its range", "number", scenario)

    def _model(self, name: str, about: str, kind: str, scenario: Scenario) -> WrongModel:
        return WrongModel(name, about, kind, None if scenario.hash == self.scenario.hash else build(scenario))

    def _matches(self, text: str) -> bool:
        """Whether a change concerns anything in the world."""
        try:
            self.file.world.draft().expand(split_path(text.partition("=")[0]))
        except (PathError, InputError):
            return False
        return True


def _without(scenario: Scenario, events: Sequence[str]) -> Scenario:
    """Return a scenario in which some events do not occur."""

    def edit(one: Scenario) -> Scenario:
        if not any(event.id in events and not event.off for event in one.events):
            return one
        off = tuple(replace(event, off=True) if event.id in events else event for event in one.events)
        return replace(one, events=off, effects=tuple(effect for effect in one.effects if effect.event not in events))

    return edited(scenario, edit, f"without {' '.join(events)}")


def _keeping(scenario: Scenario, effects: Sequence[EventEffect]) -> Scenario:
    return scenario if len(effects) == len(scenario.effects) else replace(scenario, effects=tuple(effects))


def edited(scenario: Scenario, edit: Callable[[Scenario], Scenario], how: str) -> Scenario:
    """Return a scenario and its reference after an edit, with another hash, since their content is no longer that of a file.

    If the edit returns what it was given, so does this function.
    """
    found = edit(scenario)
    reference = None if scenario.reference is None else edited(scenario.reference, edit, how)
    same = found is scenario and reference is scenario.reference
    return scenario if same else replace(found, reference=reference, hash=f"{scenario.hash} {how}")


def _at(path: tuple[str, ...], number: Number, end: str) -> Number:
    """Return a number fixed at an end of its range, within the bounds of its parameter."""
    at, parameter = number.low if end == "low" else number.high, parameter_of(path)
    if at is None:  # a branch that policies compare with may have set it
        return number
    if not number.series:
        return replace(number, value=at, low=None, high=None)

    def within(value: float) -> float:
        return min(max(value * at, parameter.low), parameter.high)

    series = tuple((month, within(value)) for month, value in number.series)
    return replace(number, value=within(number.value), series=series, low=None, high=None)
