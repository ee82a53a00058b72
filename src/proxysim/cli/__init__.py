"""The command line."""

from proxysim.cli import (
    calibrate,
    check,
    patterns,
    portfolio,
    report,
    runs,
    sensitivity,
    serve,
    studies,
    sweeps,
    threshold,
    worlds,
)
from proxysim.cli.app import app, main

__all__ = [
    "app", "calibrate", "check", "main", "patterns", "portfolio", "report", "runs", "sensitivity", "serve", "studies", "sweeps", "threshold",
    "worlds",
]  # fmt: skip
