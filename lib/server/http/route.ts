import type { Context } from "hono";
import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import { describeIssues } from "../../event/issues.ts";
import type { Access } from "../access/access.ts";
import type { Server } from "../server-context.ts";
import { readJson } from "./body.ts";
import { dropNulls } from "./drop-nulls.ts";
import { queryOf } from "./query.ts";

/** What a token must be allowed for a route: see {@link Access}. `any`: any token; `none`: anyone who may connect. */
export type Permission = "publish" | "subscribe" | "operate" | "any" | "none";

/** What a handler of a route works with. */
export interface Call<Params, Query, Body> {
  readonly server: Server;
  readonly access: Access;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly request: Request;
  /** Fires when the client is gone or the server ends. */
  readonly signal: AbortSignal;
}

/** One route: what it takes and gives is what the OpenAPI document says of it. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With parameters as in `/v1/events/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly permission: Permission;
  /** How the token comes, where that is not as a bearer token alone; see {@link bearerToken}. */
  readonly tokenOf?: (request: Request, needsToken: boolean) => string | undefined;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** Absent where there is none; `false` where the route reads it itself. */
  readonly body?: z.ZodType | undefined;
  /** The media types of a body that the route reads itself, with what each holds. */
  readonly bodies?: Readonly<Record<string, z.ZodType>>;
  readonly result: z.ZodType;
  /** The media type of the result; default JSON. */
  readonly produces?: string;
  readonly run: (context: Context, server: Server, access: Access, signal: AbortSignal) => Promise<Response>;
}

type Definition<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType> = Pick<
  Route,
  "method" | "path" | "summary" | "description" | "permission" | "tokenOf" | "bodies" | "result" | "produces"
> & {
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** Whether a body may be missing where every field may, and an optional field may be `null`. */
  readonly lenient?: boolean;
  /** The answer: a value is sent as JSON with status 200, `undefined` as 204. */
  readonly handle: (call: Call<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<unknown>;
};

const nothing = z.strictObject({});

/** Defines a route: its parameters, query and body are parsed by their schemas before it runs. */
export function route<
  Params extends z.ZodObject = typeof nothing,
  Query extends z.ZodObject = typeof nothing,
  Body extends z.ZodType = z.ZodUndefined,
>({ handle, body, lenient = false, ...definition }: Definition<Params, Query, Body>): Route {
  const params = definition.params ?? nothing;
  const query = definition.query ?? nothing;
  return {
    ...definition,
    params,
    query,
    body,
    run: async (context, server, access, signal) => {
      const request = context.req.raw;
      const parsedBody =
        body === undefined ? undefined : await bodyOf(request, body, { lenient, limit: server.settings.bodyLimit });
      const result = await handle({
        server,
        access,
        params: parse(params, context.req.param(), "the path") as z.output<Params>,
        query: parse(query, queryOf(query, new URL(request.url).searchParams), "the query") as z.output<Query>,
        body: parsedBody as z.output<Body>,
        request,
        signal,
      });
      if (result instanceof Response) return result;
      if (result === undefined) return new Response(null, { status: 204 });
      return context.json(result, 200, { "cache-control": "no-store" });
    },
  };
}

async function bodyOf<Body extends z.ZodType>(
  request: Request,
  schema: Body,
  { lenient, limit }: { readonly lenient: boolean; readonly limit: number },
): Promise<z.output<Body>> {
  const value = await readJson(request, limit, "invalid_config", lenient ? {} : undefined);
  if (lenient) dropNulls(schema, value);
  return parse(schema, value, "the body");
}

/** What a schema makes of a value. Throws `invalid_config` with the path of the first problem. */
function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [first] = describeIssues(parsed.error, value, "");
  const path = first?.path ?? "";
  throw new BusError("invalid_config", `${what}${path === "" ? "" : `: ${path}`} ${first?.problem}`, {
    details: path === "" ? {} : { path },
  });
}
