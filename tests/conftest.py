"""Makes the helpers in this folder importable as `tests.…`, whatever the folder pytest is started in."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

# A shell without job control starts what it puts in the background with Ctrl-C ignored, and all below it inherit that; tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.default_int_handler)
