"""Convert a resolved scenario to arrays: indices, routes, the vector of numbers and the schedule."""
