import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/** A row of a table. */
export type Item = Record<string, AttributeValue>;

/** What stands in an expression for names and values. */
export interface Placeholders {
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue> | undefined;
}

/** The expressions of DynamoDB, as far as the aws engine writes them: it names every attribute and value by a placeholder. */
export class Expression {
  readonly #tokens: readonly string[];
  readonly #given: Placeholders;
  readonly #item: Item;
  #at = 0;

  constructor(text: string, given: Placeholders, item: Item = {}) {
    this.#tokens = text.match(/[#:]?\w+|<=|>=|<>|[=<>(),+-]/g) ?? [];
    this.#given = given;
    this.#item = item;
  }

  /** Whether the item meets the condition. */
  holds(): boolean {
    const holds = this.#or();
    if (this.#at < this.#tokens.length)
      throw new Error(`a table cannot read ${this.#tokens.slice(this.#at).join(" ")}`);
    return holds;
  }

  /** The item as the update makes it. */
  update(): Item {
    const changed: Item = { ...this.#item };
    while (this.#at < this.#tokens.length) {
      const clause = this.#take();
      do {
        const name = this.#name();
        if (clause === "REMOVE") delete changed[name];
        else {
          this.#expect("=");
          changed[name] = this.#sum();
        }
      } while (this.#skip(","));
    }
    return changed;
  }

  #or(): boolean {
    let holds = this.#and();
    while (this.#skip("OR")) holds = this.#and() || holds;
    return holds;
  }

  #and(): boolean {
    let holds = this.#test();
    while (this.#skip("AND")) holds = this.#test() && holds;
    return holds;
  }

  #test(): boolean {
    if (this.#skip("(")) {
      const holds = this.#or();
      this.#expect(")");
      return holds;
    }
    for (const [word, exists] of [
      ["attribute_exists", true],
      ["attribute_not_exists", false],
    ] as const) {
      if (!this.#skip(word)) continue;
      this.#expect("(");
      const holds = (this.#item[this.#name()] !== undefined) === exists;
      this.#expect(")");
      return holds;
    }
    const left = this.#operand();
    if (this.#skip("BETWEEN")) {
      const from = this.#operand();
      this.#expect("AND");
      const to = this.#operand();
      return order(left, from) >= 0 && order(left, to) <= 0;
    }
    const operator = this.#take();
    const difference = order(left, this.#operand());
    if (operator === "=") return difference === 0;
    if (operator === "<") return difference < 0;
    if (operator === "<=") return difference <= 0;
    if (operator === ">") return difference > 0;
    if (operator === ">=") return difference >= 0;
    return !Number.isNaN(difference) && difference !== 0;
  }

  #sum(): AttributeValue {
    let value = this.#term();
    for (;;) {
      const sign = this.#skip("+") ? 1 : this.#skip("-") ? -1 : 0;
      if (sign === 0) return value;
      value = { N: String(Number(value.N) + sign * Number(this.#term().N)) };
    }
  }

  #term(): AttributeValue {
    if (!this.#skip("if_not_exists")) return this.#operand() ?? missing(this.#tokens);
    this.#expect("(");
    const found = this.#operand();
    this.#expect(",");
    const otherwise = this.#operand();
    this.#expect(")");
    return found ?? otherwise ?? missing(this.#tokens);
  }

  #operand(): AttributeValue | undefined {
    const token = this.#tokens[this.#at] ?? "";
    if (!token.startsWith(":")) return this.#item[this.#name()];
    this.#at += 1;
    return this.#given.ExpressionAttributeValues?.[token] ?? missing(this.#tokens);
  }

  #name(): string {
    const token = this.#take();
    return this.#given.ExpressionAttributeNames?.[token] ?? missing(this.#tokens);
  }

  #take(): string {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    return token ?? missing(this.#tokens);
  }

  #skip(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  #expect(token: string): void {
    if (!this.#skip(token)) missing(this.#tokens);
  }
}

function missing(tokens: readonly string[]): never {
  throw new Error(`a table cannot read ${tokens.join(" ")}`);
}

/** Below, at or above 0 as one comes before, is, or comes after the other; NaN where one is absent or of another type. */
function order(one: AttributeValue | undefined, other: AttributeValue | undefined): number {
  if (one?.N !== undefined && other?.N !== undefined) return Number(one.N) - Number(other.N);
  if (one?.S === undefined || other?.S === undefined) return Number.NaN;
  return one.S < other.S ? -1 : one.S === other.S ? 0 : 1;
}
