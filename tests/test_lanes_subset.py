"""The part of Python that rules may use: what is outside of it gets one sentence with its place; a new rule needs no change of the compiler."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from proxysim.core.calls import calls_of_month
from proxysim.core.lanes import analysis, layout, subset
from proxysim.core.lanes.analysis import Program
from proxysim.core.lanes.subset import OutsideSubset

ROOT = Path(__file__).parent.parent
HEAD = """
import math
import os
import numpy as np
from proxysim.core.jit import compiled

LIMIT = 3
TEXT = "text"

@compiled
def one(x):
    return x

@compiled
def two(x):
    return x, 1.0

def unmarked(x):
    return x
"""
ARGUMENTS = ("w", "p", "s", "f", "n", "m", "t")


def module_of(folder: Path, text: str) -> Any:
    """A module of rules in a file of its own."""
    file = folder / "written.py"
    file.write_text(HEAD + text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"written_{abs(hash((str(file), text))):x}", file)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def rule_text(body: str) -> str:
    """A rule with a body, under its docstring."""
    return f'\n\n@compiled\ndef rule({", ".join(ARGUMENTS)}):\n    """A rule."""\n' + textwrap.indent(body, "    ") + "\n"


def refused(folder: Path, text: str, name: str = "rule") -> tuple[str, str]:
    """What is said about a rule for eight runs at a time, and what should come before the sentence: the line with "#!" of the file."""
    made, file = module_of(folder, text), folder / "written.py"
    kinds = layout.argument_types("small", 8)
    with pytest.raises(OutsideSubset) as found:
        Program(True).typed(made.rule, tuple(kinds[argument] for argument in ARGUMENTS))
    (line,) = [number for number, words in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if "#!" in words]
    place = f"{file}:{line}: {name}: "
    assert str(found.value).startswith(place), f"{found.value} should begin with {place}"
    return str(found.value).removeprefix(place), place


LOOP = "write a loop over range(...) instead of a comprehension or generator"
RECORDS = "a rule keeps numbers in the arrays of the records, so declare a field in core/records.py instead of a list, dict or set"
IS, IN = "compare numbers with == or != instead of is", "write the comparisons with ==, and, or instead of in"
NOT_A_RULE = (
    "is not one of the rules; call functions marked @compiled, abs, float, int, len, max, min"
    " and math.ceil, math.fabs, math.floor, math.sqrt"
)
#: Constructs outside the subset, each with its sentence; "#!" marks the line.
SYNTAX = {
    ast.Pow: ("x = p.noise ** 2.0 #!", "write power(x, y) of core.elementary instead of **, or a product"),
    ast.List: ("x = [1.0] #!", RECORDS),
    ast.Dict: ("x = {1: 2} #!", RECORDS),
    ast.Set: ("x = {1, 2} #!", RECORDS),
    ast.ListComp: ("y = 1\nx = [1 for _ in range(3)] #!", LOOP),
    ast.SetComp: ("y = 1\nx = {1 for _ in range(3)} #!", LOOP),
    ast.DictComp: ("y = 1\nx = {1: 1 for _ in range(3)} #!", LOOP),
    ast.GeneratorExp: ("x = max(1 for _ in range(3)) #!", LOOP),
    ast.Lambda: ("x = lambda: 1 #!", "write a function marked @compiled instead of lambda"),
    ast.FunctionDef: ("def inner(): #!\n    x = 1", "write the inner function at the top of the module, marked @compiled"),
    ast.ClassDef: ("class Inner: #!\n    x = 1", "a rule defines no class; its data are the records"),
    ast.Import: ("import json #!", "import at the top of the module"),
    ast.ImportFrom: ("from math import sqrt #!", "import at the top of the module"),
    ast.Try: ("try: #!\n    x = 1\nfinally:\n    x = 2", "a rule raises and catches nothing; test for the case with if"),
    ast.Raise: ("raise ValueError #!", "a rule raises nothing; what must never happen is noted in the books"),
    ast.Assert: ("assert t > 1 #!", "a rule asserts nothing; write a test"),
    ast.With: ("with LIMIT: #!\n    x = 1", "a rule opens nothing"),
    ast.Global: ("global LIMIT #!", "a rule changes no module; what it carries over is a field of State"),
    ast.Delete: ("x = 1\ndel x #!", "a rule deletes nothing"),
    ast.Match: ("match t: #!\n    case 1:\n        x = 1", "write if and elif instead of match"),
    ast.NamedExpr: ("if (x := t) > 1: #!\n    x = 1", "write the assignment on a line of its own instead of :="),
    ast.JoinedStr: ("x = f'{t}' #!", "a rule holds no text"),
    ast.Starred: ("a, *b = two(1.0) #!", "write each argument, without *"),
    ast.Slice: ("x = 1\ny = s.funds[1:2] #!", "write a loop over range(...) instead of a slice"),
    ast.Yield: ("x = 1\nx = yield x #!", "a rule returns its value"),
    ast.YieldFrom: ("x = 1\nx = yield from s.funds #!", "a rule returns its value"),
    ast.Is: ("x = 1\nif x is t: #!\n    x = 1", IS),
    ast.IsNot: ("x = 1\nif x is not t: #!\n    x = 1", IS),
    ast.In: ("x = 1\nif x in (1, 2): #!\n    x = 1", IN),
    ast.NotIn: ("x = 1\nif x not in (1, 2): #!\n    x = 1", IN),
    ast.MatMult: ("x = 1\nx = s.funds @ s.funds #!", "write the sums as loops instead of @"),
    ast.AnnAssign: ("x: int = 1 #!", "write the assignment without a type"),
    ast.UAdd: ("x = 1\nx = +x #!", "write x instead of +x"),
    ast.Invert: ("x = 1\nx = ~x #!", "write x ^ -1 instead of ~x, or not x for a condition"),
}  # fmt: skip
#: The same for forms that are partly in the subset.
FORMS = {
    "power of an assignment": ("x = 2.0\nx **= 2.0 #!", SYNTAX[ast.Pow][1]),
    "text": ("x = 'text' #!", "a rule holds numbers and True or False, no text and no None"),
    "None": ("x = None #!", "a rule holds numbers and True or False, no text and no None"),
    "complex": ("x = 2j #!", "a rule holds numbers and True or False, no text and no None"),
    "two targets": ("x = y = 1.0 #!", "write one assignment a line instead of a = b = ..."),
    "for-else": ("for i in range(3): #!\n    x = 1\nelse:\n    x = 1", "write the case after the loop with if instead of else"),
    "while-else": ("while t > 3: #!\n    break\nelse:\n    x = 1", "write the case after the loop with if instead of else"),
    "two loop variables": ("for i, j in s.stock: #!\n    x = 1", "a loop has one variable"),
    "keyword": ("x = one(x=1.0) #!", "pass arguments by position"),
    "idle line": ("x = 1\nx + 1 #!", "a line that is only an expression has no effect; assign it or call a rule"),
    "math": ("x = 1.0 + math.exp(p.noise) #!",
             "write exp(...) of core.elementary instead of math.exp, of which the last bits depend on the C library"),
    "unmarked": ("x = unmarked(1.0) #!", f"unmarked {NOT_A_RULE}"),
    "numpy": ("x = np.sum(s.funds) #!", f"np.sum {NOT_A_RULE}"),
    "method": ("x = s.funds.sum() #!", f"s.funds.sum {NOT_A_RULE}"),
    "clock": ("x = os.getpid() #!", f"os.getpid {NOT_A_RULE}"),
    "print": ("print(t) #!", f"print {NOT_A_RULE}"),
    "bool": ("x = bool(t) #!", f"bool {NOT_A_RULE}"),
    "round": ("x = round(p.noise) #!", f"round {NOT_A_RULE}"),
    "nothing": ("if t > 1:\n    pass #!", "a rule has no pass statement"),
    "range alone": ("x = range(3) #!", "range is only for loops"),
}  # fmt: skip
FORMS_OF_NEWER_PYTHON = {"except*": ("try: #!\n    x = 1\nexcept* ValueError:\n    x = 2", "a rule has no trystar statement")}


@pytest.mark.parametrize("kind", SYNTAX, ids=lambda kind: kind.__name__)
def test_subset__names_each_construct_outside_of_it(kind: type[ast.AST], tmp_path: Path) -> None:
    """File, line, rule, and what to write instead."""
    body, sentence = SYNTAX[kind]
    assert sentence == refused(tmp_path, rule_text(body))[0]


@pytest.mark.parametrize("form", FORMS)
def test_subset__names_forms_that_are_partly_in_it(form: str, tmp_path: Path) -> None:
    """The same."""
    body, sentence = FORMS[form]
    assert sentence == refused(tmp_path, rule_text(body))[0]


def test_subset__has_no_statement_that_it_does_not_know(tmp_path: Path) -> None:
    """Statements of newer Pythons."""
    body, sentence = FORMS_OF_NEWER_PYTHON["except*"]
    assert sentence == refused(tmp_path, rule_text(body))[0]


def test_subset__the_constructs_of_these_tests_are_all() -> None:
    """Without those of which a plain function cannot have one."""
    assert set(subset._CURES) == {*SYNTAX, ast.Nonlocal, ast.Await}


@pytest.mark.parametrize("arguments", ["w, t=1", "w, *t", "w, **t", "w, *, t", "w, /, t"])
def test_subset__takes_plain_arguments_only(arguments: str, tmp_path: Path) -> None:
    """The line is that of the function's name."""
    text = f"\n\n@compiled\ndef rule({arguments}): #!\n    return 1.0\n"
    assert "a rule has plain arguments, without defaults, * or keywords" == refused(tmp_path, text)[0]


