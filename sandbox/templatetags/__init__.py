"""How a lesson is written down in templates."""
