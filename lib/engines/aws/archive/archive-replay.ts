import {
  CancelReplayCommand,
  DescribeArchiveCommand,
  DescribeReplayCommand,
  type DescribeReplayResponse,
  StartReplayCommand,
} from "@aws-sdk/client-eventbridge";
import { resourceNames } from "../../../aws-shared/index.ts";
import type { ArchiveReplayControl, ArchiveSpan } from "../../../engine/archive.ts";
import { BusError, toBusError } from "../../../error/bus-error.ts";
import { formatTime } from "../../../event/time.ts";
import { isAwsError, toBusErrorOfAws } from "../aws-error.ts";
import type { AwsDependencies } from "../dependencies.ts";
import { pause } from "../pause.ts";

export interface ArchiveReplayDependencies extends Pick<AwsDependencies, "config" | "clock" | "nextId"> {
  readonly clients: Pick<AwsDependencies["clients"], "events">;
  /** Aborted when the engine closes. */
  readonly closing: AbortSignal;
}

/** Milliseconds between two polls of how far it is. EventBridge takes a minute's events at a time. */
const pollEveryMs = 5_000;
/** Polls in a row that may fail for a reason that passes. */
const mostFailedPolls = 12;

/**
 * Has EventBridge replay its archive to the rules of some subscriptions, and to no others: those of history and of the
 * archive would record everything anew. Resolves with the replay's name once it is complete.
 */
export async function archiveReplay(
  dependencies: ArchiveReplayDependencies,
  span: ArchiveSpan,
  to: readonly string[],
  { signal, onProgress }: ArchiveReplayControl,
): Promise<string> {
  if (isAborted(signal)) throw aborted("it was aborted before it began", signal);
  const replay = new ArchiveReplay(dependencies, resourceNames.replay(dependencies.config.bus, dependencies.nextId()));
  await replay.start(span, to);
  let reported: string | undefined;
  onProgress?.({ id: replay.name });
  for (;;) {
    const state = await replay.poll();
    const at = state.EventLastReplayedTime;
    const replayedUntil = at === undefined ? undefined : formatTime(at.getTime());
    if (replayedUntil !== undefined && replayedUntil !== reported) onProgress?.({ id: replay.name, replayedUntil });
    reported = replayedUntil;
    if (replay.isComplete(state)) return replay.name;
    const ending = [dependencies.closing, ...(signal === undefined ? [] : [signal])];
    await pause(dependencies.clock, pollEveryMs, ending, { keepAlive: true });
    if (isAborted(signal)) throw aborted(await replay.cancel(), signal);
    if (dependencies.closing.aborted) throw replay.leftRunning();
  }
}

class ArchiveReplay {
  readonly name: string;
  readonly label: string;
  readonly #dependencies: ArchiveReplayDependencies;
  #failedPolls = 0;

  constructor(dependencies: ArchiveReplayDependencies, name: string) {
    this.#dependencies = dependencies;
    this.name = name;
    this.label = `replay ${name}`;
  }

  async start({ since, until }: ArchiveSpan, to: readonly string[]): Promise<void> {
    const { archiveArn, busArn } = await this.#archive();
    const rules = busArn.replace(":event-bus/", ":rule/");
    try {
      await this.#dependencies.clients.events.send(
        new StartReplayCommand({
          ReplayName: this.name,
          EventSourceArn: archiveArn,
          EventStartTime: new Date(since),
          EventEndTime: new Date(until),
          Destination: { Arn: busArn, FilterArns: to.map((name) => `${rules}/${resourceNames.rule(name)}`) },
        }),
      );
    } catch (thrown) {
      // The name is ours alone: the answer to an earlier attempt of this request was lost.
      if (isAwsError(thrown, "ResourceAlreadyExistsException")) return;
      if (!isAwsError(thrown, "LimitExceededException")) throw toBusErrorOfAws(thrown, this.label);
      throw new BusError(
        "throttled",
        `${this.label}: EventBridge runs at most ten replays at once in an account and Region; start it when one has ` +
          "ended (aws events list-replays --state RUNNING), or cancel one",
        { cause: thrown },
      );
    }
  }

  /** How it stands; nothing where it could not be asked now: EventBridge goes on all the same. */
  async poll(): Promise<DescribeReplayResponse> {
    try {
      const found = await this.#dependencies.clients.events.send(new DescribeReplayCommand({ ReplayName: this.name }));
      this.#failedPolls = 0;
      return found;
    } catch (thrown) {
      if (this.#dependencies.closing.aborted) throw this.leftRunning();
      const error = toBusErrorOfAws(thrown, `${this.label} was started, but its state cannot be read`);
      this.#failedPolls += 1;
      if (error.retryable && this.#failedPolls < mostFailedPolls) return {};
      throw error;
    }
  }

  leftRunning(): BusError {
    return new BusError("closed", `${this.label}: the bus is closed; EventBridge goes on with the replay`, {
      details: { replayId: this.name },
    });
  }

  isComplete({ State: state, StateReason: reason }: DescribeReplayResponse): boolean {
    if (state === "COMPLETED") return true;
    const details = { replayId: this.name };
    const why = reason === undefined ? "" : ` (${reason})`;
    if (state === "CANCELLED" || state === "CANCELLING") {
      throw new BusError("aborted", `${this.label} was cancelled${why}; what it had delivered stays`, { details });
    }
    if (state !== "FAILED") return false;
    throw new BusError(
      "unavailable",
      `${this.label} failed in EventBridge${why}; what it had delivered stays, and another replay delivers it again`,
      { details, retryable: false },
    );
  }

  /** Gives what came of it. */
  async cancel(): Promise<string> {
    try {
      await this.#dependencies.clients.events.send(new CancelReplayCommand({ ReplayName: this.name }));
      return `${this.label} was cancelled; what it had delivered stays`;
    } catch (thrown) {
      // It ended just before.
      if (isAwsError(thrown, "IllegalStatusException")) return `${this.label} had ended before it could be cancelled`;
      const { message } = toBusError(thrown);
      return `${this.label} could not be cancelled (${message}), and goes on; cancel it: aws events cancel-replay`;
    }
  }

  async #archive(): Promise<{ archiveArn: string; busArn: string }> {
    const { bus } = this.#dependencies.config;
    const name = resourceNames.archive(bus);
    try {
      const found = await this.#dependencies.clients.events.send(new DescribeArchiveCommand({ ArchiveName: name }));
      const { ArchiveArn: archiveArn, EventSourceArn: busArn } = found;
      if (archiveArn !== undefined && busArn?.includes(":event-bus/") === true) return { archiveArn, busArn };
      throw new BusError("unavailable", `archive ${name}: EventBridge does not say where it is`, { retryable: false });
    } catch (thrown) {
      if (!isAwsError(thrown, "ResourceNotFoundException")) throw toBusErrorOfAws(thrown, `archive ${name}`);
      throw new BusError(
        "not_found",
        `bus ${bus} has no archive ${name}: it was deployed with \`archive: false\` or \`-c omit=archive\`; deploy it ` +
          "with one for what comes from now on, or call `replay`, to replay from history",
        { cause: thrown, details: { bus } },
      );
    }
  }
}

function isAborted(signal: AbortSignal | undefined): signal is AbortSignal {
  return signal?.aborted === true;
}

function aborted(what: string, { reason }: AbortSignal): BusError {
  return new BusError("aborted", `replay from the archive: ${what}`, { cause: reason });
}
