"""The documentation site: settings of Sphinx, its own pages, and `parts`, which makes the rest at each build."""
