"""The live page: a local server that runs pairs of branches while somebody moves a slider."""
