"""The folder of a sweep: shards, manifest, tables and their digests."""
