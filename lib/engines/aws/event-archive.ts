import type { ArchiveReplayControl, ArchiveSpan, EventArchive } from "../../engine/archive.ts";
import { type ArchiveReplayDependencies, archiveReplay } from "./archive/archive-replay.ts";

/** The archive that EventBridge keeps of the bus. */
export class AwsEventArchive implements EventArchive {
  readonly #dependencies: ArchiveReplayDependencies;

  constructor(dependencies: ArchiveReplayDependencies) {
    this.#dependencies = dependencies;
  }

  replay(span: ArchiveSpan, to: readonly string[], control: ArchiveReplayControl): Promise<string> {
    return archiveReplay(this.#dependencies, span, to, control);
  }
}
