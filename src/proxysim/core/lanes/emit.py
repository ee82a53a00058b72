"""From the typed form of the rules to LLVM's intermediate language, for one run or for several side by side.

Numbers that vary are vectors with one element (a *lane*) per run. Memory of a group of runs has the order [item][lane], so
that an entry of an array is one vector. Where only some runs take part, a mask says which; a body that no run enters is
skipped. Sums keep the order of the source in every lane, and nothing is contracted or reordered, so that each run has the
bits that it has alone.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from llvmlite import ir

from proxysim.core import records
from proxysim.core.lanes import subset
from proxysim.core.lanes.analysis import NONE, Exits, Program, Typed
from proxysim.core.lanes.types import BOOL, INT, Array, Group, Record, Scalar, Several, Type, unify

I1, I64, F64 = ir.IntType(1), ir.IntType(64), ir.DoubleType()
MEMORY = F64.as_pointer()
_PLAIN = {"b": I1, "i8": I64, "u8": I64, "f8": F64}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
#: Names of LLVM's operations by operator and kind.
_OPERATIONS = {
    (ast.Add, "f8"): "fadd", (ast.Sub, "f8"): "fsub", (ast.Mult, "f8"): "fmul", (ast.Div, "f8"): "fdiv",
    (ast.Add, "i8"): "add", (ast.Sub, "i8"): "sub", (ast.Mult, "i8"): "mul", (ast.BitAnd, "i8"): "and_", (ast.BitOr, "i8"): "or_",
    (ast.BitXor, "i8"): "xor", (ast.LShift, "i8"): "shl", (ast.RShift, "i8"): "ashr", (ast.RShift, "u8"): "lshr",
}  # fmt: skip
#: Calls that cost no more than the test whether any run needs them.
_CHEAP = {"min", "max", "abs", "float", "bits_of", "float_of"}
#: Expressions up to this size are computed for all runs and then selected.
_SMALL = 12


@dataclass
class ArrayValue:
    """Where an array lies in memory, and its lengths."""

    pointer: Any
    shape: list[Any]


class Emitter:
    """A module of LLVM with the rules that some entries call.

    Parameters
    ----------
    lanes : runs in a group
    """

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.program = Program(lanes > 1)
        self.module = ir.Module(name="proxysim")
        self._functions: dict[tuple[int, bool], ir.Function] = {}
        self._forms: list[Typed] = []

    def llvm(self, kind: Scalar) -> ir.Type:
        """Return LLVM's type of a number."""
        plain = _PLAIN[kind.kind]
        return ir.VectorType(plain, self.lanes) if kind.varies else plain

    @property
    def mask(self) -> ir.Type:
        """LLVM's type of a mask."""
        return ir.VectorType(I1, self.lanes)

    def leaves(self, kind: Type) -> list[ir.Type]:
        """Return LLVM's types of what a value is passed as."""
        match kind:
            case Scalar():
                return [self.llvm(kind)]
            case Record():
                return [MEMORY]
            case Array():
                return [MEMORY, *(I64 for length in kind.shape if length is None)]
            case Group():
                return [leaf for _, one in kind.fields for leaf in self.leaves(one)]
        raise AssertionError(kind)

    def function(self, form: Typed, masked: bool) -> ir.Function:
        """Return the function of a rule; a masked one takes the mask of the runs that take part as its last argument."""
        key = id(form), masked
        if key not in self._functions:
            arguments = [leaf for kind in form.arguments for leaf in self.leaves(kind)]
            returned = [self.llvm(item) for item in _items(form.returns)]
            result = ir.VoidType() if not returned else returned[0] if len(returned) == 1 else ir.LiteralStructType(returned)
            name = f"{form.source.function.__module__.rsplit('.', 1)[-1]}.{form.source.function.__name__}.{len(self._functions)}"
            made = ir.Function(self.module, ir.FunctionType(result, arguments + [self.mask] * masked), name)
            made.linkage = "internal"
            made.attributes.add("nounwind")
            self._functions[key] = made
            self._forms.append(form)  # keeps ids apart
            Body(self, form, made, masked).emit()
        return self._functions[key]


def _items(kind: Scalar | Several | None) -> tuple[Scalar, ...]:
    return () if kind is None else kind.items if isinstance(kind, Several) else (kind,)


