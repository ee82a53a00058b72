"""Read TOML with line numbers: grammar, statements of a text, and their faults."""
