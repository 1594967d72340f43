"""Who may do what: as yet only the operations that clients are told of; listeners authenticate nobody."""
