"""What the public may know of an incident: its headline, its phase, and the words that its update owner published for it.

Rule: the status page shows this and nothing else. The title, the people, the channel and the record stay inside; so does
an incident of a severity that the page does not show (spec, sections 2 and 7).
"""

from __future__ import annotations

from datetime import datetime

from core.incident.audience import open_to_all
from core.incident.state import Incident, Update
from core.incident.vocabulary import Phase, Severity, Value

FORM = 1
"""Of what is kept of it (`core.views`): raised whenever a field comes or goes, or says something else than before."""


HEADLINE = "Service incident"
"""What a private incident is called until its update owner has set a headline."""


class PublicUpdate(Value):
    """A base update, word for word. `corrected_at` and `withdrawn_at` tell what became of it; `why` is of the withdrawal."""

    number: int
    text: str
    at: datetime
    phase: Phase
    promised_at: datetime | None = None
    corrected_at: datetime | None = None
    withdrawn_at: datetime | None = None
    why: str = ""

    @property
    def changed_at(self) -> datetime:
        return self.withdrawn_at or self.corrected_at or self.at

    @property
    def stands(self) -> bool:
        return self.withdrawn_at is None


class PublicIncident(Value):
    """An incident as the page has it, its updates in the order in which they were published; there is always one.

    `number` tells incidents apart and is shown to nobody. `resolved_at` is when users were served again.
    """

    number: int
    headline: str
    severity: Severity
    phase: Phase
    service: str
    updates: tuple[PublicUpdate, ...]
    resolved_at: datetime | None = None

    @property
    def began_at(self) -> datetime:
        """When the public was told first."""
        return self.updates[0].at

    @property
    def changed_at(self) -> datetime:
        moments = [update.changed_at for update in self.updates]
        return max([*moments, self.resolved_at] if self.resolved_at else moments)

    @property
    def withdrawn(self) -> bool:
        """Whether nothing that was said of it stands."""
        return not any(update.stands for update in self.updates)

    @property
    def current(self) -> bool:
        """Whether users feel it, as far as the public was told."""
        return self.phase not in (Phase.RESOLVED, Phase.CLOSED) and not self.withdrawn


def public(incident: Incident) -> PublicIncident | None:
    """The incident as the public sees it; `None` where it sees none, as of a drill."""
    shown = [update for update in incident.updates if update.on_page]
    if not shown or incident.drill is not None or not incident.response.status_page:
        return None
    # Words that were taken back name nothing while others stand, and words that the page never had name nothing.
    naming = [update.wording for update in shown if not update.withdrawn] or [update.wording for update in shown]
    headlines = [wording.headline for wording in naming if wording.headline]
    return PublicIncident(
        number=incident.number,
        headline=headlines[-1] if headlines else naming[0].impact if open_to_all(incident) else HEADLINE,
        severity=incident.severity,
        phase=incident.phase,
        service=incident.service if open_to_all(incident) else "",
        updates=tuple(map(_update, shown)),
        resolved_at=incident.resolved_at,
    )


def _update(update: Update) -> PublicUpdate:
    return PublicUpdate(
        number=update.number,
        text=update.text,
        at=update.at,
        phase=update.phase,
        promised_at=update.promised_at,
        corrected_at=update.corrected_at,
        withdrawn_at=update.withdrawn_at,
        why=update.withdrawn,
    )
