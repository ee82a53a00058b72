"""The command line."""

from proxysim.cli import check, report, runs, studies, sweeps, worlds
from proxysim.cli.app import app, main

__all__ = ["app", "check", "main", "report", "runs", "studies", "sweeps", "worlds"]
