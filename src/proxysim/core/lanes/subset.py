"""The part of Python that rules may use: reading a rule, and one sentence for whatever is outside of it.

The subset is described in CONTRIBUTING.md. numba accepts more, and a rule that used more would only run there.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from proxysim.core.bits import bits_of, float_of
from proxysim.core.lanes.scopes import Scopes

#: Functions that every rule may call without importing them from the compiled sources.
BUILTINS = ("abs", "float", "int", "len", "max", "min")
#: Exact functions of `math`: their results are the same on every platform.
EXACT = ("ceil", "fabs", "floor", "sqrt")
#: Functions that reinterpret bits, which the compiler of lanes does itself.
PRIMITIVES = (bits_of, float_of)
_STATEMENTS = (ast.Assign, ast.AugAssign, ast.If, ast.For, ast.While, ast.Continue, ast.Break, ast.Return, ast.Expr)
_EXPRESSIONS = (
    ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.Tuple,
)  # fmt: skip
_ARRAYS = "a rule keeps numbers in the arrays of the records, so declare a field in core/records.py instead of a list, dict or set"
_LOOPS = "write a loop over range(...) instead of a comprehension or generator"
_TOP = "import at the top of the module"
#: What to write instead of a construct; see also `_said`.
_CURES: dict[type[ast.AST], str] = {
    ast.Pow: "write power(x, y) of core.elementary instead of **, or a product",
    **dict.fromkeys((ast.List, ast.Dict, ast.Set), _ARRAYS),
    **dict.fromkeys((ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp), _LOOPS),
    ast.Lambda: "write a function marked @compiled instead of lambda",
    ast.FunctionDef: "write the inner function at the top of the module, marked @compiled",
    ast.ClassDef: "a rule defines no class; its data are the records",
    **dict.fromkeys((ast.Import, ast.ImportFrom), _TOP),
    ast.Try: "a rule raises and catches nothing; test for the case with if",
    ast.Raise: "a rule raises nothing; what must never happen is noted in the books",
    ast.Assert: "a rule asserts nothing; write a test",
    ast.With: "a rule opens nothing",
    ast.Global: "a rule changes no module; what it carries over is a field of State",
    ast.Nonlocal: "a rule changes no other function; return the value",
    ast.AnnAssign: "write the assignment without a type",
    ast.Delete: "a rule deletes nothing",
    ast.Match: "write if and elif instead of match",
    ast.NamedExpr: "write the assignment on a line of its own instead of :=",
    ast.JoinedStr: "a rule holds no text",
    ast.Starred: "write each argument, without *",
    ast.Slice: "write a loop over range(...) instead of a slice",
    **dict.fromkeys((ast.Yield, ast.YieldFrom), "a rule returns its value"),
    ast.Await: "a rule waits for nothing",
    **dict.fromkeys((ast.Is, ast.IsNot), "compare numbers with == or != instead of is"),
    **dict.fromkeys((ast.In, ast.NotIn), "write the comparisons with ==, and, or instead of in"),
    ast.MatMult: "write the sums as loops instead of @",
    ast.UAdd: "write x instead of +x",
    ast.Invert: "write x ^ -1 instead of ~x, or not x for a condition",
}
#: A local with the number that `scopes` gave it.
_RENAMED = re.compile(r"\b([^\W\d]\w*)\.\d+\b")


class OutsideSubset(Exception):
    """A rule uses something that the compiler of lanes does not read; the message has file, line and what to write instead."""


@dataclass(frozen=True, eq=False)
class Source:
    """A rule as it was written.

    Attributes
    ----------
    function : the plain function
    tree : its syntax tree
    file, line : where it begins
    """

    function: Callable[..., Any]
    tree: ast.FunctionDef
    file: str
    line: int

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of the arguments."""
        return tuple(argument.arg for argument in self.tree.args.args)

    @property
    def body(self) -> list[ast.stmt]:
        """The statements, without the docstring."""
        first, *rest = self.tree.body
        return rest if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else self.tree.body

    def outside(self, node: ast.AST, sentence: str) -> OutsideSubset:
        """Return the error for a place in this rule."""
        line = self.line + getattr(node, "lineno", 1) - 1
        words = _RENAMED.sub(r"\1", sentence)
        return OutsideSubset(f"{self.file}:{line}: {self.function.__name__}: {words}")


