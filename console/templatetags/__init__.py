"""How offsets, sizes and times are written."""
