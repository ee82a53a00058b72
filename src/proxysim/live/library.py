"""The worlds that the page can show: the shipped ones, or the one that was named on the command line; each is read when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from proxysim.live.offer import Offer, offer_of
from proxysim.live.state import Refused
from proxysim.scenario.shipped import files_of, shipped_worlds, world_path
from proxysim.scenario.world.world import World, load

#: World with which the page begins if none is named.
FIRST_WORLD = "quickstart"


class Library(Mapping[str, Offer]):
    """What the worlds offer, by name; only worlds that were read are in the mapping.

    Parameters
    ----------
    given : path or name of the only world; None for the shipped worlds
    """

    def __init__(self, given: str | None) -> None:
        self.given = given
        self.names = tuple(shipped_worlds()) if given is None else (Path(given).stem or given,)
        self.first = FIRST_WORLD if given is None and FIRST_WORLD in self.names else next(iter(self.names), "")
        self._read: dict[str, Offer] = {}
        self._stamps: dict[str, dict[Path, object]] = {}
        self._lock = threading.Lock()

    def open(self, name: str) -> Offer:
        """Return what a world offers, and read it if this is the first time.

        Raises
        ------
        KeyError : the world is not one of `names`
        InputError : its file cannot be used
        """
        if name not in self.names:
            raise KeyError(name)
        with self._lock:
            if name not in self._read:
                file = name if self.given is None else self.given
                offer = self._offer(name, file, load(file))
                self._stamps[name] = {one: _stamp(one) for one in files_of(world_path(file))}
                self._read[name] = offer
            return self._read[name]

    def check(self, name: str) -> None:
        """Check that the files of a world are still those that were read.

        Raises
        ------
        Refused : a file was changed, so that the command line which the page offers would give other numbers
        """
        for file, stamp in self._stamps.get(name, {}).items():
            if _stamp(file) != stamp:
                raise Refused(f"{file.name} was changed after it was read; start `proxysim serve` again to see its new numbers")

    def _offer(self, name: str, file: str, world: World) -> Offer:
        offer = offer_of(name, file, world)
        offer.to_json()  # everything that the page needs at first, so that its first picture waits for nothing
        return offer

    def __getitem__(self, name: str) -> Offer:
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._read))

    def __len__(self) -> int:
        return len(self._read)


def _stamp(file: Path) -> object:
    """Return what changes when a file is written; None without a file."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
