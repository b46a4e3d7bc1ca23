/** How requests are refused, and what many of them have. */
const refused = (status: number, code: string) => ({ status, code });
export const unauthenticated = refused(401, "unauthenticated");
export const forbidden = refused(403, "forbidden");
export const misdirected = refused(421, "misdirected");
export const notAllowed = refused(405, "method_not_allowed");
export const invalidEvent = refused(422, "invalid_event");
export const invalidConfig = refused(400, "invalid_config");
export const notFound = refused(404, "not_found");
export const unsupported = refused(415, "unsupported_media_type");
export const tooLarge = refused(413, "request_too_large");
export const malformed = refused(400, "invalid_config");
export const json = { "content-type": "application/json" };
export const cloudEvent = { "content-type": "application/cloudevents+json" };
export const draft = { type: "custom.a.b", source: "agent-7", data: {} };
