"""Matrix, through matrix-nio and a sync loop of our own. Rule: nio is imported in this folder only, and only for its requests."""

from __future__ import annotations

from transports.matrix_chat.settings import MatrixSettings
from transports.matrix_chat.transport import MatrixTransport

__all__ = ["MatrixSettings", "MatrixTransport"]
