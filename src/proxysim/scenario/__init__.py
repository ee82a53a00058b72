"""Read, validate and resolve world files, and build worlds from them."""
