"""REST Proxy API. Empty until it is built."""
