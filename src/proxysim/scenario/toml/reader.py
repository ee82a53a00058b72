"""Read TOML with line numbers: the content of a file, the line of each key, and all faults in one pass.

`tomllib` decides what is valid, and the scanner of `scenario.toml` finds the statements and their lines. Each statement
is validated on its own, so a broken one hides no other and the time is linear in the size of the file. A file without
faults is then validated as a whole. Limits are checked before `tomllib` sees a statement.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from proxysim.errors import Fault, did_you_mean
from proxysim.scenario.toml.faults import Faults, is_aside, printable, shorten
from proxysim.scenario.toml.grammar import MAX_BYTES, KeyPath
from proxysim.scenario.toml.scanner import Scanner
from proxysim.scenario.toml.tables import Tables
from proxysim.scenario.toml.text import Text
from proxysim.scenario.toml.validation import judge


@dataclass(frozen=True)
class Document:
    """A file as read; never changed after reading.

    Attributes
    ----------
    file : name shown in errors
    data : the parsed content, without statements that are broken or given twice
    lines : line, counted from 1, of each key, table header and array element; indices are text
    faults : all faults, in the order of lines
    text_hash : blake2b hash of the raw bytes, in hex; empty if they could not be read
    """

    file: str
    data: dict[str, Any]
    lines: dict[KeyPath, int]
    faults: tuple[Fault, ...]
    text_hash: str

    def __hash__(self) -> int:
        return hash((self.file, self.text_hash))

    def line(self, path: Sequence[str]) -> int:
        """Return the line of `path` or of its nearest parent in the file; 0 if there is none."""
        for length in range(len(path), 0, -1):
            found = self.lines.get(tuple(path[:length]))
            if found is not None:
                return found
        return 0


def read_text(text: str | bytes, file: str) -> Document:
    """Read TOML text; invalid content raises nothing and is listed in `faults`."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
    shown, digest = printable(file), hashlib.blake2b(raw).hexdigest()
    if len(raw) > MAX_BYTES:
        return _refused(shown, 0, f"has {len(raw)} bytes; at most {MAX_BYTES} are allowed, so split it", digest)
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _refused(shown, line, "is not UTF-8 text; save the file with UTF-8 encoding", digest)
    whole = Text(decoded.removeprefix("\ufeff").replace("\r\n", "\n"))
    tables = Tables(Faults(shown))
    scanner = Scanner(whole, tables)
    scanner.read()
    judge(whole, tables, scanner.statements)
    lines = {path: line for path, line in tables.lines.items() if not is_aside(path)}
    faults = sorted(dict.fromkeys(tables.faults.found), key=lambda fault: fault.line)
    return Document(shown, tables.data, lines, tuple(faults), digest)


def read_file(path: Path, shown: str | None = None) -> Document:
    """Read a TOML file; a file that cannot be read gives one fault.

    Parameters
    ----------
    shown : name of the file in errors; `path` as given by default
    """
    name = printable(str(path) if shown is None else shown)
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            return _refused(name, 0, "is a folder; name a .toml file in it")
        if not stat.S_ISREG(mode):
            return _refused(name, 0, "is not a regular file; name a .toml file")
        # Without O_NONBLOCK, a pipe that has just replaced the file would block forever.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(path, flags), "rb") as stream:
            raw = stream.read(MAX_BYTES + 1) or b""
    except FileNotFoundError:
        return _refused(name, 0, f"does not exist; check the name and the folder{_neighbour(path)}")
    except PermissionError:
        return _refused(name, 0, "cannot be read: permission denied; check the permissions of the file")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return _refused(name, 0, f"cannot be read ({shorten(reason)}); check the name and the folder")
    if len(raw) > MAX_BYTES:
        return _refused(name, 0, f"has more than {MAX_BYTES} bytes; split it into several files")
    return _parsed(raw, name)


@lru_cache(maxsize=32)
def _parsed(raw: bytes, shown: str) -> Document:
    """Return the document of a file with some content; the same one for the same content, however often the file is read."""
    return read_text(raw, shown)


def _refused(file: str, line: int, message: str, text_hash: str = "") -> Document:
    return Document(file, {}, {}, (Fault(file, line, "", message),), text_hash)


def _neighbour(path: Path) -> str:
    """Suggest a file in the same folder, or slashes for the backslashes of Windows."""
    slashed = str(path).replace("\\", "/")
    if os.sep == "/" and slashed != str(path) and os.path.exists(slashed):
        return printable(f'; write "/" for each backslash: "{slashed}"')
    try:
        names = sorted(name for name in os.listdir(path.parent) if name.endswith(".toml"))
    except (OSError, ValueError):
        return ""
    return printable(did_you_mean(path.name, names[:1000]))
