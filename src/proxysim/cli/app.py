"""The command line: the group of commands, the options that they share, and what errors do.

Exit status: 0 done, 1 a run failed, 2 invalid input, 3 a sweep is incomplete. Data goes to stdout, everything else to stderr.
"""

from __future__ import annotations

import gc
import sys
from dataclasses import replace
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from proxysim.cli.streams import open_standard_streams
from proxysim.errors import Fault, InputError, ProxysimError, StorageError


class _Commands(TyperGroup):
    """Commands whose own errors become lines on stderr and an exit status, never a traceback."""

    def invoke(self, context: Any) -> Any:
        try:
            found = super().invoke(context)
            sys.stdout.flush()
            return found
        except InputError as error:
            print(self._with_own_options(error, context), file=sys.stderr)
            raise typer.Exit(2) from None
        except StorageError as error:
            print(f"proxysim: {error}", file=sys.stderr)
            raise typer.Exit(3) from None
        except ProxysimError as error:
            print(f"proxysim: {error}", file=sys.stderr)
            raise typer.Exit(1) from None

    def _with_own_options(self, error: InputError, context: Any) -> InputError:
        """Name the option that the command has for branches, which is ``--branch`` in some and ``--branches`` in others."""
        command = self.get_command(context, context.invoked_subcommand or "")
        options = {one for parameter in getattr(command, "params", ()) for one in parameter.opts}
        if "--branch" in options or "--branches" not in options:
            return error
        return InputError([replace(one, file="--branches") if one.file == "--branch" else one for one in error.faults])


app = typer.Typer(
    cls=_Commands, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Simulate states, the proxies they arm, and pacts between states.",
)  # fmt: skip

WorldFile = Annotated[str, typer.Argument(metavar="WORLD", help='Path of a file of kind "world", or the name of a shipped world.')]
BranchName = Annotated[
    str | None, typer.Option("--branch", help='Branch, or several joined by "+"; "none" is the file without any branch.')
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="[BRANCH:]PATH=VALUE",
                 help="Change a number, such as pacts.treaty.strength=0.8, in all branches or in one; can be repeated."),
]
Policies = Annotated[
    str | None,
    typer.Option(
        "--policies",
        metavar="file|off|on|ID,...",
        help="Policies that are on: those of the file (default), none, all, or only those named.",
    ),
]


def policies_of(text: str | None) -> str | list[str]:
    """The policies that an option asks for: a word, or ids."""
    words = [] if text is None else [name.strip() for name in text.split(",") if name.strip()]
    if text is None or words in (["file"], ["off"], ["on"]):
        return words[0] if words else "file"
    if not words:
        raise refusal("--policies", "is empty; allowed are file, off, on, or ids of policies")
    return words


def main() -> None:
    """Run the command line and exit."""
    gc.set_threshold(100_000, 50, 50)  # importing makes many objects and no garbage; looking for it took a sixth of a short run
    open_standard_streams()
    try:
        app()
    finally:
        flush()


def flush() -> None:
    """Write what the command has printed; the last chance to say that it cannot be written."""
    try:
        sys.stdout.flush()
    except InputError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def refusal(file: str, message: str) -> InputError:
    """An error about a file or an option."""
    return InputError([Fault(file, 0, "", message)])


@app.callback(invoke_without_command=True)
def _top(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        from proxysim import __version__

        print(f"proxysim {__version__}")
        raise typer.Exit
