"""Pages, the scripts that generate parts of them, and the builder of the site."""
