"""What every event is."""

from __future__ import annotations

from core.incident.vocabulary import Value


class Happened(Value):
    """An event."""
