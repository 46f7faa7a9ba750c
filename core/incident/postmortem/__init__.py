"""The postmortem as a file, prefilled from the record, and the picture of the incident's course beside it."""

from __future__ import annotations

from core.incident.postmortem.front import facts
from core.incident.postmortem.markdown import markdown
from core.incident.postmortem.picture import picture
from core.incident.state import Incident

__all__ = ["facts", "file_name", "markdown", "picture", "picture_name"]


def file_name(incident: Incident) -> str:
    """Where it is kept, and how it is called in the chat."""
    return f"{incident.name}.md"


def picture_name(incident: Incident) -> str:
    return f"{incident.name}.svg"
