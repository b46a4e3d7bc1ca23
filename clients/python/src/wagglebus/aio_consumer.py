"""Handles deliveries on an event loop; a handler that is no coroutine function runs in a thread."""

from __future__ import annotations

import asyncio
import inspect
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from . import calls
from .errors import BusError
from .events import JsonObject, current
from .subscribers import (
    PULL_SECONDS,
    Delivery,
    Hand,
    Subscriber,
    log,
    report_failure,
    report_unsettled,
    settlement_of,
    to_delivery,
)

Caller = Callable[..., Awaitable[Any]]
"""Makes a call; its second argument says for how many seconds a server that is away is waited for."""


class AsyncConsumers:
    """The subscribers of one bus while it runs."""

    def __init__(self, call: Caller, subscribers: Sequence[Subscriber]) -> None:
        self._call = call
        self._subscribers = subscribers
        self._consumers: list[_AsyncConsumer] = []
        self._stopped = False
        self._ending = asyncio.Event()

    async def start(self) -> None:
        for one in self._subscribers:
            await self._call(calls.put_subscription(one.name, one.settings))
            record = await self._call(calls.get_subscription(one.name))
            self._consumers.append(_AsyncConsumer(self._call, Hand(one, record), self._ending.set))
        for consumer in self._consumers:
            if not self._stopped:
                consumer.start()

    async def stop(self) -> None:
        self._stopped = True
        # Where nothing has failed and no signal came, run has to be told, too.
        self._ending.set()
        for consumer in self._consumers:
            consumer.stop()
        failures = await asyncio.gather(*(consumer.join() for consumer in self._consumers))
        for failure in failures:
            if failure is not None:
                raise failure

    async def wait_for_signal(self) -> None:
        """Until Ctrl-C, SIGTERM, or the failure of a subscriber."""
        loop = asyncio.get_running_loop()
        handled: list[signal.Signals] = []

        def restore() -> None:
            while handled:
                loop.remove_signal_handler(handled.pop())

        def end() -> None:
            self._ending.set()
            restore()

        for one in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(one, end)
                handled.append(one)
            except (NotImplementedError, ValueError, RuntimeError):
                # No such thing on Windows, or outside of the main thread: whoever runs this cancels it.
                pass
        try:
            await self._ending.wait()
        finally:
            restore()


class _AsyncConsumer:
    def __init__(self, call: Caller, hand: Hand, ended: Callable[[], None]) -> None:
        self._call = call
        self._hand = hand
        self._name = hand.subscriber.name
        self._ended = ended
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._puller: asyncio.Task[None] | None = None
        self._leaser: asyncio.Task[None] | None = None
        self.failure: BusError | None = None

    def start(self) -> None:
        self._puller = asyncio.create_task(self._pull())
        self._leaser = asyncio.create_task(self._extend())

    def stop(self) -> None:
        self._stopping.set()
        self._changed.set()

    async def join(self) -> BusError | None:
        if self._puller is not None:
            await self._puller
        while self._running:
            await asyncio.wait(self._running)
        if self._leaser is not None:
            self._leaser.cancel()
        return self.failure

    async def _pull(self) -> None:
        pauses = calls.Pauses()
        while not self._stopping.is_set():
            free = self._hand.free
            if free == 0:
                self._changed.clear()
                await self._changed.wait()
                continue
            try:
                found = [to_delivery(one) for one in await self._call(calls.pull(self._name, free, PULL_SECONDS))]
                pauses.reset()
            except BusError as error:
                if not calls.is_passing(error) and not error.retryable:
                    self.failure = error
                    self._ended()
                    return
                log.warning("%s cannot pull, and tries again: %s", self._name, error)
                try:
                    await asyncio.wait_for(self._stopping.wait(), pauses.next())
                except asyncio.TimeoutError:
                    pass
                continue
            if self._stopping.is_set() and found:
                await self._settle({"release": [one.receipt for one in found]})
                return
            for one in found:
                self._hand.take(one)
                task = asyncio.create_task(self._handle(one))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def _handle(self, delivery: Delivery) -> None:
        thrown: BaseException | None = None
        try:
            run = delivery.run_of(self._hand.subscriber)
            current.set(run)
            handler = self._hand.subscriber.handler
            if inspect.iscoroutinefunction(handler):
                await handler(run.event)
            else:
                result = await asyncio.to_thread(handler, run.event)
                if inspect.isawaitable(result):
                    await result
        except Exception as error:
            report_failure(self._name, error)
            thrown = error
        except BaseException as error:
            thrown = error
        try:
            await self._settle(settlement_of(delivery, thrown))
        finally:
            self._hand.drop(delivery)
            self._changed.set()
        if thrown is not None and not isinstance(thrown, Exception):
            raise thrown

    async def _settle(self, body: JsonObject) -> None:
        try:
            # After the lease it is no longer theirs to settle.
            errors = await self._call(calls.settle(self._name, body), self._hand.lease_ms / 1_000)
        except BusError as thrown:
            errors = [thrown]
        for error in errors:
            if error is not None:
                report_unsettled(self._name, error)

    async def _extend(self) -> None:
        while True:
            await asyncio.sleep(self._hand.beat_seconds)
            body = self._hand.extensions()
            try:
                if body is not None:
                    # One that has just been settled is refused, which is as it should be.
                    await self._call(calls.settle(self._name, body), 0)
            except BusError as error:
                log.warning("%s cannot extend its leases, and tries again: %s", self._name, error)
