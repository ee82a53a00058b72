"""TOML with places: the grammar, the statements of a text, and what is wrong with each."""
