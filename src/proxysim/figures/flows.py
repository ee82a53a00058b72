"""Alluvial diagram of arms from origins over senders to receivers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import sample_note
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, place_axes
from proxysim.figures.kit.palette import INK, MUTED, NEUTRAL, Look, origin_looks
from proxysim.figures.kit.style import EDGE, SMALL, WIDE, styled
from proxysim.figures.kit.tables import unique
from proxysim.figures.kit.text import wrap_label
from proxysim.formatting import number

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["alluvial"]

LOST = "lost on the way"
#: Columns: origin, sender, receiver. A node is a column and an id.
MAKER, SENDER, RECEIVER = "maker", "sender", "receiver"
Node = tuple[str, str]
_NODES = 12
_WIDTH, _BAR = WIDE - 2 * EDGE, 0.13
#: Left edge of the bars of each column, in inches.
_COLUMNS = {MAKER: 1.4, SENDER: _WIDTH * 0.5 - 0.2, RECEIVER: _WIDTH - 1.75}
#: Inches for the text of a node, and of one line of it.
_ROOM, _LINE = {MAKER: 1.32, SENDER: 1.9, RECEIVER: 1.55}, 0.135
_HEADS = {MAKER: "origin", SENDER: "sender", RECEIVER: "receiver"}


class Link(NamedTuple):
    """Arms of one origin from one node to the next."""

    start: Node
    end: Node
    origin: str
    amount: float


class Slot(NamedTuple):
    """Position of a node: its upper edge and height in inches, and its amount."""

    top: float
    tall: float
    amount: float


@styled
def alluvial(
    table: pandas.DataFrame,
    unit: str = "USD m / year",
    labels: Mapping[str, str] | None = None,
    makers: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw arms from origin over sender to receiver, as ribbons with a width proportional to the amount.

    Arms lost on the way end in a node of their own.

    Parameters
    ----------
    table : from, to, origin, sent, arrived, n (runs): amounts over a period, means over runs. Small senders and
        receivers are merged
    unit : unit of the amounts, for labels
    labels : id of an actor -> label; None for the ids themselves
    makers : id of an origin -> label, for all origins of the world, so that each keeps its colour if others are
        absent; None for `labels`
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> result = ps.run("quickstart", rng=1)
    >>> flows = result.flows.groupby(["from", "to", "origin"], as_index=False)[["sent", "arrived"]].sum()
    >>> flows[["sent", "arrived"]] /= 5  # USD m per year, over five years
    >>> figure = figures.alluvial(flows.assign(n=1))
    >>> figures.save(figure, "alluvial.svg", result).name
    'alluvial.svg'
    """
    rows = table[table["sent"] > 0]
    if not len(rows):
        return empty_figure("No arms were sent in these runs.")
    rows = _merge_small(rows)
    count = max(len(unique(rows["origin"])), len(unique(rows["from"])), len(unique(rows["to"])) + 1)
    height = max(1.8, 0.36 * count + 0.7)
    first, second = _links(rows)
    nodes = [node for link in (*first, *second) for node in (link.start, link.end)]
    names = {node: _node_lines(node, makers or labels if node[0] == MAKER else labels) for node in unique(nodes)}
    height = max(height, *(sum(len(lines) * _LINE + 0.2 for (column, _), lines in names.items() if column == one) for one in _HEADS))
    slots, scale = _place_nodes(first, second, height, names)
    if ax is None:
        words = f"Arms sent, {unit}, at 2024 base production value; mean, {sample_note(table, 'runs')}. Colour and hatch: origin."
        if any(map(_is_lost, slots)):
            words += " Lost on the way: seized, destroyed or spoilt."
        ax = place_axes(captioned_figure(words, 0.36 + height + 0.1), EDGE, 0.36, _WIDTH, height)
    ax.set_axis_off()
    ax.set_xlim(0, _WIDTH)
    ax.set_ylim(height, 0)
    looks = origin_looks([*(makers or ()), *rows["origin"]])
    _draw_ribbons(ax, [*first, *second], slots, scale, looks)
    for (column, one), slot in slots.items():
        look = {"facecolor": "white" if _is_lost((column, one)) else NEUTRAL}
        if column == MAKER:
            look = looks[one].fill(0.3)
        _draw_node(ax, (column, one), slot, look, names[column, one])
    for column, words in _HEADS.items():
        ax.text(
            _COLUMNS[column] + _BAR / 2,
            -0.08,
            words,
            ha="center",
            va="bottom",
            fontsize=SMALL,
            color=MUTED,
            clip_on=False,
        )
    return figure_of(ax)


