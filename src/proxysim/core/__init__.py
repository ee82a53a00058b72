"""The compiled model: numbers, records, random numbers, the rules of a month and their order."""
