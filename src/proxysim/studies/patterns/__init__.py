"""Patterns of the real world with which the runs of a world are compared, and wrong models that such a comparison should reject."""
