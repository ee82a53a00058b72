"""The command line."""

from proxysim.cli import check, patterns, report, runs, studies, sweeps, worlds
from proxysim.cli.app import app, main

__all__ = ["app", "check", "main", "patterns", "report", "runs", "studies", "sweeps", "worlds"]
