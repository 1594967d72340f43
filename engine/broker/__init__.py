"""One broker as a machine."""
