"""Write the pages of the shipped worlds from scenarios/*.toml: docs/worlds/NAME.md and NAME.svg, and parts of docs/worlds.md.

Run ``python docs/generate_worlds.py``. With ``--check`` it writes nothing and fails if anything is out of date. In
docs/worlds.md it replaces only the text between ``<!-- generated -->`` and ``<!-- end -->``; the rest is written by hand.
"""

from __future__ import annotations

import io
import itertools
import math
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import matplotlib

from proxysim.figures.places import places_and_legs
from proxysim.scenario.labels import UNITS, kind_of
from proxysim.scenario.scenario import Number, Scenario
from proxysim.scenario.world.world import World, load

DOCS = Path(__file__).parent
SCENARIOS = DOCS.parent / "scenarios"
PAGE = DOCS / "worlds.md"
UNWRITTEN = "Not written yet."
#: How the note of a number begins that puts in what happened.
IMPOSED = "imposed:"
COUNTED = (
    "categories",
    "places",
    "legs",
    "states",
    "proxies",
    "ties",
    "fronts",
    "regimes",
    "pacts",
    "events",
    "policies",
    "branches",
)
GRADES = {
    "A": "A measured",
    "B": "B public estimate",
    "C": "C expert guess",
    "D": "D assumption",
    None: "no grade: a fixed value",
}


