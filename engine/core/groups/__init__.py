"""Consumer groups. Empty until groups are built."""
