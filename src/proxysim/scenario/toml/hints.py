"""Hints: what to write instead of text that is not valid TOML."""

from __future__ import annotations

import re

from proxysim.scenario.toml.faults import quoted, shorten
from proxysim.scenario.toml.grammar import DATE_SHAPE, PHRASE

ONE_LINE = (
    "an inline table {...} must be on one line, without a comma after its last entry; "
    "join the lines, or write a separate table under a [header]"
)
_CURLY = ("\u201c", "\u201d", "\u201e", "\u2018", "\u2019")
DATE_KEY = "a date as a key is 2021 or 2021-06; a dot would make it two keys"


def key_cure(char: str, phrase: str) -> str:
    """Return a hint where a key is missing; `char` is found instead, and `phrase` is the rest of the line."""
    if char == "=":
        return 'has no key before the "="; write KEY = VALUE'
    if char and char in "\"'":
        return f"the key has no closing quote ({char})"
    if char in ("", "\n"):
        return "a key is missing here"
    return f"a key has letters, digits, - and _; put quotes around any other: {quoted(phrase)}"


def equals_cure(phrase: str) -> str:
    """Return a hint where ``=`` is missing; `phrase` is found instead."""
    if phrase.startswith(":"):
        return 'write "=" instead of ":"'
    if "=" in phrase:
        return 'a key with spaces or signs needs quotes around all of it, such as "north -> reds"'
    return 'has no "=" after the key; write KEY = VALUE'


def comma_cure(whole: str, after: str) -> str:
    """Return a hint where a comma and digits follow an integer: it groups thousands, or stands for a decimal point."""
    if len(after) == 3 and whole.lstrip("+-") != "0":
        return f"a number takes no comma; write {whole}{after} or {whole}_{after}"
    return f"a decimal comma? write {whole}.{after}"


def rest_cure(char: str, phrase: str, before: str) -> str:
    """Return a hint where more text, starting with `char`, follows a complete statement, which ends in `before`."""
    whole, after = re.search(r"[+-]?[0-9]+$", before), re.match(r",([0-9]+)$", phrase)
    if whole and after:
        return comma_cure(whole[0], after[1])
    if char in "]}":
        return f'there is one "{char}" too many'
    cure = "write one statement per line; a text with spaces, a unit or a sign needs quotes around all of it"
    return f"unexpected text after the value: {quoted(phrase)}; {cure}"


def word_cure(word: str, phrase: str) -> str:
    """Return a hint for a word that is not a TOML value; `phrase` is the rest of its line."""
    found, short = quoted(word), shorten(word)
    if word.lower() in ("true", "false"):
        return f"{found} is not a value; write {word.lower()}"
    if word.lower() in ("null", "none", "nil"):
        return f"{found} is not a value: TOML has no null; leave the key out"
    if DATE_SHAPE.match(word):
        return f"{found} is not a valid date; write one such as 2021-06-01"
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}", word):
        return f"{found} is not a value; write a full date, such as {word}-01"
    if re.fullmatch(r"[+-]?[0-9]+\.", word):
        return f"{found} is not a number; write {short}0"
    if re.fullmatch(r"[+-]?\.[0-9]+", word):
        return f"{found} is not a number; write {short.replace('.', '0.')}"
    if re.fullmatch(r"[+-]?0[0-9_]+(?:\.[0-9]*)?", word):
        return f"{found} is not a number; write it without a leading zero"
    if word[:1] in _CURLY:
        return f'{found} is not a value; TOML allows only straight quotes: write " instead of {word[0]} and of the closing quote'
    match = PHRASE.match(phrase)
    whole = quoted(match.group().strip() if match else word)
    return f"{whole} is not a value; put quotes around a text: {whole}"


def translated(message: str) -> str:
    """Return a plainer form of a message from tomllib."""
    if "date" in message:
        return "is not a valid date; write one such as 2021-06-01"
    if "Unescaped" in message or "hex" in message or "scalar" in message:
        return "a backslash in the text does not start a known escape; double it, or use single quotes"
    return f"is not valid TOML: {shorten(message)}"