def raw(file: Path) -> dict[str, Any]:
    """A world file as TOML, merged with the files that it extends."""
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    found: dict[str, Any] = {}
    for name in data.get("extends", []):
        found = merged(found, raw(file.parent / name))
    return merged(found, data)


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Two nested tables merged; values of the second win."""
    both = dict(below)
    for key, value in above.items():
        both[key] = merged(both[key], value) if isinstance(value, dict) and isinstance(both.get(key), dict) else value
    return both


def worlds() -> list[Path]:
    """Every shipped world, in alphabetical order."""
    return [file for file in sorted(SCENARIOS.glob("*.toml")) if raw(file).get("kind") == "world"]


def opening(file: Path) -> str:
    """The comments at the start of a file, without the comment signs."""
    found: list[str] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") and not line.startswith("#:"):
            found.append(line[1:].removeprefix(" "))
        elif found and line.strip():
            break
        elif found:
            found.append("")
    return "\n".join(found).strip()


def table(heads: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    """Format a Markdown table."""
    names = list(heads)
    rows = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    return (
        "\n".join(rows + [f"| {' | '.join(one.replace('|', chr(92) + '|') for one in line)} |" for line in lines])
        + "\n"
    )


def month(scenario: Scenario, at: int) -> str:
    """A month, counted from the start, as "YYYY-MM"."""
    count = scenario.start[0] * 12 + scenario.start[1] - 1 + at
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


def plain(scenario: Scenario, value: float, kind: str) -> str:
    """A value as people write it; flows are per year."""
    if kind == "month":
        return month(scenario, round(value))
    if math.isnan(value) or math.isinf(value):
        return "computed" if math.isnan(value) else "unlimited"
    value *= 12.0 if kind.endswith("_flow") else 1.0
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def dated(number: Number) -> tuple[list[tuple[int, float]], bool]:
    """Dates and values of a series (of a linear one only where the slope changes), and whether it is linear."""
    points = [(0, number.value), *number.series]
    if len(points) < 4 or any(after[0] - before[0] != 1 for before, after in itertools.pairwise(points[1:])):
        return points, False
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(points)]
    size = max(abs(value) for _, value in points) or 1.0
    inner = [points[at] for at in range(1, len(points) - 1) if abs(slopes[at] - slopes[at - 1]) > 1e-9 * size]
    return [points[0], *inner, points[-1]], True


def written(scenario: Scenario, number: Number, kind: str) -> tuple[str, str]:
    """The value, or dates and values, and the range."""
    text = plain(scenario, number.value, kind)
    if number.series:
        points, linear = dated(number)
        text = (
            ", ".join(f"{month(scenario, at)}: {plain(scenario, value, kind)}" for at, value in points)
            + " (linear)" * linear
        )
    if number.low is None or number.high is None:
        return text, ""
    if number.series:
        return text, f"× {number.low:.4g} to {number.high:.4g}"
    return text, f"{plain(scenario, number.low, kind)} to {plain(scenario, number.high, kind)}"


def named(scenario: Scenario, path: tuple[str, ...]) -> str:
    """A path as written after `--set`."""
    if path[0] == "fronts" and path[2] == "engagement":
        side = "side_b" if scenario.text["fronts", path[1], "sides"].get(path[3]) == 2 else "side_a"
        path = (*path[:2], side, path[3])
    return ".".join(f'"{part}"' if re.search(r"[^\w-]", part) else part for part in path)


def numbers(scenario: Scenario) -> Iterator[tuple[tuple[str, ...], Number]]:
    """Numbers given in the file, each entry of `defaults` once, in the order of paths."""
    seen: set[tuple[str, ...]] = set()
    for path, number in scenario.numbers.items():
        if number.origin == "default":
            continue
        if number.origin == "defaults":
            path = ("defaults", path[0], *path[2:])
            if path in seen:
                continue
            seen.add(path)
        yield path, number


def number_table(scenario: Scenario) -> str:
    """Table of all numbers of a file."""
    lines = []
    for path, number in numbers(scenario):
        kind = kind_of((path[1], "*", path[2]) if path[0] == "defaults" else path)
        value, span = written(scenario, number, kind)
        lines.append(
            (
                f"`{named(scenario, path)}`",
                value,
                span,
                UNITS.get(kind, ""),
                number.grade or "",
                ", ".join(number.source),
            )
        )
    return table(("number", "value", "range", "unit", "grade", "source"), lines)


def imposed(scenario: Scenario) -> str:
    """Table of the numbers that put in what happened, with the reason; empty if there are none."""
    given = [(named(scenario, path), number.note) for path, number in numbers(scenario)]
    for one in scenario.effects:
        given.append((f"events.{one.event}: {named(scenario, one.path)}", one.number.note))
    lines = [
        (f"`{name}`", note.removeprefix(IMPOSED).strip()) for name, note in given if note and note.startswith(IMPOSED)
    ]
    if not lines:
        return ""
    return (
        "## Imposed numbers\n\nThese put in what is known to have happened, so agreement with the record that follows from them "
        "is no evidence for the model.\n\n" + table(("number", "reason"), sorted(set(lines)))
    )


def grades(scenario: Scenario) -> list[tuple[str, int, int, int]]:
    """For each grade: the number of numbers, of those with a source and of those with a range."""
    found = [number for _, number in numbers(scenario)]
    return [
        (text, len(own), sum(bool(n.source) for n in own), sum(n.low is not None for n in own))
        for grade, text in GRADES.items() if (own := [n for n in found if n.grade == grade])
    ]  # fmt: skip


def cost(scenario: Scenario, branch: str) -> str:
    """What a branch costs, with its range, and who pays; empty if it states no cost."""
    if branch not in scenario.costs:
        return ""
    found = scenario.costs[branch]
    number = found.number
    ends = "" if number.low is None or number.high is None else f", {12.0 * number.low:g} to {12.0 * number.high:g}"
    grade = f" ({number.grade})" if number.grade else ""
    return f"{12.0 * number.value:g}{ends}{grade}{f', `{found.payer}`' if found.payer else ''}"


def changes(tables: dict[str, Any]) -> str:
    """The changes of an event or branch, as written in the file."""
    found = []
    for verb in ("set", "scale", "add"):
        for path, value in leaves(tables.get(verb, {})):
            found.append(f"`{verb} {path} = {value}`")
    if tables.get("off"):
        found.append(f"off: {', '.join(tables['off'])}")
    return ", ".join(found)


def leaves(part: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Paths and values in a table of changes."""
    for key, value in part.items():
        word = f'"{key}"' if re.search(r"[^\w.*-]", key) else key
        below = f"{path}.{word}" if path else word
        if isinstance(value, dict) and not {"value", "low"} & set(value):
            yield from leaves(value, below)
        else:
            yield below, value_text(value)


