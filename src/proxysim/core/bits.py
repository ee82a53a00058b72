"""The bits of a number: two functions that read a float64 as an integer and back, alike in plain Python and compiled.

`elementary` builds on them. They are plain Python functions; `register` gives numba its own version of each, one
instruction long, and is called by `jit` when numba is loaded.
"""

from __future__ import annotations

import struct
from typing import Any

_WORD = (1 << 64) - 1


def bits_of(x: float) -> int:
    """Return the 64 bits of a float64 as a signed integer.

    Examples
    --------
    >>> hex(bits_of(1.0))
    '0x3ff0000000000000'
    """
    return int(struct.unpack("<q", struct.pack("<d", x))[0])


def float_of(bits: int) -> float:
    """Return the float64 with these 64 bits; a larger integer wraps around, as it does where it is compiled.

    Examples
    --------
    >>> float_of(0x3FF0000000000000)
    1.0
    """
    return float(struct.unpack("<d", struct.pack("<Q", bits & _WORD))[0])


def register() -> None:
    """Tell numba how to compile `bits_of` and `float_of`."""
    from numba import types
    from numba.extending import intrinsic, overload

    def reinterpreted(source: Any, target: Any) -> Any:
        def typed(context, value):  # type: ignore[no-untyped-def]
            def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
                return builder.bitcast(arguments[0], context.get_value_type(target))

            return target(source), code

        return intrinsic(typed)

    to_bits, to_float = reinterpreted(types.float64, types.int64), reinterpreted(types.int64, types.float64)
    overload(bits_of)(lambda x: lambda x: to_bits(x))
    overload(float_of)(lambda bits: lambda bits: to_float(bits))
