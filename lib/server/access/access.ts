import { shortForm } from "../../error/short-form.ts";
import type { Event } from "../../event/event.ts";
import { Refusal } from "../http/refusal.ts";
import type { Permission } from "../http/route.ts";
import { covers, type Grant } from "./grant.ts";
import type { StoredToken } from "./tokens.ts";

/** What the sender of a request may do. Without a grant, on loopback: everything. */
export class Access {
  readonly #grant: Grant | undefined;
  /** Names the token; undefined without one. */
  readonly tokenId: string | undefined;

  constructor(token: Pick<StoredToken, "id" | keyof Grant> | undefined) {
    this.#grant = token;
    this.tokenId = token?.id;
  }

  /** Whether the request has a token, and with it roles. */
  get hasRoles(): boolean {
    return this.#grant !== undefined;
  }

  /** Whether a role of the token allows it. */
  allows(permission: Permission): boolean {
    const roles = this.#grant?.roles;
    return (
      roles === undefined ||
      permission === "none" ||
      permission === "any" ||
      roles.includes("operate") ||
      roles.some((one) => one === permission)
    );
  }

  /** Throws `forbidden` where no role of the token allows it. */
  require(permission: Permission): void {
    if (this.allows(permission)) return;
    throw new Refusal(
      "forbidden",
      `this needs the role ${permission}, and the token has ${this.#grant?.roles.join(", ")}`,
      { details: { role: permission } },
    );
  }

  /** The source of what is published without one; undefined where that is the server's matter. */
  get source(): string | undefined {
    return this.#grant?.source;
  }

  /** Throws `forbidden` where the token may not publish this. What is no text is refused by the bus. */
  checkPublish({ type, source }: { readonly type?: unknown; readonly source?: unknown }): void {
    const bound = this.#grant?.source;
    if (bound !== undefined && source !== undefined && source !== bound) {
      throw new Refusal(
        "forbidden",
        `the token publishes as ${bound} only, not as ${shortForm(source)}; omit the source`,
      );
    }
    if (typeof type === "string") this.checkTypes([type]);
  }

  /** Throws `forbidden` where a selector selects more than the token's types. */
  checkTypes(selectors: readonly string[]): void {
    const types = this.#grant?.types;
    if (types === undefined) return;
    const foreign = selectors.find((selector) => !types.some((granted) => covers(granted, selector)));
    if (foreign === undefined) return;
    throw new Refusal("forbidden", `the token is for the types ${types.join(", ")}, and not for ${shortForm(foreign)}`);
  }

  /** The same for a read that names types, or all of them by naming none. */
  checkRead(types: string | readonly string[] | undefined): void {
    if (this.#grant?.types === undefined) return;
    if (types === undefined) throw new Refusal("forbidden", "the token is for some types only; name them (type)");
    this.checkTypes(typeof types === "string" ? [types] : types);
  }

  /** Throws `forbidden` for what is about events of any type, where the token is for some. */
  checkAllTypes(): void {
    if (this.seesAll) return;
    const types = this.#grant?.types ?? [];
    throw new Refusal("forbidden", `this is about events of any type, and the token is for ${types.join(", ")} only`);
  }

  /** Throws `forbidden` where the token is bound to another source than the agent of this name. */
  checkAgent(agent: string): void {
    const bound = this.#grant?.source;
    if (bound === undefined || bound === agent) return;
    throw new Refusal("forbidden", `the token is for ${bound}, and this is the inbox of ${shortForm(agent)}`);
  }

  /** Whether the token may see events of every type. */
  get seesAll(): boolean {
    const types = this.#grant?.types;
    return types === undefined || types.includes("*");
  }

  /** Whether the token may see an event. */
  sees({ type }: Pick<Event, "type">): boolean {
    const types = this.#grant?.types;
    return types === undefined || types.some((granted) => covers(granted, type));
  }
}