def value_text(value: Any) -> str:
    """A value of a change: the value of a number table, or its dates and values."""
    if not isinstance(value, dict):
        return str(value)
    if "value" in value:
        return str(value["value"])
    return ", ".join(f"{key}: {one}" for key, one in value.items() if key[:1].isdigit())


def event_table(scenario: Scenario, data: dict[str, Any]) -> str:
    """Table of events in the order of ids."""
    lines = []
    for event in scenario.events:
        given = data["events"][event.id]
        when = " to ".join(str(given[key])[:7] for key in ("on",) if key in given) or " to ".join(
            str(day)[:7] for day in given.get("window", [])
        )
        if "when" in given:
            when = "when " + " and ".join(
                ", ".join(f"{key} {value}" for key, value in one.items()) for one in given["when"]
            )
        chance = given.get("chance", given.get("chance_per_month", 1))
        value = chance.get("value") if isinstance(chance, dict) else chance
        if value != 1:
            per_month = " per month" if "chance_per_month" in given else ""
            when += f"{'; ' if when else ''}chance {value}{per_month}"
        when += f", follows {given['front']}" if "front" in given else ""
        source = given.get("source", "")
        cited = ", ".join(source) if isinstance(source, list) else source
        lines.append((event.label or event.id, when, changes(given), event.about, str(given.get("grade", "")), cited))
    return table(("event", "when", "what it changes", "about", "grade", "source"), lines)


def policy_table(scenario: Scenario) -> str:
    """Table of policies in the order of ids."""
    lines = []
    for policy in scenario.policies:
        gain = scenario.numbers["policies", policy.id, "gain"]
        watched = " + ".join(f"`{measure}.{of}`" for measure, of in policy.watches)
        moved = ", ".join(f"`{'.'.join(path)}`" for path in policy.moves)
        against = f"the run of `{policy.against}`" if policy.against else "a level"
        spread = f"{gain.value:g} ({gain.low:g} to {gain.high:g})" if gain.low is not None and gain.high is not None else f"{gain.value:g}"
        lines.append((policy.label or policy.id, policy.owner, policy.about, watched, against, moved, spread))
    heads = ("policy", "who answers", "about", "watches", "compared with", "moves", "gain (range)")
    off = "" if scenario.policies_on else "They are off unless a study switches them on (`--policies on`).\n\n"
    return off + table(heads, lines)


def counts(scenario: Scenario) -> str:
    """The contents of a world, in words."""
    last = month(scenario, scenario.months - 1)
    held = {section: len(scenario.branches if section == "branches" else scenario.ids[section]) for section in COUNTED}
    one = {"categories": "category", "proxies": "proxy", "policies": "policy", "branches": "branch"}
    parts = [
        f"{number} {section if number != 1 else one.get(section, section[:-1])}"
        for section, number in held.items()
        if number
    ]
    return f"{month(scenario, 0)} to {last}, {scenario.months} months; {', '.join(parts)}."


def title(file: Path) -> str:
    """The label of a world."""
    return str(raw(file)["scenario"].get("label", file.stem))


