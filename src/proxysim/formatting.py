"""Numbers as people read them."""

from __future__ import annotations

import math

#: Between these sizes no number is told in powers of ten.
_LEAST, _MOST = 1e-5, 1e9


def plain(value: float, digits: int = 3, sign: str = "") -> str:
    """So many digits that count, and all that stand before the point; `sign` is "+", "," or both, as in a format."""
    size = abs(value)
    if size == 0 or not math.isfinite(value) or not _LEAST <= size < _MOST:
        return f"{0 if size == 0 else value:{sign if size else ''}.{digits}g}".replace("-", "\u2212")
    text = f"{value:{sign}.{max(0, digits - 1 - math.floor(math.log10(size)))}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "\u2212")
