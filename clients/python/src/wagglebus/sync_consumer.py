"""Handles deliveries in threads: one that pulls and one that extends leases for each subscriber, and those of its handlers."""

from __future__ import annotations

import inspect
import queue
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
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

Caller = Callable[..., Any]
"""Makes a call; its second argument says for how many seconds a server that is away is waited for."""


class Consumers:
    """The subscribers of one bus while it runs."""

    def __init__(self, call: Caller, subscribers: Sequence[Subscriber]) -> None:
        for one in subscribers:
            if inspect.iscoroutinefunction(one.handler):
                raise TypeError(f"the handler of {one.name} is async: subscribe it to an AsyncBus")
        self._call = call
        self._subscribers = subscribers
        self._consumers: list[_Consumer] = []
        self._stopped = False
        # Of all that waits, only this may be woken by a handler of signals.
        self._ending: queue.SimpleQueue[BusError | None] = queue.SimpleQueue()

    def start(self) -> None:
        for one in self._subscribers:
            self._call(calls.put_subscription(one.name, one.settings))
            record = self._call(calls.get_subscription(one.name))
            self._consumers.append(_Consumer(self._call, Hand(one, record), record["concurrency"], self._ending.put))
        for consumer in self._consumers:
            if not self._stopped:
                consumer.start()

    def stop(self) -> None:
        self._stopped = True
        # Where nothing has failed and no signal came, run has to be told, too.
        self._ending.put(None)
        for consumer in self._consumers:
            consumer.stop()
        for consumer in self._consumers:
            consumer.join()
        failures = [consumer.failure for consumer in self._consumers if consumer.failure is not None]
        if failures:
            raise failures[0]

    def wait_for_signal(self) -> None:
        """Until Ctrl-C, SIGTERM, or the failure of a subscriber."""
        before: dict[signal.Signals, Any] = {}

        def end(_: int, __: FrameType | None) -> None:
            self._ending.put(None)
            restore()

        def restore() -> None:
            while before:
                signal.signal(*before.popitem())

        if threading.current_thread() is threading.main_thread():
            for one in (signal.SIGINT, signal.SIGTERM):
                before[one] = signal.signal(one, end)
        try:
            while True:
                try:
                    # Not for ever: where a lock cannot be interrupted, a signal is seen between two of them.
                    self._ending.get(timeout=1.0)
                    return
                except queue.Empty:
                    continue
        finally:
            restore()


class _Consumer:
    def __init__(self, call: Caller, hand: Hand, threads: int, ended: Callable[[BusError], None]) -> None:
        self._call = call
        self._hand = hand
        self._name = hand.subscriber.name
        self._ended = ended
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._done = threading.Event()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"waggle-{self._name}")
        self._puller = threading.Thread(target=self._pull, name=f"waggle-{self._name}-pull", daemon=True)
        self._leaser = threading.Thread(target=self._extend, name=f"waggle-{self._name}-lease", daemon=True)
        self.failure: BusError | None = None

    def start(self) -> None:
        self._puller.start()
        self._leaser.start()

    def stop(self) -> None:
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()

    def join(self) -> None:
        # One that has not started yet ends by itself as soon as it does.
        if self._puller.is_alive():
            self._puller.join()
        self._pool.shutdown(wait=True)
        self._done.set()
        if self._leaser.is_alive():
            self._leaser.join()

    def _pull(self) -> None:
        pauses = calls.Pauses()
        while not self._stopping.is_set():
            with self._changed:
                free = self._hand.free
                if free == 0:
                    self._changed.wait()
                    continue
            try:
                found = [to_delivery(one) for one in self._call(calls.pull(self._name, free, PULL_SECONDS))]
                pauses.reset()
            except BusError as error:
                if not calls.is_passing(error) and not error.retryable:
                    self.failure = error
                    self._ended(error)
                    return
                log.warning("%s cannot pull, and tries again: %s", self._name, error)
                self._stopping.wait(pauses.next())
                continue
            if self._stopping.is_set() and found:
                self._settle({"release": [one.receipt for one in found]})
                return
            with self._changed:
                for one in found:
                    self._hand.take(one)
            for one in found:
                self._pool.submit(self._handle, one)

    def _handle(self, delivery: Delivery) -> None:
        thrown: BaseException | None = None
        try:
            run = delivery.run_of(self._hand.subscriber)
            token = current.set(run)
            try:
                self._hand.subscriber.handler(run.event)
            finally:
                current.reset(token)
        except Exception as error:
            report_failure(self._name, error)
            thrown = error
        except BaseException as error:
            thrown = error
        try:
            self._settle(settlement_of(delivery, thrown))
        finally:
            with self._changed:
                self._hand.drop(delivery)
                self._changed.notify_all()

    def _settle(self, body: JsonObject) -> None:
        try:
            # After the lease it is no longer theirs to settle.
            errors = self._call(calls.settle(self._name, body), self._hand.lease_ms / 1_000)
        except BusError as thrown:
            errors = [thrown]
        for error in errors:
            if error is not None:
                report_unsettled(self._name, error)

    def _extend(self) -> None:
        while not self._done.wait(self._hand.beat_seconds):
            with self._changed:
                body = self._hand.extensions()
            try:
                if body is not None:
                    # One that has just been settled is refused, which is as it should be.
                    self._call(calls.settle(self._name, body), 0)
            except BusError as error:
                log.warning("%s cannot extend its leases, and tries again: %s", self._name, error)
