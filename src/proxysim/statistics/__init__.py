"""Estimates and intervals from tables of runs; nothing here runs a model or reads a file."""
