"""The command line: start, check, show and run a world. Data goes to stdout, all else to stderr.

Exit status: 0 done, 1 a run failed, 2 something given is wrong.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from proxysim.errors import Fault, InputError, ProxysimError

if TYPE_CHECKING:
    from proxysim.scenario.records import Number, Scenario
    from proxysim.single import Run

__all__ = ["app", "main"]


class _Doors(TyperGroup):
    """Commands whose errors, when raised on purpose, become lines and an exit status, never a traceback."""

    def invoke(self, context: Any) -> Any:
        try:
            found = super().invoke(context)
            sys.stdout.flush()
            return found
        except BrokenPipeError:  # the reader, such as `head`, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except InputError as error:
            print(error, file=sys.stderr)
            raise typer.Exit(2) from None
        except ProxysimError as error:
            print(f"proxysim: {error}", file=sys.stderr)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=_Doors, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Simulate states, the proxies they arm, and the pacts between the states.",
)  # fmt: skip

_World = Annotated[str, typer.Argument(metavar="WORLD", help='Path of a file of kind "world".')]
_Branch = Annotated[
    str | None, typer.Option("--branch", help='Branch, or several joined by "+"; "none" is the file as it stands.')
]
_Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change one number, such as pacts.treaty.strength=0.8; repeat."),
]


def main() -> None:
    """Run the command line and exit."""
    app()


def _fault(file: str, message: str) -> InputError:
    return InputError([Fault(file, 0, "", message)])


@app.callback(invoke_without_command=True)
def _top(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        from proxysim import __version__

        print(f"proxysim {__version__}")
        raise typer.Exit


@app.command("init")
def init(file: Annotated[str, typer.Argument(metavar="FILE", help="Where to write; must not exist.")]) -> None:
    """Write a small commented world to start from."""
    from importlib.resources import files

    text = files("proxysim.scenario").joinpath("template.toml").read_text(encoding="utf-8")
    try:
        with open(file, "x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError:
        raise _fault(file, "exists and is not overwritten; give another name") from None
    except OSError as error:
        raise _fault(file, f"cannot be written: {error.strerror}") from None
    print(f"wrote {file}; next: proxysim validate {file}", file=sys.stderr)


@app.command("validate")
def validate(
    given: Annotated[list[str], typer.Argument(metavar="FILE...", help='Files of kind "world" or "part".')],
) -> None:
    """Check files; every fault is named with its line."""
    faults: list[Fault] = []
    for file in given:
        try:
            print(f"ok {file}: {_checked(file)}")
        except InputError as error:
            faults += error.faults
            sys.stdout.flush()
            print(error, file=sys.stderr)
    if faults:
        raise typer.Exit(2)


def _checked(file: str) -> str:
    """What a sound file holds, in words."""
    from proxysim.scenario.layers import read_layers
    from proxysim.scenario.reading import read_file
    from proxysim.scenario.scenario import load_scenario

    sections = ("categories", "legs", "ties", "fronts", "regimes", "pacts", "events")
    document = read_file(Path(file), file)
    if document.data.get("kind") == "part" and not document.faults:
        world, _ = read_layers(document, Path(file).parent)
        if world.faults:
            raise InputError(world.faults)
        counts = [("actors", len(world.ids("states")) + len(world.ids("proxies")))]
        counts += [(section, len(world.ids(section))) for section in sections]
        return "part, " + _counted(counts)
    scenario = load_scenario(file)
    counts = [("actors", len(scenario.ids["actors"]))]
    counts += [(section, len(scenario.ids[section])) for section in sections]
    return f"{_counted(counts)}, {scenario.months} months, branches: {', '.join(scenario.branches) or 'none'}"


def _counted(counts: Sequence[tuple[str, int]]) -> str:
    """Counts in words; what there is none of is left out."""
    one = {"categories": "category"}
    words = [f"{number} {name if number != 1 else one.get(name, name[:-1])}" for name, number in counts if number]
    return ", ".join(words) or "empty"


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of world files, for completion in editors."""
    from proxysim.scenario.editor import editor_schema

    print(json.dumps(editor_schema(), indent=1, ensure_ascii=False, allow_nan=False))