def world_page(file: Path, world: World) -> str:
    """The page of one world."""
    scenario, data = world.scenario, raw(file)
    given = sum(1 for number in scenario.numbers.values() if number.origin == "default")
    cited = Counter(source for _, number in numbers(scenario) for source in number.source)
    parts = [
        f"# {title(file)}\n",
        f"Generated by `python docs/generate_worlds.py` from `scenarios/{file.name}`; edit that file, not this page. "
        "[worlds.md](../worlds.md) says what the world leaves out.\n",
        f"**It asks:** {scenario.question}\n",
        counts(scenario) + "\n",
        f"![Places and legs]({file.stem}.svg)\n",
    ]
    if opening(file):
        parts += ["## Notes in the file\n", f"```\n{opening(file)}\n```\n"]
    if scenario.branches:
        lines = [(f"`{name}`" + " (default)" * (name == data.get("branch")), about, changes(data["branches"][name]), cost(scenario, name))
                 for name, about in scenario.branches.items()]  # fmt: skip
        width = 4 if scenario.costs else 3
        head = ("branch", "about", "what it changes", "cost, USD m / year (grade), payer")
        parts += ["## Branches\n", table(head[:width], [line[:width] for line in lines])]
    if scenario.events:
        parts += ["## Events\n", event_table(scenario, data)]
    if scenario.policies:
        parts += ["## Policies\n", policy_table(scenario)]
    parts += ["## Numbers by grade\n", grade_table(scenario)]
    parts += [f"{given} more numbers have the default values listed in [fields.md](../fields.md).\n"]
    if text := imposed(scenario):
        parts.append(text)
    if scenario.sources:
        parts += [
            "## Sources\n",
            table(
                ("source", "what", "numbers"),
                ((name, what, str(cited[name])) for name, what in scenario.sources.items()),
            ),
        ]
    parts += [
        "## Numbers\n",
        "Flows are per year. The range of a series is one multiplier for the whole series.\n",
        number_table(scenario),
    ]
    return "\n".join(parts)


def grade_table(scenario: Scenario) -> str:
    """Table of numbers by grade."""
    lines = [(text, str(all_), str(sourced), str(ranged)) for text, all_, sourced, ranged in grades(scenario)]
    return table(("grade", "numbers", "with a source", "with a range"), lines)


def drawing(world: World) -> bytes:
    """The map of a world as SVG; the same world and matplotlib version give the same bytes."""
    target = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "proxysim", "svg.fonttype": "path"}):
        places_and_legs(world).savefig(
            target, format="svg", metadata={"Date": None, "Creator": f"matplotlib {matplotlib.__version__}"}
        )
    return re.sub(rb"[ \t]+\n", b"\n", target.getvalue())


def section(file: Path, world: World) -> str:
    """The generated part of docs/worlds.md for one world."""
    scenario = world.scenario
    return "\n".join((
        f"**It asks:** {scenario.question}\n",
        counts(scenario) + f" [All numbers, sources, branches, events and a map](worlds/{file.stem}.md).\n",
        grade_table(scenario),
    ))  # fmt: skip


def all_worlds(sections: dict[str, tuple[str, str]], page: str) -> str:
    """docs/worlds.md with its generated parts replaced; a world without a part gets one at the end."""
    for name, (head, text) in sections.items():
        part = f"<!-- generated: {name} -->\n\n{text}\n<!-- end -->"
        pattern = re.compile(rf"<!-- generated: {re.escape(name)} -->.*?<!-- end -->", flags=re.DOTALL)
        if match := pattern.search(page):
            page = page[: match.start()] + part + page[match.end() :]
        else:
            page = f"{page.rstrip()}\n\n## {head}\n\n{part}\n\n**It leaves out:** {UNWRITTEN}\n"
    return page


def stale(file: Path, wanted: bytes) -> bool:
    """Whether a file is out of date. A drawing made with another matplotlib version counts as up to date."""
    if not file.exists():
        return True
    found = file.read_bytes()
    creator = re.compile(rb"matplotlib [0-9][^ <,]*")
    if file.suffix == ".svg" and creator.search(found) and creator.findall(found)[:1] != creator.findall(wanted)[:1]:
        return False
    return found != wanted


def main(check: bool) -> int:
    """Write all pages, or report which are out of date."""
    wanted: dict[Path, bytes] = {}
    sections = {}
    for file in worlds():
        world = load(str(file), "none")
        wanted[DOCS / "worlds" / f"{file.stem}.md"] = world_page(file, world).encode()
        wanted[DOCS / "worlds" / f"{file.stem}.svg"] = drawing(world)
        sections[file.stem] = (title(file), section(file, world))
    wanted[PAGE] = all_worlds(sections, PAGE.read_text(encoding="utf-8")).encode()
    old = [file for file, text in wanted.items() if stale(file, text)]
    if check:
        for file in old:
            print(
                f"{file.relative_to(DOCS.parent)} is out of date; run: python docs/generate_worlds.py", file=sys.stderr
            )
        return 1 if old else 0
    for file in old:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(wanted[file])
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
