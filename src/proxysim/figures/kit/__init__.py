"""What all figures share: style, text, frames and the layout of maps."""
