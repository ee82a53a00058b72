"""Makes the helpers in this folder importable as `tests.…`, whatever the folder pytest is started in."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
