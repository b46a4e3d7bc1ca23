import { type Context, Hono } from "hono";
import { pagePaths } from "../dashboard/page-paths.ts";
import { BusError } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import { Access } from "./access/access.ts";
import { bearerToken } from "./access/bearer.ts";
import { checkHost, checkOrigin } from "./access/hosts.ts";
import { findToken } from "./access/tokens.ts";
import { problemResponse, toAnswerable } from "./http/problem.ts";
import { Refusal } from "./http/refusal.ts";
import type { Route } from "./http/route.ts";
import { openApiDocument } from "./openapi.ts";
import { addPage, honoPath, isPagePath, opensDocument } from "./page.ts";
import { awsErrorResponse } from "./put-events/aws-error.ts";
import { routes } from "./routes/index.ts";
import type { Server } from "./server-context.ts";

/** The routes of a server as a Hono app, checks of host, origin and token included. */
export function createApp(server: Server): Hono {
  const app = new Hono();
  app.onError((thrown, context) => answer(server, thrown, context.req.raw));
  app.notFound((context) =>
    problemResponse(
      new BusError(
        "not_found",
        `there is nothing at ${context.req.path.slice(0, 200)}; GET /openapi.json lists the routes`,
      ),
    ),
  );
  app.use(async (context, next) => {
    checkHost(context.req.raw, server.settings);
    const opens = isPagePath(context.req.path) && opensDocument(context.req.raw);
    const origin = opens ? undefined : checkOrigin(context.req.raw, server.settings);
    if (origin !== undefined && context.req.method === "OPTIONS") return preflight(context, origin);
    await next();
    if (origin !== undefined) allowOrigin(context.res.headers, origin);
    context.res.headers.set("x-content-type-options", "nosniff");
    return undefined;
  });
  for (const route of routes) {
    app.on(route.method, honoPath(route.path), async (context) => {
      const access = await accessOf(server, route, context.req.raw);
      const gone = AbortSignal.any([context.req.raw.signal, server.closing]);
      return route.run(context, server, access, gone);
    });
  }
  app.get("/openapi.json", (context) => context.json(openApiDocument(routes)));
  addPage(app);
  for (const path of new Set([...routes.map((route) => route.path), "/openapi.json", ...pagePaths]))
    app.all(honoPath(path), () => otherMethod(path));
  return app;
}

/** Who asks, and whether that may call the route. */
async function accessOf(server: Server, route: Route, request: Request): Promise<Access> {
  const { settings, tokens, served } = server;
  if (route.permission === "none") return new Access(undefined);
  const text = (route.tokenOf ?? bearerToken)(request, settings.needsToken);
  if (text === undefined && !settings.needsToken) return new Access(undefined);
  const token = text === undefined ? undefined : findToken((await tokens?.list()) ?? [], text, served.clock.now());
  if (token === undefined) {
    throw new Refusal(
      "unauthenticated",
      text === undefined
        ? "this server needs a token; send `Authorization: Bearer <token>`, made with waggle token create"
        : "the token is unknown, expired or revoked; make another with waggle token create",
      { headers: { "www-authenticate": 'Bearer realm="waggle"' } },
    );
  }
  const access = new Access(token);
  access.require(route.permission);
  return access;
}

/** An AWS SDK reads errors of its own form only, whatever the request is refused for. */
function answer({ served: { logger, nextId } }: Server, thrown: unknown, request: Request): Response {
  const error = toAnswerable(thrown);
  if (error.cause === thrown) logger.error("a request failed", { reason: messageOf(thrown) });
  return request.headers.has("x-amz-target") ? awsErrorResponse(error, nextId()) : problemResponse(error);
}

function otherMethod(path: string): Response {
  const allow = [
    ...(path === "/openapi.json" || isPagePath(path) ? ["GET"] : []),
    ...routes.filter((route) => route.path === path).map(({ method }) => method),
  ];
  return problemResponse(
    new Refusal("method_not_allowed", `${path} takes ${allow.join(", ")}`, { headers: { allow: allow.join(", ") } }),
  );
}

function preflight(context: Context, origin: string): Response {
  const headers = new Headers({
    "access-control-allow-methods": "GET, POST, PUT, DELETE",
    "access-control-allow-headers":
      context.req.header("access-control-request-headers") ?? "authorization, content-type",
    "access-control-max-age": "600",
  });
  allowOrigin(headers, origin);
  return new Response(null, { status: 204, headers });
}

function allowOrigin(headers: Headers, origin: string): void {
  headers.set("access-control-allow-origin", origin);
  headers.set("vary", "origin");
  headers.set("access-control-expose-headers", "link, retry-after, location");
}
