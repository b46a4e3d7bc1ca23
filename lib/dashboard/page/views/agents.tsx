import type { AgentActivity } from "../../../history/agents.ts";
import { agoText, plural } from "../format.ts";
import { EventLink, FlowLink, Time } from "../parts/links.tsx";
import { Problem } from "../parts/problem.tsx";
import { Status } from "../parts/status.tsx";
import { Nothing, Scrolling, View } from "../parts/view.tsx";
import { useAnswer, useNow } from "../state/hooks.ts";
import { urlOf } from "../state/places.ts";
import { listOf } from "../state/read.ts";

const refreshMs = 3_000;
const mostShown = 200;
/** Milliseconds without an event after which an agent counts as quiet, and as silent. */
const quietMs = 60_000;
const silentMs = 15 * 60_000;

/** Who published lately, and what went wrong. */
export function Agents() {
  const now = useNow();
  const { value, error } = useAnswer(
    "/v1/agents",
    (answer) => ({
      agents: listOf<AgentActivity>(answer.agents, "source", "events", "failures", "last"),
      looked: Number(answer.looked),
      since: typeof answer.since === "string" ? answer.since : undefined,
      more: answer.more === true,
    }),
    { everyMs: refreshMs },
  );
  return (
    <View
      title="Agents"
      lead="By the agent that an event names, or by its source where it names none. Silent means: no event for 15 minutes."
    >
      {error !== undefined && value === undefined && <Problem error={error} what="Agents cannot be shown." />}
      {value?.agents.length === 0 && <Nothing>Nobody has published yet.</Nothing>}
      {value !== undefined && value.agents.length > 0 && (
        <>
          <p class="note">
            From the newest {plural(value.looked, "event")}
            {value.since !== undefined && (
              <>
                , since <Time iso={value.since} />
              </>
            )}
            {value.more && "; whoever published before that alone is not shown"}.
          </p>
          <Scrolling label="Agents">
            <table>
              <thead>
                <tr>
                  <th scope="col">Agent</th>
                  <th scope="col">State</th>
                  <th scope="col">Last event</th>
                  <th scope="col" class="number">
                    Events
                  </th>
                  <th scope="col" class="number">
                    Failures
                  </th>
                  <th scope="col">Last failure</th>
                  <th scope="col" class="number">
                    Tokens
                  </th>
                  <th scope="col" class="number">
                    Cost
                  </th>
                </tr>
              </thead>
              <tbody>
                {value.agents.slice(0, mostShown).map((agent) => (
                  <Row key={`${agent.agentId} ${agent.source}`} agent={agent} now={now} />
                ))}
              </tbody>
            </table>
          </Scrolling>
          {value.agents.length > mostShown && (
            <p class="note">
              {mostShown} of {plural(value.agents.length, "agent")} are shown.
            </p>
          )}
        </>
      )}
    </View>
  );
}

function Row({ agent, now }: { readonly agent: AgentActivity; readonly now: number }) {
  const { agentId, cost, events, failures, last, lastFailure, source, tokens } = agent;
  return (
    <tr>
      <th scope="row">
        <a href={agentId === undefined ? urlOf("/live", {}, { source }) : urlOf("/live", {}, { agentId })}>
          {agentId ?? source}
        </a>
        {agentId !== undefined && agentId !== source && <div class="note">{source}</div>}
      </th>
      <td>
        <State silentForMs={now - Date.parse(last.time)} />
      </td>
      <td>
        <EventLink id={last.id} text={last.type} /> {agoText(last.time, now)}, flow <FlowLink id={last.correlationId} />
      </td>
      <td class="number">{events.toLocaleString("en")}</td>
      <td class="number">{failures.toLocaleString("en")}</td>
      <td>
        {lastFailure !== undefined && (
          <>
            <EventLink id={lastFailure.id} text={lastFailure.type} /> {agoText(lastFailure.time, now)}
          </>
        )}
      </td>
      <td class="number">{tokens?.toLocaleString("en") ?? ""}</td>
      <td class="number">{cost?.toLocaleString("en", { maximumFractionDigits: 6 }) ?? ""}</td>
    </tr>
  );
}

function State({ silentForMs }: { readonly silentForMs: number }) {
  if (silentForMs < quietMs) return <Status tone="busy">busy</Status>;
  return silentForMs < silentMs ? <Status tone="good">quiet</Status> : <Status tone="quiet">silent</Status>;
}
