"""Agents of a circle that coordinate by events: the integration samples of an in-process Python event bus, on a bus that lasts.

Start a server with `waggle serve`, then run this file; it ends when all of it has happened.

What was there                                        is here
- `event_bus.subscribe(type, handler, filter_fn)`     `@bus.subscriber(name, on=..., where=...)`: no other event is delivered
- `EventType.TASK_COMPLETED`                          a type of the catalog: `task.completed`
- `source_agent_id=1`, `circle_id=5`                  `agent_id="1"`, `circle_id="5"`
- a handler's error is logged and forgotten           the delivery is retried, then a dead letter; the other handlers run on
- `file_locks`, a dictionary of the process           the same, and `concurrency=1`: one event at a time, over all processes
- `event_bus.get_history(type, limit=10)`             `bus.history(type=..., limit=10)`, after a restart too
- the dashboard's subscriptions, one a type           `bus.tail([...])`: each dashboard sees everything
- `event_bus.unsubscribe(id)`                         `bus.stop()`; the subscription goes on collecting
- `event_bus.reset()` before a test                   a server on an empty folder
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from wagglebus import AsyncBus, Event, NonRetriableError

CIRCLE = "5"
MEMBERS = {"1": {"python", "sql"}, "2": {"design"}}


class Circle:
    """What the handlers of a circle have done."""

    def __init__(self, bus: AsyncBus) -> None:
        self.bus = bus
        self.locks: dict[str, str] = {}
        mine = {"metadata": {"circleId": [CIRCLE]}}
        bus.subscriber("output-reader", on="task.completed", where=mine)(self.on_task_done)
        bus.subscriber("bad-reader", on="task.completed", attempts=2, backoff={"from": 0.01, "to": 0.01})(self.bad_handler)
        bus.subscriber("librarian", on="memory.shared", where=mine)(self.on_knowledge_shared)
        writes = {"data": {"toolName": ["fs_write", "fs_edit"]}}
        bus.subscriber("conflict-detector", on="tool.call.completed", where=writes, concurrency=1)(self.detect_conflicts)
        bus.subscriber("assigner", on="task.created", where=mine)(self.auto_assign)

    async def on_task_done(self, event: Event[Any]) -> None:
        if event.data.get("outputFile"):
            await self.bus.publish("custom.file.processed", {"file": event.data["outputFile"]}, agent_id="2", dedupe="processed")

    async def bad_handler(self, event: Event[Any]) -> None:
        raise ValueError("Oops!")

    async def on_knowledge_shared(self, event: Event[Any]) -> None:
        await self.bus.publish("custom.knowledge.indexed", {"content": event.data["content"]}, dedupe="indexed")

    async def detect_conflicts(self, event: Event[Any]) -> None:
        path, agent = event.data["params"]["path"], event.metadata["agentId"]
        holder = self.locks.setdefault(path, agent)
        if holder != agent:
            conflict = {"resource": path, "taskIds": [], "agentIds": [holder, agent]}
            await self.bus.publish("task.conflict.detected", conflict, circle_id=CIRCLE, dedupe="conflict")

    async def auto_assign(self, event: Event[Any]) -> None:
        required = set(event.data.get("requiredCompetencies", []))
        best = max(MEMBERS, key=lambda member: len(required & MEMBERS[member]))
        if not required & MEMBERS[best]:
            raise NonRetriableError(f"no member can do {sorted(required)}")
        assignment = {"taskId": event.data["taskId"], "agentId": best}
        await self.bus.publish("task.assigned", assignment, circle_id=CIRCLE, dedupe="assigned")


async def dashboard(bus: AsyncBus, shown: list[str], types: list[str], ready: asyncio.Event) -> None:
    """Shows what happens until it is cancelled. A first event of its own tells that it follows."""
    async for event in bus.tail([*types, "custom.dashboard.opened"]):
        if event.type == "custom.dashboard.opened":
            ready.set()
        else:
            shown.append(event.type)


async def main(url: str | None = None) -> None:
    async with AsyncBus(url, source="example") as bus:
        Circle(bus)
        await bus.start()

        shown: list[str] = []
        ready = asyncio.Event()
        live = asyncio.create_task(dashboard(bus, shown, ["task.completed", "memory.shared", "tool.call.completed"], ready))
        while not ready.is_set():
            await bus.publish("custom.dashboard.opened", {})
            await asyncio.sleep(0.05)

        done = await bus.publish(
            "task.completed", {"taskId": "123", "result": "success", "outputFile": "results.json"}, agent_id="1", circle_id=CIRCLE
        )
        other = {"taskId": "124", "outputFile": "other.json"}
        elsewhere = await bus.publish("task.completed", other, agent_id="9", circle_id="6")
        processed = await bus.wait_for("custom.file.processed", since=done)
        print(f"processed: {processed.data['file']}, caused by agent 1: {processed.causation_id == done.id}")

        knowledge = {"memoryId": "m1", "content": "Database connection string is in .env.production", "importance": 0.9}
        shared = await bus.publish("memory.shared", knowledge, agent_id="1", circle_id=CIRCLE)
        indexed = await bus.wait_for("custom.knowledge.indexed", since=shared)
        print(f"indexed: {indexed.data['content']}")

        for agent in ("1", "2"):
            call = {"toolName": "fs_write", "params": {"path": "src/app.py"}}
            last = await bus.publish("tool.call.completed", call, agent_id=agent, circle_id=CIRCLE)
        conflict = await bus.wait_for("task.conflict.detected", since=last)
        print(f"conflict: {conflict.data['resource']} between {' and '.join(conflict.data['agentIds'])}")

        created = await bus.publish("task.created", {"taskId": "125", "requiredCompetencies": ["sql"]}, circle_id=CIRCLE)
        assigned = await bus.wait_for("task.assigned", since=created)
        print(f"assigned: {assigned.data['taskId']} to {assigned.data['agentId']}")

        page = await bus.history(type="task.completed", limit=10)
        print(f"history: {', '.join(event.data['taskId'] for event in page.events)}")
        of_circle = await bus.history(type="task.completed", circle_id=CIRCLE)
        print(f"of the circle: {', '.join(event.data['taskId'] for event in of_circle.events)}")

        while len(shown) < 5:
            await asyncio.sleep(0.05)
        live.cancel()
        print(f"dashboard: {', '.join(shown)}")

        # The handler that fails has had its attempts by then, and nobody else noticed.
        for event in (done, elsewhere):
            while (await bus.flow(event.id)).status == "running":
                await asyncio.sleep(0.05)
        failed = [letter["subscription"] for letter in (await bus.flow(done.id)).dead_letters]
        print(f"dead letters: {', '.join(failed)}")
        await bus.stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:2]))
