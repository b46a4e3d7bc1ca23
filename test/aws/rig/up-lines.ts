/** What another shell needs, once `--up` has deployed. */
export interface Up {
  /** Variables of clients and of the CDK. */
  readonly variables: Readonly<Record<string, string>>;
  /** The context with which the stacks were deployed. */
  readonly context: Readonly<Record<string, string>>;
}

/**
 * The lines to paste into another shell: the variables, and the command that deploys the stacks again as they are. Without
 * its context it would ask for what an emulator refuses.
 */
export function upLines({ variables, context }: Up): string[] {
  const exported = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}`);
  const options = Object.entries(context)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `-c ${quoted(`${name}=${value}`)}`);
  return [
    ...(exported.length === 0 ? [] : [`export ${exported.join(" ")}`]),
    ["npx cdk deploy --all --require-approval never", ...options].join(" "),
  ];
}

/** A word for a shell. */
function quoted(text: string): string {
  return /^[\w./:=,@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
