"""Questions asked of paired runs: comparison, attribution, explanation, screening."""
