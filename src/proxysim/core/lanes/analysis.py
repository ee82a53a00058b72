"""The typed form of a rule: the type of each expression, and which numbers may differ between the runs of a group.

Runs of a group advance together through the same statements. A condition that differs between them becomes a mask: its
body is a *region* that only some runs enter. A local number that is used in one region only may stay the same for all
runs, as an index must; one that is assigned in a region and used outside of it differs between them.
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NoReturn

import numpy as np

from proxysim.core import records
from proxysim.core.lanes import subset
from proxysim.core.lanes.subset import Source
from proxysim.core.lanes.types import BOOL, FLOAT, INT, KEY, Array, Group, Record, Scalar, Several, Type, unify

#: Exits of a statement that only some runs take.
Exits = frozenset[str]
NONE: Exits = frozenset()
_KINDS = {"f": "f8", "i": "i8", "u": "u8"}
#: More rounds than any rule needs until the types are stable.
_ROUNDS = 30


@dataclass(eq=False)
class Typed:
    """A rule with types.

    Attributes
    ----------
    source : the rule
    arguments : types of the arguments
    names : types of local numbers; of an argument that is assigned, the wider type
    aliases : types of local names of arrays and named tuples
    types : type of each expression
    callees : the rule that each call runs
    blended : targets of assignments that leave the number of a run outside the region as it is
    leaves : exits (continue, break, return) that only some runs take
    exits : for each loop, the exits that only some of its runs take
    returns : type of the value; None if there is none
    partly : whether some runs may return before others
    acts : whether it must know which runs take part: it writes to memory, or may not end without a mask
    """

    source: Source
    arguments: tuple[Type, ...]
    names: dict[str, Scalar] = field(default_factory=dict)
    aliases: dict[str, Type] = field(default_factory=dict)
    types: dict[ast.expr, Type] = field(default_factory=dict)
    callees: dict[ast.Call, Typed] = field(default_factory=dict)
    blended: set[ast.expr] = field(default_factory=set)
    leaves: set[ast.stmt] = field(default_factory=set)
    exits: dict[ast.stmt, Exits] = field(default_factory=dict)
    returns: Scalar | Several | None = None
    partly: bool = False
    acts: bool = False


class Program:
    """All rules that some rules call, with types.

    Parameters
    ----------
    vary : whether the numbers of runs differ; False for one run at a time
    """

    def __init__(self, vary: bool) -> None:
        self.vary = vary
        self._typed: dict[tuple[Any, tuple[Type, ...]], Typed | None] = {}

    def typed(self, rule: Any, arguments: tuple[Type, ...]) -> Typed:
        """Return a rule with types for these arguments.

        Raises
        ------
        OutsideSubset : the rule, or one that it calls, is outside the subset
        """
        key = subset.read(rule).function, arguments
        if key not in self._typed:
            self._typed[key] = None
            self._typed[key] = _Analysis(self, subset.read(rule), arguments).run()
        found = self._typed[key]
        if found is None:
            source = subset.read(rule)
            raise source.outside(source.tree, "a rule does not call itself; write a loop")
        return found


def _common(paths: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Return the longest beginning that all paths share."""
    first = min(paths, key=len)
    for at, part in enumerate(first):
        if any(path[at] != part for path in paths):
            return first[:at]
    return first


def _items(kind: Type) -> tuple[Scalar, ...]:
    """Return the numbers of a value; none if it is an array or a record."""
    return (kind,) if isinstance(kind, Scalar) else kind.items if isinstance(kind, Several) else ()