@cache
def read(rule: Any) -> Source:
    """Read a rule and check its syntax.

    Raises
    ------
    OutsideSubset : it uses something outside the subset
    """
    function = getattr(rule, "py_func", rule)
    lines, line = inspect.getsourcelines(function)
    tree = ast.parse(textwrap.dedent("".join(lines))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    source = Source(function, tree, inspect.getsourcefile(function) or "?", line)
    _check(source)
    Scopes().narrow(source.body)
    return source


def _check(source: Source) -> None:
    arguments = source.tree.args
    if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults or arguments.posonlyargs:
        raise source.outside(source.tree, "a rule has plain arguments, without defaults, * or keywords")
    loops = {node.iter for node in ast.walk(source.tree) if isinstance(node, ast.For)}
    for statement in source.body:
        for node in ast.walk(statement):
            cure = _said(source, node)
            if not cure and isinstance(node, ast.Call) and ast.unparse(node.func) == "range" and node not in loops:
                cure = "range is only for loops"
            if cure:
                raise source.outside(node, cure)


def _said(source: Source, node: ast.AST) -> str:
    """Return what to write instead of a node, or nothing if it is in the subset."""
    for one in (node, *_operators(node)):
        if type(one) in _CURES:
            return _CURES[type(one)]
    if isinstance(node, ast.stmt) and not isinstance(node, _STATEMENTS):
        return f"a rule has no {type(node).__name__.lower()} statement"
    if isinstance(node, ast.expr) and not isinstance(node, _EXPRESSIONS):
        return f"a rule has no {type(node).__name__} expression"
    match node:
        case ast.Constant(value) if not isinstance(value, (bool, int, float)):
            return "a rule holds numbers and True or False, no text and no None"
        case ast.Assign(targets) if len(targets) > 1:
            return "write one assignment a line instead of a = b = ..."
        case ast.For(orelse=rest) | ast.While(orelse=rest) if rest:
            return "write the case after the loop with if instead of else"
        case ast.For(target=target) if not isinstance(target, ast.Name):
            return "a loop has one variable"
        case ast.Call(keywords=keywords) if keywords:
            return "pass arguments by position"
        case ast.Call(func=function):
            return _said_of_call(source, function)
        case ast.Expr(value) if not isinstance(value, ast.Call):
            return "a line that is only an expression has no effect; assign it or call a rule"
    return ""


def _operators(node: ast.AST) -> list[ast.AST]:
    """Return the operators of an expression or assignment; they have no line of their own."""
    match node:
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator):
            return [operator]
        case ast.UnaryOp(op=sign):
            return [sign]
        case ast.Compare(ops=operators):
            return list(operators)
    return []


def _said_of_call(source: Source, function: ast.expr) -> str:
    name = ast.unparse(function)
    match function:
        case ast.Name("range"):
            return ""
        case ast.Name(id) if id in BUILTINS and id not in source.function.__globals__:
            return ""
        case ast.Attribute(ast.Name("math"), attribute):
            if attribute in EXACT:
                return ""
            return f"write {attribute}(...) of core.elementary instead of {name}, of which the last bits depend on the C library"
    called = called_by(source, function)
    if called is np.uint64 or hasattr(called, "py_func") or called in PRIMITIVES:
        return ""
    return f"{name} is not one of the rules; call functions marked @compiled, {', '.join(BUILTINS)} and math.{', math.'.join(EXACT)}"


def called_by(source: Source, function: ast.expr) -> Any:
    """Return the function that a call names, or None."""
    scope = source.function.__globals__
    match function:
        case ast.Name(id):
            return scope.get(id)
        case ast.Attribute(ast.Name(id), attribute):
            return getattr(scope.get(id), attribute, None)
    return None
