"""The compiled model: parameters, records, random numbers, the rules of a month and their order."""
