"""Tables of many runs in, estimates with intervals out; nothing here runs a model or reads a file."""
