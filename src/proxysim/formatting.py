"""Format numbers, counts, lists, names and tables for people.

Pages and figures use a true minus sign, and a dash for missing values. `ascii_only` converts such text for a terminal.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

#: A non-breaking space keeps the sign on the line of its number.
PERCENT = "\u00a0%"
#: Numbers of these sizes are written without powers of ten.
_LEAST, _MOST = 1e-5, 1e9
_ASCII = str.maketrans({"\u2212": "-", "–": "-", "\u00a0": " ", "∞": "inf"})


# ---- numbers --------------------------------------------------------------------------------------------------------


def plain(value: float, digits: int = 3, sign: str = "") -> str:
    """Return at most `digits` significant digits without trailing zeros: 2.50 is "2.5".

    `sign` is "+", "," or both, as in a format specification.
    """
    size = abs(value)
    if size == 0 or not math.isfinite(value) or not _LEAST <= size < _MOST:
        return f"{0 if size == 0 else value:{sign if size else ''}.{digits}g}".replace("-", "\u2212")
    text = f"{value:{sign}.{max(0, digits - 1 - math.floor(math.log10(size)))}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "\u2212")


def number(value: float | None, signed: bool = False, *, digits: int | None = None, dust: float = 0.0) -> str:
    """Return three significant digits with trailing zeros: 2.5 is "2.50". `digits` sets the decimal places instead.

    Undefined values are a dash. Values smaller than `dust` are rounding errors and read "0".
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "\u2212∞"
    size = abs(value)
    if size < dust:
        return "0"
    sign = "+" if signed and size else ""
    text = f"{value or 0.0:{sign},.{after_point(value) if digits is None else digits}f}"
    if size and not text.strip("+-0.,"):
        text = f"{value:{sign}.1g}"
    return text.replace("-", "\u2212")


def after_point(value: float) -> int:
    """Return the number of decimal places that gives three significant digits."""
    size = abs(value)
    return 0 if size >= 99.95 or size == 0 else 1 if size >= 9.995 else 2 if size >= 0.9995 else 3


def percent(share: float | None) -> str:
    """Return a share in percent. Only 0 and 1 are written as 0 % and 100 %."""
    if share is None or not math.isfinite(share):
        return "–"
    if 0.0 < share < 0.005:
        return f"under 1{PERCENT}"
    if 0.995 < share < 1.0:
        return f"over 99{PERCENT}"
    return f"{100 * share:.0f}{PERCENT}".replace("-", "\u2212")


def span(low: float | None, high: float | None, signed: bool = True, *, dust: float = 0.0) -> str:
    """Return an interval such as "+1.20 to +3.40", or a dash if either end is undefined."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return "–"
    return f"{number(low, signed, dust=dust)} to {number(high, signed, dust=dust)}"


def brackets(low: float | None, high: float | None) -> str:
    """Return an interval such as "[+1.20, +3.40]", or a dash if either end is undefined."""
    return "–" if low is None or high is None else f"[{number(low, True)}, {number(high, True)}]"


def ascii_only(text: str) -> str:
    """Replace the signs that some terminals lack."""
    return text.translate(_ASCII)


# ---- words ----------------------------------------------------------------------------------------------------------


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: "1 number", "2 numbers"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def differ_words(count: int, pairs: int) -> str:
    """Return how many pairs differ: "2 of 30 pairs differ"."""
    return f"{count:,} of {counted(pairs, 'pair')} {'differs' if count == 1 else 'differ'}"


def rare_count(count: int, pairs: int, limit: float) -> str:
    """Return a count with its limit: "0 of 30 pairs differ; the chance that one does is below 11.6 %"."""
    return f"{differ_words(count, pairs)}; the chance that one does is below {plain(100.0 * limit)}{PERCENT}"


def joined(words: Sequence[str], most: int = 12) -> str:
    """Return a list such as "a, b and c", or "none"; beyond `most` entries only their number is given."""
    kept = list(words)
    if len(kept) > most:
        kept = [*kept[:most], f"{len(words) - most} more"]
    return kept[0] if len(kept) == 1 else ", ".join(kept[:-1]) + f" and {kept[-1]}" if kept else "none"


_SPELLED = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def spelled(count: int) -> str:
    """Return a count in words up to twelve, and in digits beyond: 3 is "three"."""
    return _SPELLED[count] if 0 <= count < len(_SPELLED) else f"{count:,}"


def spaced(one: str) -> str:
    """Return an id as words: "sea-patrol" is "sea patrol"."""
    return one.replace("-", " ").replace("_", " ")


def capital(words: str) -> str:
    """Capitalise the first letter and keep the others."""
    return words[:1].upper() + words[1:]


def titled(one: str) -> str:
    """Return an id as a title: "sea-patrol" is "Sea patrol"."""
    return capital(spaced(one))


# ---- tables ---------------------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Sequence[Sequence[str]], left: Collection[int] = (0,), rule: str = "") -> list[str]:
    """Return lines with aligned columns.

    Parameters
    ----------
    head : column names
    rows : cells, as many in each row as there are names
    left : columns that are aligned to the left; the others are aligned to the right
    rule : character of the line below the names; empty for no line
    """
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    ruled = [[rule * width for width in widths]] if rule else []
    return [
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *ruled, *rows)
    ]
