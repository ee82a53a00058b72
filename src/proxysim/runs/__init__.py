"""Run a world: a single run with its history, or many paired runs."""
