import type { Event } from "../event/event.ts";

/** The role that a tool needs of a caller that has roles. */
export type Role = "publish" | "subscribe" | "operate";

/** What the caller of the tools may do with which events. Its checks throw an error with a `code` and a message. */
export interface McpAccess {
  /** The source of what is published without one; undefined where that is the bus's matter. */
  readonly source: string | undefined;
  /** Throws where the caller may not publish this. */
  checkPublish(draft: { readonly type?: unknown; readonly source?: unknown }): void;
  /** Throws where a selector selects more than the types of the caller. */
  checkTypes(selectors: readonly string[]): void;
  /** The same for a read that names types, or all of them by naming none. */
  checkRead(types: string | readonly string[] | undefined): void;
  /** Throws for what shows events of any type, where the caller is for some. */
  checkAllTypes(): void;
  /** Throws where the caller is not the agent of this name, and may not be it. */
  checkAgent(agent: string): void;
  /** Whether the caller may see an event. */
  sees(event: Pick<Event, "type">): boolean;
}

/** The access of whoever starts a process: they have the whole bus anyway. */
export const fullAccess: McpAccess = {
  source: undefined,
  checkPublish: () => {},
  checkTypes: () => {},
  checkRead: () => {},
  checkAllTypes: () => {},
  checkAgent: () => {},
  sees: () => true,
};
