"""Find what is legal in a world but probably not meant, without running it."""
