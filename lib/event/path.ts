const plainName = /^[A-Za-z_$][\w$]*$/;

/** Formats a path as it is written in code: `data.items[3].price`, `data["odd key"]`. */
export function formatPath(root: string, path: readonly PropertyKey[]): string {
  let text = root;
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (typeof step === "string" && !plainName.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === "" ? String(step) : `.${String(step)}`;
  }
  return text;
}
