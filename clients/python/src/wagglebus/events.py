"""Events, definitions and drafts, as Python has them."""

from __future__ import annotations

import base64
import builtins
import hashlib
import json
import os
import time as clock
from collections.abc import Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Generic, TypedDict, Union

from typing_extensions import TypeVar

from .errors import BusError

Data = TypeVar("Data", default=Any)
JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Event(Generic[Data]):
    """An event as it is stored. ``metadata`` has the names of the wire: ``correlationId``, ``agentId``, ..."""

    id: str
    type: str
    source: str
    time: str
    data: Data
    metadata: Mapping[str, Any]

    @property
    def correlation_id(self) -> str:
        """The flow that it belongs to; the event's own id where it starts one."""
        return str(self.metadata["correlationId"])

    @property
    def causation_id(self) -> str | None:
        """The event that caused this one."""
        return self.metadata.get("causationId")


@dataclass(frozen=True)
class EventDefinition(Generic[Data]):
    """A type and what its data is, for type checkers. ``waggle catalog --python`` prints one for each type of a catalog."""

    type: str
    version: int = 1
    model: builtins.type[Data] | None = None
    """A pydantic model: handlers and waits then get ``event.data`` as one."""


class Metadata(TypedDict, total=False):
    """What a publish may say of an event, beside its data."""

    version: int
    correlation_id: str
    causation_id: str
    agent_id: str
    user_id: str
    stream_id: str
    node_id: str
    execution_id: str
    circle_id: str
    project_id: str
    priority: int
    """1 (most urgent) to 10, default 5."""
    expires_at: Union[str, datetime]
    deliver_at: Union[str, datetime]
    tags: Collection[str]
    traceparent: str
    tracestate: str


class _Draft(TypedDict):
    type: Union[str, EventDefinition[Any]]


class Draft(_Draft, total=False):
    """One event of ``publish_all``."""

    data: Any
    id: str
    source: str
    time: Union[str, datetime]
    dedupe: str
    """Derives the id from the event being handled, the subscription and this key. Excludes ``id``."""
    metadata: Metadata


@dataclass(frozen=True)
class PublishResult:
    """What became of one draft: the event as it is stored, or why it was refused."""

    event: Event[Any] | None = None
    error: BusError | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


@dataclass(frozen=True)
class Run:
    """The delivery that the current code handles."""

    event: Event[Any]
    subscription: str
    attempt: int


current: ContextVar[Run | None] = ContextVar("wagglebus_run", default=None)
"""Set while a handler runs: what it publishes, by any bus of the process, carries flow, cause and trace."""


def to_event(value: Any, model: type[Any] | None = None) -> Event[Any]:
    """An event of an answer."""
    try:
        data = value["data"]
        parsed = data if model is None else model.model_validate(data)
        return Event(value["id"], value["type"], value["source"], value["time"], parsed, value["metadata"])
    except (KeyError, TypeError) as thrown:
        raise BusError("unavailable", "the server answered with what is no event; is it waggle serve?") from thrown


def to_wire(draft: Draft, source: str | None) -> JsonObject:
    """A draft as it is sent. It always has an id, so that it may be sent again and is one event."""
    run = current.get()
    kind = draft["type"]
    of = draft.get("source", source)
    wire: JsonObject = {
        "type": kind.type if isinstance(kind, EventDefinition) else kind,
        "data": _data_of(draft.get("data")),
        "id": _id_of(draft, of, run),
    }
    if of is not None:
        wire["source"] = of
    if "time" in draft:
        wire["time"] = time_of(draft["time"])
    metadata: JsonObject = {} if run is None else _caused_by(run.event)
    given = {camel(name): _plain(value) for name, value in draft.get("metadata", {}).items() if value is not None}
    if "traceparent" in given:
        metadata.pop("tracestate", None)
    metadata.update(given)
    if isinstance(kind, EventDefinition):
        metadata.setdefault("version", kind.version)
    if metadata:
        wire["metadata"] = metadata
    return wire


_MAX_HOPS = 1_000_000


def _caused_by(event: Event[Any]) -> JsonObject:
    trace = {name: event.metadata[name] for name in ("traceparent", "tracestate") if name in event.metadata}
    # How many events caused each other in a row: the server refuses a loop by it.
    hops = min(event.metadata.get("hops", 0) + 1, _MAX_HOPS)
    return {"correlationId": event.correlation_id, "causationId": event.id, "hops": hops, **trace}


def _id_of(draft: Draft, source: str | None, run: Run | None) -> str:
    if "dedupe" not in draft:
        return draft["id"] if "id" in draft else new_id()
    if "id" in draft:
        raise ValueError("give id or dedupe, not both; dedupe derives the id")
    of: list[Any] = [source, draft["dedupe"]]
    if run is not None:
        replay = run.event.metadata.get("replay") or {}
        of = [run.event.id, replay.get("id"), run.subscription, draft["dedupe"]]
    text = json.dumps(of, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return "dedupe-" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def new_id() -> str:
    """A UUID version 7."""
    value = (clock.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def time_of(value: str | datetime) -> str:
    """RFC 3339. A ``datetime`` without a zone is refused, since nobody knows which one it means."""
    if isinstance(value, str):
        return value
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone; use datetime.now(timezone.utc)")
    return value.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def camel(name: str) -> str:
    """``correlation_id`` is ``correlationId`` on the wire."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return time_of(value)
    return list(value) if isinstance(value, (tuple, set, frozenset)) else value


def _data_of(data: Any) -> Any:
    if data is None:
        return {}
    dump = getattr(data, "model_dump", None)
    return data if dump is None else dump(mode="json", by_alias=True, exclude_unset=True)
