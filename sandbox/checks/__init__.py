"""The check language of lessons: declared predicates over what happened and what is, never code."""
