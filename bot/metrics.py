"""The bot's numbers for Prometheus: read from what is there when they are asked for, and never saying what an incident says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, Metric

from bot.wiring import Tocsin
from core.activity_log import HOUSE
from core.incident import deliveries
from core.incident.audience import open_to_all
from core.incident.events import Recorded
from core.incident.state import Incident


class _Incidents:
    """How many incidents there are by phase and severity, and how many copies are late."""

    def __init__(self, tocsin: Tocsin) -> None:
        self._tocsin = tocsin

    def collect(self) -> Iterable[Metric]:
        open_now = GaugeMetricFamily("tocsin_incidents", "Incidents in memory.", labels=["phase", "severity"])
        counts: dict[tuple[str, str], int] = {}
        late = 0
        for _, incident in self._tocsin.post.awake():
            # An alert on open incidents does not ring for practice.
            if incident.drill is None:
                counts[incident.phase, incident.severity] = counts.get((incident.phase, incident.severity), 0) + 1
            late += len(deliveries.outstanding(incident))
        for (phase, severity), count in counts.items():
            open_now.add_metric([phase, severity], count)
        yield open_now
        yield GaugeMetricFamily("tocsin_copies_late", "Copies of updates that are late or undeliverable.", value=late)
        ready = not self._tocsin.unready()
        yield GaugeMetricFamily("tocsin_ready", "1 when every chat is connected and caught up.", value=int(ready))


def measure(registry: CollectorRegistry, tocsin: Tocsin) -> None:
    """Puts the bot's numbers on the registry."""
    acts = Counter("tocsin_records", "Records written, by kind of event.", ["kind"], registry=registry)
    registry.register(_Incidents(tocsin))

    def count(stream: str, incident: Incident | None, records: Sequence[Recorded]) -> None:
        if incident is not None and not open_to_all(incident):
            return  # which acts its people choose is theirs, too
        for recorded in records:
            # The house repeats what an incident's own stream says of its declaration.
            if stream != HOUSE or recorded.event.kind != "declared":
                acts.labels(recorded.event.kind).inc()

    tocsin.post.listeners.append(count)
