"""A second compiler of the rules: from their source to machine code that advances several runs side by side."""
