"""Forms of a model: every combination of the variants of its rules, with the policies of the world on and off."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from proxysim.core.parameters import VARIANTS
from proxysim.errors import InputError
from proxysim.runs.branches import branch_worlds
from proxysim.scenario.resolve.loader import scenario_with_sets
from proxysim.scenario.scenario import Scenario
from proxysim.scenario.world.world import World, build

#: The choice whether the policies of a world act, and its two variants.
POLICIES, ON, OFF = "policies", "on", "off"
#: Name of the form of the world as it was given, and variants that are only clear with the name of their rule.
OWN, _UNCLEAR = "file's own form", (ON, OFF, "none")


@dataclass(frozen=True)
class Choice:
    """A rule with several variants, or whether policies act.

    Attributes
    ----------
    name : name of the rule, or "policies"
    own : variant of the world as it was given
    variants : all variants that are crossed, in the order of the package
    """

    name: str
    own: str
    variants: tuple[str, ...]


def variant_name(choice: str, variant: str) -> str:
    """Return the name of a variant, with that of its choice where it would be unclear without, such as "policies on"."""
    return f"{choice} {variant}" if variant in _UNCLEAR else variant


@dataclass(frozen=True)
class Form:
    """One combination of variants.

    Attributes
    ----------
    variants : choice -> variant
    changed : choices whose variant is not that of the world as it was given
    """

    variants: dict[str, str]
    changed: tuple[str, ...]

    @property
    def own(self) -> bool:
        """Whether this is the form of the world as it was given."""
        return not self.changed

    @property
    def rules(self) -> dict[str, str]:
        """Rule -> variant, without the policies."""
        return {name: variant for name, variant in self.variants.items() if name != POLICIES}

    @property
    def name(self) -> str:
        """Variants that differ from the world as it was given, such as "linear, policies on"; "file's own form" if none do."""
        return ", ".join(variant_name(name, self.variants[name]) for name in self.changed) or OWN


@dataclass(frozen=True)
class FormDesign:
    """What is crossed for some branches of a world, and their worlds in each setting of the policies.

    Attributes
    ----------
    choices : all choices that have more than one variant
    left_out : rule or "RULE=VARIANT" -> why it is not crossed
    settings : "on" or "off" -> the worlds of the branches; only the world's own setting if it has no policies
    own : the world's own setting of the policies
    """

    choices: tuple[Choice, ...]
    left_out: dict[str, str]
    settings: dict[str, tuple[World, ...]]
    own: str

    @property
    def forms(self) -> tuple[Form, ...]:
        """All combinations of variants; the last choice changes fastest."""
        own = {choice.name: choice.own for choice in self.choices}
        combinations = (dict(zip(own, one, strict=True)) for one in product(*(choice.variants for choice in self.choices)))
        return tuple(Form(one, tuple(name for name in own if one[name] != own[name])) for one in combinations)

    def worlds(self, form: Form) -> tuple[World, ...]:
        """Return the worlds of the branches in one form."""
        worlds = self.settings[form.variants.get(POLICIES, self.own)]
        if all(worlds[0].scenario.rules[rule] == variant for rule, variant in form.rules.items()):
            return worlds
        return tuple(build(_with_rules(world.scenario, form.rules)) for world in worlds)


def form_design(worlds: Sequence[World], names: tuple[str, ...]) -> FormDesign:
    """Return what is crossed for some branches of a world.

    Parameters
    ----------
    worlds : one world per branch
    names : names of the branches

    Raises
    ------
    RunError : the world was not read from a file or text
    """
    first, left_out, choices = worlds[0].scenario, {}, []
    for rule, variants in VARIANTS.items():
        own = dict.fromkeys(world.scenario.rules[rule] for world in worlds)
        if len(own) > 1:
            left_out[rule] = f"the branches have different variants: {', '.join(own)}"
            continue
        usable = []
        for variant in variants:
            fault = None if variant in own else _fault(worlds, f'rules.{rule}="{variant}"')
            if fault is None:
                usable.append(variant)
            else:
                left_out[f"{rule}={variant}"] = fault
        if len(usable) > 1:
            choices.append(Choice(rule, first.rules[rule], tuple(usable)))
    settings, own_setting = _settings(worlds, names)
    if len(settings) > 1:
        choices.append(Choice(POLICIES, own_setting, (OFF, ON)))
    return FormDesign(tuple(choices), left_out, settings, own_setting)


def _fault(worlds: Sequence[World], change: str) -> str | None:
    """Return why a variant cannot be used in a world; None if it can."""
    try:
        for world in worlds:
            scenario_with_sets(world.scenario, [change])
    except InputError as error:
        return error.faults[0].message
    return None


def _settings(worlds: Sequence[World], names: tuple[str, ...]) -> tuple[dict[str, tuple[World, ...]], str]:
    """Return the worlds with policies off and on, and which of both the given worlds are.

    If the given worlds have some policies on, these are the ones that are switched off; otherwise all are switched on.
    """
    scenario = worlds[0].scenario
    own = ON if any(world.scenario.policies_on for world in worlds) else OFF
    if not scenario.policies:
        return {own: tuple(worlds)}, own
    other = worlds[0].with_policies(OFF if own == ON else ON)
    return {own: tuple(worlds), ON if own == OFF else OFF: branch_worlds(other, names)[0]}, own


def _with_rules(scenario: Scenario, rules: dict[str, str]) -> Scenario:
    """Return a scenario, and the branch with which its policies compare, with other variants of rules."""
    reference = None if scenario.reference is None else _with_rules(scenario.reference, rules)
    digest = hashlib.blake2b(f"{scenario.hash} with {sorted(rules.items())}".encode(), digest_size=16).hexdigest()
    return replace(scenario, rules={**scenario.rules, **rules}, hash=digest, reference=reference)
