"""Blocks of runs on processes or a cluster."""
