"""The TOML grammar as patterns, and limits on the size of a file.

Repetitions of long parts are possessive (``++``, ``*+``), so that even a hostile text is read in linear time.
"""

from __future__ import annotations

import re

KeyPath = tuple[str, ...]

# Limits: far above what a world needs, and protection against hostile files.
MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 32
MAX_ENTRIES = 100_000
MAX_TEXT = 20_000
MAX_DIGITS = 400
MAX_INTEGER = 2**53
MAX_FAULTS = 100
MAX_SKIP = 20_000  # characters searched for the end of a broken statement
MAX_SHOWN = 80

# Characters that are rejected: raw in the file, in a key, and in a text after its escapes are decoded.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
KEY_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
TEXT_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

# Keys, statements and texts.
_BASIC = r'"(?:[^"\\\n]|\\[^\n])*+"'
_LITERAL = r"'[^'\n]*+'"
_PART = rf"(?:[A-Za-z0-9_-]++|{_BASIC}|{_LITERAL})"
_DOTTED = rf"{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+"
KEY = re.compile(_PART)
SPACE = re.compile(r"[ \t]*+")
GAP = re.compile(r"(?:[ \t\n]++|#[^\n]*+)*+")
ASSIGNMENT = re.compile(rf"[ \t]*+{_DOTTED}[ \t]*+=")
HEADER = re.compile(rf"\[\[?[ \t]*+(?=[A-Za-z_]){_DOTTED}[ \t]*+\]\]?[ \t]*+(?:#[^\n]*+)?(?:\n|\Z)")
SHORT_TEXT = {'"': re.compile(_BASIC), "'": re.compile(_LITERAL)}
LONG_TEXT = {
    '"': re.compile(r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*+"{3,5}', re.DOTALL),
    "'": re.compile(r"'''(?:[^']|'{1,2}(?!'))*+'{3,5}"),
}

# Words: numbers, dates, true and false.
SCALAR = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2} (?=[0-9]{2}:))?[^ \t\n,\]\[{}#\"'=]++")
PHRASE = re.compile(r"[^,\]}#\n\"']*+")
_DIGITS = r"[0-9](?:_?[0-9])*"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = rf"{_CLOCK}:[0-5][0-9](?:\.[0-9]+)?"
_DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
DATE_SHAPE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
WELL_FORMED = re.compile(
    rf"[+-]?(?:0|[1-9](?:_?[0-9])*)(?:\.{_DIGITS})?(?:[eE][+-]?{_DIGITS})?|true|false|[+-]?(?:inf|nan)"
    r"|0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*"
    rf"|{_DATE}(?:[Tt ]{_TIME}(?:[Zz]|[+-]{_CLOCK})?)?|{_TIME}"
)

# For continuing after a fault, and for paths and values from the command line.
LEXEME = re.compile(rf"\n|[\[\]{{}}]|\"\"\"|'''|{_BASIC}|{_LITERAL}|#[^\n]*+|[^\n\[\]{{}}\"'#]++|.")
BARE_WORD = re.compile(r"[A-Za-z0-9_-]+")
PATH_PART = re.compile(rf"(?:[A-Za-z0-9_*-]++|{_BASIC}|{_LITERAL})")


def skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    """Return the position after a match of the pattern at `position`, or `position` itself."""
    match = pattern.match(text, position)
    return match.end() if match else position
