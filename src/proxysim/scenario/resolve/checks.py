"""Checks across the values of a world: ids that exist, ties that are connected, shares that add up."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from proxysim.scenario.resolve.axes import axis_ids
from proxysim.scenario.resolve.event_checks import check_events
from proxysim.scenario.resolve.references import named
from proxysim.scenario.resolve.route_checks import check_routes
from proxysim.scenario.schema.document import Leaf, Path, RawWorld
from proxysim.scenario.schema.keys import MONTHS_LIMIT, NAMED, SECTIONS, key_at
from proxysim.scenario.schema.numbers import Written
from proxysim.scenario.schema.values import tie_parts

Leaves = Mapping[Path, Leaf]
_SLACK = 1 + 1e-9


def check_world(world: RawWorld, leaves: Leaves, file: str) -> None:
    """Record all faults across values; faults inside a value are already recorded."""
    _required(world, leaves, file)
    _references(world, leaves)
    _actors(world)
    _time(world, leaves)
    _ties(world, leaves)
    check_routes(world, leaves)
    _chance_keys(world, leaves)
    _fronts(world, leaves)
    _regimes_and_pacts(world, leaves)
    _shares(world, leaves)
    _categories(world, leaves)
    check_events(world, leaves)


def _required(world: RawWorld, leaves: Leaves, file: str) -> None:
    """Check required keys."""
    if world.broken:
        return
    for key in SECTIONS["scenario"].values():
        if key.required and ("scenario", key.name) not in leaves and ("scenario", key.name) not in world.written:
            world.add_fault(
                world.heads.get("scenario", (file, 0)), ("scenario", key.name), "is missing; a world needs it"
            )
    sides = {path[:3] for path in leaves if path[0] == "fronts" and len(path) == 4}
    for section in NAMED:
        keys = [key for key in SECTIONS[section].values() if key.required]
        for name, place in world.ids(section).items():
            for key in keys:
                path = (section, name, key.name)
                if key.name == "side_a":
                    if path not in sides and path not in world.faulty:
                        world.add_fault(place, path, "needs at least one actor, such as {north = 0.5}")
                elif path not in leaves and path not in world.written:
                    world.add_fault(place, path, f"is missing; all {section} need it ({key.meaning})")


def written_path(path: Path, leaf: Leaf) -> Path:
    """Return the path in the file, which is in [defaults] for a value that comes from there."""
    return ("defaults", path[0], *path[2:]) if leaf.origin == "defaults" else path


def _references(world: RawWorld, leaves: Leaves) -> None:
    """Check all ids in values, along axes and as sources."""
    known = {axis: axis_ids(world, axis) for axis in ("category", "origin", "leg", "actor", "provision")}
    known["origin"] = tuple(leaves["scenario", "origins"].value)
    targets = {section: dict.fromkeys(world.ids(section)) for section in (*NAMED, "sources")}
    targets["origins"] = dict.fromkeys(known["origin"])
    targets["actors"] = dict.fromkeys(known["actor"])
    for path, leaf in leaves.items():
        if leaf.origin == "default":
            continue
        key = key_at(path)
        if key is None:
            continue
        for axis, part in zip(key.axes, path[len(path) - len(key.axes) :], strict=True):
            if not named(world, known[axis], part):
                _dangling(world, path, leaf, part, f"{axis} ids", known[axis])
        if key.target and key.type in ("id", "ids"):
            for name in (leaf.value,) if key.type == "id" else leaf.value:
                if not named(world, targets[key.target], name):
                    where = {"origins": "scenario.origins", "actors": "states and proxies"}.get(key.target, key.target)
                    _dangling(world, path, leaf, name, where, targets[key.target])
        cited = leaf.value.source if isinstance(leaf.value, Written) else leaf.value if key.type == "sources" else ()
        for name in cited:
            if not named(world, targets["sources"], name):
                _dangling(world, path, leaf, name, "sources", targets["sources"])


def _dangling(world: RawWorld, path: Path, leaf: Leaf, name: str, where: str, known: Collection[str]) -> None:
    some = f" ({', '.join(known)})" if 0 < len(known) <= 8 else ""
    near = world.suggest(name, known)
    message = f'"{name[:60]}" is not one of the {where}{near or some}'
    world.add_fault(leaf, written_path(path, leaf), message)


def _actors(world: RawWorld) -> None:
    """Check that no id is both a state and a proxy."""
    for name in sorted(set(world.ids("states")) & set(world.ids("proxies"))):
        first, second = world.ids("states")[name], world.ids("proxies")[name]
        later, section = (second, "proxies") if (first[0] != second[0] or second[1] >= first[1]) else (first, "states")
        world.add_fault(later, (section, name), "is both a state and a proxy; an id stands for one actor")


def _time(world: RawWorld, leaves: Leaves) -> None:
    """Check that the end is after the start, and the number of months."""
    start, end = leaves.get(("scenario", "start")), leaves.get(("scenario", "end"))
    if not start or not end:
        return
    months = end.value - start.value + 1
    if months < 1:
        world.add_fault(end, ("scenario", "end"), "is before the start")
    elif months > MONTHS_LIMIT:
        world.add_fault(end, ("scenario", "end"), f"makes a run of {months} months; at most {MONTHS_LIMIT} are allowed")


def largest(leaf: Leaf | None) -> float:
    """Return the largest value of a number or series."""
    return max(leaf.value.values(), default=0.0) if leaf else 0.0


def _ties(world: RawWorld, leaves: Leaves) -> None:
    """Check ends, brokers and barter."""
    actors = axis_ids(world, "actor")
    pairs: dict[tuple[str, str], str] = {}
    for name, place in sorted(world.ids("ties").items(), key=lambda entry: (entry[1], entry[0])):
        parts = tie_parts(name)
        if parts is None:
            continue
        path = ("ties", name)
        for part in parts:
            if part is not None and not named(world, actors, part):
                world.add_fault(place, path, f'"{part[:60]}" is not a state or a proxy{world.suggest(part, actors)}')
        sender, receiver, broker = parts
        if len({sender, receiver, broker}) < 3:
            world.add_fault(place, path, "names an actor twice; sender, receiver and broker must be different")
            continue
        before = pairs.setdefault((sender, receiver), name)
        if before != name:
            world.add_fault(
                place, path, f'joins the same two actors as "{before}"; only one tie is allowed in each direction'
            )
        if broker in actors:
            section = "states" if broker in world.ids("states") else "proxies"
            capacity = (section, broker, "broker_capacity")
            if largest(leaves.get(capacity)) == 0 and capacity not in world.faulty:
                world.add_fault(place, path, f'goes via "{broker}", which has no broker_capacity')
    for name in world.ids("ties"):
        parts, barter = tie_parts(name), leaves.get(("ties", name, "barter"))
        if parts and barter and largest(barter) > 0 and (parts[1], parts[0]) not in pairs and not world.broken:
            message = f'needs the tie in the opposite direction, "{parts[1]} -> {parts[0]}", over which it is paid'
            world.add_fault(barter, written_path(("ties", name, "barter"), barter), message)


def _chance_keys(world: RawWorld, leaves: Leaves) -> None:
    """Check that no two entries of a kind draw the same random numbers; states and proxies are one kind."""
    for sections in (("states", "proxies"), *((section,) for section in NAMED if section not in ("states", "proxies"))):
        seen: dict[str, str] = {}
        entries = [(place, section, name) for section in sections for name, place in world.ids(section).items()]
        for place, section, name in sorted(entries):
            leaf = leaves.get((section, name, "chance_key"))
            key = str(leaf.value) if leaf else name
            if seen.setdefault(key, name) != name:
                message = f'"{key}" is already the chance key of "{seen[key]}"; their random numbers would be the same'
                world.add_fault(leaf or place, (section, name, "chance_key"), message)


def _fronts(world: RawWorld, leaves: Leaves) -> None:
    """Check that no actor fights on both sides of a front."""
    for path, leaf in leaves.items():
        if path[0] == "fronts" and path[2] == "side_b" and (*path[:2], "side_a", path[3]) in leaves:
            world.add_fault(leaf, path, f'"{path[3]}" is on both sides of this front')


def _regimes_and_pacts(world: RawWorld, leaves: Leaves) -> None:
    """Check one regime per state, shares of its arms that add up, debtors among members, and the ends of pacts."""
    seen: dict[str, str] = {}
    for name in sorted(world.ids("regimes"), key=lambda name: (world.ids("regimes")[name], name)):
        state = leaves.get(("regimes", name, "state"))
        if state and seen.setdefault(state.value, name) != name:
            world.add_fault(
                state, ("regimes", name, "state"), f'"{state.value}" already has the regime "{seen[state.value]}"'
            )
        parts = [leaves.get(("regimes", name, key)) for key in ("destroyed", "captured", "leaked")]
        total = sum(largest(part) for part in parts)
        if total > _SLACK:
            blamed = next((part for part in parts if part and part.origin != "default"), None)
            message = f"destroyed, captured and leaked add up to {total:g}; at most 1 is allowed"
            world.add_fault(blamed or world.ids("regimes")[name], ("regimes", name), message)
    _challengers(world, leaves)
    for name in world.ids("pacts"):
        members, debtor = leaves.get(("pacts", name, "members")), leaves.get(("pacts", name, "debtor"))
        if members and debtor and debtor.value not in members.value and debtor.value in world.ids("states"):
            world.add_fault(debtor, ("pacts", name, "debtor"), f'"{debtor.value}" is not one of the members')
        begin, end = leaves.get(("pacts", name, "in_force")), leaves.get(("pacts", name, "until"))
        if begin and end and end.value.value <= begin.value.value:
            world.add_fault(end, ("pacts", name, "until"), "is not after `in_force`")


def _challengers(world: RawWorld, leaves: Leaves) -> None:
    """Check that whoever presses on a regime opposes its state on a front, since pressure comes from that war."""
    sides = {path[1:] for path in leaves if path[0] == "fronts" and path[2] in ("side_a", "side_b")}
    for path, leaf in leaves.items():
        state = leaves.get((*path[:2], "state"))
        if path[0] != "regimes" or path[2] != "challengers" or not state or world.broken:
            continue
        others = {"side_a": "side_b", "side_b": "side_a"}
        against = sorted({front for front, side, actor in sides if actor == state.value and (front, others[side], path[3]) in sides})
        if not against and path[3] in axis_ids(world, "actor"):
            message = (f'"{path[3][:60]}" opposes {state.value} on no front; put the two on opposite sides of a front, '
                       "or write its pressure into `pressure`")  # fmt: skip
            world.add_fault(leaf, written_path(path, leaf), message)


def _shares(world: RawWorld, leaves: Leaves) -> None:
    """Check sums of shares, and bounds of provisions."""
    sums: dict[Path, float] = {}
    last: dict[Path, Leaf] = {}
    for path, leaf in leaves.items():
        if path[0] == "pacts" and path[2] == "provisions" and path[3] != "funding":
            top = max(largest(leaf), 0.0 if leaf.value.series else leaf.value.high or 0.0)
            ends = (
                leaf.value.value,
                *(value for _, value in leaf.value.series),
                *([] if leaf.value.series else [leaf.value.low or 0.0]),
            )
            if min(ends) < 0:
                message = f"found {min(ends):g}; allowed is 0 to 1 (only funding may be below 0, as a budget cut)"
                world.add_fault(leaf, written_path(path, leaf), message)
            if top > 1:
                message = f"found {top:g}; allowed is 0 to 1 (only funding may exceed 1)"
                world.add_fault(leaf, written_path(path, leaf), message)
        group = path[:4] if len(path) == 5 and path[2] == "stock_origin" else path[:3]
        if len(path) > 3 and path[2] in ("stock_origin", "patrols", "carriers", "skim"):
            sums[group] = sums.get(group, 0.0) + largest(leaf)
            if group not in last or (leaf.file, leaf.line) > (last[group].file, last[group].line):
                last[group] = leaf
    for group, total in sums.items():
        if total > _SLACK:
            world.add_fault(last[group], group, f"the shares add up to {total:g}; at most 1 is allowed")


def _categories(world: RawWorld, leaves: Leaves) -> None:
    """Check that at most one category is components, and that there is one if anything is made from them."""
    marked = [name for name in sorted(world.ids("categories")) if _true(leaves.get(("categories", name, "components")))]
    for name in marked[1:]:
        leaf = leaves["categories", name, "components"]
        world.add_fault(
            leaf, ("categories", name, "components"), f'"{marked[0]}" is already the category of components'
        )
    if marked or world.broken or any(path[2:] == ("components",) for path in world.faulty):
        return
    for name in world.ids("categories"):
        content = leaves.get(("categories", name, "content"))
        if content and largest(content) > 0:
            path = written_path(("categories", name, "content"), content)
            world.add_fault(content, path, "is above 0 but no category has components = true")


def _true(leaf: Leaf | None) -> bool:
    return leaf is not None and leaf.value is True
