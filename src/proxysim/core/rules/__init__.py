"""The mechanisms, one per file; they use only the records and do not import each other."""
