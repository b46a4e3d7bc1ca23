import type { EventOf, Handler } from "wagglebus";
import { parseDocument } from "../_shared/document.ts";
import { extract } from "./extract.ts";
import type subscription from "./subscription.ts";

/** Extracts the entities of a memory. A memory that is not from a document counts as its own document. */
const extractor: Handler<EventOf<typeof subscription>> = async (event, { bus }) => {
  const { memoryId, content, filters } = event.data;
  if (typeof content !== "string") return;
  const document = parseDocument(filters)?.path ?? memoryId;
  const { entities, relationships } = extract(content, document);
  // `document` is the crew's own field: what the catalog does not declare is published too, but not in a literal.
  const data = { memoryId, document, entities, relationships };
  await bus.emit.memory.entity.extracted(data, { source: "extractor", dedupe: "extracted" });
};

export default extractor;
