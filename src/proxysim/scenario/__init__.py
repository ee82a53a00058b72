"""From files to a world: reading, validation, resolution and building."""
