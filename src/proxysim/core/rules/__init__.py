"""The mechanisms, one a file, in the order of a month; they know nothing but the records and never import each other."""
