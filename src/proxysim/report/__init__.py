"""Reports: studies of a world, or a finished sweep, as one self-contained HTML file."""
