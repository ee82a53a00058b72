"""A resolved scenario as arrays: indices, routes, the vector of numbers and the schedule."""
