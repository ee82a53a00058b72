"""The command line."""

from proxysim.cli import report, runs, studies, sweeps, worlds
from proxysim.cli.app import app, main

__all__ = ["app", "main", "report", "runs", "studies", "sweeps", "worlds"]
