"""The map of flows: who sends arms to whom in each month, with places for the actors on a wide and on a narrow screen."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from proxysim.figures.kit.map_layout import leg_curves, place_boxes
from proxysim.formatting import capital, titled
from proxysim.runs.ensemble import Ensemble
from proxysim.scenario.labels import actor_label
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
#: Pixels per unit of a layout, and the size of the map on a wide and on a narrow screen, in these units.
SCALE, SIZES = 100.0, {"wide": (7.6, 4.6), "narrow": (3.4, 5.4)}
#: Width of a letter, room beside a label, height of a line and of what is around the lines, in the same units; letters of a line.
_LETTER, _ROOM, _LINE, _PAD, _LETTERS = 0.082, 0.26, 0.19, 0.16, {"wide": 18, "narrow": 12}
_DIGITS = 4
_YEAR = 12.0


def flow_map(world: World, studies: Sequence[Ensemble], titles: tuple[str, str]) -> dict[str, Any]:
    """Return the mean flow of arms over every tie in every month, in both branches, with a layout of the actors.

    Parameters
    ----------
    world : the baseline
    studies : one ensemble per branch, run with ``flows=True``
    titles : labels of the branches
    """
    sent = np.stack([_sent(one) for one in studies])  # (branch, month, tie)
    ends = world.arrays[0]
    actors, ties = world.names["actor"], world.names["tie"]
    pairs = [(actors[ends.tie_from[at]], actors[ends.tie_to[at]]) for at in range(len(ties))]
    used = [at for at in range(len(ties)) if sent[:, :, at].max() > 0.0 and pairs[at][0] != pairs[at][1]]
    shown = tuple(sorted({actor for at in used for actor in pairs[at]}))
    labels = tuple(capital(actor_label(world.scenario, one, titled)) for one in shown)
    joined = tuple(dict.fromkeys(tuple(sorted(pairs[at])) for at in used))
    proxies = set(world.scenario.ids["proxies"])
    return {
        "n": studies[0].runs, "names": list(titles), "months": list(world.months),
        "actors": [{"id": one, "label": label, "is_proxy": one in proxies} for one, label in zip(shown, labels, strict=True)],
        "layouts": {name: _layout(shown, labels, joined, tuple(pairs[at] for at in used), name) for name in SIZES},
        "ties": [{"from": pairs[at][0], "to": pairs[at][1], "tie": ties[at], "sent": [_short(_YEAR * side[:, at]) for side in sent]} for at in used],
        "most": _YEAR * float(sent[:, :, used].max()) if used else 0.0,
    }  # fmt: skip


def _sent(study: Ensemble) -> Array:
    """Return what every tie carries, all categories and origins, shape ``(month, tie)``."""
    assert study.flows is not None
    return np.asarray(study.flows.means["sent"][0].sum(axis=(2, 3)))


def _short(values: Array) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values]


@lru_cache(maxsize=64)
def _layout(actors: tuple[str, ...], labels: tuple[str, ...], joined: tuple[tuple[str, str], ...], ties: tuple[tuple[str, str], ...],
            name: str) -> dict[str, Any]:  # fmt: skip
    """Return the boxes of the actors and the curves of the ties in pixels, with y downwards."""
    wide, high = SIZES[name]
    lines = {actor: _lines(label, _LETTERS[name]) for actor, label in zip(actors, labels, strict=True)}
    sizes = {actor: (max(map(len, text)) * _LETTER + _ROOM, len(text) * _LINE + _PAD) for actor, text in lines.items()}
    boxes = place_boxes(sizes, joined, wide, high, None)
    curves = leg_curves({str(at): ends for at, ends in enumerate(ties)}, boxes)

    def point(spot: Array) -> list[float]:
        return [round(float(spot[0]) * SCALE, 1), round((high - float(spot[1])) * SCALE, 1)]

    return {
        "width": wide * SCALE, "height": high * SCALE,
        "boxes": {actor: [*point(box[:2]), round(float(box[2]) * SCALE, 1), round(float(box[3]) * SCALE, 1)] for actor, box in boxes.items()},
        "lines": lines, "curves": [[point(curve.start), point(curve.control), point(curve.end)] for curve in curves.values()],
    }  # fmt: skip


def _lines(label: str, letters: int) -> list[str]:
    """Return a label in at most two lines."""
    found = textwrap.wrap(label, letters) or [label]
    return found if len(found) <= 2 else [found[0], textwrap.shorten(" ".join(found[1:]), letters, placeholder="…") or found[1]]
