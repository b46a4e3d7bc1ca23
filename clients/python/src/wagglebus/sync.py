"""The face for programs without asyncio. Made of `aio.py` by `scripts/generate_sync.py`; change that one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

import httpx

from . import calls
from .durations import Duration
from .errors import BusError, error_of_answer
from .events import Data, Draft, Event, EventDefinition, Metadata, PublishResult
from .flows import Flow
from .subscribers import Settings, Subscriber, subscriber_of
from .sync_consumer import Consumers
from .tails import SILENCE_SECONDS, Tail

if TYPE_CHECKING:
    from typing_extensions import Unpack

Result = TypeVar("Result")
Handler = TypeVar("Handler", bound=Callable[[Event[Any]], None])


class Bus:
    """A bus behind ``waggle serve``. Safe for threads; raises ``BusError``. Close it, or use it in a ``with``.

    A server that is away is waited for, for ``patience`` seconds, by whatever may be asked twice: each publish has an id,
    so that sent again it is one event.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        source: str | None = None,
        patience: Duration = 10.0,
        http: httpx.Client | None = None,
    ) -> None:
        """``url`` and ``token`` default to ``WAGGLE_URL`` and ``WAGGLE_TOKEN``. ``http`` stays the caller's to close."""
        options = calls.Options.of(url, token, patience)
        self._source = source
        self._patience = options.patience
        self._owned = http is None
        self._http = http or httpx.Client(limits=httpx.Limits(max_connections=None), trust_env=options.trust_env)
        self._url, self._headers = options.url, options.headers
        self._subscribers: list[Subscriber] = []
        self._consumers: Consumers | None = None

    @overload
    def publish(
        self,
        type: EventDefinition[Data],
        data: Data,
        *,
        id: str = ...,
        source: str = ...,
        time: str | datetime = ...,
        dedupe: str = ...,
        **metadata: Unpack[Metadata],
    ) -> Event[Data]: ...
    @overload
    def publish(
        self,
        type: str,
        data: Any = ...,
        *,
        id: str = ...,
        source: str = ...,
        time: str | datetime = ...,
        dedupe: str = ...,
        **metadata: Unpack[Metadata],
    ) -> Event[Any]: ...
    def publish(self, type: Any, data: Any = None, **given: Any) -> Event[Any]:
        """Publishes one event; returns once the server has it for good. In a handler it carries flow, cause and trace."""
        return self._call(calls.publish(calls.draft_of(type, data, given), self._source))

    def publish_all(self, drafts: Iterable[Draft]) -> list[PublishResult]:
        """Publishes several: one result for each, in order. A bad one harms no other."""
        several = list(drafts)
        return self._call(calls.publish_all(several, self._source)) if several else []

    @overload
    def wait_for(
        self,
        wanted: EventDefinition[Data],
        /,
        *,
        where: Mapping[str, Any] | None = ...,
        since: str | datetime | Event[Any] | None = ...,
        timeout: Duration = ...,
    ) -> Event[Data]: ...
    @overload
    def wait_for(
        self,
        wanted: str | calls.Matcher,
        /,
        *,
        where: Mapping[str, Any] | None = ...,
        since: str | datetime | Event[Any] | None = ...,
        timeout: Duration = ...,
    ) -> Event[Any]: ...
    @overload
    def wait_for(
        self,
        first: calls.Wanted,
        second: calls.Wanted,
        /,
        *others: calls.Wanted,
        where: Mapping[str, Any] | None = ...,
        since: str | datetime | Event[Any] | None = ...,
        timeout: Duration = ...,
    ) -> Event[Any]: ...
    def wait_for(
        self,
        /,
        *wanted: calls.Wanted,
        where: Mapping[str, Any] | None = None,
        since: str | datetime | Event[Any] | None = None,
        timeout: Duration = 30.0,
    ) -> Event[Any]:
        """The first event of any of these. ``since``: looks back to a time or an event. ``timeout``: a ``BusError`` then."""
        return self._call(calls.wait_any(wanted, where, since, timeout))[0]

    def wait_for_all(
        self,
        *wanted: calls.Wanted,
        count: int | None = None,
        where: Mapping[str, Any] | None = None,
        since: str | datetime | Event[Any] | None = None,
        timeout: Duration = 30.0,
    ) -> list[Event[Any]]:
        """One event for each of these; with ``count`` so many of any of them."""
        return self._call(calls.wait_all(wanted, count, where, since, timeout))

    def tail(
        self,
        type: calls.Types | None = None,
        *,
        flow: str | None = None,
        pattern: Mapping[str, Any] | None = None,
        deltas: bool = False,
        on_reset: Callable[[], object] | None = None,
        on_truncated: Callable[[Mapping[str, str]], object] | None = None,
        **filters: Unpack[calls.TailFilter],
    ) -> Iterator[Event[Any]]:
        """Follows events over broken connections and restarts, without a gap and without one twice, until the loop is left."""
        tail = Tail(type, cast(Mapping[str, Any], filters), flow, pattern, deltas, on_reset, on_truncated)
        pauses = calls.Pauses()
        while True:
            try:
                with self._http.stream(
                    "GET",
                    self._url + "/v1/tail",
                    params=tail.params,
                    headers={**self._headers, **tail.headers()},
                    timeout=httpx.Timeout(calls.ANSWER_SECONDS, read=SILENCE_SECONDS),
                ) as answer:
                    if not answer.is_success:
                        raise error_of_answer(answer.status_code, answer.read())
                    pauses.reset()
                    for chunk in answer.iter_bytes():
                        yield from tail.feed(chunk)
            except httpx.TransportError:
                pass
            except BusError as error:
                if not calls.is_passing(error) and not error.retryable:
                    raise
            time.sleep(pauses.next())

    def flow(self, id: str) -> Flow:
        """A flow as a tree, by its correlation id or the id of one of its events."""
        return self._call(calls.flow(id))

    def get(self, id: str) -> Event[Any]:
        """One event of history. ``not_found`` where there is none."""
        return self._call(calls.get(id))

    def history(self, **filters: Unpack[calls.Filter]) -> calls.Page:
        """A page of history, newest first."""
        return self._call(calls.history(filters))

    @overload
    def subscriber(  # type: ignore[overload-overlap]
        self, name: str, *, on: EventDefinition[Data], max_run: Duration = ..., **settings: Unpack[Settings]
    ) -> Callable[[Callable[[Event[Data]], None]], Callable[[Event[Data]], None]]: ...
    @overload
    def subscriber(
        self, name: str, *, on: calls.Types, max_run: Duration = ..., **settings: Unpack[Settings]
    ) -> Callable[[Handler], Handler]: ...
    def subscriber(self, name: str, *, on: Any, max_run: Duration = 3_600.0, **settings: Unpack[Settings]) -> Any:
        """Has a function handle the deliveries of a durable subscription, once the bus runs.

        It returns: acknowledged. It raises: retried after the backoff, or as ``RetryAfterError`` says; a dead letter after
        the last attempt, or at once with ``NonRetriableError``. While it runs, the delivery stays its own, for ``max_run``.
        """

        def register(handler: Any) -> Any:
            self._subscribers.append(subscriber_of(name, on, handler, max_run, settings))
            return handler

        return register

    def start(self) -> None:
        """Makes the subscriptions, and begins to handle their deliveries, in threads."""
        if self._consumers is None:
            # Known before they run: what they handle first may already stop them.
            self._consumers = consumers = Consumers(self._call, self._subscribers)
            try:
                consumers.start()
            except BaseException:
                self._consumers = None
                raise

    def stop(self) -> None:
        """Takes no more, returns what has not begun, and waits for what runs. Raises what has ended a subscriber before."""
        consumers, self._consumers = self._consumers, None
        if consumers is not None:
            consumers.stop()

    def run(self) -> None:
        """Handles deliveries until Ctrl-C or SIGTERM, and then stops as ``stop`` does. A second one ends it at once."""
        self.start()
        try:
            if self._consumers is not None:
                self._consumers.wait_for_signal()
        finally:
            self.stop()

    def close(self) -> None:
        """Stops, and closes the connections."""
        try:
            self.stop()
        finally:
            if self._owned:
                self._http.close()

    def __enter__(self) -> Bus:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def _call(self, call: calls.Call[Result], patience: float | None = None) -> Result:
        until = time.monotonic() + (self._patience if patience is None else patience)
        pauses = calls.Pauses(longest=1.0)
        content = call.content
        while True:
            try:
                answer = self._http.request(
                    call.method,
                    self._url + call.path,
                    params=call.params,
                    content=content,
                    headers=self._headers,
                    timeout=httpx.Timeout(call.seconds),
                )
                return call.read_answer(answer.status_code, answer.content)
            except httpx.TransportError as thrown:
                error = calls.unreachable(thrown)
            except BusError as thrown:
                error = thrown
            pause = pauses.next()
            if not (call.repeatable and calls.is_passing(error)) or time.monotonic() + pause > until:
                raise error
            time.sleep(pause)
