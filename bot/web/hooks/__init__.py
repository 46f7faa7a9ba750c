"""Alerts in: the hooks that monitoring sends to, a file for each kind, and the look at what a sender still has."""
