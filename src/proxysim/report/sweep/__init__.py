"""The report of a sweep: findings, sentences and the page."""