def test_subset__knows_nonlocal(tmp_path: Path) -> None:
    """A rule within another function."""
    text = "\n\ndef outer():\n    x = 1\n    @compiled\n    def rule(w):\n        nonlocal x #!\n        x = 2\n    return rule\n\nrule = outer()\n"
    assert "a rule changes no other function; return the value" == refused(tmp_path, text)[0]


# ---- types ----------------------------------------------------------------------------------------------


ENTRY = "which entry is meant must be the same in all runs; loop over the entries, and test with if"
#: Typed errors: the body of a rule, and its sentence.
TYPED = {
    "names and values": ("a, b = 1.0, 2.0, 3.0 #!", "as many names as values"),
    "several in one name": ("x = two(1.0) #!", "give each of the returned values a name of its own"),
    "names and returned values": ("a, b = one(1.0) #!", "as many names as returned values"),
    "array in a loop": ("for i in range(3):\n    x = s.funds #!", "x stands for an array, so assign it once, at the top of the rule"),
    "array twice": ("x = s.funds\nx = s.personnel #!", "x stands for an array, so assign it once, at the top of the rule"),
    "array and number": ("x = s.funds\nx = 1.0 #!", "x stands for an array"),
    "float in integers": ("s.fallen[0] = 1.5 #!", "a number of kind f8 does not fit an array of kind i8; write int(...) or change the array"),
    "float added to integers": ("s.fallen[0] += 1.5 #!", "a number of kind f8 does not fit an array of kind i8; write int(...) or change the array"),
    "world": ("w.tie_to[0] = 1 #!", "the world does not change during a run; what changes is a field of State or Flows"),
    "number of the world": ("w.kits = 1 #!", "the world does not change during a run; what changes is a field of State or Flows"),
    "key and number": ("for i in range(2):\n    k = s.seed\n    k = 1.0 #!",
                       "k is a random-number key in one place and a number in another; use two names"),
    "range of floats": ("for i in range(2.0): #!\n    x = 1", "a range has integers as its bounds"),
    "first of a range": ("for i in range(s.fallen[0], 5): #!\n    x = 1",
                         "a range begins at the same number in all runs; begin earlier, and test with if"),
    "loop over axes": ("for x in s.stock: #!\n    x = 1", "loop over range(n) or range(first, stop)"),
    "step": ("for i in range(0, 4, 2): #!\n    x = 1", "loop over range(n) or range(first, stop)"),
    "return of an array": ("return s.funds #!", "return numbers, as many in one place as in another"),
    "more returned": ("if t > 1:\n    return 1.0, 2.0\nreturn 1.0 #!", "return numbers, as many in one place as in another"),
    "kinds returned": ("if t > 1:\n    return s.seed\nreturn 1.0 #!", "return values of the same kind everywhere"),
    "array as number": ("x = 1.0 + s.funds #!", "a number is needed here"),
    "number as condition": ("x = 1\nif t - x: #!\n    x = 1", "write the comparison, t - x != 0, instead of a number as a condition"),
    "number in and": ("x = t > 1 and p.noise #!", "write the comparison, p.noise != 0, instead of a number as a condition"),
    "text of the module": ("x = TEXT #!", "TEXT is no number"),
    "unknown name": ("x = t + unknown #!", "unknown is assigned nowhere before"),
    "later name": ("for i in range(3):\n    x = t + later #!\nlater = 2", "later is assigned nowhere before"),
    "field of a tuple": ("x = n.nothing #!", "Numbers has no field nothing"),
    "field of a number": ("x = t.real #!", "t.real: only records and named tuples have fields"),
    "field of a record": ("for i in range(3):\n    s.nothing[i] = 1.0 #!",
                          "State has no field nothing; declare it in core/records.py or core/parameters.py"),
    "entry of a number": ("for i in range(3):\n    x = t + i\n    y = x[0] #!", "x is no array"),
    "axes": ("x = s.funds[0, 1] #!", "s.funds has 1 axes, found 2 indices"),
    "float index": ("x = s.funds[0.0] #!", "an index is an integer; write int(...)"),
    "index from the end": ("x = s.funds[-1] #!", "an index counts from 0"),
    "part of an array": ("x = s.stock[s.fallen[0]] #!", ENTRY),
    "entry of an array": ("x = s.funds[s.fallen[0]] #!", ENTRY),
    "entry that is written": ("s.funds[s.fallen[0]] = 1.0 #!", ENTRY),
    "loop variable of each run": ("for k in range(3):\n    if s.funds[k] > 1.0: #!\n        break\nx = k", ENTRY),
    "entry of the world": ("x = w.tie_to[s.fallen[0]] #!", ENTRY),
    "key and one": ("x = s.seed + 1 #!", "a random-number key mixes with no number; write np.uint64(...)"),
    "bits of floats": ("x = 1.5 & 2 #!", "bits are of integers; write and, or, != for conditions"),
    "bits of conditions": ("x = (t > 1) & (t < 3) #!", "bits are of integers; write and, or, != for conditions"),
    "difference of keys": ("x = s.seed - s.run #!", "keys are added, multiplied, shifted and masked, nothing else"),
    "rest of floats": ("x = 1.5 % 2.0 #!", "% and // are of integers"),
    "quotient of floats": ("x = p.noise // 2.0 #!", "% and // are of integers"),
    "key compared": ("x = s.seed == 1 #!", "a random-number key is compared with no number"),
    "key of a float": ("x = np.uint64(p.noise) #!", "a key is made from an integer"),
    "several in a case": ("a, b = (1.0, 2.0) if t > 1 else (1.0, 2.0) #!", "a number is needed here"),
    "kinds of cases": ("x = s.seed if t > 1 else 1.0 #!", "values of the same kind in both cases"),
    "length of a number": ("x = len(t) #!", "len of an array"),
    "smaller of key and one": ("x = min(s.seed, 1) #!", "min and max of numbers"),
}  # fmt: skip


