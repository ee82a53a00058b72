"""Schema of a world file: keys, units, numbers and the check of a document."""
