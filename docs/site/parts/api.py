"""The reference of the Python interface: a page per public function and class, in groups by task, from the docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from typing import Any

from docs.site.parts.tree import ROOT

#: Task -> (a sentence, public names). `tests/test_site.py` fails if a public name is in none of them.
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Load and check a world": ("A world is a TOML file, or the name of a shipped world.", ("load", "World", "check", "CheckWarning")),
    "Run": (
        "One run to look into, or many in paired branches.",
        ("run", "Run", "ensemble", "Ensemble", "draws"),
    ),
    "Compare, attribute, explain": (
        "The effect of a branch, what it is made of, how it comes about and what others take from it.",
        ("compare", "Comparison", "attribute", "Attribution", "explain", "Explanation", "explain_mean", "MeanExplanation",
         "answers", "Answers", "evidence", "Evidence"),
    ),
    "Decide": (
        "What it takes, which countermeasures, what to find out first, what the other side does, and what the answer depends on.",
        ("threshold", "Threshold", "break_even", "BreakEven", "portfolio", "Portfolio", "value_of_information", "value_of_information_in_table",
         "ValueOfInformation", "respond", "Responses", "discover", "discover_draws", "discover_table", "Discovery", "forms", "Forms",
         "sensitivity", "Sensitivity"),
    ),
    "Compare with published figures, calibrate": (
        "How far the runs can be believed, and what published figures say about uncertain parameters.",
        ("patterns", "held_back", "calibrate", "Calibration", "recover", "Recovery", "leave_one_out", "LeaveOneOut",
         "informed_answers", "InformedAnswers"),
    ),
    "Sweep": (
        "The model at many combinations of values, stored so that an interruption loses nothing.",
        ("sweep", "SweepOptions", "status", "Status", "resume", "extend", "open", "Sweep", "verify", "replay", "ema_model"),
    ),
    "Write a report": ("HTML files that need nothing else.", ("write_report", "write_sweep_report", "write_brief")),
    "Program actors with Mesa": ("The same rules, one run at a time, with decisions of your own.", ("PactModel", "StateAgent", "ProxyAgent")),
    "Errors and versions": (
        "All errors are `ProxysimError`.",
        ("ProxysimError", "InputError", "Fault", "RunError", "BooksError", "MissingExtra", "StorageError", "show_versions"),
    ),
}  # fmt: skip
FIGURES = "Figures"
#: Names that other public names explain: one is no object, one is a module, one is documented among the figures.
ELSEWHERE = {"__version__", "figures", "places_and_legs"}
#: What docstrings and guides name by its module: classes inside results, and functions that results compute with.
PARTS = (
    "proxysim.statistics.paired.Effect", "proxysim.statistics.crossings.Crossing", "proxysim.runs.ensemble.StudyOptions",
    "proxysim.studies.screening.screen", "proxysim.statistics.sensitivity.main_effects", "proxysim.studies.portfolio.open_portfolio",
)  # fmt: skip


def groups() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return task -> (a sentence, full names of what is public), figures and parts of results included."""
    from proxysim import figures

    found = {title: (text, tuple(f"proxysim.{name}" for name in names)) for title, (text, names) in GROUPS.items()}
    found[FIGURES] = (
        "Each function takes a table or a result and returns a matplotlib figure. The [gallery](../gallery.md) shows all of them.",
        tuple(f"proxysim.figures.{name}" for name in figures.__all__),
    )
    found["Parts of results"] = ("What the results above contain, and what they compute it with.", PARTS)
    return found


def public() -> set[str]:
    """Return the full names of everything public that the reference must have."""
    import proxysim
    from proxysim import figures

    own = {f"proxysim.{name}" for name in proxysim.__all__ if name not in ELSEWHERE}
    return own | {f"proxysim.figures.{name}" for name in figures.__all__}


def object_of(name: str) -> Any:
    """Return the object with a full name."""
    module, _, last = name.rpartition(".")
    return getattr(import_module(module), last)


