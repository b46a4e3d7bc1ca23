/** The token of a request: `undefined` where it has no `Authorization`, empty where that holds no token. */
export function bearerToken(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  if (header === null) return undefined;
  return /^Bearer ([\x21-\x7e]+)$/i.exec(header)?.[1] ?? "";
}
