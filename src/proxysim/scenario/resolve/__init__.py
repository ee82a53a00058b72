"""Resolve files, defaults, branches and changes into one checked scenario."""
