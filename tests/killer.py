"""Runs the command line and kills this process at the N-th write, fsync or rename: ``python -m tests.killer N ...``."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any


def armed(count: int) -> None:
    """Count what goes to the disk; a write that is hit gets halfway."""
    left = [count]
    plain = {name: getattr(os, name) for name in ("write", "fsync", "replace")}

    def deadly(name: str) -> Any:
        def call(*words: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                if name == "write":
                    plain[name](words[0], bytes(words[1])[: len(words[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return plain[name](*words, **options)

        return call

    for name in plain:
        setattr(os, name, deadly(name))


if __name__ == "__main__":
    armed(int(sys.argv.pop(1)))
    from proxysim.cli import main

    main()
