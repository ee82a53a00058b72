"""Locals of a rule, each with the narrowest scope.

Rules use short names again and again: `a` is an actor in one loop and another one in the next. A name that is set again in
every round of a loop, or in one branch of a condition, and not used afterwards, becomes a local of that loop or branch.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import count

Names = frozenset[str]
EMPTY: Names = frozenset()


@dataclass(frozen=True)
class _Around:
    """Names that are used later, for statements that leave the order: at the next round, and after the loop."""

    head: Names = EMPTY
    over: Names = EMPTY


@dataclass
class Scopes:
    """Gives each local of a function the narrowest scope, by renaming it there."""

    numbers: count[int] = field(default_factory=count)

    def narrow(self, statements: Sequence[ast.stmt], after: Names = EMPTY, around: _Around = _Around()) -> None:
        """Rename locals in some statements; `after` are names that are used after them."""
        for place, statement in enumerate(statements):
            later = before(statements[place + 1 :], after, around)
            match statement:
                case ast.For() | ast.While():
                    head = _head(statement, later)
                    self.rename(statement.body + ([statement.target] if isinstance(statement, ast.For) else []), head)
                    inner = _Around(_head(statement, later), later)
                    self.narrow(statement.body, inner.head, inner)
                case ast.If():
                    for branch in (statement.body, statement.orelse):
                        self.rename(branch, later | before(branch, later, around))
                        self.narrow(branch, later, around)

    def rename(self, nodes: Iterable[ast.AST], taken: Names) -> None:
        """Give the names that are set in some nodes, and not in `taken`, a name of their own."""
        found = [one for node in nodes for one in _names(node)]
        new = {name: f"{name}.{next(self.numbers)}" for name in sorted({one.id for one in found if isinstance(one.ctx, ast.Store)} - taken - {"_"})}
        for one in found:
            one.id = new.get(one.id, one.id)


def before(statements: Sequence[ast.stmt], after: Names, around: _Around) -> Names:
    """Return the names whose values at the beginning of some statements are used."""
    for statement in reversed(statements):
        after = _before(statement, after, around)
    return after


def _before(node: ast.stmt, after: Names, around: _Around) -> Names:
    match node:
        case ast.Assign(targets=[target], value=value):
            return (after - _set(target)) | _used(value) | _used(target)
        case ast.AugAssign(target=target, value=value):
            return after | _used(value) | _used(target) | _set(target)
        case ast.If():
            return _used(node.test) | before(node.body, after, around) | before(node.orelse, after, around)
        case ast.For():
            return _head(node, after) | _used(node.iter)
        case ast.While():
            return _head(node, after)
        case ast.Continue():
            return around.head
        case ast.Break():
            return around.over
        case ast.Return():
            return EMPTY if node.value is None else _used(node.value)
    return after | _used(node)


def _head(node: ast.For | ast.While, after: Names) -> Names:
    """Return the names whose values are used when a round of a loop begins, or after the loop."""
    head = after | (_used(node.test) if isinstance(node, ast.While) else EMPTY)
    while True:
        inside = before(node.body, head, _Around(head, after))
        more = head | (inside - _set(node.target) if isinstance(node, ast.For) else inside)
        if more == head:
            return head
        head = more


def _used(node: ast.AST) -> Names:
    return frozenset(one.id for one in _names(node) if isinstance(one.ctx, ast.Load))


def _set(node: ast.AST) -> Names:
    return frozenset(one.id for one in _names(node) if isinstance(one.ctx, ast.Store))


@cache
def _names(node: ast.AST) -> tuple[ast.Name, ...]:
    """Return the names in a node; renaming changes them in place."""
    return tuple(one for one in ast.walk(node) if isinstance(one, ast.Name))
