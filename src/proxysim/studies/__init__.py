"""Studies of paired runs: comparison, attribution, explanation and screening."""
