"""Concept sets: which concepts there are, and where each is in an image; a module a format."""
