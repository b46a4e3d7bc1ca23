import { useEffect, useRef, useState } from "preact/hooks";
import { follow, type TailFilter } from "../../../browser/tail.ts";
import { toEvent } from "../../../browser/to-event.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import { durationText, plural, preview } from "../format.ts";
import { Filter } from "../parts/filter.tsx";
import { EventLink, FlowLink, Time, TypeName, whoOf } from "../parts/links.tsx";
import { Problem } from "../parts/problem.tsx";
import { Nothing, Scrolling, View } from "../parts/view.tsx";
import { useNow, useStore } from "../state/hooks.ts";
import { LiveFeed, type LiveRow, mostRows } from "../state/live-feed.ts";
import { lose, requests, token } from "../state/session.ts";

const fields = [
  { name: "type", label: "Type", placeholder: "task.* or *.failed" },
  { name: "source", label: "Source" },
  { name: "agentId", label: "Agent" },
  { name: "flow", label: "Flow" },
] as const;

/** Milliseconds between two pictures: a stream of thousands a second is not drawn event by event. */
const drawMs = 200;
const pastEvents = 50;

/** The stream of events as they are accepted. */
export function Live({ query }: { readonly query: URLSearchParams }) {
  const { feed, state, error, pastError, pause } = useLive(query);
  const now = useNow();
  const { rows, held, paused, rate, seen } = state;
  const [newest] = feed.state.rows;
  return (
    <View title="Live" lead="Events as the bus accepts them, newest first. Texts of models are joined as they come.">
      <Filter view="/live" fields={fields} query={query} />
      <div class="bar">
        <button type="button" aria-pressed={paused} onClick={pause}>
          {paused ? "Resume" : "Pause"}
        </button>
        <span class="figure">{rate.toFixed(1)} events/s</span>
        <span class="figure">{plural(seen, "event")} since this view was opened</span>
        {newest !== undefined && (
          <span class="figure">newest {durationText(Math.max(0, now - Date.parse(newest.event.time)))} old</span>
        )}
        <span role="status">{paused ? `Paused; ${plural(held, "event")} came since` : ""}</span>
      </div>
      {error !== undefined && <Problem error={error} what="The stream cannot be shown." />}
      {error === undefined && pastError !== undefined && (
        <Problem error={pastError} what="What came before cannot be shown." />
      )}
      {rows.length === 0 ? (
        <Nothing>No event yet that this filter selects. What is published from now on appears here.</Nothing>
      ) : (
        <Scrolling label="Events">
          <table class="events">
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Type</th>
                <th scope="col">Who</th>
                <th scope="col">Flow</th>
                <th scope="col">Event</th>
                <th scope="col">Data</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <Row key={row.key} row={row} />
              ))}
            </tbody>
          </table>
        </Scrolling>
      )}
      {rows.length === mostRows && <p class="note">The newest {mostRows} are shown; filter to see others.</p>}
    </View>
  );
}

function Row({ row }: { readonly row: LiveRow }) {
  const { event } = row;
  return (
    <tr>
      <td>
        <Time iso={event.time} />
      </td>
      <td>
        <TypeName type={event.type} />
      </td>
      <td>{whoOf(event)}</td>
      <td>
        <FlowLink id={event.metadata.correlationId} />
      </td>
      <td>{row.kind === "event" ? <EventLink id={event.id} /> : plural(row.pieces, "piece")}</td>
      <td class="data">
        {row.kind === "event" ? (
          <code>{preview(event.data)}</code>
        ) : (
          <span class="text">{`${row.cut ? "…" : ""}${row.text}`}</span>
        )}
      </td>
    </tr>
  );
}

function useLive(query: URLSearchParams) {
  const secret = useStore(token);
  const key = query.toString();
  const feed = useRef(new LiveFeed(Date.now));
  const [state, setState] = useState(feed.current.state);
  const [error, setError] = useState<BusError>();
  const [pastError, setPastError] = useState<BusError>();
  useEffect(() => {
    const current = new LiveFeed(Date.now);
    feed.current = current;
    setError(undefined);
    setPastError(undefined);
    setState(current.state);
    const ending = new AbortController();
    const { signal } = ending;
    const timer = setInterval(() => setState(current.state), drawMs);
    void run(current, new URLSearchParams(key), { signal, onPastError: setPastError }).catch((thrown) => {
      if (!signal.aborted) setError(toBusError(thrown));
    });
    return () => {
      ending.abort();
      clearInterval(timer);
    };
  }, [key, secret]);
  const pause = () => {
    if (feed.current.state.paused) feed.current.resume();
    else feed.current.pause();
    setState(feed.current.state);
  };
  return { feed: feed.current, state, error, pastError, pause };
}

interface RunOptions {
  readonly signal: AbortSignal;
  /** Called with why what came before cannot be shown, and with `undefined` once it can. */
  readonly onPastError: (error: BusError | undefined) => void;
}

/**
 * Follows the stream, and fetches what came before it once it is open, so that nothing falls in between. Where that fails the stream goes on, and
 * the next connection tries again.
 */
async function run(feed: LiveFeed, query: URLSearchParams, { signal, onPastError }: RunOptions): Promise<void> {
  const filter: TailFilter = Object.fromEntries(query);
  let past: Promise<void> | undefined;
  const loadPast = async () => {
    try {
      await fetchPast(feed, query, signal);
      if (!signal.aborted) onPastError(undefined);
    } catch (thrown) {
      past = undefined;
      if (!signal.aborted) onPastError(toBusError(thrown));
    }
  };
  let isOpen = false;
  const onConnection = (connected: boolean) => {
    // A stream that was refused is none that broke.
    if (isOpen && !connected && !signal.aborted) lose();
    isOpen = connected;
    if (connected) past ??= loadPast();
  };
  const events = follow(requests(), filter, { signal, deltas: true, onConnection, onReset: () => feed.dropTexts() });
  for await (const event of events) feed.add(event);
  await past;
}

async function fetchPast(feed: LiveFeed, query: URLSearchParams, signal: AbortSignal): Promise<void> {
  const { flow, ...filters } = Object.fromEntries(query);
  const asked = new URLSearchParams({
    ...filters,
    ...(flow === undefined ? {} : { correlationId: flow }),
    limit: String(pastEvents),
  });
  const { events } = await requests().json(`/v1/events?${asked}`, signal);
  if (!signal.aborted) feed.addOlder((Array.isArray(events) ? events : []).map(toEvent));
}