@app.command("show")
def show(
    world: _World,
    branch: _Branch = None,
    sets: _Sets = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Only numbers that name this actor.")] = None,
) -> None:
    """Print every number that counts: value, range, source, grade and where it comes from."""
    from proxysim.errors import did_you_mean
    from proxysim.scenario.scenario import load_scenario

    scenario = load_scenario(world, branch, sets or ())
    known = scenario.ids["actors"]
    if actor is not None and actor not in known:
        near = did_you_mean(actor, known) or f"; allowed are {', '.join(known)}"
        raise _fault("--actor", f'"{actor[:60]}" is not an actor of this world{near}')
    head = ("path", "value", "unit", "low", "high", "source", "grade", "from")
    rows = [head, *_rows(scenario, actor)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        cells = [cell.rjust(width) if column in (1, 3, 4) else cell.ljust(width)
                 for column, (cell, width) in enumerate(zip(row, widths, strict=True))]  # fmt: skip
        print("  ".join(cells).rstrip())


def _rows(scenario: Scenario, actor: str | None) -> Iterator[tuple[str, ...]]:
    """One row for each number, and one more for each later date of a series."""
    from proxysim.parameters import PARAMETERS

    kinds = {(section, parameter.key): parameter.kind for parameter in PARAMETERS for section in parameter.sections}
    units = {
        "money_flow": "USD m / year", "arms_flow": "USD m / year", "money": "USD m", "arms": "USD m",
        "price": "USD / USD", "capital": "months", "share": "share", "loss": "share / month", "persons": "persons",
        "months": "months",
    }  # fmt: skip
    for path, number in scenario.numbers.items():
        names = {part for section in path for part in section.replace(" via ", " -> ").split(" -> ")}
        if actor is not None and actor not in names:
            continue
        kind = kinds.get((path[0], path[1] if path[0] in ("scenario", "behaviour") else path[2]), "")
        scale = 12.0 if kind.endswith("_flow") else 1.0
        low, high = _range(scenario, number, kind, scale)
        origin = "branch" if number.origin == "branch" else "--set" if number.origin == "set" else number.origin
        yield (_path(scenario, path), _value(scenario, number.value * scale, kind), units.get(kind, ""), low, high,
               ", ".join(number.source), number.grade or "", origin)  # fmt: skip
        for at, value in number.series:
            yield (f"  from {_month(scenario, at)}", _value(scenario, value * scale, kind), "", "", "", "", "", "")


def _path(scenario: Scenario, path: tuple[str, ...]) -> str:
    """A path as it is written: engagement stands under the side of the actor."""
    if path[0] == "fronts" and path[2] == "engagement":
        side = "side_b" if scenario.text["fronts", path[1], "sides"].get(path[3]) == 2 else "side_a"
        path = (*path[:2], side, path[3])
    return ".".join(path)


def _range(scenario: Scenario, number: Number, kind: str, scale: float) -> tuple[str, str]:
    """Low and high; of a series they are multipliers."""
    if number.low is None or number.high is None:
        return "", ""
    if number.series:
        return f"x {number.low:.4g}", f"x {number.high:.4g}"
    return _value(scenario, number.low * scale, kind), _value(scenario, number.high * scale, kind)


def _value(scenario: Scenario, value: float, kind: str) -> str:
    if math.isnan(value):
        return "worked out"
    if math.isinf(value):
        return "for ever"
    return _month(scenario, round(value)) if kind == "month" else f"{value:.6g}"


def _month(scenario: Scenario, at: int) -> str:
    count = scenario.start[0] * 12 + scenario.start[1] - 1 + at
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


@app.command("run")
def run(
    world: _World,
    branch: _Branch = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, help="Seed of the study.")] = 0,
    number: Annotated[int, typer.Option("--run", min=0, max=2**32 - 1, help="Number of the run under that seed.")] = 0,
    sets: _Sets = None,
    out: Annotated[str | None, typer.Option("--out", metavar="DIR", help="Write tables, manifest and figure.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")] = False,
) -> None:
    """Run a world once and tell what happened."""
    if out is not None:
        _check_folder(Path(out))
    from proxysim.scenario.world import load
    from proxysim.single import run as run_world

    built = load(world, branch, tuple(sets or ()))
    done = run_world(built, rng=seed, run=number)
    if out is not None:
        _write(done, Path(out))
    if as_json:
        print(json.dumps(_object(done), indent=1, ensure_ascii=False, allow_nan=False))
    else:
        from proxysim.narrative import summary

        print(summary(done))


def _check_folder(folder: Path) -> None:
    """A folder with things in it must be one that a run wrote."""
    try:
        full = folder.is_dir() and any(folder.iterdir())
        if folder.exists() and not folder.is_dir():
            raise _fault("--out", f"{folder} is a file; give a folder")
        if full and not _ours(folder):
            raise _fault("--out", f"{folder} is not empty and holds no run of proxysim; give a new folder")
    except OSError as error:
        raise _fault("--out", f"{folder} cannot be read: {error.strerror}") from None


def _ours(folder: Path) -> bool:
    try:
        found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("kind") == "proxysim run"


def _write(done: Run, folder: Path) -> None:
    """Tables, figure and manifest."""
    from proxysim.figures.overview import overview
    from proxysim.results import write_run

    try:
        written = write_run(done, folder)
        aside = folder / ".overview.png.part"
        overview(done).savefig(aside, format="png", dpi=150, metadata={"Software": None})
        os.replace(aside, folder / "overview.png")
    except OSError as error:
        raise _fault("--out", f"{folder} cannot be written: {error.strerror or error}") from None
    print(f"wrote {len(written) + 1} files to {folder}", file=sys.stderr)


def _object(done: Run) -> dict[str, Any]:
    """A run as one JSON object."""
    from proxysim.fields import MEASURES
    from proxysim.results import manifest, month_name, table

    names, history = done.world.names, done.history
    head = {key: value for key, value in manifest(done).items() if key not in ("numbers", "sources", "tables", "kind")}
    last, amounts = history["measure"][-1], ["sent", "lost", "captured", "arrived"]
    flows = table(done, "flows").groupby(["from", "to", "kind"], as_index=False)[amounts]
    return head | {
        "actors": {
            actor: {name: float(last[place, column]) for column, name in enumerate(MEASURES)}
            for place, actor in enumerate(names["actor"])
        },
        "flows": [{key: value if isinstance(value, str) else float(value) for key, value in row.items()}
                  for row in flows.sum().to_dict("records")],
        "regimes": {
            name: None if at < 0 else month_name(done, int(at))
            for name, at in zip(names["regime"], history["fallen"], strict=False)
        },
        "events": table(done, "events").to_dict("records"),
    }  # fmt: skip


if __name__ == "__main__":
    main()
