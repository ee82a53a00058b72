"""The answer on one page: studies of a world, or a finished sweep, as one HTML file that needs nothing else."""
