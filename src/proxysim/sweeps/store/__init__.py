"""The folder of a sweep: shards, manifest, tables, and what proves them."""
