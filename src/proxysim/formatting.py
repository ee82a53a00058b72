"""Numbers, counts, lists, names and tables as people read them.

Pages and figures have a true minus sign and a dash for what is missing; `ascii_only` turns a text into one for a terminal.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

#: Never broken from its number.
PERCENT = "\u00a0%"
#: Between these sizes no number is shown in powers of ten.
_LEAST, _MOST = 1e-5, 1e9
_ASCII = str.maketrans({"\u2212": "-", "–": "-", "\u00a0": " ", "∞": "inf"})


# ---- numbers --------------------------------------------------------------------------------------------------------


def plain(value: float, digits: int = 3, sign: str = "") -> str:
    """As many significant digits, none of them idle: 2.50 is "2.5"; `sign` is "+", "," or both, as in a format."""
    size = abs(value)
    if size == 0 or not math.isfinite(value) or not _LEAST <= size < _MOST:
        return f"{0 if size == 0 else value:{sign if size else ''}.{digits}g}".replace("-", "\u2212")
    text = f"{value:{sign}.{max(0, digits - 1 - math.floor(math.log10(size)))}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "\u2212")


def number(value: float | None, signed: bool = False, *, digits: int | None = None, dust: float = 0.0) -> str:
    """Three significant digits, idle ones too: 2.5 is "2.50"; `digits` sets how many stand after the point instead.

    A dash is what is undefined. Values smaller than `dust` are what rounding leaves, and read "0".
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
    """How many digits stand after the point where three are significant."""
    size = abs(value)
    return 0 if size >= 99.95 or size == 0 else 1 if size >= 9.995 else 2 if size >= 0.9995 else 3


def percent(share: float | None) -> str:
    """A share in percent, never rounded to none or all of it when it is neither."""
    if share is None or not math.isfinite(share):
        return "–"
    if 0.0 < share < 0.005:
        return f"under 1{PERCENT}"
    if 0.995 < share < 1.0:
        return f"over 99{PERCENT}"
    return f"{100 * share:.0f}{PERCENT}".replace("-", "\u2212")


def span(low: float | None, high: float | None, signed: bool = True, *, dust: float = 0.0) -> str:
    """ "+1.20 to +3.40"; a dash when either end is undefined."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return "–"
    return f"{number(low, signed, dust=dust)} to {number(high, signed, dust=dust)}"


def brackets(low: float | None, high: float | None) -> str:
    """ "[+1.20, +3.40]"; a dash when either end is undefined."""
    return "–" if low is None or high is None else f"[{number(low, True)}, {number(high, True)}]"


def ascii_only(text: str) -> str:
    """The same with the signs that every terminal has."""
    return text.translate(_ASCII)


# ---- words ----------------------------------------------------------------------------------------------------------


def counted(count: int, one: str, many: str | None = None) -> str:
    """ "1 number", "2 numbers"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def joined(words: Sequence[str], most: int = 12) -> str:
    """ "a, b and c"; of more than `most`, how many more there are; "none" of none."""
    kept = list(words)
    if len(kept) > most:
        kept = [*kept[:most], f"{len(words) - most} more"]
    return kept[0] if len(kept) == 1 else ", ".join(kept[:-1]) + f" and {kept[-1]}" if kept else "none"


def spaced(one: str) -> str:
    """An id as words: "sea-patrol" is "sea patrol"."""
    return one.replace("-", " ").replace("_", " ")


def capital(words: str) -> str:
    """With a capital letter at the start; the others stay as they are."""
    return words[:1].upper() + words[1:]


def titled(one: str) -> str:
    """An id as a title: "sea-patrol" is "Sea patrol"."""
    return capital(spaced(one))


# ---- tables ---------------------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Sequence[Sequence[str]], left: Collection[int] = (0,), rule: str = "") -> list[str]:
    """Lines with aligned columns; those in `left` are flush left, and a line of `rule` is drawn below the head."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    ruled = [[rule * width for width in widths]] if rule else []
    return [
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *ruled, *rows)
    ]
