"""The comparison of a world with patterns of the real world, for its report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from proxysim.runs.threads import Progress
from proxysim.scenario.shipped import patterns_of_world
from proxysim.scenario.world.world import World
from proxysim.studies.patterns.assessment import Assessment, patterns
from proxysim.studies.patterns.reader import read_patterns

#: Runs that are compared with the patterns, once with uncertain parameters at their values and once resampled.
COMPARED = 200


@dataclass(frozen=True)
class History:
    """How a world compares with patterns of the real world.

    Attributes
    ----------
    at_values : the comparison with uncertain parameters at their values
    resampled : the comparison when all of them are resampled
    """

    at_values: Assessment
    resampled: Assessment


def patterns_file(world: World) -> Path | None:
    """Return the patterns file of a world: NAME.patterns.toml next to NAME.toml or next to a file that this extends; None if there is none."""
    asked = world.scenario.asked
    return None if asked is None or asked.text is not None else patterns_of_world(Path(asked.file))


def compared_with(file: Path, world: World, seed: int, threads: int | None, progress: Progress | None) -> History:
    """Compare the world of a patterns file with its patterns; see `proxysim.patterns`.

    If it is the world of the report, it has the same changes and policies.
    """
    read, asked = read_patterns(file), world.scenario.asked
    if asked is not None and Path(asked.file).resolve() == Path(read.world.file).resolve():
        read = read.changed(asked.sets, "file")

    def half(first: bool) -> Progress | None:
        return None if progress is None else lambda done, total: progress(done + (0 if first else total), 2 * total) if first or done else None

    at_values = patterns(read, COMPARED, seed, rivals="none", threads=threads, progress=half(True))
    return History(at_values, patterns(read, COMPARED, seed, uncertain=True, rivals="none", threads=threads, progress=half(False)))
