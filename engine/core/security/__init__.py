"""Who may do what. Empty until listeners authenticate."""
