"""Runbooks: Markdown files of the house, read as pages."""
