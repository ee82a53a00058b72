"""Every public name is documented, with an example that runs."""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

import proxysim
from proxysim import figures

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
SECTIONS = ("Parameters", "Attributes", "Returns", "Raises", "Examples")


def public() -> Iterator[tuple[str, Any]]:
    """(dotted name, object) of each public function and class, and of each public method and property of the classes."""
    for module in (proxysim, figures):
        for name in module.__all__:
            found = getattr(module, name)
            if name in ("__version__", "figures"):
                continue
            yield f"{module.__name__}.{name}", found
            if inspect.isclass(found):
                for parent in reversed([one for one in found.__mro__ if one.__module__.startswith("proxysim.")]):
                    for member, value in vars(parent).items():
                        if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, (property, cached_property, classmethod))):
                            yield f"{module.__name__}.{name}.{member}", getattr(parent, member)


#: Each object once: what states and proxies inherit is documented in one place.
PUBLIC = dict({id(found): (name, found) for name, found in public()}.values())
DOCUMENTED = {name: inspect.getdoc(found) or "" for name, found in PUBLIC.items()}
FUNCTIONS = {name: found for name, found in PUBLIC.items() if inspect.isfunction(found)}


def section(text: str, title: str) -> str:
    """A section of a docstring; empty when there is none."""
    match = re.search(rf"^{title}\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    return match[1] if match else ""


def parameters(found: Any) -> list[str]:
    """Parameters that a caller gives; options taken as keywords are one."""
    return [name for name in inspect.signature(found).parameters if name not in ("self", "cls")]

#: Functions that take seconds; what they return for the same arguments is kept, since many examples begin with the same call.
SLOW = {name: getattr(proxysim, name) for name in ("calibrate", "recover", "leave_one_out", "informed_answers")}
KEPT: dict[str, Any] = {}
#: Names whose examples take long even so: the slow tests run them.
LONG = ("proxysim.leave_one_out", "proxysim.LeaveOneOut", "proxysim.recover", "proxysim.Recovery")


def kept(function: Any) -> Any:
    """The function, which runs once for each list of arguments."""

    def call(*given: Any, **options: Any) -> Any:
        key = f"{function.__name__} {given} {options}"
        if key not in KEPT:
            KEPT[key] = function(*given, **options)
        return KEPT[key]

    return call


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] if name.startswith(LONG) else []) for name in sorted(PUBLIC)])
def test_docstring__has_an_example_that_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, alone, with exactly the output that it shows."""
    monkeypatch.chdir(tmp_path)
    for slow, function in SLOW.items():
        monkeypatch.setattr(proxysim, slow, kept(function))
    examples = doctest.DocTestParser().get_doctest(DOCUMENTED[name], {}, name, None, 0)
    assert examples.examples, f"{name} has no example"
    assert not any(doctest.SKIP in example.options for example in examples.examples)
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(examples, out=said.append)
    assert 0 == result.failed, "".join(said)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_docstring__names_every_parameter(name: str) -> None:
    """In the section Parameters, several to a line where they belong together."""
    text = section(DOCUMENTED[name], "Parameters")
    told = {word for line in re.findall(r"^(\S[^:\n]*?) :", text, flags=re.MULTILINE) for word in re.findall(r"\w+", line)}
    told |= {word for line in re.findall(r";\s+([\w, ]+?) :", text) for word in re.findall(r"\w+", line)}
    assert [] == [one for one in parameters(FUNCTIONS[name]) if one not in told]


RETURNING = [name for name, found in FUNCTIONS.items() if inspect.signature(found).return_annotation not in (None, "None")]
ARRAYS = [name for name, found in FUNCTIONS.items() if re.search(r"\b(Array|ndarray)\b", str(inspect.signature(found).return_annotation))]


@pytest.mark.parametrize("name", sorted(RETURNING))
def test_docstring__says_what_is_returned(name: str) -> None:
    """Functions of a line or two say it in their first sentence; all others in the section Returns."""
    text = DOCUMENTED[name]
    assert section(text, "Returns") or not parameters(FUNCTIONS[name])


def raised(found: Any) -> set[str]:
    """Errors of the package that the body of a function raises itself."""
    return set(re.findall(r"raise (\w*Error|MissingExtra)\(", inspect.getsource(found)))


@pytest.mark.parametrize("name", sorted(name for name, found in FUNCTIONS.items() if raised(inspect.unwrap(found))))
def test_docstring__names_the_errors_that_are_raised(name: str) -> None:
    """At least those of its own body."""
    assert raised(inspect.unwrap(FUNCTIONS[name])) <= set(re.findall(r"\w+", section(DOCUMENTED[name], "Raises")))


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_docstring__begins_with_one_sentence(name: str) -> None:
    """One line that ends with a full stop, and no section that readers would not find."""
    first = DOCUMENTED[name].split("\n\n")[0]
    assert first.endswith((".", ":")), first
    titles = re.findall(r"^(\w[\w ]*)\n-{3,}$", DOCUMENTED[name], flags=re.MULTILINE)
    assert [] == [title for title in titles if title not in (*SECTIONS, "Other Parameters", "Notes", "Source", "See Also")]


@pytest.mark.parametrize("name", sorted(ARRAYS))
def test_docstring__gives_shapes_of_arrays(name: str) -> None:
    """By the names of axes, as in ``(branch, run)``."""
    assert re.search(r"\(\w+,( \w+)*\)?", DOCUMENTED[name])
