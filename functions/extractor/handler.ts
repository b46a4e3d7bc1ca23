import type { EventOf, Handler } from "wagglebus";
import { parseDocument } from "../_shared/document.ts";
import { extract } from "./extract.ts";
import type subscription from "./subscription.ts";

/** Finds what a memory speaks of. A memory that is no document's stands for itself. */
const extractor: Handler<EventOf<typeof subscription>> = async (event, { bus }) => {
  const { memoryId, content, filters } = event.data;
  if (typeof content !== "string") return;
  const document = parseDocument(filters)?.path ?? memoryId;
  const { entities, relationships } = extract(content, document);
  await bus.emit.memory.entity.extracted(
    { memoryId, document, entities, relationships },
    { source: "extractor", dedupe: "extracted" },
  );
};

export default extractor;
