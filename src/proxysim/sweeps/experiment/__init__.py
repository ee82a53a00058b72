"""Experiment files: factors, their checks, and designs of points."""
