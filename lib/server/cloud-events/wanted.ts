/** Whether a client asks for CloudEvents. */
export function wantsCloudEvents(request: Request): boolean {
  return /\bapplication\/cloudevents(-batch)?\+json\b/.test(request.headers.get("accept") ?? "");
}