def members(found: type) -> Iterator[tuple[str, str]]:
    """Yield (name, directive) of each documented public member of a class that this project defines, in the order of the source."""
    for parent in reversed([one for one in found.__mro__ if one.__module__.startswith("proxysim.")]):
        for name, value in vars(parent).items():
            if name.startswith("_"):
                continue
            if isinstance(value, (property, cached_property)):
                yield name, "autoproperty" if isinstance(value, property) else "autoattribute"
            elif inspect.isfunction(value) or isinstance(value, (classmethod, staticmethod)):
                yield name, "automethod"


def known() -> set[str]:
    """Return the full names of everything that has an entry in the reference, members included."""
    found = set()
    for _, names in groups().values():
        for name in names:
            found.add(name)
            one = object_of(name)
            if inspect.isclass(one):
                found |= {f"{name}.{member}" for member, _ in members(one)}
    return found


def document(name: str) -> str:
    """Return the name of the page of a function or class; `answers` and `Answers` must differ on disks that ignore case."""
    return f"{name}-class" if inspect.isclass(object_of(name)) else name


def pictures() -> dict[str, tuple[str, str]]:
    """Return full name of a figure -> (path, description) of its first picture in the gallery."""
    found: dict[str, tuple[str, str]] = {}
    called: list[str] = []
    for line in (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8").splitlines():
        called += re.findall(r"figure = figures\.(\w+)\(", line)
        if (match := re.match(r"!\[(.*)\]\((gallery/.*\.svg)\)", line)) and called:
            found.setdefault(f"proxysim.figures.{called[-1]}", (match[2], match[1]))
    return found


def page(name: str) -> str:
    """Return the page of a function or class, in reStructuredText."""
    found = object_of(name)
    title = name.removeprefix("proxysim.") if name.startswith("proxysim.figures.") else name.rpartition(".")[2]
    module = name.rpartition(".")[0]
    lines = [title, "=" * len(title), "", f".. currentmodule:: {module}", ""]
    if not inspect.isclass(found):
        path, description = pictures().get(name, ("", ""))
        shown = ["In the gallery", "--------------", "", f".. image:: ../{path}", f"   :alt: {description}", ""] if path else []
        return "\n".join([*lines, f".. autofunction:: {name}", "", *shown])
    lines += [f".. autoclass:: {name}", ""]
    every = dict(members(found))
    for kind, directives in (("Methods", {"automethod"}), ("Properties", {"autoproperty", "autoattribute"})):
        some = [member for member, directive in every.items() if directive in directives]
        if some:
            lines += [kind, "-" * len(kind), ""]
            lines += [line for member in some for line in (f".. {every[member]}:: {name}.{member}", "")]
    return "\n".join(lines)


def summary(name: str) -> str:
    """Return the first sentence of a docstring, on one line."""
    text = (inspect.getdoc(object_of(name)) or "").split("\n\n")[0]
    return " ".join(text.split())


def generated() -> dict[str, str]:
    """Return path -> text of all pages of the reference."""
    found, toc = {}, []
    index = ["# Python interface", "", "Everything public, by task. `import proxysim as ps` is assumed. Each page comes from the docstring, "
             "whose example is run by the tests.", ""]  # fmt: skip
    for title, (text, names) in groups().items():
        slug = title.lower().replace(",", "").replace(" ", "-")
        index += [f"## [{title}]({slug}.md)", "", text, ""]
        section = [f"# {title}", "", text, ""]
        rows = ["| name | what it does |", "|---|---|"]
        for name in names:
            found[f"api/{document(name)}.rst"] = page(name)
            short = name.removeprefix("proxysim.")
            rows.append(f"| [`{short}`]({document(name)}.rst) | {summary(name).replace('|', chr(92) + '|')} |")
        index += [*rows, ""]
        section += [*rows, "", "```{toctree}", ":hidden:", "", *map(document, names), "```", ""]
        found[f"api/{slug}.md"] = "\n".join(section)
        toc.append(slug)
    index += ["```{toctree}", ":hidden:", "", *toc, "```", ""]
    found["api/index.md"] = "\n".join(index)
    return found
