"""The command line."""

from proxysim.cli import calibrate, check, patterns, report, runs, sensitivity, studies, sweeps, worlds
from proxysim.cli.app import app, main

__all__ = ["app", "calibrate", "check", "main", "patterns", "report", "runs", "sensitivity", "studies", "sweeps", "worlds"]
