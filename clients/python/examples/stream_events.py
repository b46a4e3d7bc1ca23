"""Streams, nodes and executions that tell each other what they do: the helpers of an in-process event bus, on one that lasts.

Start a server with `waggle serve`, then run this file; it ends when all of it has happened.

What was there                                        is here
- `AgentEvent(type, stream_id, node_id, ...)`         `publish(type, data, stream_id=..., node_id=..., execution_id=...)`
- `EventType.EXECUTION_COMPLETED`                     a type of the catalog: `execution.completed`
- `filter_stream`, `filter_node`, `filter_execution`  `where={"metadata": {"streamId": [...]}}`, of the subscription
- `max_concurrent_handlers=10`                        `concurrency=10`, over all processes
- `correlation_id`                                    the same, and what a handler publishes carries it by itself
- `emit_llm_text_delta(content, snapshot)`            the same type; history does not keep it, `bus.tail(..., deltas=True)` has it
- `get_history(event_type, stream_id, limit)`         `bus.history(type=..., stream_id=..., limit=...)`, most recent first
- `wait_for(...)`, None after the timeout             `bus.wait_for(...)`, `BusError` with `code == "timeout"` after it
- `get_stats()`                                       `waggle stats`, `GET /v1/stats`
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from wagglebus import AsyncBus, BusError, Event


class Streams:
    """The convenience publishers: each event says where it comes from."""

    def __init__(self, bus: AsyncBus, stream_id: str, execution_id: str) -> None:
        self.bus = bus
        self.stream_id = stream_id
        self.execution_id = execution_id

    async def emit(self, type: str, data: dict[str, Any], node_id: str | None = None) -> Event[Any]:
        where: dict[str, Any] = {"stream_id": self.stream_id, "execution_id": self.execution_id}
        if node_id is not None:
            where["node_id"] = node_id
        return await self.bus.publish(type, data, correlation_id=self.execution_id, **where)

    async def execution_started(self, given: dict[str, Any]) -> Event[Any]:
        return await self.emit("execution.started", {"executionId": self.execution_id, "input": given})

    async def execution_completed(self, output: dict[str, Any]) -> Event[Any]:
        return await self.emit("execution.completed", {"executionId": self.execution_id, "output": output})

    async def goal_progress(self, progress: float, criteria: dict[str, Any]) -> Event[Any]:
        return await self.emit("goal.progress", {"progress": progress, "criteriaStatus": criteria})

    async def state_changed(self, key: str, old: Any, new: Any, scope: str) -> Event[Any]:
        return await self.emit("state.changed", {"key": key, "oldValue": old, "newValue": new, "scope": scope})

    async def node_loop(self, node_id: str, iterations: int) -> None:
        await self.emit("node.loop.started", {"nodeId": node_id, "maxIterations": iterations}, node_id)
        for iteration in range(iterations):
            await self.emit("node.loop.iteration", {"nodeId": node_id, "iteration": iteration}, node_id)
        await self.emit("node.loop.completed", {"nodeId": node_id, "iterations": iterations}, node_id)

    async def llm_text(self, node_id: str, pieces: list[str]) -> None:
        snapshot = ""
        for content in pieces:
            snapshot += content
            await self.emit("llm.text.delta", {"content": content, "snapshot": snapshot}, node_id)

    async def tool_call(self, node_id: str, tool_use_id: str, tool_name: str, result: str) -> None:
        call = {"toolUseId": tool_use_id, "toolName": tool_name}
        await self.emit("tool.call.started", {**call, "toolInput": {}}, node_id)
        await self.emit("tool.call.completed", {**call, "result": result, "isError": False}, node_id)


async def main(url: str | None = None) -> None:
    async with AsyncBus(url, source="example") as bus:
        completed: list[str] = []
        looped: list[int] = []
        ended = asyncio.Event()

        @bus.subscriber("on-execution-complete", on="execution.completed", concurrency=10)
        async def on_execution_complete(event: Event[Any]) -> None:
            completed.append(event.metadata["executionId"])
            if len(completed) == 2:
                ended.set()

        mine = {"metadata": {"streamId": ["webhook"], "nodeId": ["planner"], "executionId": ["exec_123"]}}

        @bus.subscriber("planner-loops", on="node.loop.iteration", where=mine, ordered="metadata.executionId")
        async def on_iteration(event: Event[Any]) -> None:
            looped.append(event.data["iteration"])

        await bus.start()
        webhook, other = Streams(bus, "webhook", "exec_123"), Streams(bus, "cron", "exec_124")

        started = await webhook.execution_started({"url": "/hook"})
        await other.node_loop("planner", 1)
        await webhook.node_loop("planner", 3)
        await webhook.llm_text("planner", ["Hel", "lo, ", "streams"])
        await webhook.tool_call("planner", "call_1", "search", "found")
        await webhook.state_changed("step", 1, 2, "execution")
        await webhook.goal_progress(0.5, {"tests": "pass"})

        text = ""
        async for event in bus.tail("llm.text.delta", stream_id="webhook", deltas=True):
            text += event.data["content"]
            if event.data["snapshot"] == "Hello, streams":
                break
        print(f"text: {text}, whole: {text == event.data['snapshot']}")

        of_webhook = {"metadata": {"streamId": ["webhook"]}}
        waiting = asyncio.create_task(bus.wait_for("execution.completed", where=of_webhook, since=started))
        await other.execution_completed({})
        await webhook.execution_completed({"result": "success"})
        print(f"waited for: {(await waiting).data['output']}")
        try:
            await bus.wait_for("execution.failed", since=started, timeout=0.1)
        except BusError as error:
            print(f"waited for nothing: {error.code}")

        await ended.wait()
        while len(looped) < 3:
            await asyncio.sleep(0.05)
        await bus.stop()
        print(f"completed: {', '.join(sorted(completed))}; iterations of the planner: {looped}")

        page = await bus.history(stream_id="webhook", execution_id="exec_123", limit=4)
        print(f"most recent first: {', '.join(event.type for event in page.events)}")
        page = await bus.history(type="node.loop.*", stream_id="cron", order="oldest")
        print(f"of the other stream: {', '.join(event.type for event in page.events)}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:2]))
