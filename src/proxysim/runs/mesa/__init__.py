"""The same rules driven by Mesa, with decisions that can be overridden in Python."""
