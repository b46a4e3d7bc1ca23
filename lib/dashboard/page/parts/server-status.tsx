import { timeText } from "../format.ts";
import { useStore } from "../state/hooks.ts";
import { connection, outdated } from "../state/session.ts";
import { Status } from "./status.tsx";

/** Whether the server answers: nothing on the page passes for live that is not. */
export function ServerStatus() {
  const state = useStore(connection);
  const [reason] = useStore(outdated).values();
  return (
    <div class="server" role="status">
      {state.state === "connected" && reason === undefined && <Status tone="good">connected</Status>}
      {state.state === "connected" && reason !== undefined && (
        <Status tone="bad">{`What you see is not up to date: ${reason}`}</Status>
      )}
      {state.state === "unknown" && <Status tone="quiet">connecting</Status>}
      {state.state === "lost" && (
        <Status tone="bad">
          {`The server cannot be reached. What you see is from ${timeText(new Date(state.since).toISOString()).slice(0, 8)}; trying again.`}
        </Status>
      )}
    </div>
  );
}
