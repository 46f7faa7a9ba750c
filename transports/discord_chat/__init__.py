"""Discord, through discord.py. Rule: discord is imported in this folder only."""
