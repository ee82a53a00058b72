"""Figures: a run in, a matplotlib `Figure` out. No figure is ever shown by itself, and none needs a screen."""
