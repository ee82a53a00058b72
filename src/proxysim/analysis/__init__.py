"""Tables of many runs in, answers with intervals out; nothing here runs a model or reads a file."""
