"""A crew in two languages: this half researches; `examples/two-languages.ts` of the repository assigns the tasks and writes.

Start a server with `waggle serve`, then run both; this one ends when the writer stops.

What makes an agent is what it says: `agent.created` with its capabilities, a heartbeat, and for each `task.assigned` of its own
`task.started` and `task.completed`. So an orchestrator in any language gives it work, and gives it to another one where it falls silent.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from wagglebus import AsyncBus, Event

ME = "researcher"
HEARTBEAT_SECONDS = 15


async def main(url: str | None = None) -> None:
    async with AsyncBus(url, source=ME) as bus:

        @bus.subscriber(f"agent-{ME}", on="task.assigned", where={"data": {"agentId": [ME]}}, attempts=3)
        async def research(event: Event[Any]) -> None:
            task = {"taskId": event.data["taskId"], "agentId": ME}
            # The keys have a second run of this handler publish nothing new.
            await bus.publish("task.started", task, agent_id=ME, dedupe="started")
            notes = f"{event.data['input']['topic']} tell where the food is by a dance"
            await bus.publish("task.completed", {**task, "result": notes}, agent_id=ME, dedupe="completed")
            print(f"researched: {event.data['input']['topic']}")

        async def beat() -> None:
            while True:
                await bus.publish("agent.heartbeat", {"agentId": ME, "capabilities": ["research"]}, agent_id=ME)
                await asyncio.sleep(HEARTBEAT_SECONDS)

        await bus.start()
        created = await bus.publish("agent.created", {"agentId": ME, "capabilities": ["research"]}, agent_id=ME)
        beating = asyncio.create_task(beat())
        await bus.wait_for("agent.stopped", where={"data": {"agentId": ["writer"]}}, since=created, timeout=120)
        beating.cancel()
        await bus.stop()
        await bus.publish("agent.stopped", {"agentId": ME}, agent_id=ME)
        print("stopped")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:2]))
