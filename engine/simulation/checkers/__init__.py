"""One module per invariant, run over a history."""
