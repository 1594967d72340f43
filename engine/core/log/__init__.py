"""Rules of one partition's log: offsets, epochs, producers, rolling, retention, index."""
