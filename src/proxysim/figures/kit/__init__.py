"""Shared parts of all figures: palette, style, text, captions, tables, frames, map layout, and export."""
