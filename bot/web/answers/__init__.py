"""Answering a page from outside of the chats."""
