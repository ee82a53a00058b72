"""Files changed by chance, to see that whatever a file becomes is answered in lines."""

from __future__ import annotations

import random
from collections.abc import Sequence


def mutant(text: str, chance: random.Random, pieces: Sequence[str], longest: int = 30, swaps: bool = True) -> str:
    """A text with one change: letters cut out (`longest` at the most), a piece put in or over others, a line twice or swapped."""
    spot, verb = chance.randrange(len(text)), chance.randrange(5 if swaps else 4)
    if verb == 0:
        return text[:spot] + text[spot + chance.randint(1, longest) :]
    if verb == 1:
        return text[:spot] + chance.choice(pieces) + text[spot:]
    if verb == 2:
        return text[:spot] + chance.choice(pieces) + text[spot + chance.randint(1, 8) :]
    lines = text.split("\n")
    if verb == 3:
        lines.insert(chance.randrange(len(lines)), chance.choice(lines))
    else:
        first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines[first], lines[second] = lines[second], lines[first]
    return "\n".join(lines)
