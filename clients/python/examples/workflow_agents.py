"""An event-driven orchestrator and event-aware agents: the sample of an in-process Python event bus, on a bus that lasts.

Start a server with `waggle serve`, then run this file; it ends when its two workflows are done.

What was there                                     is here
- `EventBus()`, `bus.start()`                      `AsyncBus(url)`; the server keeps events and deliveries
- `EventType.WORKFLOW_STARTED`                     a type of the catalog: `workflow.started`
- `subscriber_id`, `event_types`, `handler`        `@bus.subscriber(name, on=...)`: durable, shared by all processes of the name
- `filter_func=lambda event: event.priority <= 3`  `where=...`: what is not wanted is not delivered at all
- `correlation_id=event.correlation_id`            nothing: what a handler publishes carries it, and its cause
- `ttl=3600`                                       `expires_at`
- `priority=1` of a subscription                   `priority=1` of the event
- the dead letter queue                            `NonRetriableError`, or the last attempt: `waggle dlq`
- `get_metrics`, `get_subscription_info`           `waggle subscriptions`; `GET /metrics`
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta, timezone
from typing import Any

from wagglebus import AsyncBus, Event, NonRetriableError


class EventAwareAgent:
    """Runs workflows, any number of such processes side by side."""

    def __init__(self, bus: AsyncBus, agent_id: str) -> None:
        self.bus = bus
        self.agent_id = agent_id
        bus.subscriber(agent_id, on="workflow.started", attempts=3)(self.handle_workflow)

    async def handle_workflow(self, event: Event[Any]) -> None:
        if "user" not in event.data:
            raise NonRetriableError("nobody asked for this workflow")
        result = await self.process(event.data)
        # The key has a second run of this handler publish nothing new.
        await self.bus.publish(
            "workflow.completed",
            {"workflowId": event.data["workflowId"], "output": result},
            source=self.agent_id,
            dedupe="completed",
        )

    async def process(self, workflow: dict[str, Any]) -> str:
        await self.bus.publish("agent.spawned", {"agentId": f"{workflow['workflowId']}-helper"}, dedupe="helper")
        return "success"


class EventDrivenOrchestrator:
    """Starts workflows and hears how they end."""

    def __init__(self, bus: AsyncBus) -> None:
        self.bus = bus
        self.results: dict[str, str] = {}
        self.finished = asyncio.Event()
        bus.subscriber("orchestrator", on="workflow.completed")(self.handle_completion)

    async def handle_completion(self, event: Event[Any]) -> None:
        self.results[event.data["workflowId"]] = event.data["output"]
        self.finished.set()

    async def start_workflow(self, workflow_id: str, **data: str) -> Event[Any]:
        return await self.bus.publish("workflow.started", {"workflowId": workflow_id, **data}, source="orchestrator", priority=1)


async def main(url: str | None = None) -> None:
    async with AsyncBus(url, source="example") as bus:
        orchestrator = EventDrivenOrchestrator(bus)
        EventAwareAgent(bus, "workflow-agent")

        @bus.subscriber("priority-handler", on="pattern.discovered", where={"metadata": {"priority": [{"numeric": ["<=", 3]}]}})
        async def handle_priority_event(event: Event[Any]) -> None:
            print(f"urgent: {event.data['description']}, tagged {sorted(event.metadata['tags'])}, of {event.correlation_id}")

        await bus.start()
        await bus.publish_all(
            [
                {
                    "type": "pattern.discovered",
                    "data": {"description": name},
                    "source": "pattern-engine",
                    "metadata": {
                        "correlation_id": "corr-123",
                        "tags": {"important", "optimization"},
                        "priority": priority,
                        "expires_at": datetime.now(timezone.utc) + timedelta(hours=1),
                    },
                }
                for name, priority in (("optimization_request", 2), ("idle_hours", 7))
            ]
        )

        await orchestrator.start_workflow("wf-122")
        started = await orchestrator.start_workflow("wf-123", user="user-456")
        completed = await bus.wait_for("workflow.completed", since=started)
        print(f"{completed.data['workflowId']}: {completed.data['output']}, caused by {completed.causation_id == started.id}")
        await orchestrator.finished.wait()
        await bus.stop()

        flow = await bus.flow(started.id)
        print(f"flow {flow.status}: {', '.join(event.type for event in flow.events())}")
        page = await bus.history(source="orchestrator", order="oldest")
        print(f"started: {', '.join(event.data['workflowId'] for event in page.events)}; results: {orchestrator.results}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:2]))
