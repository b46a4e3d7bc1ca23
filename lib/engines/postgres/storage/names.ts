import { createHash } from "node:crypto";
import { BusError } from "../../../error/bus-error.ts";
import { shortForm } from "../../../error/short-form.ts";

const pattern = /^[a-z_][a-z0-9_]{0,39}$/;

/** How the objects of one bus are called, and the numbers of its advisory locks. */
export interface Names {
  /** The schema, as a name. */
  readonly schema: string;
  /** The schema, quoted, for SQL. */
  readonly s: string;
  /** The channel of NOTIFY. */
  readonly channel: string;
  readonly locks: Locks;
}

/**
 * Advisory locks are numbers of 64 bits that all programs of a database share. Those of a bus have the same 16 bits first, made
 * of the schema's name, then 4 bits for the kind; each kind is the number to which a value of up to 44 bits is added.
 */
export interface Locks {
  /** Held, shared, by a transaction that appends: the last sequence number given out before it drew its own. */
  readonly floor: bigint;
  /** Held by who claims deliveries of a subscription. */
  readonly subscription: bigint;
  /** Held by the connection of a process for as long as it lives. */
  readonly process: bigint;
  /** Held by who changes the schema, or cleans up. */
  readonly maintenance: bigint;
  /** The first 32 bits of a floor are this one or one of the 4,095 that follow, as `pg_locks.classid` shows them. */
  readonly floorClass: number;
  /** The first 32 bits of the lock of a process. */
  readonly processClass: number;
}

/** `invalid_config` for a name that would need quotes wherever somebody types it, or that belongs to PostgreSQL. */
export function namesOf(schema: string): Names {
  if (!pattern.test(schema) || schema.startsWith("pg_")) {
    throw new BusError(
      "invalid_config",
      `schema ${shortForm(schema)} must be 1 to 40 of a-z, 0-9 and _, begin with a letter or _, and not with pg_`,
    );
  }
  const tag = createHash("sha256").update(`waggle ${schema}`).digest().readUInt16BE() & 0x7fff;
  const kind = (number: number) => (BigInt(tag) << 48n) | (BigInt(number) << 44n);
  return {
    schema,
    s: `"${schema}"`,
    channel: `waggle_${schema}`,
    locks: {
      floor: kind(0),
      subscription: kind(1),
      process: kind(2),
      maintenance: kind(3),
      floorClass: tag * 65_536,
      processClass: tag * 65_536 + 2 * 4_096,
    },
  };
}
