"""Switch policies of a built world off, without resolving its file again."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from proxysim.core.vocabulary import OFF
from proxysim.scenario.world.world import World


def without_policies(world: World, off: Collection[str]) -> World:
    """Return a world in which some policies are off, with the bits of a file that has ``active = false`` for them.

    A policy that has no effect in the branch anyway is left as it is, so that the baseline of a study is one and the same
    world whatever else is switched off, if its policies compare with that baseline.

    Parameters
    ----------
    world : the world, which is unchanged
    off : ids of policies; those of its reference are switched off too
    """
    policies = world.scenario.policies
    gone = tuple(policy.id for policy in policies if policy.id in off and not policy.silent)
    left = [policy for policy in policies if not policy.silent and policy.id not in off]
    compares = any(policy.against is not None for policy in left)
    reference = without_policies(world.reference, off) if world.reference is not None and compares else None
    if not gone and reference is world.reference:
        return world
    after = "" if reference is None else reference.hash
    digest = hashlib.blake2b(f"{world.hash} without {gone} after {after}".encode(), digest_size=16).hexdigest()
    scenario = replace(
        world.scenario, hash=digest, reference=None if reference is None else reference.scenario,
        policies=tuple(replace(policy, silent=policy.silent or policy.id in gone) for policy in policies),
        text={**world.scenario.text, **{("policies", name, "active"): False for name in gone}},
    )  # fmt: skip
    form = np.where(np.isin([policy.id for policy in policies], gone), OFF, world.policies.form)
    return replace(world, scenario=scenario, policies=world.policies._replace(form=form), reference=reference)
