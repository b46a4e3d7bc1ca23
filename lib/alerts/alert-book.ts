import { type Alert, alertId } from "./alert.ts";
import type { Finding, Findings } from "./detector.ts";
import type { CheckedRule } from "./rules/rules.ts";

/** What one rule has raised and not cleared, and what became of it since it was last asked. */
export class AlertBook implements Findings {
  readonly #rule: Pick<CheckedRule, "name" | "severity" | "most">;
  readonly #active = new Map<string, { readonly alert: Alert; readonly isRestored: boolean }>();
  /** The key of the alert that ended last, by subject: it is not raised again. */
  readonly #ended = new Map<string, string>();
  /** The id of the last alert that was cleared, by subject, of what history does not tell. */
  readonly #cleared = new Map<string, string>();
  readonly #due: Alert[] = [];
  /** Alerts that were left out because too many were active. */
  leftOut = 0;

  constructor(rule: Pick<CheckedRule, "name" | "severity" | "most">) {
    this.#rule = rule;
  }

  raise({ key, ...finding }: Finding): void {
    const { subject } = finding;
    if (this.#active.has(subject) || (key !== undefined && this.#ended.get(subject) === key)) return;
    if (this.#active.size >= this.#rule.most) {
      this.leftOut += 1;
      return;
    }
    const alert: Alert = {
      ...finding,
      alert: this.#rule.name,
      severity: this.#rule.severity,
      state: "raised",
      key: key ?? `after ${this.#cleared.get(subject) ?? "none"}`,
    };
    this.#active.set(subject, { alert, isRestored: false });
    this.#due.push(alert);
  }

  clear(subject: string, atMs: number, value: number): void {
    const found = this.#active.get(subject);
    // After a start the past is read again: what came before an alert does not end it.
    if (found === undefined || (found.isRestored && atMs < found.alert.atMs)) return;
    const raised = found.alert;
    const alert: Alert = { ...raised, state: "cleared", atMs: Math.max(atMs, raised.atMs), value };
    this.#end(alert);
    this.#due.push(alert);
  }

  isActive(subject: string): boolean {
    return this.#active.has(subject);
  }

  subjects(): readonly string[] {
    return [...this.#active.keys()];
  }

  active(): Alert[] {
    return [...this.#active.values()].map(({ alert }) => alert);
  }

  /** Takes in what another watcher, or an earlier run, has published. */
  restore(alert: Alert): void {
    const { key, subject } = alert;
    const known = this.#active.get(subject)?.alert;
    if (alert.state === "raised") {
      if (known?.key === key || this.#ended.get(subject) === key) return;
      this.#active.set(subject, { alert, isRestored: true });
    } else if (known === undefined || known.key === key) this.#end(alert);
  }

  /** What was raised and cleared since the last call, in order. */
  take(): Alert[] {
    return this.#due.splice(0);
  }

  #end(alert: Alert): void {
    const { key, subject } = alert;
    this.#active.delete(subject);
    remember(this.#ended, subject, key);
    if (alert.metric.startsWith("subscription.")) remember(this.#cleared, subject, alertId(alert));
  }
}

/** Ends that are remembered. */
const mostEnds = 100_000;

function remember(ends: Map<string, string>, subject: string, value: string): void {
  ends.delete(subject);
  ends.set(subject, value);
  const [oldest] = ends.keys();
  if (ends.size > mostEnds && oldest !== undefined) ends.delete(oldest);
}
