from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from conftest import Server

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
