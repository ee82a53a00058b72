"""All entries for a size class as one module of LLVM."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from proxysim.core.lanes.compiler import ARRAYS, exported
from proxysim.core.lanes.emit import I64, MEMORY, Emitter
from proxysim.core.lanes.layout import argument_types, array_entries, array_types, entries


def module(size: str, lanes: int) -> ir.Module:
    """Return all entries for a size class as one module of LLVM."""
    of_arrays = size == ARRAYS
    emitter, kinds = Emitter(lanes), array_types(lanes) if of_arrays else argument_types(size, lanes)
    for entry in array_entries() if of_arrays else entries(lanes):
        arguments = tuple(kinds[name] for name in entry.arguments)
        function = emitter.function(emitter.program.typed(entry.function, arguments), False)
        _export(emitter, entry.name, function, [leaf for kind in arguments for leaf in emitter.leaves(kind)])
    return emitter.module


def _export(emitter: Emitter, name: str, function: ir.Function, leaves: list[ir.Type]) -> None:
    """Add the function that a driver calls: it reads the table, and runs one group after the other."""
    table_type = I64.as_pointer()
    made = ir.Function(emitter.module, ir.FunctionType(ir.VoidType(), [table_type, I64, I64]), exported(name))
    table, low, high = made.args
    start, head, body, over = (made.append_basic_block(block) for block in ("start", "head", "body", "over"))
    at = ir.IRBuilder(start)
    places = iter(range(1_000_000))

    def held() -> Any:
        return at.load(at.gep(table, [ir.Constant(I64, next(places))]))

    parts = [(leaf, held(), held() if leaf == MEMORY else None) for leaf in leaves]
    at.branch(head)
    at.position_at_end(head)
    group = at.phi(I64)
    group.add_incoming(low, start)
    at.cbranch(at.icmp_signed("<", group, high), body, over)
    at.position_at_end(body)
    at.call(function, [one if step_ is None else at.inttoptr(at.add(one, at.mul(group, step_)), MEMORY) for _, one, step_ in parts])
    group.add_incoming(at.add(group, ir.Constant(I64, 1)), body)
    at.branch(head)
    at.position_at_end(over)
    at.ret_void()
