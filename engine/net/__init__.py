"""The real world: sockets, clock, files, threads; the shells that drive machines."""