def _merge_small(rows: pandas.DataFrame) -> pandas.DataFrame:
    """Return sums by sender, receiver and origin, with small senders and receivers merged as "all others"."""
    rows = rows.copy()
    total = float(rows["sent"].sum())
    for side in ("from", "to"):
        sums = rows.groupby(side, sort=False)["sent"].sum().sort_values(ascending=False, kind="stable")
        small = [one for at, (one, amount) in enumerate(sums.items()) if at >= _NODES or amount < 0.004 * total]
        if len(small) > 1:
            rows.loc[rows[side].isin(small), side] = "all others"
    return rows.groupby(["from", "to", "origin"], sort=False, as_index=False)[["sent", "arrived"]].sum()


def _links(rows: pandas.DataFrame) -> tuple[list[Link], list[Link]]:
    """Return the links from origins to senders, and from senders to receivers or to the lost arms."""
    first, second = [], []
    for _, r in rows.iterrows():
        sender, origin, sent = (SENDER, str(r["from"])), str(r["origin"]), float(r["sent"])
        came = min(float(r["arrived"]), sent)
        first.append(Link((MAKER, origin), sender, origin, sent))
        second.append(Link(sender, (RECEIVER, str(r["to"])), origin, came))
        second.append(Link(sender, (RECEIVER, LOST), origin, sent - came))
    return _merge_links(first), [link for link in _merge_links(second) if link.amount > 1e-9]


def _merge_links(links: Iterable[Link]) -> list[Link]:
    """Merge links with the same ends and origin."""
    found: dict[tuple[Node, Node, str], float] = {}
    for start, end, origin, amount in links:
        found[start, end, origin] = found.get((start, end, origin), 0.0) + amount
    return [Link(*ends, amount) for ends, amount in found.items()]


def _is_lost(node: Node) -> bool:
    return node == (RECEIVER, LOST)


def _node_lines(node: Node, labels: Mapping[str, str] | None) -> list[str]:
    """Return the name of a node in at most four lines."""
    column, one = node
    if _is_lost(node):
        return [LOST.capitalize()]
    words = "Other origins" if node == (MAKER, "other") else text.name(labels, one, 90)
    return wrap_label(words, _ROOM[column], SMALL, 4)


def _place_nodes(
    first: Sequence[Link], second: Sequence[Link], height: float, names: Mapping[Node, Sequence[str]]
) -> tuple[dict[Node, Slot], float]:
    """Place the nodes, large ones on top and lost arms at the bottom, with room for text.

    Returns
    -------
    slots : node -> its position
    scale : inches per unit of the amounts
    """
    sums: dict[str, dict[str, float]] = {MAKER: {}, SENDER: {}, RECEIVER: {}}

    def add(node: Node, amount: float) -> None:
        column, one = node
        sums[column][one] = sums[column].get(one, 0.0) + amount

    for link in first:
        add(link.start, link.amount)
    for link in second:
        add(link.start, link.amount)
        add(link.end, link.amount)
    total = sum(link.amount for link in first)
    least = {node: _LINE * (len(lines) + (node[0] != SENDER)) + 0.06 for node, lines in names.items()}
    most = max(sum(least[column, one] for one in part) for column, part in sums.items())
    scale = max(0.2, height - most - 0.1) / total if total > 0 else 1.0
    found: dict[Node, Slot] = {}
    for column, part in sums.items():
        order = sorted(part, key=lambda one: (one == LOST, one in ("other", "all others"), -part[one]))
        overs = [_LINE * len(names[column, one]) + 0.02 if column == SENDER else 0.0 for one in order]
        rooms = [max(least[column, one], part[one] * scale + 0.06 + over) for one, over in zip(order, overs, strict=True)]
        gap = max(0.0, height - sum(rooms)) / max(1, len(order))
        top = gap / 2
        for one, room, over in zip(order, rooms, overs, strict=True):
            tall = part[one] * scale
            found[column, one] = Slot(top + over + (room - over - tall) / 2, tall, part[one])
            top += room + gap
    return found, scale


