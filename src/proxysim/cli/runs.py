"""The command `run`: one run of a world."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from proxysim.cli.app import BranchName, Policies, Sets, WorldFile, app, policies_of, refusal
from proxysim.paths import path_of

if TYPE_CHECKING:
    from proxysim.runs.run import Run


@app.command("run")
def run(
    world: WorldFile,
    branch: BranchName = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, help="Seed of the study.")] = 0,
    number: Annotated[int, typer.Option("--run", min=0, max=2**32 - 1, help="Number of the run for that seed.")] = 0,
    sets: Sets = None,
    policies: Policies = None,
    out: Annotated[str | None, typer.Option("--out", metavar="DIR", help="Write tables, manifest and a figure to a folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Run a world once and print a summary."""
    folder = None if out is None else path_of(out)
    if folder is not None:
        _check_folder(folder)
    from proxysim.runs.run import run as run_world
    from proxysim.scenario.world.world import load

    built = load(world, branch, tuple(sets or ()), policies_of(policies))
    done = run_world(built, rng=seed, run=number)
    if folder is not None:
        _write(done, folder)
    if as_json:
        print(json.dumps(_object(done), indent=1, ensure_ascii=False, allow_nan=False))
    else:
        from proxysim.runs.summary import summary

        print(summary(done))


def _check_folder(folder: Path) -> None:
    """Refuse a folder that is not empty, unless a run of proxysim wrote it."""
    try:
        full = folder.is_dir() and any(folder.iterdir())
        if folder.exists() and not folder.is_dir():
            raise refusal("--out", f"{folder} is a file; give a folder")
        if full and not _ours(folder):
            raise refusal("--out", f"{folder} is not empty and holds no run of proxysim; give a new folder")
    except OSError as error:
        raise refusal("--out", f"{folder} cannot be read: {error.strerror}") from None


def _ours(folder: Path) -> bool:
    try:
        found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("kind") == "proxysim run"


def _write(done: Run, folder: Path) -> None:
    """Write tables, figure and manifest."""
    from proxysim.figures.kit.text import missing_glyphs
    from proxysim.figures.run.overview import overview
    from proxysim.runs.files import replacing
    from proxysim.runs.tables import write_run

    try:
        written = write_run(done, folder)
        with replacing(folder / "overview.png") as part, missing_glyphs() as lacking:
            overview(done).savefig(part, format="png", dpi=150, metadata={"Software": None})
    except OSError as error:
        raise refusal("--out", f"{folder} cannot be written: {error.strerror or error}") from None
    if lacking:
        print("overview.png: the font lacks some characters of the labels and shows boxes instead", file=sys.stderr)
    print(f"wrote {len(written) + 1} files to {folder}", file=sys.stderr)


def _object(done: Run) -> dict[str, Any]:
    """A run as one JSON object."""
    from proxysim.core.vocabulary import MEASURES
    from proxysim.runs.tables import manifest, month_name, table

    names, history = done.world.names, done.history
    head = {key: value for key, value in manifest(done).items() if key not in ("numbers", "sources", "tables", "kind")}
    last, amounts = history["measure"][-1], ["sent", "lost", "captured", "skimmed", "arrived"]
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
