"""Cures: what to write in place of what is no TOML."""

from __future__ import annotations

import re

from proxysim.scenario.toml.faults import quoted, shorten
from proxysim.scenario.toml.grammar import DATE_SHAPE, PHRASE

ONE_LINE = (
    "an inline table {...} stands on one line, without a comma after its last entry; "
    "join the lines, or give it a table of its own under a [header]"
)
_CURLY = ("\u201c", "\u201d", "\u201e", "\u2018", "\u2019")
DATE_KEY = "a date as a key is 2021 or 2021-06; with a dot it is two keys"


def key_cure(char: str, phrase: str) -> str:
    """What to write where a key is wanted and `char` stands; `phrase` is the rest of its line."""
    if char == "=":
        return 'has no key before the "="; write KEY = VALUE'
    if char and char in "\"'":
        return f"the key has no closing quote ({char})"
    if char in ("", "\n"):
        return "a key is wanted here"
    return f"a key has letters, digits, - and _; put quotes round any other: {quoted(phrase)}"


def equals_cure(phrase: str) -> str:
    """What to write where an ``=`` is wanted; `phrase` is what stands there."""
    if phrase.startswith(":"):
        return 'write "=" in place of ":"'
    if "=" in phrase:
        return 'a key with spaces or signs wants quotes round all of it, such as "north -> reds"'
    return 'has no "=" after the key; write KEY = VALUE'


def rest_cure(char: str, phrase: str) -> str:
    """What to write where a statement is over and yet more follows, from `char` on."""
    if char == "," and re.match(r",[0-9]{3}", phrase):
        return "a number takes no comma; write 1200 or 1_200"
    if char in "]}":
        return f'there is a "{char}" too many'
    cure = "write one statement a line; a text with spaces, a unit or a sign wants quotes round all of it"
    return f"more follows after the end: {quoted(phrase)}; {cure}"


def word_cure(word: str, phrase: str) -> str:
    """What to write in place of a word that is no TOML value; `phrase` is the rest of its line."""
    found, short = quoted(word), shorten(word)
    if word.lower() in ("true", "false"):
        return f"{found} is no value; write {word.lower()}"
    if word.lower() in ("null", "none", "nil"):
        return f"{found} is no value: TOML has no null; leave the key out"
    if DATE_SHAPE.match(word):
        return f"{found} is no date that exists; write one such as 2021-06-01"
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}", word):
        return f"{found} is no value; write a whole date, such as {word}-01"
    if re.fullmatch(r"[+-]?[0-9]+\.", word):
        return f"{found} is no number; write {short}0"
    if re.fullmatch(r"[+-]?\.[0-9]+", word):
        return f"{found} is no number; write {short.replace('.', '0.')}"
    if re.fullmatch(r"[+-]?0[0-9_]+(?:\.[0-9]*)?", word):
        return f"{found} is no number; write it without a zero in front"
    if word[:1] in _CURLY:
        return (
            f'{found} is no value; TOML knows straight quotes alone: write " in place of {word[0]} and of its partner'
        )
    match = PHRASE.match(phrase)
    whole = quoted(match.group().strip() if match else word)
    return f"{whole} is no value; put quotes round a text: {whole}"


def translated(message: str) -> str:
    """What tomllib says, in the words of this project."""
    if "date" in message:
        return "is no date that exists; write one such as 2021-06-01"
    if "Unescaped" in message or "hex" in message or "scalar" in message:
        return "a backslash in the text starts no known escape; double it, or use single quotes"
    return f"is not valid TOML: {shorten(message)}"
