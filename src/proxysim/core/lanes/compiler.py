"""From a module of LLVM to functions of this process, with a copy of the machine code on disk."""

from __future__ import annotations

import ctypes
import hashlib
from contextlib import nullcontext, suppress
from functools import cache
from typing import Any

from llvmlite import binding

from proxysim.core import code_cache
from proxysim.core.code_cache import alone, cache_fault, cache_folder, cpu_features

#: Optimisation of the passes and of the code generator. More costs time and gains nothing (measured).
LEVEL = 2
#: Runs in a group, by the instruction set that must be there.
WIDTHS = (("avx512f", 8), ("avx2", 8), ("avx", 4), ("sse4.1", 2))

#: In place of a size class: functions of whole arrays.
ARRAYS = "arrays"

Call = Any


def exported(name: str) -> str:
    """Return the name of an entry in machine code."""
    return f"proxysim_{name.replace('.', '_')}"


def target(features: str) -> Any:
    """Return LLVM's target machine for a list of instruction sets, such as "+avx2,-avx512f"."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    host = binding.Target.from_default_triple()
    return host.create_target_machine(cpu=binding.get_host_cpu_name(), features=features, opt=LEVEL, reloc="static", codemodel="jitdefault", jit=True)


def object_code(text: str, features: str) -> bytes:
    """Return machine code of a module."""
    machine = target(features)
    parsed = binding.parse_assembly(text)
    parsed.triple = machine.triple
    parsed.data_layout = str(machine.target_data)
    options = binding.create_pipeline_tuning_options(speed_level=LEVEL)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(parsed, builder)
    return bytes(machine.emit_object(parsed))


class Code:
    """Machine code in this process."""

    def __init__(self, code: bytes, features: str) -> None:
        self._engine = binding.create_mcjit_compiler(binding.parse_assembly(""), target(features))
        self._engine.add_object_file(binding.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        self._functions: dict[str, Call] = {}

    def function(self, name: str) -> Call:
        """Return an entry: it takes the address of its table and a range of groups, and releases the interpreter's lock."""
        if name not in self._functions:
            address = self._engine.get_function_address(exported(name))
            made: Any = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(address)
            made.engine = self._engine  # machine code is not freed during a call, even if another thread has loaded its own in the meantime
            self._functions[name] = made
        return self._functions[name]


def width() -> int:
    """Return the number of runs that this processor advances side by side.

    Raises
    ------
    OSError : the processor, or this platform, has no suitable vector instructions
    """
    have = set(cpu_features().split(","))
    for feature, lanes in WIDTHS:
        if f"+{feature}" in have:
            return lanes
    raise OSError("the processor has no vector instructions that are used here")


@cache
def code(size: str, lanes: int) -> Code:
    """Return the rules for a size class, compiled or read from the cache, with a message on stderr if they are compiled."""
    features = cpu_features()
    keeps = not cache_fault()
    digest = hashlib.blake2b(features.encode(), digest_size=6).hexdigest()
    file = cache_folder() / f"{size}.{lanes}.{digest}.lanes"
    with alone(file.with_suffix(".lock")) if keeps else nullcontext():
        with suppress(OSError, ValueError, RuntimeError):  # not there yet, or damaged: compiled again
            return Code(code_cache.read(file), features)
        binding.parse_assembly("")  # where LLVM does not work at all, nothing is announced
        if size != ARRAYS:  # which takes no time
            code_cache.announce(size, "one run" if lanes == 1 else f"{lanes} runs")
        made = object_code(str(_module(size, lanes)), features)
        if keeps:
            code_cache.save(file, made)
    return Code(made, features)


def _module(size: str, lanes: int) -> Any:
    """Return the module of a size class; what makes it is only imported where something is compiled."""
    from proxysim.core.lanes import entries

    return entries.module(size, lanes)