@pytest.mark.parametrize("case", TYPED)
def test_types__that_do_not_fit_are_named(case: str, tmp_path: Path) -> None:
    """File, line, rule, and what is wrong; names are those of the file."""
    body, sentence = TYPED[case]
    assert sentence == refused(tmp_path, rule_text(body))[0]


def test_types__of_a_called_rule_are_named_at_its_own_line(tmp_path: Path) -> None:
    """A rule that calls itself, and one that is called with too many arguments."""
    text = rule_text("rule(w, p, s, f, n, m, t)").replace("def rule(w, p, s, f, n, m, t):", "def rule(w, p, s, f, n, m, t): #!")
    assert "a rule does not call itself; write a loop" == refused(tmp_path, text)[0]
    text = "\n\n@compiled\ndef other(x): #!\n    return x\n" + rule_text("x = other(1.0, 2.0)")
    assert "called with 2 arguments, takes 1" == refused(tmp_path, text, "other")[0]


#: Errors that no rule can reach: Python itself refuses such a file, or earlier checks do.
UNREACHED = {"its types do not settle", "{name} outside of a loop", "assign to a name, a field or an entry of an array"}


def test_types__the_errors_of_these_tests_are_all() -> None:
    """Each sentence of the analysis is one of those above."""
    sentences = {sentence for _, sentence in TYPED.values()} | {"a rule does not call itself; write a loop", "called with 2 arguments, takes 1"}
    missing = set()
    for node in ast.walk(ast.parse(inspect.getsource(analysis))):
        match node:
            case ast.Call(ast.Attribute(_, "fail" | "outside"), [_, (ast.Constant() | ast.JoinedStr()) as text]):
                parts = text.values if isinstance(text, ast.JoinedStr) else [text]
                form = "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in parts)
                words = "".join(str(part.value) if isinstance(part, ast.Constant) else "{" + ast.unparse(part.value) + "}" for part in parts)
                if not any(re.fullmatch(form, sentence) for sentence in sentences):
                    missing.add(words)
    assert UNREACHED == missing


@pytest.mark.parametrize("lanes", [1, 8])
def test_subset__holds_all_rules_of_the_model(lanes: int) -> None:
    """What a month calls, and what sets up a run; a rule outside of the subset fails here with its place and the cure."""
    kinds, outside = layout.argument_types("small", lanes), []
    calls = [(call.function, call.arguments) for call in calls_of_month()]
    for function, arguments in calls + [(entry.function, entry.arguments) for entry in layout.entries(lanes)]:
        try:
            Program(lanes > 1).typed(function, tuple(kinds[name] for name in arguments))
        except OutsideSubset as error:
            outside.append(str(error))
    assert [] == outside
    assert len(calls) > 40
