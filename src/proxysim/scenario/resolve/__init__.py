"""Files, defaults, branches and changes resolved into one checked scenario."""
