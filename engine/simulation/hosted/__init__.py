"""A world that people keep: declared actors, actions of a learner, time to walk in, bytes from outside."""
