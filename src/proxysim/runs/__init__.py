"""Running a world: one run with its history, or many runs in pairs."""
