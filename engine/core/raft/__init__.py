"""The quorum's rules. Empty until there is a quorum of several."""
