"""The postmortem as a file, prefilled from the record, and the picture of the incident's course beside it."""

from __future__ import annotations

from core.incident.state import Incident

__all__ = ["file_name", "markdown", "picture", "picture_name"]


def file_name(incident: Incident) -> str:
    """Where it is kept, and how it is called in the chat."""
    return f"{incident.name}.md"


def picture_name(incident: Incident) -> str:
    return f"{incident.name}.svg"


def markdown(incident: Incident) -> str:
    """The postmortem in CommonMark."""
    return f"# {incident.title}\n"


def picture(incident: Incident) -> str:
    """The course as SVG."""
    return f'<svg xmlns="http://www.w3.org/2000/svg"><title>{incident.number}</title></svg>'
