/**
 * The paths of the page's views, parameters as in `/flows/{id}`. The server answers each of them with the page, so that a view can be
 * shared by its URL and opened from a bookmark.
 */
export const pagePaths = [
  "/",
  "/live",
  "/flows",
  "/flows/{id}",
  "/events/{id}",
  "/approvals",
  "/alerts",
  "/agents",
  "/subscriptions",
  "/dead-letters",
  "/replay",
  "/catalog",
  "/catalog/{type}",
  "/why",
] as const;

/** One of {@link pagePaths}. */
export type PagePath = (typeof pagePaths)[number];
