"""What all figures share: palette, style, text, captions, tables, frames, the layout of maps, and files."""