class Body:
    """One function: its statements and expressions."""

    def __init__(self, emitter: Emitter, form: Typed, function: ir.Function, masked: bool) -> None:
        self.emitter, self.form, self.function = emitter, form, function
        self.lanes = emitter.lanes
        self.at = ir.IRBuilder(function.append_basic_block("start"))
        self.first = self.at.block
        self.aliases: dict[str, Any] = {}
        self.slots: dict[str, Any] = {}
        #: Runs that take part; None for all.
        self.mask: Any = function.args[-1] if masked else None
        self.loops: list[_Loop] = []
        self.returned: list[Any] = []
        self.alive: Any = None
        self.out: Any = None

    def emit(self) -> None:
        form = self.form
        leaves = iter(self.function.args)
        for name, number in form.names.items():
            self.slots[name] = self.slot(self.emitter.llvm(number), name)
        for name, kind in zip(form.source.arguments, form.arguments, strict=True):
            value = self.taken(kind, leaves)
            if isinstance(kind, Scalar):
                self.at.store(self.cast(value, kind, form.names[name]), self.slots[name])
            else:
                self.aliases[name] = value
        if form.partly:
            self.returned = [self.slot(self.emitter.llvm(item), "returned") for item in _items(form.returns)]
            self.alive = self.slot(self.emitter.mask, "alive")
            self.at.store(self.everyone(), self.alive)
            self.out = self.function.append_basic_block("out")
        self.block(form.source.body)
        if not self.at.block.is_terminated:
            if form.partly:
                self.at.branch(self.out)
            else:
                self.give([self.zero(item) for item in _items(form.returns)])
        if form.partly:
            self.at.position_at_end(self.out)
            self.give([self.at.load(slot) for slot in self.returned])

    def taken(self, kind: Type, leaves: Any) -> Any:
        """Return an argument from the values that it is passed as."""
        match kind:
            case Scalar() | Record():
                return next(leaves)
            case Array():
                pointer = next(leaves)
                return ArrayValue(pointer, [next(leaves) if length is None else length for length in kind.shape])
            case Group():
                return {name: self.taken(one, leaves) for name, one in kind.fields}
        raise AssertionError(kind)

    def passed(self, value: Any, kind: Type) -> list[Any]:
        """Return the values that an argument is passed as."""
        match kind:
            case Array():
                return [value.pointer, *(one for one, length in zip(value.shape, kind.shape, strict=True) if length is None)]
            case Group():
                return [leaf for name, one in kind.fields for leaf in self.passed(value[name], one)]
        return [value]

    def slot(self, kind: ir.Type, name: str) -> Any:
        """Return memory of a local, which LLVM turns into registers; zero at first."""
        with self.at.goto_block(self.first):
            made = self.at.alloca(kind, name=name)
            self.at.store(ir.Constant(kind, None), made)
        return made

    # ---- small parts

    def zero(self, kind: Scalar) -> Any:
        return ir.Constant(self.emitter.llvm(kind), None)

    def constant(self, value: Any, kind: Scalar) -> Any:
        """Return a constant, in all lanes if the type varies."""
        plain = _PLAIN[kind.kind]
        number = float(value) if kind.kind == "f8" else int(value)
        return ir.Constant(self.emitter.llvm(kind), [ir.Constant(plain, number)] * self.lanes) if kind.varies else ir.Constant(plain, number)

    def everyone(self) -> Any:
        """Return the mask of the runs that take part here."""
        return ir.Constant(self.emitter.mask, [ir.Constant(I1, 1)] * self.lanes) if self.mask is None else self.mask

    def both(self, one: Any, two: Any) -> Any:
        """Return the runs in both masks; None stands for all."""
        return two if one is None else one if two is None else self.at.and_(one, two)

    def any(self, mask: Any) -> Any:
        """Return whether any run is in a mask."""
        whole = ir.IntType(self.lanes)
        return self.at.icmp_unsigned("!=", self.at.bitcast(mask, whole), ir.Constant(whole, 0))

    def splat(self, value: Any, kind: Scalar) -> Any:
        """Return one number in all lanes."""
        if isinstance(value, ir.Constant):
            return ir.Constant(self.emitter.llvm(kind), [value] * self.lanes)
        vector = self.emitter.llvm(kind)
        one = self.at.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), None)
        return self.at.shuffle_vector(one, ir.Constant(vector, ir.Undefined), lanes)

    def cast(self, value: Any, old: Scalar, new: Scalar) -> Any:
        """Return a number as another kind, and in all lanes if the new type varies."""
        if old.kind != new.kind:
            target = self.emitter.llvm(Scalar(new.kind, old.varies))
            match old.kind, new.kind:
                case "b", "i8" | "u8":
                    value = self.at.zext(value, target)
                case "b", "f8":
                    value = self.at.uitofp(value, target)
                case "i8", "f8":
                    value = self.at.sitofp(value, target)
                case "u8", "f8":
                    value = self.at.uitofp(value, target)
                case "f8", "i8":
                    value = self.truncated(value, old.varies)
                case _:  # an integer and a key have the same bits
                    pass
        return self.splat(value, new) if new.varies and not old.varies else value

    def truncated(self, value: Any, varies: bool) -> Any:
        """Return the integer part. A lane that takes no part may hold anything, so the conversion must be defined for all."""
        form = f"v{self.lanes}i64.v{self.lanes}f64" if varies else "i64.f64"
        return self.intrinsic(f"llvm.fptosi.sat.{form}", self.emitter.llvm(Scalar("i8", varies)), [value])

    def intrinsic(self, name: str, kind: ir.Type, arguments: list[Any]) -> Any:
        module = self.emitter.module
        found = module.globals.get(name)
        if found is None:
            found = ir.Function(module, ir.FunctionType(kind, [one.type for one in arguments]), name)
        return self.at.call(found, arguments)

    def exact(self, name: str, value: Any) -> Any:
        """Return an exact function of a float: sqrt, fabs, floor, ceil."""
        suffix = f"v{self.lanes}f64" if isinstance(value.type, ir.VectorType) else "f64"
        return self.intrinsic(f"llvm.{name}.{suffix}", value.type, [value])

    def compare(self, operator: str, left: Any, right: Any, kind: Scalar) -> Any:
        if kind.kind == "f8":
            return self.at.fcmp_unordered(operator, left, right) if operator == "!=" else self.at.fcmp_ordered(operator, left, right)
        return self.at.icmp_signed(operator, left, right) if kind.kind == "i8" else self.at.icmp_unsigned(operator, left, right)

    def give(self, values: list[Any]) -> None:
        """Return values."""
        if not values:
            self.at.ret_void()
        elif len(values) == 1:
            self.at.ret(values[0])
        else:
            whole = ir.Constant(ir.LiteralStructType([value.type for value in values]), ir.Undefined)
            for place, value in enumerate(values):
                whole = self.at.insert_value(whole, value, place)
            self.at.ret(whole)

    # ---- statements: each returns the exits that only some runs take

    def block(self, statements: Sequence[ast.stmt]) -> Exits:
        """Emit statements; after one that some runs leave by, the rest is for those that stay."""
        exits = NONE
        for place, statement in enumerate(statements):
            found: Exits = getattr(self, f"do_{type(statement).__name__}")(statement)
            exits |= found
            if self.at.block.is_terminated:
                return exits
            if found and place + 1 < len(statements):
                outer, self.mask = self.mask, self.staying(found)
                rest, end = self.function.append_basic_block("rest"), self.function.append_basic_block("end")
                self.at.cbranch(self.any(self.mask), rest, end)
                self.at.position_at_end(rest)
                exits |= self.block(statements[place + 1 :])
                self.close(end)
                self.mask = outer
                return exits
        return exits

    def close(self, end: Any) -> None:
        """Go to a block unless the way there is cut off, and continue in it."""
        if not self.at.block.is_terminated:
            self.at.branch(end)
        self.at.position_at_end(end)

    def staying(self, exits: Exits) -> Any:
        """Return the runs that take part and have not left."""
        mask = self.mask
        if exits & {"continue", "break"}:
            mask = self.both(mask, self.at.load(self.loops[-1].staying))
        return self.both(mask, self.at.load(self.alive)) if "return" in exits else mask

    def do_Expr(self, node: ast.Expr) -> Exits:
        self.value(node.value)
        return NONE

    def do_Assign(self, node: ast.Assign) -> Exits:
        (target,) = node.targets
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            values = [(self.value(value), self.form.types[value]) for value in node.value.elts]
            for one, (value, kind) in zip(target.elts, values, strict=True):
                self.assign(one, value, kind)
            return NONE
        self.assign(target, self.value(node.value), self.form.types[node.value])
        return NONE

    def do_AugAssign(self, node: ast.AugAssign) -> Exits:
        place = self.place(node.target) if not isinstance(node.target, ast.Name) else None
        before, held = self.read(place) if place is not None else self.value(node.target), self.scalar(node.target)
        after, kind = self.operation(node.op, (before, held), (self.value(node.value), self.scalar(node.value)))
        if place is not None:
            self.write(place, after, kind)
        else:
            self.assign(node.target, after, kind)
        return NONE

    def assign(self, target: ast.expr, value: Any, kind: Type) -> None:
        match target:
            case ast.Name("_"):
                pass
            case ast.Name(name) if isinstance(kind, Scalar):
                held = self.form.names[name]
                value = self.cast(value, kind, held)
                if target in self.form.blended and held.varies and self.mask is not None:
                    value = self.at.select(self.mask, value, self.at.load(self.slots[name]))
                self.at.store(value, self.slots[name])
            case ast.Name(name):
                self.aliases[name] = value
            case ast.Tuple(names):
                for one, item, part in zip(names, _items(kind), value, strict=True):  # type: ignore[arg-type]
                    self.assign(one, part, item)
            case _:
                assert isinstance(kind, Scalar)
                self.write(self.place(target), value, kind)

    def do_If(self, node: ast.If) -> Exits:
        test, kind = self.value(node.test), self.scalar(node.test)
        if not kind.varies:
            return self.branch(node, test)
        outer, exits = self.mask, NONE
        for body, mine in ((node.body, test), (node.orelse, None)):
            if not body:
                continue
            self.mask = self.both(outer, self.at.not_(test) if mine is None else test)
            then, end = self.function.append_basic_block("some"), self.function.append_basic_block("end")
            self.at.cbranch(self.any(self.mask), then, end)
            self.at.position_at_end(then)
            exits |= self.block(body)
            self.close(end)
        self.mask = outer
        return exits

    def branch(self, node: ast.If, test: Any) -> Exits:
        """Emit a condition that is the same for all runs."""
        then, orelse, end = (self.function.append_basic_block(name) for name in ("then", "else", "end"))
        self.at.cbranch(test, then, orelse)
        exits, open_ends = NONE, 0
        for body, start in ((node.body, then), (node.orelse, orelse)):
            self.at.position_at_end(start)
            exits |= self.block(body)
            if not self.at.block.is_terminated:
                open_ends += 1
                self.at.branch(end)
        self.at.position_at_end(end)
        if open_ends == 0:
            self.at.unreachable()
        return exits

    def do_For(self, node: ast.For) -> Exits:
        assert isinstance(node.iter, ast.Call)
        counter, bounds, kind = self.slot(I64, "counter"), [self.value(one) for one in node.iter.args], self.scalar(node.iter.args[-1])
        self.at.store(bounds[0] if len(bounds) == 2 else ir.Constant(I64, 0), counter)

        def goes_on() -> Any:
            return self.compare("<", self.cast(self.at.load(counter), INT, kind), bounds[-1], kind)

        def start() -> None:
            self.assign(node.target, self.at.load(counter), INT)

        def step() -> None:
            self.at.store(self.at.add(self.at.load(counter), ir.Constant(I64, 1)), counter)

        return self.loop(node, goes_on, kind.varies, start, step)

    def do_While(self, node: ast.While) -> Exits:
        return self.loop(node, lambda: self.value(node.test), self.scalar(node.test).varies, lambda: None, lambda: None)

    def loop(
        self, node: ast.For | ast.While, test: Callable[[], Any], varies: bool, start: Callable[[], None], step: Callable[[], None]
    ) -> Exits:
        """Emit a loop: `test` whether it goes on, `start` of a round, `step` to the next one."""
        exits = self.form.exits.get(node, NONE)
        masked = varies or bool(exits & {"break", "return"})
        head, body, end, over = (self.function.append_basic_block(name) for name in ("head", "body", "next", "over"))
        outer = self.mask
        mine = _Loop(end, over)
        if masked:
            mine.going = self.slot(self.emitter.mask, "going")
            self.at.store(self.everyone(), mine.going)
        if exits & {"continue", "break"}:
            mine.staying = self.slot(self.emitter.mask, "staying")
        self.at.branch(head)
        self.at.position_at_end(head)
        if masked:
            self.mask = self.at.load(mine.going)
            if "return" in exits:
                self.mask = self.both(self.mask, self.at.load(self.alive))
        goes_on = test()
        if masked:
            self.mask = self.both(self.mask, self.cast(goes_on, Scalar("b", varies), Scalar("b", True)))
            self.at.store(self.mask, mine.going)
            goes_on = self.any(self.mask)
        self.at.cbranch(goes_on, body, over)
        self.at.position_at_end(body)
        if mine.staying is not None:
            self.at.store(self.everyone(), mine.staying)
        self.loops.append(mine)
        start()
        self.block(node.body)
        self.loops.pop()
        self.close(end)
        self.mask = outer
        step()
        self.at.branch(head)
        self.at.position_at_end(over)
        return exits & {"return"}

    def do_Continue(self, node: ast.Continue) -> Exits:
        mine = self.loops[-1]
        return self.leave(node, mine.next, (mine.staying,), "continue")

    def do_Break(self, node: ast.Break) -> Exits:
        mine = self.loops[-1]
        return self.leave(node, mine.over, (mine.staying, mine.going), "break")

    def leave(self, node: ast.stmt, target: Any, masks: tuple[Any, ...], name: str) -> Exits:
        """Go to a block, or take the runs that take part here out of masks if others stay."""
        if node not in self.form.leaves:
            self.at.branch(target)
            return NONE
        for mask in masks:
            self.drop(mask)
        return frozenset({name})

    def drop(self, slot: Any) -> None:
        """Take the runs that take part here out of a mask."""
        self.at.store(self.at.and_(self.at.load(slot), self.at.not_(self.everyone())), slot)

    def do_Return(self, node: ast.Return) -> Exits:
        wanted = _items(self.form.returns)
        values: list[Any] = []
        if node.value is not None:
            value, kinds = self.value(node.value), _items(self.form.types[node.value])  # type: ignore[arg-type]
            parts = value if isinstance(value, list) else [value]
            values = [self.cast(part, old, new) for part, old, new in zip(parts, kinds, wanted, strict=True)]
        if not self.form.partly:
            self.give(values)
            return NONE
        mask = self.everyone()
        for slot, value, kind in zip(self.returned, values, wanted, strict=True):
            self.at.store(self.at.select(mask, value, self.at.load(slot)) if kind.varies else value, slot)
        if node not in self.form.leaves:
            self.at.branch(self.out)
            return NONE
        self.drop(self.alive)
        return frozenset({"return"})

    # ---- memory

    def address(self, pointer: Any, item: Any, kind: str, varies: bool) -> Any:
        """Return the address of an item of eight bytes, or of the vector that holds it for all runs of a group."""
        if varies:
            item = self.at.mul(item, ir.Constant(I64, self.lanes))
        where = self.at.gep(pointer, [item], inbounds=True)
        return self.at.bitcast(where, self.emitter.llvm(Scalar(kind, varies)).as_pointer())

    def field(self, node: ast.Attribute, owner: Record, pointer: Any) -> Any:
        """Return where a field of a record lies: an array, or the place of one number."""
        offset = records.record(owner.name, owner.size).fields[node.attr][1] // 8  # type: ignore[index]
        kind = self.form.types[node]
        if isinstance(kind, Scalar):
            return _Place(self.address(pointer, ir.Constant(I64, offset), kind.kind, kind.varies), kind, owner.name == "world")
        assert isinstance(kind, Array)
        step = offset * (self.lanes if kind.varies else 1)
        return ArrayValue(self.at.gep(pointer, [ir.Constant(I64, step)], inbounds=True), list(kind.shape))

    def place(self, node: ast.expr) -> _Place:
        """Return the place of a number in memory."""
        if isinstance(node, ast.Attribute):
            owner = self.form.types[node.value]
            assert isinstance(owner, Record)
            found = self.field(node, owner, self.value(node.value))
            assert isinstance(found, _Place)
            return found
        assert isinstance(node, ast.Subscript)
        array, kind = self.value(node.value), self.form.types[node.value]
        assert isinstance(kind, Array)
        indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        item = self.item(array, [self.value(index) for index in indices])
        return _Place(self.address(array.pointer, item, kind.kind, kind.varies), Scalar(kind.kind, kind.varies), kind.steady)

    def item(self, array: ArrayValue, indices: list[Any]) -> Any:
        """Return the number of the item at some indices; of the first one of a part, if there are fewer indices than axes."""
        total = indices[0]
        for axis in range(1, len(array.shape)):
            total = self.at.mul(total, self.length(array, axis))
            if axis < len(indices):
                total = self.at.add(total, indices[axis])
        return total

    def length(self, array: ArrayValue, axis: int) -> Any:
        length = array.shape[axis]
        return ir.Constant(I64, length) if isinstance(length, int) else length

    def read(self, place: _Place) -> Any:
        """Return the number at a place."""
        found = self.at.load(place.address)
        if place.steady:
            found.set_metadata("invariant.load", self.emitter.module.add_metadata([]))
        return found

    def write(self, place: _Place, value: Any, kind: Scalar) -> None:
        """Store a number for the runs that take part."""
        value = self.cast(value, kind, place.kind)
        if self.mask is not None and place.kind.varies:
            value = self.at.select(self.mask, value, self.at.load(place.address))
        self.at.store(value, place.address)

    # ---- expressions

    def scalar(self, node: ast.expr) -> Scalar:
        kind = self.form.types[node]
        assert isinstance(kind, Scalar), ast.unparse(node)
        return kind

    def value(self, node: ast.expr) -> Any:
        return getattr(self, f"of_{type(node).__name__}")(node)

    def of_Constant(self, node: ast.Constant) -> Any:
        return self.constant(node.value, self.scalar(node))

    def of_Name(self, node: ast.Name) -> Any:
        if node.id in self.slots:
            return self.at.load(self.slots[node.id])
        if node.id in self.aliases:
            return self.aliases[node.id]
        return self.constant(self.form.source.function.__globals__[node.id], self.scalar(node))

    def of_Attribute(self, node: ast.Attribute) -> Any:
        owner = self.form.types.get(node.value)
        if owner is None:
            module = self.form.source.function.__globals__[ast.unparse(node.value)]
            return self.constant(getattr(module, node.attr), self.scalar(node))
        whole = self.value(node.value)
        if isinstance(owner, Group):
            return whole[node.attr]
        assert isinstance(owner, Record)
        found = self.field(node, owner, whole)
        return self.read(found) if isinstance(found, _Place) else found

    def of_Subscript(self, node: ast.Subscript) -> Any:
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            assert isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int)
            return self.length(self.value(node.value.value), node.slice.value)
        kind = self.form.types[node]
        if isinstance(kind, Scalar):
            return self.read(self.place(node))
        assert isinstance(kind, Array)
        array = self.value(node.value)
        indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        item = self.item(array, [self.value(index) for index in indices])
        step = self.at.mul(item, ir.Constant(I64, self.lanes if kind.varies else 1))
        return ArrayValue(self.at.gep(array.pointer, [step], inbounds=True), array.shape[len(indices) :])

    def of_Tuple(self, node: ast.Tuple) -> Any:
        return [self.value(one) for one in node.elts]

    def of_UnaryOp(self, node: ast.UnaryOp) -> Any:
        value, kind = self.value(node.operand), self.scalar(node.operand)
        if isinstance(node.op, ast.Not):
            return self.at.not_(value)
        wide = self.scalar(node)
        value = self.cast(value, kind, wide)
        return self.at.fneg(value) if wide.kind == "f8" else self.at.neg(value)

    def of_BinOp(self, node: ast.BinOp) -> Any:
        left, right = (self.value(node.left), self.scalar(node.left)), (self.value(node.right), self.scalar(node.right))
        return self.operation(node.op, left, right)[0]

    def operation(self, operator: ast.operator, left: tuple[Any, Scalar], right: tuple[Any, Scalar]) -> tuple[Any, Scalar]:
        joined = unify(left[1], right[1])
        assert joined is not None
        kind = Scalar("f8" if isinstance(operator, ast.Div) else "i8" if joined.kind == "b" else joined.kind, joined.varies)
        one, two = self.cast(*left, kind), self.cast(*right, kind)
        if isinstance(operator, (ast.Mod, ast.FloorDiv)):
            return self.divided(one, two, kind, isinstance(operator, ast.Mod)), kind
        name = _OPERATIONS[type(operator), kind.kind if isinstance(operator, ast.RShift) else "f8" if kind.kind == "f8" else "i8"]
        return getattr(self.at, name)(one, two), kind

    def divided(self, one: Any, two: Any, kind: Scalar, rest: bool) -> Any:
        """Return quotient or rest of integers as in Python: the quotient is rounded down.

        A lane that takes no part may divide by 0, which would end the process; it divides by 1.
        """
        if not isinstance(two, ir.Constant):
            two = self.at.select(self.at.icmp_signed("==", two, self.zero(kind)), self.constant(1, kind), two)
        left = self.at.srem(one, two)
        other_side = self.at.icmp_signed("<", self.at.xor(left, two), self.zero(kind))
        down = self.at.and_(other_side, self.at.icmp_signed("!=", left, self.zero(kind)))
        if rest:
            return self.at.select(down, self.at.add(left, two), left)
        whole = self.at.sdiv(one, two)
        return self.at.select(down, self.at.sub(whole, self.constant(1, kind)), whole)

    def of_Compare(self, node: ast.Compare) -> Any:
        values = [(self.value(one), self.scalar(one)) for one in (node.left, *node.comparators)]
        result, held = None, BOOL
        for operator, ((one, old), (two, new)) in zip(node.ops, pairwise(values), strict=True):
            joined = unify(old, new)
            assert joined is not None
            now = self.compare(_COMPARE[type(operator)], self.cast(one, old, joined), self.cast(two, new, joined), joined)
            if result is None:
                result, held = now, Scalar("b", joined.varies)
            else:
                both = Scalar("b", held.varies or joined.varies)
                result = self.at.and_(self.cast(result, held, both), self.cast(now, Scalar("b", joined.varies), both))
                held = both
        return result

    def of_BoolOp(self, node: ast.BoolOp) -> Any:
        value, kind = self.chain(node.values, isinstance(node.op, ast.And))
        return self.cast(value, kind, self.scalar(node))

    def chain(self, values: list[ast.expr], is_and: bool) -> tuple[Any, Scalar]:
        """Emit conditions of which the next is looked at only where the ones before do not decide."""
        first, *rest = values
        left, kind = self.value(first), self.scalar(first)
        if not rest:
            return left, kind
        whole = Scalar("b", kind.varies or any(self.scalar(one).varies for one in rest))

        def others() -> Any:
            return self.cast(*self.chain(rest, is_and), whole)

        if not kind.varies and not all(self.is_harmless(one) for one in rest):
            decided = self.constant(not is_and, whole)
            return self.choice(left if is_and else self.at.not_(left), whole, others, lambda: decided), whole
        if kind.varies and not all(self.is_cheap(one) for one in rest):
            outer, mine = self.mask, left if is_and else self.at.not_(left)
            self.mask = self.both(outer, mine)
            right = self.choice(self.any(self.mask), whole, others, lambda: self.zero(whole))
            self.mask = outer
        else:
            right = others()
        left = self.cast(left, kind, whole)
        return self.at.and_(left, right) if is_and else self.at.or_(left, right), whole

    def choice(self, test: Any, kind: Scalar, one: Callable[[], Any], two: Callable[[], Any]) -> Any:
        """Emit two cases of which one is computed."""
        then, orelse, end = (self.function.append_basic_block(name) for name in ("then", "else", "end"))
        self.at.cbranch(test, then, orelse)
        found = []
        for start, work in ((then, one), (orelse, two)):
            self.at.position_at_end(start)
            value = work()
            found.append((value, self.at.block))
            self.at.branch(end)
        self.at.position_at_end(end)
        result = self.at.phi(self.emitter.llvm(kind))
        for value, block in found:
            result.add_incoming(value, block)
        return result

    def of_IfExp(self, node: ast.IfExp) -> Any:
        return self.chosen(node.test, node.body, node.orelse, self.scalar(node))

    def chosen(self, test: ast.expr, body: ast.expr, orelse: ast.expr, kind: Scalar) -> Any:
        """Emit `body if test else orelse`. A test that is the same for all runs decides before others are looked at."""

        def case(node: ast.expr) -> Callable[[], Any]:
            return lambda: self.cast(self.value(node), self.scalar(node), kind)

        if not self.scalar(test).varies:
            if self.is_harmless(body) and self.is_harmless(orelse):
                return self.at.select(self.value(test), case(body)(), case(orelse)())
            return self.choice(self.value(test), kind, case(body), case(orelse))
        if isinstance(test, ast.BoolOp) and not self.scalar(test.values[0]).varies:
            first, *rest = test.values
            others = rest[0] if len(rest) == 1 else self.joined(test.op, rest)

            def inner() -> Any:
                return self.chosen(others, body, orelse, kind)

            if isinstance(test.op, ast.And):
                return self.choice(self.value(first), kind, inner, case(orelse))
            return self.choice(self.value(first), kind, case(body), inner)
        mask = self.value(test)
        if self.is_cheap(body) and self.is_cheap(orelse):
            return self.at.select(mask, case(body)(), case(orelse)())
        outer, parts = self.mask, []
        for node, mine in ((body, mask), (orelse, self.at.not_(mask))):
            if self.is_cheap(node):
                parts.append(case(node)())
                continue
            self.mask = self.both(outer, mine)
            parts.append(self.choice(self.any(self.mask), kind, case(node), lambda: self.zero(kind)))
            self.mask = outer
        return self.at.select(mask, *parts)

    def joined(self, operator: ast.boolop, values: list[ast.expr]) -> ast.BoolOp:
        node = ast.BoolOp(operator, values)
        self.form.types[node] = Scalar("b", any(self.scalar(value).varies for value in values))
        return node

    def is_harmless(self, node: ast.expr) -> bool:
        """Return whether an expression may be computed where it is not needed, and costs next to nothing."""
        return self.is_cheap(node) and not any(isinstance(one, ast.Subscript) for one in ast.walk(node))

    def is_cheap(self, node: ast.expr) -> bool:
        """Return whether computing an expression for all runs costs less than asking whether any run needs it."""
        size = 0
        for one in ast.walk(node):
            if isinstance(one, ast.Call) and ast.unparse(one.func) not in _CHEAP:
                return False
            size += isinstance(one, (ast.BinOp, ast.Compare, ast.Call, ast.IfExp, ast.Subscript, ast.BoolOp))
        return size <= _SMALL

    def of_Call(self, node: ast.Call) -> Any:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        scope = self.form.source.function.__globals__
        if name in subset.BUILTINS and name not in scope:
            return self.builtin(node, name)
        called = subset.called_by(self.form.source, node.func)
        if called is np.uint64:
            return self.value(node.args[0])
        if isinstance(node.func, ast.Attribute) and scope.get(ast.unparse(node.func.value)) is math:
            return self.of_math(node, node.func.attr)
        if called in subset.PRIMITIVES:
            return self.at.bitcast(self.value(node.args[0]), self.emitter.llvm(self.scalar(node)))
        return self.called(node)

    def called(self, node: ast.Call) -> Any:
        form = self.form.callees[node]
        masked = form.acts and self.mask is not None
        arguments = []
        for argument, kind in zip(node.args, form.arguments, strict=True):
            arguments += self.passed(self.value(argument), kind)
        result = self.at.call(self.emitter.function(form, masked), arguments + [self.mask] * masked)
        items = _items(form.returns)
        if not items:
            return []
        parts = [self.at.extract_value(result, k) for k in range(len(items))] if len(items) > 1 else [result]
        return parts if isinstance(form.returns, Several) else parts[0]

    def of_math(self, node: ast.Call, name: str) -> Any:
        kind = self.scalar(node.args[0])
        value = self.cast(self.value(node.args[0]), kind, Scalar("f8", kind.varies))
        whole = self.exact(name, value)
        return self.truncated(whole, kind.varies) if name in ("ceil", "floor") else whole

    def builtin(self, node: ast.Call, name: str) -> Any:
        if name == "len":
            return self.length(self.value(node.args[0]), 0)
        wanted = self.scalar(node)
        values = [(self.value(one), self.scalar(one)) for one in node.args]
        if name in ("float", "int"):
            return self.cast(*values[0], wanted)
        if name == "abs":
            value = self.cast(*values[0], wanted)
            if wanted.kind == "f8":
                return self.exact("fabs", value)
            return self.at.select(self.compare("<", value, self.zero(wanted), wanted), self.at.neg(value), value)
        (result, held), *rest = values
        for value, own in rest:  # as in Python, the first of equals stays
            joined = unify(held, own)
            assert joined is not None
            one, two = self.cast(result, held, joined), self.cast(value, own, joined)
            result = self.at.select(self.compare("<" if name == "min" else ">", two, one, joined), two, one)
            held = joined
        return self.cast(result, held, wanted)


@dataclass
class _Place:
    """The place of a number in memory; `steady` if it is never written during a call."""

    address: Any
    kind: Scalar
    steady: bool


@dataclass
class _Loop:
    """Blocks of a loop, runs that are still in it, and runs that are still in its round."""

    next: Any
    over: Any
    going: Any = None
    staying: Any = None

