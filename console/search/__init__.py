"""Record search. Empty until it is built."""
