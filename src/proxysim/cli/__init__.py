"""The command line."""

from proxysim.cli import (
    calibrate,
    check,
    discover,
    patterns,
    portfolio,
    report,
    runs,
    sensitivity,
    studies,
    sweeps,
    threshold,
    worlds,
)
from proxysim.cli.app import app, main

__all__ = [
    "app", "calibrate", "check", "discover", "main", "patterns", "portfolio", "report", "runs", "sensitivity", "studies", "sweeps", "threshold",
    "worlds",
]  # fmt: skip