def _draw_node(axes: Axes, node: Node, slot: Slot, look: Mapping[str, Any], lines: Sequence[str]) -> None:
    """Draw the bar of a node with its name and amount."""
    column, words = node[0], "\n".join(lines)
    x = _COLUMNS[column]
    bar = Rectangle((x, slot.top), _BAR, max(slot.tall, 0.01), linewidth=0.8, zorder=4, **{**look, "edgecolor": INK})
    axes.add_patch(bar)
    if column == SENDER:  # above its bar, where there is no ribbon
        axes.text(x + _BAR / 2, slot.top - 0.03, f"{words} {number(slot.amount)}", ha="center", va="bottom", fontsize=SMALL, zorder=6,
                  linespacing=1.1,
                  path_effects=[withStroke(linewidth=2, foreground="white")])  # fmt: skip
        return
    ha, at = ("right", x - 0.06) if column == MAKER else ("left", x + _BAR + 0.06)
    axes.text(
        at, slot.top + slot.tall / 2, f"{words}\n{number(slot.amount)}", ha=ha, va="center", fontsize=SMALL, linespacing=1.1, zorder=6,
        style="italic" if _is_lost(node) else "normal",
    )  # fmt: skip


def _draw_ribbons(
    axes: Axes, links: Sequence[Link], slots: Mapping[Node, Slot], scale: float, looks: Mapping[str, Look]
) -> None:
    """Draw ribbons between nodes, stacked at both ends in the order of the nodes at the other end."""
    out, into = dict.fromkeys(slots, 0.0), dict.fromkeys(slots, 0.0)
    ribbons: list[tuple[float, Look, Path]] = []
    order = list(looks)
    for link in sorted(links, key=lambda link: (link.start[0], slots[link.end].top, order.index(link.origin))):
        tall = link.amount * scale
        start, end = slots[link.start].top + out[link.start], slots[link.end].top + into[link.end]
        out[link.start] += tall
        into[link.end] += tall
        if tall < 1e-4:
            continue
        x0, x1 = _COLUMNS[link.start[0]] + _BAR, _COLUMNS[link.end[0]]
        ribbons.append((tall, looks[link.origin], _ribbon((x0, start), (x1, end), tall)))
    for _, look, path in sorted(ribbons, key=lambda one: -one[0]):  # thin ones on top
        axes.add_patch(PathPatch(path, linewidth=0.6, alpha=0.7, zorder=2, **look.fill()))


def _ribbon(left: tuple[float, float], right: tuple[float, float], tall: float) -> Path:
    """Return a ribbon from one upper edge to another."""
    (x0, start), (x1, end) = left, right
    middle, bow = (x0 + x1) / 2, [Path.CURVE4] * 3
    return Path(
        [(x0, start), (middle, start), (middle, end), (x1, end), (x1, end + tall), (middle, end + tall),
         (middle, start + tall), (x0, start + tall), (x0, start)],
        [Path.MOVETO, *bow, Path.LINETO, *bow, Path.CLOSEPOLY],
    )  # fmt: skip
