"""Schema Registry. Empty until it is built."""
