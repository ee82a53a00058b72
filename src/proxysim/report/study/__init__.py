"""The report of a world: findings, sentences, figures and the page."""
