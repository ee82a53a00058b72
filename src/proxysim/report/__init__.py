"""The answer on one page: studies of a world, put together as one HTML file that needs nothing else."""

from __future__ import annotations

from proxysim.report.gather import Findings, gather
from proxysim.report.page import page, write_report

__all__ = ["Findings", "gather", "page", "write_report"]
