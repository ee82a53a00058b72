"""The command line."""

from proxysim.cli import (
    brief,
    calibrate,
    check,
    discover,
    patterns,
    portfolio,
    report,
    respond,
    runs,
    sensitivity,
    serve,
    studies,
    sweeps,
    threshold,
    value_of_information,
    worlds,
)
from proxysim.cli.app import app, main

__all__ = [
    "app", "brief", "calibrate", "check", "discover", "main", "patterns", "portfolio", "report", "respond", "runs", "sensitivity", "serve",
    "studies", "sweeps", "threshold", "value_of_information", "worlds",
]  # fmt: skip
