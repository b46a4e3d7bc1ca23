"""The errors of the client, and the two that a handler raises to say how its delivery goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .durations import Duration, milliseconds

LONGEST_DELAY_MS = 39_600_000
"""11 hours: what every engine can keep."""


class BusError(Exception):
    """Everything that fails is one of these: what the server refused, or that it cannot be reached (``unavailable``).

    Switch on ``code``, never on the message.
    """

    def __init__(self, code: str, message: str, *, retryable: bool = False, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        """As in docs/reference/errors.md, or one of the server's own: ``unauthenticated``, ``forbidden``, ..."""
        self.message = message
        self.retryable = retryable
        """Whether the same call may succeed later, unchanged."""
        self.details: Mapping[str, Any] = details or {}

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.code, self.message, self.retryable, dict(self.details))


def _restored(code: str, message: str, retryable: bool, details: dict[str, Any]) -> BusError:
    return BusError(code, message, retryable=retryable, details=details)


class RetryAfterError(Exception):
    """Raised by a handler: it failed, and is to be attempted again after this time rather than after the backoff."""

    def __init__(self, message: str, after: Duration) -> None:
        super().__init__(message)
        self.after_ms = min(milliseconds(after, "after"), LONGEST_DELAY_MS)


class NonRetriableError(Exception):
    """Raised by a handler: no further attempt can succeed. The delivery becomes a dead letter at once."""


def error_of_item(value: Any) -> BusError:
    """The error of one item among several."""
    item = value if isinstance(value, dict) else {}
    code, message, details = item.get("code"), item.get("message"), item.get("details")
    return BusError(
        code if isinstance(code, str) else "unavailable",
        message if isinstance(message, str) else "the server gave no result",
        retryable=item.get("retryable") is True,
        details=details if isinstance(details, dict) else {},
    )


def error_of_answer(status: int, body: bytes) -> BusError:
    """The error of an answer that is not a success: ``application/problem+json``, or what something in between says."""
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or not isinstance(problem.get("code"), str):
        message = f"the server answered with status {status}; is it waggle serve?"
        return BusError("unavailable", message, retryable=status >= 500)
    return error_of_item({**problem, "message": problem.get("detail")})
