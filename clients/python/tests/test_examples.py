from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from conftest import ROOT, Server

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(example: str, server: Server) -> list[str]:
    done = subprocess.run([sys.executable, str(EXAMPLES / example), server.url], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_workflow_agents_says_what_happened(own_server: Server) -> None:
    lines = run("workflow_agents.py", own_server)
    assert sorted(lines) == [
        "flow completed: workflow.started, agent.spawned, workflow.completed",
        "started: wf-122, wf-123; results: {'wf-123': 'success'}",
        "urgent: optimization_request, tagged ['important', 'optimization'], of corr-123",
        "wf-123: success, caused by True",
    ]
    assert "nobody asked for this workflow" in own_server.waggle("dlq", "list", "--json")


def test_circle_events_says_what_happened(own_server: Server) -> None:
    assert run("circle_events.py", own_server) == [
        "processed: results.json, caused by agent 1: True",
        "indexed: Database connection string is in .env.production",
        "conflict: src/app.py between 1 and 2",
        "assigned: 125 to 1",
        "history: 124, 123",
        "of the circle: 123",
        "dashboard: task.completed, task.completed, memory.shared, tool.call.completed, tool.call.completed",
        "dead letters: bad-reader",
    ]


def test_stream_events_says_what_happened(own_server: Server) -> None:
    assert run("stream_events.py", own_server) == [
        "text: Hello, streams, whole: True",
        "waited for: {'result': 'success'}",
        "waited for nothing: timeout",
        "completed: exec_123, exec_124; iterations of the planner: [0, 1, 2]",
        "most recent first: execution.completed, goal.progress, state.changed, tool.call.completed",
        "of the other stream: node.loop.started, node.loop.iteration, node.loop.completed",
    ]


def test_two_languages_are_one_crew(own_server: Server) -> None:
    researcher = subprocess.Popen(
        [sys.executable, str(EXAMPLES / "two_languages.py"), own_server.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        # Whichever of them comes first, the task waits for the agent.
        crew = ["node", str(ROOT / "examples/two-languages.ts"), own_server.url]
        writer = subprocess.run(crew, capture_output=True, text=True, timeout=120)
        assert writer.returncode == 0, writer.stderr
        stdout, stderr = researcher.communicate(timeout=60)
    finally:
        researcher.kill()
    assert writer.stdout.splitlines() == [
        "researcher: bees tell where the food is by a dance",
        "writer: A report on what was found: bees tell where the food is by a dance",
    ]
    assert researcher.returncode == 0, stderr
    assert stdout.splitlines() == ["researched: bees", "stopped"]
