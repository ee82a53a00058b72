"""The answer on one page: studies of a world, or a finished sweep, put together as one HTML file that needs nothing else."""

from __future__ import annotations

from proxysim.report.study.findings import Findings, gather
from proxysim.report.study.page import page, write_report
from proxysim.report.sweep.findings import SweepFindings, gather_sweep
from proxysim.report.sweep.page import sweep_page, write_sweep_report

__all__ = [
    "Findings",
    "SweepFindings",
    "gather",
    "gather_sweep",
    "page",
    "sweep_page",
    "write_report",
    "write_sweep_report",
]
