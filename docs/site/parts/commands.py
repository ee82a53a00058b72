"""The reference of the command line, from the commands themselves."""

from __future__ import annotations

import re
from typing import Any

import typer

#: Task -> commands. A command that is in none of them comes last.
GROUPS = {
    "Worlds": ("worlds", "copy", "init", "validate", "check", "show", "schema"),
    "Run, compare, explain": ("run", "compare", "attribute", "explain", "answers"),
    "Decide": ("threshold", "portfolio", "value-of-information", "respond", "discover", "sensitivity"),
    "Compare with published figures, calibrate": ("patterns", "calibrate", "test-calibration"),
    "Sweeps": ("design", "sweep", "resume", "extend", "status", "verify", "replay"),
    "Reports and the live page": ("report", "brief", "serve"),
}
#: What options take, in the help of an option without a name of its own for it -> in the reference.
VALUES = {"<int range>": "N", "<int>": "N", "<float range>": "X", "<float>": "X", "<str>": "TEXT", "<path>": "PATH"}
#: Bounds as the help writes them -> in words.
BOUNDS = {r"^x>=(.+)$": r"at least \1", r"^x<=(.+)$": r"at most \1", r"^([^<]+)<=x<=(.+)$": r"\1 to \2"}
INTRODUCTION = """\
# Command line

Every command with its arguments and options, from the commands themselves: `proxysim COMMAND --help` prints the same. Data goes to
stdout, everything else to stderr.

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | a run failed |
| 2 | invalid input |
| 3 | a sweep is incomplete |
"""


def commands() -> dict[str, Any]:
    """Return the commands by name, hidden ones left out."""
    from proxysim.cli import app

    group: Any = typer.main.get_command(app)
    return {name: one for name, one in group.commands.items() if not one.hidden}


def grouped(names: list[str]) -> dict[str, list[str]]:
    """Return task -> names of commands; each name once."""
    found = {title: [name for name in some if name in names] for title, some in GROUPS.items()}
    rest = [name for name in names if not any(name in some for some in GROUPS.values())]
    return {title: some for title, some in [*found.items(), ("Others", rest)] if some}


def plain(text: str) -> str:
    """Return a text of the help as Markdown: commands and options in code, nothing that Markdown would read as its own."""
    text = re.sub(r"([*_<>\[\]|$])", r"\\\1", " ".join(text.split()))
    text = re.sub(r"(?<![\w`-])(--[a-z][a-z-]*)", r"`\1`", text)
    return re.sub(r"`([^`]*)`", lambda match: "`" + re.sub(r"\\(.)", r"\1", match[1]) + "`", text)


def described(text: str) -> str:
    """Return the help of an option with its default and bounds in words."""
    match = re.search(r"\s*\[((?:default|required|x|[-\d.e]+<)[^\]]*)\]$", text)
    if match is None:
        return plain(text)
    facts = []
    for fact in match[1].split("; "):
        for pattern, words in BOUNDS.items():
            fact = re.sub(pattern, words, fact)
        facts.append(fact.replace(str(2**63 - 1), "2^63 - 1"))
    return f"{plain(text[: match.start()])} ({plain('; '.join(facts))})"


def entry(name: str, command: Any) -> list[str]:
    """Return the lines of a command."""
    context = command.make_context(name, [], resilient_parsing=True)
    first, *paragraphs = re.split(r"\n\s*\n", (command.help or "").strip())
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and not getattr(one, "hidden", False)]
    usage = " ".join(["proxysim", name, *(one.metavar or one.name.upper() for one in arguments), *(["[OPTIONS]"] if options else [])])
    lines = [f"(command-{name})=", f"### {name}", "", plain(first), "", "```text", usage, "```", ""]
    for paragraph in paragraphs:
        lines += [plain(paragraph), ""]
    for one in [*arguments, *options]:
        record = one.get_help_record(context)
        if record is not None:
            label = record[0] if one in options else one.metavar or one.name.upper()
            for kind, word in VALUES.items():
                label = label.replace(kind, word)
            lines += [f"`{label}`", f": {described(record[1]) or 'No description.'}", ""]
    return lines


def generated() -> str:
    """Return the page of the command line."""
    every = commands()
    lines = [INTRODUCTION]
    for title, names in grouped(list(every)).items():
        lines += [f"## {title}", ""]
        for name in names:
            lines += entry(name, every[name])
    return "\n".join(lines)
