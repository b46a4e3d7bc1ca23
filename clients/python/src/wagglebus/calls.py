"""What is asked of the server, and how its answers are read: the same for both faces, which only send."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypedDict, TypeVar, Union, cast
from urllib.parse import quote, urlsplit

from .durations import Duration, milliseconds
from .errors import BusError, error_of_answer, error_of_item
from .events import Draft, Event, EventDefinition, JsonObject, PublishResult, camel, time_of, to_event, to_wire
from .flows import Flow, to_flow

Result = TypeVar("Result")
Params = list[tuple[str, Union[str, int, float, bool, None]]]
"""The parameters of a URL, as httpx takes them."""

LONGEST_WAIT_MS = 600_000
"""The longest that the server waits in one request."""
ANSWER_SECONDS = 30.0
"""How long an answer may take, beside the time that the server was asked to wait."""


class Matcher(TypedDict, total=False):
    """Types with an EventBridge pattern over the event."""

    on: Union[str, EventDefinition[Any], Sequence[Union[str, EventDefinition[Any]]]]
    where: Mapping[str, Any]


Wanted = Union[str, EventDefinition[Any], Matcher]
Types = Union[str, EventDefinition[Any], Sequence[Union[str, EventDefinition[Any]]]]


class Filter(TypedDict, total=False):
    """Filters of history. ``type``: ``*`` allowed, several: any of them; ``tag``: several: all of them."""

    type: Types
    tag: Union[str, Sequence[str]]
    source: str
    correlation_id: str
    causation_id: str
    agent_id: str
    user_id: str
    stream_id: str
    node_id: str
    execution_id: str
    circle_id: str
    project_id: str
    since: Union[str, datetime]
    until: Union[str, datetime]
    happened_since: Union[str, datetime]
    happened_until: Union[str, datetime]
    order: str
    limit: int
    cursor: str


class TailFilter(TypedDict, total=False):
    """Filters of a tail, beside its types."""

    tag: Union[str, Sequence[str]]
    source: str
    agent_id: str
    user_id: str
    stream_id: str
    node_id: str
    execution_id: str
    circle_id: str
    project_id: str
    since: Union[str, datetime]


@dataclass(frozen=True)
class Options:
    """Where a server is, and how to ask it."""

    url: str
    headers: dict[str, str]
    patience: float
    trust_env: bool

    @classmethod
    def of(cls, url: str | None, token: str | None, patience: Duration) -> Options:
        """What is not given comes from ``WAGGLE_URL`` and ``WAGGLE_TOKEN``."""
        where = (url or os.environ.get("WAGGLE_URL") or "http://127.0.0.1:4600").rstrip("/")
        secret = token or os.environ.get("WAGGLE_TOKEN")
        headers = {"content-type": "application/json"}
        if secret:
            headers["authorization"] = f"Bearer {secret}"
        return cls(where, headers, milliseconds(patience, "patience") / 1_000, not is_loopback(where))


@dataclass(frozen=True)
class Page:
    """Some events, newest first, and where the next page begins; no cursor: that was the last."""

    events: list[Event[Any]]
    cursor: str | None = None


@dataclass(frozen=True)
class Call(Generic[Result]):
    """One request. ``repeatable``: a server that was away may be asked again, without doing it twice."""

    method: str
    path: str
    read: Callable[[Any], Result]
    body: Any = None
    params: Params | None = None
    seconds: float = ANSWER_SECONDS
    repeatable: bool = True

    @property
    def content(self) -> bytes | None:
        """The body as it is sent. Raises ``invalid_event`` for what JSON has no word for: NaN, an object of a class."""
        if self.body is None:
            return None
        try:
            return json.dumps(self.body, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
        except (TypeError, ValueError, RecursionError) as thrown:
            raise BusError("invalid_event", f"it cannot be sent as JSON: {thrown}") from thrown

    def read_answer(self, status: int, body: bytes) -> Result:
        """What the server says. Raises its error."""
        if not 200 <= status < 300:
            raise error_of_answer(status, body)
        try:
            return self.read(json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as thrown:
            message = f"{self.path} answered what cannot be read; is it waggle serve?"
            raise BusError("unavailable", message) from thrown


def unreachable(thrown: Exception) -> BusError:
    """The error where no answer came."""
    error = BusError("unavailable", f"the server cannot be reached: {thrown or type(thrown).__name__}", retryable=True)
    error.__cause__ = thrown
    return error


def draft_of(kind: Any, data: Any, given: Mapping[str, Any]) -> Draft:
    """The arguments of a publish as a draft."""
    own = {name: value for name, value in given.items() if name in _DRAFT_FIELDS and value is not None}
    metadata = {name: value for name, value in given.items() if name not in _DRAFT_FIELDS}
    return cast(Draft, {"type": kind, "data": data, **own, "metadata": metadata})


_DRAFT_FIELDS = ("id", "source", "time", "dedupe")


def publish(draft: Draft, source: str | None) -> Call[Event[Any]]:
    return Call("POST", "/v1/events", lambda answer: _one(_results(answer)), body=to_wire(draft, source))


def publish_all(drafts: Iterable[Draft], source: str | None) -> Call[list[PublishResult]]:
    return Call("POST", "/v1/events", _results, body=[to_wire(draft, source) for draft in drafts])


def wait_any(wanted: Sequence[Wanted], where: Mapping[str, Any] | None, since: Any, timeout: Duration) -> Call[list[Event[Any]]]:
    return _wait({"any": matchers_of(wanted, where)}, wanted, since, timeout)


def wait_all(
    wanted: Sequence[Wanted], count: int | None, where: Mapping[str, Any] | None, since: Any, timeout: Duration
) -> Call[list[Event[Any]]]:
    matchers = matchers_of(wanted, where)
    wants = {"all": matchers} if count is None else {"count": count, "of": matchers}
    return _wait(wants, wanted, since, timeout)


def _wait(wants: JsonObject, wanted: Sequence[Wanted], since: Any, timeout: Duration) -> Call[list[Event[Any]]]:
    models = {one.type: one.model for one in wanted if isinstance(one, EventDefinition)}
    ms = milliseconds(timeout, "timeout")
    if ms > LONGEST_WAIT_MS:
        raise ValueError(f"timeout must be at most 10 minutes, not {timeout!r}; wait again with since")
    body: JsonObject = {"for": wants, "timeout": ms}
    if since is not None:
        body["since"] = {"id": since.id} if isinstance(since, Event) else time_of(since)
    return Call(
        "POST",
        "/v1/wait",
        lambda answer: [to_event(one, models.get(one["type"])) for one in answer["events"]],
        body=body,
        seconds=ms / 1_000 + ANSWER_SECONDS,
        # Without `since` a second request would not see what came between the two.
        repeatable=since is not None,
    )


def get(event_id: str) -> Call[Event[Any]]:
    return Call("GET", f"/v1/events/{quote(event_id, safe='')}", to_event)


def history(filters: Filter) -> Call[Page]:
    return Call(
        "GET",
        "/v1/events",
        lambda answer: Page([to_event(one) for one in answer["events"]], answer.get("cursor")),
        params=query_of(filters),
    )


def flow(flow_id: str) -> Call[Flow]:
    return Call("GET", f"/v1/flows/{quote(flow_id, safe='')}", to_flow)


def put_subscription(name: str, settings: JsonObject) -> Call[None]:
    return Call("PUT", f"/v1/subscriptions/{quote(name, safe='')}", lambda _: None, body=settings)


def get_subscription(name: str) -> Call[JsonObject]:
    return Call("GET", f"/v1/subscriptions/{quote(name, safe='')}", lambda answer: dict(answer["record"]))


def pull(name: str, most: int, wait_seconds: float) -> Call[list[JsonObject]]:
    return Call(
        "POST",
        f"/v1/subscriptions/{quote(name, safe='')}/pull",
        lambda answer: list(answer["deliveries"]),
        body={"max": most, "waitMs": round(wait_seconds * 1_000)},
        seconds=wait_seconds + ANSWER_SECONDS,
        repeatable=False,
    )


def settle(name: str, body: JsonObject) -> Call[list[BusError | None]]:
    """One error, or none, for each receipt."""
    return Call(
        "POST",
        f"/v1/subscriptions/{quote(name, safe='')}/settle",
        lambda answer: [None if one["ok"] else error_of_item(one["error"]) for one in answer["results"]],
        body=body,
    )


def names_of(types: Types) -> list[str]:
    """The names of types, given as names or definitions, one or several."""
    several = [types] if isinstance(types, (str, EventDefinition)) else types
    return [one.type if isinstance(one, EventDefinition) else one for one in several]


def matchers_of(wanted: Sequence[Wanted], where: Mapping[str, Any] | None) -> list[JsonObject]:
    """Each thing that is waited for, as it is sent."""
    if not wanted:
        raise ValueError("give at least one type to wait for")
    matchers: list[JsonObject] = []
    for one in wanted:
        matcher: Matcher = {"on": one} if isinstance(one, (str, EventDefinition)) else one
        pattern = matcher.get("where", where)
        matchers.append({"on": names_of(matcher["on"]), **({} if pattern is None else {"where": pattern})})
    return matchers


def query_of(filters: Mapping[str, Any]) -> Params:
    """Filters as the parameters of a URL."""
    pairs: Params = []
    for name, value in filters.items():
        if value is None:
            continue
        if name == "type":
            value = names_of(value)
        for one in [value] if isinstance(value, (str, int, datetime)) else value:
            pairs.append((camel(name), time_of(one) if isinstance(one, (str, datetime)) else str(one)))
    return pairs


def is_passing(error: BusError) -> bool:
    """Whether the server is only away, or about to be: then it may be there again later."""
    return error.code in ("closed", "aborted") or (error.code == "unavailable" and error.retryable)


def is_loopback(url: str) -> bool:
    """Whether a server is on this machine: no proxy leads there, whatever the environment says."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


class Pauses:
    """Growing pauses between attempts, with jitter."""

    def __init__(self, longest: float = 10.0) -> None:
        self._longest = longest
        self.reset()

    def reset(self) -> None:
        self._next = 0.1

    def next(self) -> float:
        """Seconds."""
        pause = self._next
        self._next = min(pause * 2, self._longest)
        return pause * (0.5 + random.random() / 2)


def _results(answer: Any) -> list[PublishResult]:
    return [
        PublishResult(event=to_event(one["event"])) if one["ok"] else PublishResult(error=error_of_item(one["error"]))
        for one in answer["results"]
    ]


def _one(results: list[PublishResult]) -> Event[Any]:
    (result,) = results
    if result.event is None:
        raise result.error or error_of_item(None)
    return result.event
