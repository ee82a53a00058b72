"""What a world file may hold: keys, units, numbers and the check of one document."""
