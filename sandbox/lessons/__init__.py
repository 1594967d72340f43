"""Lessons: files in the check language, and the catalog that reads them."""
