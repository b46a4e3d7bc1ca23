import { draft, inParallel, open, percentile } from "./load.ts";
import { type Throughput, throughput } from "./throughput.ts";

export interface Stored {
  readonly stored: number;
  /** The same load on an empty file and on the full one. */
  readonly empty: Throughput;
  readonly full: Throughput;
  /** Milliseconds, 99 of 100 within: one flow of five events, one event by id, the latest 20 of an agent. */
  readonly flowMs: number;
  readonly getMs: number;
  readonly agentMs: number;
}

const eventsOfFlow = 5;
const reads = 300;

/** What a long history costs. */
export async function stored(file: string, options: { stored: number; events: number }): Promise<Stored> {
  const load = { publishers: 1_000, subscriptions: 1, events: options.events };
  const empty = await throughput(`${file}-empty`, load);
  const filling = await open(file);
  const ids: string[] = [];
  await inParallel(1_000, options.stored, async (number) => {
    const event = await filling.publish(draft(number, `flow-${Math.floor(number / eventsOfFlow)}`));
    if (number % 1_009 === 0) ids.push(event.id);
  });
  await filling.close();
  const full = await throughput(file, load);
  const bus = await open(file);
  const timed = async (act: (number: number) => Promise<unknown>) => {
    const took: number[] = [];
    for (let read = 0; read < reads; read += 1) {
      const since = performance.now();
      await act(read);
      took.push(performance.now() - since);
    }
    return percentile(took, 0.99);
  };
  const flows = Math.floor(options.stored / eventsOfFlow);
  const flowMs = await timed(async (read) => {
    const flow = await bus.history.flow(`flow-${(read * 7_919) % flows}`);
    if (flow.size !== eventsOfFlow) throw new Error(`flow ${flow.id} has ${flow.size} events`);
  });
  const getMs = await timed((read) => bus.history.get(ids[read % ids.length] ?? ""));
  const agentMs = await timed((read) => bus.history.query({ agentId: `agent-${read % 50}`, limit: 20 }));
  await bus.close();
  return { stored: options.stored, empty, full, flowMs, getMs, agentMs };
}
