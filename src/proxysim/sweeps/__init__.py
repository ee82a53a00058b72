"""Experiments of many points: inputs, execution, storage and results."""
