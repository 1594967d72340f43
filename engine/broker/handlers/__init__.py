"""One module per API: request in, response out."""