class _Analysis:
    """One rule: its statements are read again and again until the types are stable."""

    def __init__(self, program: Program, source: Source, arguments: tuple[Type, ...]) -> None:
        self.program, self.source = program, source
        self.form = Typed(source, arguments)
        if len(arguments) != len(source.arguments):
            raise source.outside(source.tree, f"called with {len(arguments)} arguments, takes {len(source.arguments)}")
        for name, kind in zip(source.arguments, arguments, strict=True):
            if isinstance(kind, Scalar):
                self.form.names[name] = kind
            else:
                self.form.aliases[name] = kind
        #: Region in which all uses of a local number lie; None until it is known.
        self.home: dict[str, tuple[Any, ...]] | None = None
        #: Local numbers that keep their value from one visit of their region to the next.
        self.kept: set[str] = set()
        #: What earlier rounds found out: exits of loops that only some runs take.
        self.known: dict[ast.stmt, Exits] = {}

    def run(self) -> Typed:
        """Read the rule until its types are stable.

        Each round reads it twice with the same types: where numbers are used, and then which of them vary for that.
        """
        before: Any = None
        for _ in range(_ROUNDS):
            form = self.form
            self.known = dict(form.exits)
            self.wider: set[str] = set()
            self.home = None
            self.read()
            self.home = {name: _common([path for path, _, _ in uses]) for name, uses in self.seen.items()}
            kept = {name for name, uses in self.seen.items() if not self._is_set_first(name, uses[0])}
            self.read()
            for name in self.wider:
                form.names[name] = Scalar(form.names[name].kind, self.program.vary)
            now = dict(form.names), form.returns, form.partly, form.acts, dict(form.exits), self.home
            if now == before and kept <= self.kept:
                return form
            if now == before:  # not sooner: until all masks are known, a region looks like a condition that is the same for all runs
                self.kept |= kept
            before = now
        self.fail(self.source.tree, "its types do not settle")

    def read(self) -> None:
        """Go through all statements."""
        self.form.blended, self.form.leaves = set(), set()
        self.path: tuple[Any, ...] = ()
        self.guard: tuple[Any, ...] = ()
        self.loops: list[tuple[ast.stmt, tuple[Any, ...]]] = []
        self.seen: dict[str, list[tuple[tuple[Any, ...], tuple[Any, ...], bool]]] = {}
        self.assigned: set[str] = set()
        self.block(self.source.body)

    def _is_set_first(self, name: str, first: tuple[tuple[Any, ...], tuple[Any, ...], bool]) -> bool:
        """Whether a visit of the home region of a number always begins by assigning it."""
        path, guard, is_store = first
        home = (self.home or {})[name]
        if not home:
            return True
        return is_store and path == home and guard[-1] == home[-1]

    def fail(self, node: ast.AST, sentence: str) -> NoReturn:
        raise self.source.outside(node, sentence)

    # ---- statements: each returns the exits that only some runs take

    def block(self, statements: list[ast.stmt]) -> Exits:
        exits = NONE
        path, guard = self.path, self.guard
        for statement in statements:
            found: Exits = getattr(self, f"do_{type(statement).__name__}")(statement)
            exits |= found
            if found:
                self.enter((statement, "after"))
        self.path, self.guard = path, guard
        return exits

    def enter(self, region: Any) -> None:
        self.path, self.guard = (*self.path, region), (*self.guard, region)

    def inside(self, statements: list[ast.stmt], region: Any, masked: bool) -> Exits:
        """Read statements within a region, or under a condition that is the same for all runs."""
        path, guard = self.path, self.guard
        if masked:
            self.enter(region)
        else:
            self.guard = (*guard, region)
        exits = self.block(statements)
        self.path, self.guard = path, guard
        return exits

    def do_Expr(self, node: ast.Expr) -> Exits:
        self.expression(node.value)
        return NONE

    def do_Assign(self, node: ast.Assign) -> Exits:
        (target,) = node.targets
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            if len(target.elts) != len(node.value.elts):
                self.fail(node, "as many names as values")
            kinds = [self.expression(value) for value in node.value.elts]
            for one, kind in zip(target.elts, kinds, strict=True):
                self.assign(one, kind)
            return NONE
        self.assign(target, self.expression(node.value))
        return NONE

    def do_AugAssign(self, node: ast.AugAssign) -> Exits:
        before = self.expression(node.target)
        kind = self.operation(node, node.op, self.number(node, before), self.number(node.value, self.expression(node.value)))
        self.assign(node.target, kind)
        return NONE

    def assign(self, target: ast.expr, kind: Type) -> None:
        match target:
            case ast.Name("_"):
                return
            case ast.Name(name):
                if isinstance(kind, Scalar):
                    self.assign_local(target, name, kind)
                elif isinstance(kind, Several):
                    self.fail(target, "give each of the returned values a name of its own")
                else:
                    if name in self.form.names or name in self.assigned or self.guard or self.loops:
                        self.fail(target, f"{name} stands for an array, so assign it once, at the top of the rule")
                    self.assigned.add(name)
                    self.form.aliases[name] = kind
            case ast.Tuple(names):
                if not isinstance(kind, Several) or len(kind.items) != len(names):
                    self.fail(target, "as many names as returned values")
                for one, item in zip(names, kind.items, strict=True):
                    self.assign(one, item)
            case ast.Subscript() | ast.Attribute():
                held = self.number(target, self.expression(target))
                given = self.number(target, kind)
                if unify(held, given) != Scalar(held.kind, held.varies or given.varies):
                    self.fail(target, f"a number of kind {given.kind} does not fit an array of kind {held.kind}; write int(...) or change the array")
                if self.is_steady(target):
                    self.fail(target, "the world does not change during a run; what changes is a field of State or Flows")
                self.form.acts = True
            case _:
                self.fail(target, "assign to a name, a field or an entry of an array")

    def is_steady(self, target: ast.expr) -> bool:
        """Return whether a place belongs to the world."""
        assert isinstance(target, (ast.Subscript, ast.Attribute))
        owner = self.form.types[target.value]
        return owner.steady if isinstance(owner, Array) else isinstance(owner, Record) and owner.name == "world"

    def assign_local(self, target: ast.expr, name: str, kind: Scalar) -> None:
        if name in self.form.aliases:
            self.fail(target, f"{name} stands for an array")
        self.seen.setdefault(name, []).append((self.path, self.guard, True))
        blended = self.home is not None and (self.path != self.home[name] or (name in self.kept and self.path != ()))
        if blended:
            self.form.blended.add(target)
        if kind.varies or blended:
            self.wider.add(name)
        before = self.form.names.get(name)
        joined = kind if before is None else unify(before, kind)
        if joined is None:
            self.fail(target, f"{name} is a random-number key in one place and a number in another; use two names")
        self.form.names[name] = Scalar(joined.kind, before is not None and before.varies)

    def do_If(self, node: ast.If) -> Exits:
        test = self.condition(node.test)
        exits = self.inside(node.body, (node, "then"), test.varies)
        return exits | self.inside(node.orelse, (node, "else"), test.varies)

    def do_For(self, node: ast.For) -> Exits:
        assert isinstance(node.target, ast.Name)
        masked = bool(self.known.get(node, NONE) & {"break", "return"})
        match node.iter:
            case ast.Call(ast.Name("range"), bounds) if 1 <= len(bounds) <= 2:
                kinds = [self.number(bound, self.expression(bound)) for bound in bounds]
                if any(kind.kind != "i8" for kind in kinds):
                    self.fail(node, "a range has integers as its bounds")
                if len(kinds) == 2 and kinds[0].varies:
                    self.fail(node, "a range begins at the same number in all runs; begin earlier, and test with if")
                masked |= kinds[-1].varies
                if kinds[-1].varies:
                    self.form.acts = True
            case _:
                self.fail(node, "loop over range(n) or range(first, stop)")
        return self.loop(node, masked, INT)

    def do_While(self, node: ast.While) -> Exits:
        path, guard = self.path, self.guard
        masked = bool(self.known.get(node, NONE) & {"break", "return"})
        if masked or self.varies(node.test):
            self.enter((node, "while"))
            self.form.acts = True
        test = self.condition(node.test)
        self.path, self.guard = path, guard
        return self.loop(node, masked or test.varies, None)

    def varies(self, test: ast.expr) -> bool:
        before = self.form.types.get(test)
        return isinstance(before, Scalar) and before.varies

    def loop(self, node: ast.For | ast.While, masked: bool, counter: Scalar | None) -> Exits:
        path, guard = self.path, self.guard
        if masked and self.program.vary:
            self.enter((node, "loop" if isinstance(node, ast.For) else "while"))
        self.loops.append((node, self.path))
        if counter is not None:
            self.assign(node.target, counter)  # type: ignore[union-attr]
        exits = self.block(node.body)
        self.loops.pop()
        self.path, self.guard = path, guard
        self.form.exits[node] = exits | self.form.exits.get(node, NONE)
        return exits & {"return"}

    def leave(self, node: ast.stmt, name: str) -> Exits:
        if not self.loops:
            self.fail(node, f"{name} outside of a loop")
        if self.path == self.loops[-1][1]:
            return NONE
        self.form.leaves.add(node)
        return frozenset({name})

    def do_Continue(self, node: ast.Continue) -> Exits:
        return self.leave(node, "continue")

    def do_Break(self, node: ast.Break) -> Exits:
        return self.leave(node, "break")

    def do_Return(self, node: ast.Return) -> Exits:
        masked = self.path != ()
        if node.value is not None:
            kind = self.expression(node.value)
            new = _items(kind)
            old = new if self.form.returns is None else _items(self.form.returns)
            if not new or len(old) != len(new):
                self.fail(node, "return numbers, as many in one place as in another")
            joined = [unify(one, Scalar(two.kind, two.varies or masked)) for one, two in zip(old, new, strict=True)]
            items = tuple(item for item in joined if item is not None)
            if len(items) < len(new):
                self.fail(node, "return values of the same kind everywhere")
            self.form.returns = Several(items) if isinstance(kind, Several) else items[0]
        if not masked:
            return NONE
        self.form.partly = True
        self.form.leaves.add(node)
        return frozenset({"return"})

    # ---- expressions

    def expression(self, node: ast.expr) -> Type:
        kind: Type = getattr(self, f"of_{type(node).__name__}")(node)
        if not self.program.vary and isinstance(kind, Scalar):
            kind = Scalar(kind.kind)
        self.form.types[node] = kind
        return kind

    def number(self, node: ast.AST, kind: Type) -> Scalar:
        if not isinstance(kind, Scalar):
            self.fail(node, "a number is needed here")
        return kind

    def condition(self, node: ast.expr) -> Scalar:
        kind = self.number(node, self.expression(node))
        if kind.kind != "b":
            self.fail(node, f"write the comparison, {ast.unparse(node)} != 0, instead of a number as a condition")
        return kind

    def of_Constant(self, node: ast.Constant) -> Type:
        return self.constant(node, node.value)

    def constant(self, node: ast.AST, value: Any) -> Scalar:
        for kinds, kind in (((bool,), BOOL), ((np.uint64,), KEY), ((int,), INT), ((float,), FLOAT)):
            if isinstance(value, kinds):
                return kind
        self.fail(node, f"{ast.unparse(node)} is no number")

    def of_Name(self, node: ast.Name) -> Type:
        form = self.form
        if node.id in form.names:
            self.seen.setdefault(node.id, []).append((self.path, self.guard, False))
            return form.names[node.id]
        if node.id in form.aliases:
            return form.aliases[node.id]
        scope = self.source.function.__globals__
        if node.id not in scope:
            self.fail(node, f"{node.id} is assigned nowhere before")
        return self.constant(node, scope[node.id])

    def of_Attribute(self, node: ast.Attribute) -> Type:
        if isinstance(node.value, ast.Name) and node.value.id not in self.form.names and node.value.id not in self.form.aliases:
            module = self.source.function.__globals__.get(node.value.id)
            value = math.inf if module is math and node.attr == "inf" else getattr(module, node.attr, None)
            return self.constant(node, value)
        owner = self.expression(node.value)
        if isinstance(owner, Group):
            kind = owner.field(node.attr)
            if kind is None:
                self.fail(node, f"{owner.name} has no field {node.attr}")
            return kind
        if isinstance(owner, Record):
            return self.field_of(node, owner)
        self.fail(node, f"{ast.unparse(node)}: only records and named tuples have fields")

    def field_of(self, node: ast.Attribute, owner: Record) -> Type:
        kind = records.record(owner.name, owner.size)
        if node.attr not in (kind.names or ()):
            self.fail(node, f"{owner.name.capitalize()} has no field {node.attr}; declare it in core/records.py or core/parameters.py")
        one = kind[node.attr]
        varies = owner.varies and self.program.vary
        letter = _KINDS[one.base.kind]
        return Array(letter, one.shape, varies, owner.name == "world") if one.shape else Scalar(letter, varies)

    def of_Subscript(self, node: ast.Subscript) -> Type:
        shape = self.shape_of(node.value)
        if shape is not None:
            return shape
        array = self.expression(node.value)
        if not isinstance(array, Array):
            self.fail(node, f"{ast.unparse(node.value)} is no array")
        indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        kinds = [self.number(index, self.expression(index)) for index in indices]
        if len(indices) > len(array.shape):
            self.fail(node, f"{ast.unparse(node.value)} has {len(array.shape)} axes, found {len(indices)} indices")
        if any(kind.kind != "i8" for kind in kinds):
            self.fail(node, "an index is an integer; write int(...)")
        if any(isinstance(index, ast.UnaryOp) and isinstance(index.op, ast.USub) for index in indices):
            self.fail(node, "an index counts from 0")
        if any(kind.varies for kind in kinds):
            self.fail(node, "which entry is meant must be the same in all runs; loop over the entries, and test with if")
        if len(indices) < len(array.shape):
            return Array(array.kind, array.shape[len(indices) :], array.varies, array.steady)
        return Scalar(array.kind, array.varies)

    def shape_of(self, node: ast.expr) -> Scalar | None:
        """Return the type of `array.shape`[axis]; None if the node is another expression."""
        if isinstance(node, ast.Attribute) and node.attr == "shape":
            self.expression(node.value)
            return INT
        return None

    def of_UnaryOp(self, node: ast.UnaryOp) -> Type:
        if isinstance(node.op, ast.Not):
            return self.condition(node.operand)
        kind = self.number(node, self.expression(node.operand))
        return Scalar("i8", kind.varies) if kind.kind == "b" else kind

    def of_BinOp(self, node: ast.BinOp) -> Type:
        left, right = self.expression(node.left), self.expression(node.right)
        return self.operation(node, node.op, self.number(node.left, left), self.number(node.right, right))

    def operation(self, node: ast.AST, operator: ast.operator, left: Scalar, right: Scalar) -> Scalar:
        joined = unify(left, right)
        if joined is None:
            self.fail(node, "a random-number key mixes with no number; write np.uint64(...)")
        bits = isinstance(operator, (ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift))
        if bits and joined.kind in ("f8", "b"):
            self.fail(node, "bits are of integers; write and, or, != for conditions")
        if joined.kind == "u8" and not bits and not isinstance(operator, (ast.Add, ast.Mult)):
            self.fail(node, "keys are added, multiplied, shifted and masked, nothing else")
        if isinstance(operator, ast.Div):
            return Scalar("f8", joined.varies)
        if isinstance(operator, (ast.Mod, ast.FloorDiv)) and joined.kind != "i8":
            self.fail(node, "% and // are of integers")
        return Scalar("i8", joined.varies) if joined.kind == "b" else joined

    def of_BoolOp(self, node: ast.BoolOp) -> Type:
        return Scalar("b", any([self.condition(value).varies for value in node.values]))

    def of_Compare(self, node: ast.Compare) -> Type:
        kinds = [self.number(one, self.expression(one)) for one in (node.left, *node.comparators)]
        for one, two in pairwise(kinds):
            if unify(one, two) is None:
                self.fail(node, "a random-number key is compared with no number")
        return Scalar("b", any(kind.varies for kind in kinds))

    def of_IfExp(self, node: ast.IfExp) -> Type:
        test = self.condition(node.test)
        joined = unify(*(self.number(arm, self.expression(arm)) for arm in (node.body, node.orelse)))
        if joined is None:
            self.fail(node, "values of the same kind in both cases")
        return Scalar(joined.kind, joined.varies or test.varies)

    def of_Tuple(self, node: ast.Tuple) -> Type:
        return Several(tuple(self.number(one, self.expression(one)) for one in node.elts))

    def of_Call(self, node: ast.Call) -> Type:
        kinds = tuple(self.expression(argument) for argument in node.args)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in subset.BUILTINS and name not in self.source.function.__globals__:
            return self.builtin(node, name, kinds)
        called = subset.called_by(self.source, node.func)
        if called is np.uint64:
            number = self.number(node, kinds[0])
            if number.kind not in ("i8", "u8"):
                self.fail(node, "a key is made from an integer")
            return Scalar("u8", number.varies)
        if isinstance(node.func, ast.Attribute) and self.source.function.__globals__.get(ast.unparse(node.func.value)) is math:
            return Scalar("i8" if node.func.attr in ("ceil", "floor") else "f8", self.number(node, kinds[0]).varies)
        if called in subset.PRIMITIVES:
            return Scalar("f8" if called.__name__ == "float_of" else "i8", self.number(node, kinds[0]).varies)
        callee = self.program.typed(called, kinds)
        self.form.callees[node] = callee
        self.form.acts |= callee.acts
        return callee.returns or Several(())

    def builtin(self, node: ast.Call, name: str, kinds: tuple[Type, ...]) -> Type:
        if name == "len":
            if not isinstance(kinds[0], Array):
                self.fail(node, "len of an array")
            return INT
        numbers = [self.number(node, kind) for kind in kinds]
        varies = any(one.varies for one in numbers)
        if name in ("float", "int"):
            return Scalar({"float": "f8", "int": "i8"}[name], varies)
        joined = numbers[0]
        for one in numbers[1:]:
            both = unify(joined, one)
            if both is None:
                self.fail(node, "min and max of numbers")
            joined = both
        return joined
