"""The layers of a world: a file and the files that it extends, each read once. Later layers override earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from proxysim.errors import Fault
from proxysim.scenario.schema.document import RawWorld, check_document
from proxysim.scenario.schema.numbers import show
from proxysim.scenario.schema.units import Unit, UnitError, flows_unit
from proxysim.scenario.toml.reader import Document, read_file

FILES_LIMIT = 16


@dataclass(frozen=True)
class Layers:
    """A document and all documents that it extends.

    Attributes
    ----------
    documents : the documents, parents first, each once
    faults : faults of the lists of extended files
    refused : number of files that cannot be used
    """

    documents: tuple[Document, ...]
    faults: tuple[Fault, ...]
    refused: int


class _Files:
    """The files that a world extends, parents first, each once."""

    def __init__(self, folder: FilePath | None) -> None:
        self.folder = folder
        self.documents: list[Document] = []
        self.faults: list[Fault] = []
        self.open: list[str] = []
        self.known: dict[FilePath, Document] = {}
        self.refused = 0

    def visit(self, document: Document, name: str) -> None:
        """Add the files that a document extends, then the document itself."""
        self.open.append(name)
        wanted = document.data.get("extends", [])
        if not isinstance(wanted, list):
            self._fault(document, f'needs a list of files such as ["sources.toml"]; found {show(wanted)}')
            wanted = []
        for entry in wanted[: FILES_LIMIT + 1]:
            self._extend(document, entry)
        self.open.pop()
        self.documents.append(document)

    def _extend(self, document: Document, entry: object) -> None:
        problem, path = self._place(entry)
        if path is None:
            self._fault(document, problem)
            return
        if path.name in self.open:
            self._fault(document, f"forms a circle: {' -> '.join([*self.open, path.name])}")
            return
        if path in self.known:
            return
        if len(self.known) >= FILES_LIMIT:
            self._fault(document, f"{show(entry)} would be one file too many; at most {FILES_LIMIT} are read")
            return
        folder = FilePath(document.file).parent
        self.known[path] = read_file(path, str(folder / path.name))
        parent = self.known[path]
        if parent.faults:
            self.refused += 1
        self.visit(parent, path.name)

    def _place(self, entry: object) -> tuple[str, FilePath | None]:
        """Return the fault of an entry and the file that it names; one of them is empty."""
        if self.folder is None:
            return "is not possible here: the world was given as text, without a folder", None
        if not isinstance(entry, str):
            return f"needs names of files in quotes; found {show(entry)}", None
        if not entry or len(entry) > 120 or any(sign in entry for sign in "/\\:\0") or entry in (".", ".."):
            return f"found {show(entry)}; only files in the same folder can be extended, by name", None
        path = self.folder / entry
        try:
            if not path.is_file():
                return f"{show(entry)} is not a file in this folder", None
            if path.resolve().parent != self.folder.resolve():
                return f"{show(entry)} leads out of the folder", None
        except OSError as error:
            return f"{show(entry)} cannot be read: {error.strerror}", None
        return "", path

    def _fault(self, document: Document, message: str) -> None:
        self.refused += 1
        self.faults.append(Fault(document.file, document.line(("extends",)), "extends", message))


def layers_of(document: Document, folder: FilePath | None) -> Layers:
    """Read all files that a document extends.

    Parameters
    ----------
    document : the document as read
    folder : folder of the files that it extends; None for text, which cannot extend files
    """
    files = _Files(folder)
    files.visit(document, FilePath(document.file).name)
    return Layers(tuple(files.documents), tuple(files.faults), files.refused)


def merged(layers: Layers) -> tuple[RawWorld, Unit]:
    """Return all documents merged, and the unit of bare flows."""
    world = RawWorld(faults=list(layers.faults))
    flows = _flows(layers.documents, world)
    for each in layers.documents:
        merge(world, check_document(each, flows))
    world.broken = layers.refused > 0
    return world, flows


def _flows(documents: Sequence[Document], world: RawWorld) -> Unit:
    """Return the unit of bare flows, which must be the same in all files."""
    found: tuple[str, Unit] | None = None
    for document in documents:
        table = document.data.get("scenario")
        text = table.get("flows") if isinstance(table, dict) else None
        if not isinstance(text, str):
            continue
        try:
            unit = flows_unit(text)
        except UnitError:  # reported by the check of the document
            continue
        if found and unit != found[1]:
            place = (document.file, document.line(("scenario", "flows")))
            message = (
                f'found "{text}", but a file that this one extends has "{found[0]}"; its bare numbers would change'
            )
            world.add_fault(place, ("scenario", "flows"), message)
        else:
            found = (text, unit)
    return found[1] if found else flows_unit("USD m / year")


def merge(world: RawWorld, layer: RawWorld) -> None:
    """Merge a layer into the world: tables are merged, all other values are replaced as a whole."""
    timed = {path[1] for path in layer.leaves if path[0] == "events" and path[2] in ("on", "window", "when")}
    for name in timed:
        for key in ("on", "window", "when"):
            world.leaves.pop(("events", name, key), None)
    world.leaves |= layer.leaves
    for section, entries in layer.entities.items():
        world.entities.setdefault(section, {}).update(entries)
    for owner, changes in layer.changes.items():
        world.changes.setdefault(owner, {}).update(changes)
    world.faults += layer.faults
    world.written |= layer.written
    world.astray |= layer.astray
    world.heads |= layer.heads
    world.faulty |= layer.faulty
    world.parts |= layer.parts
