"""The command line."""

from proxysim.cli import files, runs, studies, sweeps
from proxysim.cli.app import app, main

__all__ = ["app", "files", "main", "runs", "studies", "sweeps"]
