"""The command line."""

from proxysim.cli import files, report, runs, studies, sweeps
from proxysim.cli.app import app, main

__all__ = ["app", "files", "main", "report", "runs", "studies", "sweeps"]
