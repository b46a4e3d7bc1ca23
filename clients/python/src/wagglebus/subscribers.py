"""Subscribers, for both faces: their settings, what they have in hand, and how a handler's end settles a delivery."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict, Union

from .calls import Types, names_of
from .durations import Duration, milliseconds
from .errors import BusError, NonRetriableError, RetryAfterError
from .events import Event, EventDefinition, JsonObject, Run, camel, time_of, to_event

log = logging.getLogger("wagglebus")

PULL_SECONDS = 2.0
"""How long a pull waits for deliveries, and so how long a stop may take that finds nothing to finish."""
_LONGEST_ERROR = 8_192
_DURATIONS = ("ack_timeout", "dedupe_for")


class Settings(TypedDict, total=False):
    """Settings of a subscription beside ``on``; see docs/local/subscriptions.md. Durations as everywhere here."""

    where: Mapping[str, Any]
    """An EventBridge pattern over the event."""
    attempts: int
    backoff: Mapping[str, Duration]
    """``{"from": "1s", "to": "5m"}``."""
    ack_timeout: Duration
    """After how long without a sign of life a delivery is given to another consumer; default 30 s."""
    concurrency: int
    """How many deliveries are handled at once; default 10."""
    concurrency_per_key: Mapping[str, Any]
    throttle: Mapping[str, Any]
    ordered: str
    idempotent: bool
    dedupe_for: Duration
    from_: Union[str, datetime]
    """``"now"`` (default), ``"beginning"``, or a time."""
    max_backlog: int


@dataclass(frozen=True)
class Subscriber:
    """What ``@bus.subscriber`` has made of a function."""

    name: str
    settings: JsonObject
    """As they are sent."""
    handler: Callable[[Event[Any]], Any]
    models: Mapping[str, type[Any]]
    """The pydantic model of a type, where its definition has one."""
    max_run_seconds: float


def subscriber_of(
    name: str, on: Types, handler: Callable[[Event[Any]], Any], max_run: Duration, settings: Settings
) -> Subscriber:
    """Settings as they are sent. What each must be, the server says."""
    wire: JsonObject = {"on": names_of(on)}
    for key, value in settings.items():
        if key in _DURATIONS:
            wire[camel(key)] = milliseconds(value, key)  # type: ignore[arg-type]
        elif key == "backoff":
            wire[key] = {end: milliseconds(of, f"backoff.{end}") for end, of in value.items()}  # type: ignore[attr-defined]
        elif key == "throttle":
            wire[key] = {**value, "per": milliseconds(value["per"], "throttle.per")}  # type: ignore[dict-item, index]
        elif key == "from_":
            wire["from"] = time_of(value)  # type: ignore[arg-type]
        else:
            wire[camel(key)] = value
    several: Sequence[str | EventDefinition[Any]] = [on] if isinstance(on, (str, EventDefinition)) else on
    models: dict[str, type[Any]] = {
        one.type: one.model for one in several if isinstance(one, EventDefinition) and one.model is not None
    }
    return Subscriber(name, wire, handler, models, milliseconds(max_run, "max_run") / 1_000)


@dataclass(frozen=True)
class Delivery:
    """An event that a subscriber has in hand."""

    receipt: str
    attempt: int
    raw: JsonObject
    began: float = field(default_factory=time.monotonic)

    def run_of(self, subscriber: Subscriber) -> Run:
        """What the handler gets. An event that its model refuses will never be handled: ``NonRetriableError``."""
        model = subscriber.models.get(str(self.raw.get("type")))
        try:
            event = to_event(self.raw, model)
        except ValueError as thrown:
            raise NonRetriableError(f"{self.raw.get('type')} is not what its model says: {thrown}") from thrown
        return Run(event, subscriber.name, self.attempt)


def to_delivery(value: JsonObject) -> Delivery:
    return Delivery(value["receipt"], value["attempt"], value["event"])


class Hand:
    """The deliveries of one subscriber that are not settled yet. Not safe for threads by itself."""

    def __init__(self, subscriber: Subscriber, record: JsonObject) -> None:
        self.subscriber = subscriber
        self.lease_ms: int = record["timeout"]
        self._concurrency: int = record["concurrency"]
        self._held: dict[str, Delivery] = {}

    @property
    def free(self) -> int:
        """How many more may be taken."""
        return self._concurrency - len(self._held)

    @property
    def empty(self) -> bool:
        return not self._held

    @property
    def beat_seconds(self) -> float:
        """How often a lease is extended: often enough that one request may fail."""
        return self.lease_ms / 3_000

    def take(self, delivery: Delivery) -> None:
        self._held[delivery.receipt] = delivery

    def drop(self, delivery: Delivery) -> None:
        self._held.pop(delivery.receipt, None)

    def extensions(self) -> JsonObject | None:
        """What to settle so that all in hand stay so; not what has run for too long, which another is to try."""
        oldest = time.monotonic() - self.subscriber.max_run_seconds
        receipts = [one.receipt for one in self._held.values() if one.began > oldest]
        return {"extend": [{"receipt": one, "ms": self.lease_ms} for one in receipts]} if receipts else None


def settlement_of(delivery: Delivery, thrown: BaseException | None) -> JsonObject:
    """How a delivery is settled by what its handler raised."""
    receipt = delivery.receipt
    if thrown is None:
        return {"ack": [receipt]}
    if not isinstance(thrown, Exception):
        # The process is ending, and nobody knows whether the work would have failed.
        return {"release": [receipt]}
    failed: JsonObject = {"receipt": receipt, "error": _described(thrown)}
    if isinstance(thrown, NonRetriableError):
        return {"reject": [failed]}
    if isinstance(thrown, RetryAfterError):
        failed["delayMs"] = thrown.after_ms
    return {"retry": [failed]}


def _described(thrown: Exception) -> str:
    """What went wrong and where, in a line."""
    at = thrown.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = "" if at is None else f" ({at.tb_frame.f_code.co_filename}:{at.tb_lineno})"
    text = str(thrown) if isinstance(thrown, (NonRetriableError, RetryAfterError)) else f"{type(thrown).__name__}: {thrown}"
    return text[: _LONGEST_ERROR - len(place)] + place


def report_failure(run_of: str, thrown: Exception) -> None:
    log.warning("a handler of %s failed: %s", run_of, type(thrown).__name__, exc_info=thrown)


def report_unsettled(name: str, error: BusError) -> None:
    log.warning("a delivery of %s could not be settled, and will come again: %s", name, error)
