"""Text for a terminal as it is set on a page."""

from __future__ import annotations

import re

from proxysim.formatting import PERCENT


def typeset(text: str) -> str:
    """Return text with a true minus sign before numbers, and percent signs that stay with their number."""
    return re.sub(r"(?<![\w.-])-(?=\d)", "\u2212", text).replace(" %", PERCENT)
