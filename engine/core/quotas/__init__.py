"""How much a client may do. Empty until quotas are built."""
