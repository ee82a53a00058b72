"""Seconds to compile the rules of a size class, in a process of its own.

    python tests/benchmarks/compile_times.py SIZE LANES

With 0 lanes numba compiles them. Prints one JSON object: seconds in all, and for lanes those of the analysis of the rules and
of LLVM. What remains is the emission of LLVM's intermediate language.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any
from unittest import mock


def compiled(size: str, lanes: int) -> dict[str, float]:
    """Compile a size class in this process, with an empty cache."""
    os.environ["PROXYSIM_KERNEL"] = "lanes" if lanes else "numba"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PROXYSIM_CACHE"] = folder  # read when the cache is first used, which is in `prepare`
        from proxysim.core import kernel

        return _in_parts(lambda: kernel.prepare(size, lanes)) if lanes else {"whole": _seconds(lambda: kernel.prepare(size))}


def _seconds(case: Callable[[], object]) -> float:
    began = time.perf_counter()
    case()
    return time.perf_counter() - began


def _in_parts(case: Callable[[], object]) -> dict[str, float]:
    from proxysim.core.lanes import analysis, compiler

    spent = {"analysis": 0.0, "llvm": 0.0}
    depth = [0]

    def timed(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            depth[0] += 1
            began = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                depth[0] -= 1
                if depth[0] == 0:  # the analysis of a rule asks for that of the rules it calls
                    spent[part] += time.perf_counter() - began

        return call

    with (
        mock.patch.object(analysis.Program, "typed", timed("analysis", analysis.Program.typed)),
        mock.patch.object(compiler, "object_code", timed("llvm", compiler.object_code)),
    ):
        whole = _seconds(case)
    return {"whole": whole, **spent}


if __name__ == "__main__":
    print(json.dumps(compiled(sys.argv[1], int(sys.argv[2]))))
