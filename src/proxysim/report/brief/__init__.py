"""The brief: two pages on what a pact does, what to do about it, and what that rests on."""
