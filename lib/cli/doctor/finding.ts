import { withoutPasswords } from "../../error/without-passwords.ts";

/** What `waggle doctor` found of one thing. */
export interface Finding {
  /** What was looked at: `node`, `config`, `file`, `history`. */
  readonly check: string;
  /** `failed`: the bus does not work, or will lose something. `warning`: it works, and somebody should look. */
  readonly state: "ok" | "warning" | "failed";
  readonly text: string;
  /** What to do; absent where nothing is to be done. */
  readonly fix?: string;
}

export function ok(check: string, text: string): Finding {
  return { check, state: "ok", text };
}

export function warning(check: string, text: string, fix: string): Finding {
  return { check, state: "warning", text, fix };
}

export function failed(check: string, text: string, fix: string): Finding {
  return { check, state: "failed", text, fix };
}

/** The text with the passwords of its URLs masked: messages of drivers have them, too. */
export function withoutSecrets(text: string): string {
  return withoutPasswords(text).replace(/([?&][^\s=&]*(?:password|secret|token)[^\s=&]*=)[^\s&]*/gi, "$1***");
}
