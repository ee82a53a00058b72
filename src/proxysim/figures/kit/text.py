"""Text in figures: measured, wrapped, shortened, and kept in order in either writing direction."""

from __future__ import annotations

import re
import textwrap
import unicodedata
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from proxysim.figures.kit.style import SMALL, TEXT
from proxysim.formatting import capital, spaced

#: Marks that isolate the direction of a label from that of a sentence; fonts may lack all of them but the last.
_ISOLATES = re.compile("[\u2066-\u2069\u200e\u200f]")
_LEFT_TO_RIGHT = "\u200e"
#: Bold text is up to this much wider than plain text.
_BOLD = 1.17


def wrap_text(words: str, wide: float, size: float = SMALL) -> list[str]:
    """Wrap text into lines of at most `wide` inches; a word that is too long is split."""
    found: list[str] = []
    most = max(8, int(wide * 72 / (0.56 * size)))
    for paragraph in words.split("\n"):
        found += [keep_direction(line) for line in textwrap.wrap(paragraph, most, break_long_words=True)] or [""]
    return found


def text_height(lines: Sequence[str], size: float = SMALL) -> float:
    """Return the height of lines in inches."""
    return len(lines) * size * 1.36 / 72


def cut(words: str, most: int) -> str:
    """Shorten text in its middle if it is too long; a leading underscore is kept from hiding a label in legends."""
    words = _shorten_middle(_one_line(words), most)
    return f" {words}" if words.startswith("_") else keep_direction(words)


def _one_line(words: str) -> str:
    """Return text in one line; direction marks remain if it mixes two directions."""
    mark = _LEFT_TO_RIGHT if _right_to_left(words) else ""
    return " ".join(_ISOLATES.sub(mark, words).split()).strip(_LEFT_TO_RIGHT)


def _right_to_left(words: str) -> bool:
    return any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in words)


def keep_direction(words: str) -> str:
    """Isolate right-to-left text, so that arrows and numbers after it stay in place."""
    return f"{_LEFT_TO_RIGHT}{words}{_LEFT_TO_RIGHT}" if _right_to_left(words) else words


def _shorten_middle(words: str, most: int) -> str:
    """Keep two thirds of the length from the start and one third from the end.

    Similar names may differ at either end.
    """
    if len(words) <= most:
        return words
    tail = (most - 1) // 3
    end = words[len(words) - tail :].lstrip() if most >= 8 else ""
    while end and unicodedata.category(end[0]).startswith("M"):
        end = end[1:]  # a combining mark of the letter before it
    return f"{words[: most - 1 - (tail if end else 0)].rstrip()}…{end}"


def fit(words: str, wide: float, size: float = TEXT, bold: bool = False) -> str:
    """Shorten text until it is at most `wide` inches wide."""
    whole, factor = _one_line(words), _BOLD if bold else 1.0
    most, found = min(len(whole), 200), cut(whole, 200)
    while most > 4 and (needed := text_width(found, size) * factor) > wide:
        most = max(4, min(most - 1, round(most * wide / needed) + 1))
        found = cut(whole, most)
    return found


def wrap_label(words: str, wide: float, size: float = TEXT, most: int = 2, bold: bool = False) -> list[str]:
    """Wrap a label into at most `most` lines of at most `wide` inches; only a longer one is shortened, in its middle."""
    whole, room = _one_line(words), wide / (_BOLD if bold else 1.0)
    kept = len(whole)
    while True:
        lines = _filled(_shorten_middle(whole, kept), room, size)
        if len(lines) <= most or kept <= 6:
            return [keep_direction(line) for line in lines[:most]] or [""]
        kept = min(kept - 1, max(6, kept * most // len(lines) + 6))


def _filled(words: str, wide: float, size: float) -> list[str]:
    """Fill lines of at most `wide` inches; a word that is too long is split, after a hyphen if it has one."""
    lines = [""]
    for word in re.findall(r"[^\s-]+-*\s*|-+\s*", words):
        if lines[-1] and text_width((lines[-1] + word).rstrip(), size) > wide:
            lines.append("")
        while text_width(word.rstrip(), size) > wide and len(word) > 1:
            fits = next((at for at in range(len(word) - 1, 1, -1) if text_width(word[:at], size) <= wide), 1)
            lines[-1:] = [word[:fits], ""] if not lines[-1] else [lines[-1], word[:fits], ""]
            word = word[fits:]
        lines[-1] += word
    return [line.rstrip() for line in lines if line.strip()]


@contextmanager
def missing_glyphs() -> Iterator[list[str]]:
    """Draw glyphs that the font lacks as boxes, without warnings.

    The yielded list collects the suppressed warnings as text.
    """
    told: list[str] = []
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield told
    for one in found:
        if "missing from" in str(one.message):
            told.append(str(one.message))
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


@lru_cache(maxsize=20_000)
def text_width(words: str, size: float = TEXT) -> float:
    """Return the width of one line in inches."""
    if not words.strip():
        return 0.0
    with missing_glyphs():
        return outline_width(TextPath((0, 0), words, size=size, prop=FontProperties(family="DejaVu Sans"))) / 72


def outline_width(outline: TextPath) -> float:
    """Return the width of a text's outline in points.

    The result is that of `Path.get_extents`, which takes a hundred times as long because it solves for the extreme points of
    each curve in turn. Here all curves are solved at once, if they are lines and parabolas as in TrueType fonts.
    """
    x, codes = np.asarray(outline.vertices)[:, 0], outline.codes
    if codes is None or np.any(codes == Path.CURVE4):
        return float(outline.get_extents().width)
    middles, ends = np.flatnonzero(codes == Path.CURVE3).reshape(-1, 2).T
    start, middle, end = x[middles - 1], x[middles], x[ends]
    bend = start - 2.0 * middle + end
    at = np.divide(start - middle, bend, out=np.zeros_like(bend), where=bend != 0.0)
    at = np.where((at > 0.0) & (at < 1.0), at, 0.0)
    turns = (1.0 - at) ** 2 * start + 2.0 * at * (1.0 - at) * middle + at**2 * end
    found = np.concatenate([x[(codes == Path.MOVETO) | (codes == Path.LINETO)], end, turns])
    return float(np.ptp(found)) if len(found) else 0.0


def name(labels: Mapping[str, str] | None, one: str, most: int = 30) -> str:
    """Return the label of an id."""
    return cut(capital((labels or {}).get(one) or spaced(one)), most)
