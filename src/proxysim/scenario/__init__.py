"""From files to a world: reading, checking and building."""
