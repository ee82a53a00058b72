"""Calibration of the uncertain parameters of a world to patterns of the real world."""
