"""What the public may know of every incident, kept for the status page."""

from __future__ import annotations

from core.incident.public import FORM, PublicIncident, public
from core.views import Kept, Views

PublicViews = Views[PublicIncident]

PUBLIC = Kept("public", FORM, PublicIncident, public, "the status page")
