/**
 * What a publish needs of a transaction of yours: a client of `pg` is one as it is. For other libraries see
 * {@link fromPostgresJs}, {@link fromDrizzle}, {@link fromKysely} and {@link fromPrisma}.
 */
export interface PostgresTransaction {
  /** Runs a statement with `$1`-like parameters, all texts, within the transaction; gives the rows as objects, or a result with `rows`. */
  query(text: string, values: string[]): PromiseLike<unknown>;
}

/** A transaction of `postgres`: `sql.begin((sql) => bus.publish(definition, data, { tx: fromPostgresJs(sql) }))`. */
export function fromPostgresJs(sql: {
  /** Runs a statement that is not of the template. */
  unsafe(text: string, values: string[]): PromiseLike<unknown>;
}): PostgresTransaction {
  return { query: (text, values) => sql.unsafe(text, values) };
}

/** A transaction of Drizzle, and its `sql`: `db.transaction((tx) => bus.publish(definition, data, { tx: fromDrizzle(tx, sql) }))`. */
export function fromDrizzle<Query>(
  tx: {
    /** Runs a query that `sql` has made. */
    execute(query: Query): PromiseLike<unknown>;
  },
  sql: (strings: TemplateStringsArray, ...values: string[]) => Query,
): PostgresTransaction {
  return {
    query: (text, values) => {
      // The parameters of a statement are in its order, so that each stands for the next value.
      const strings = text.split(/\$\d+/);
      return tx.execute(sql(Object.assign(strings, { raw: strings }), ...values));
    },
  };
}

/**
 * A transaction of Kysely, and its `CompiledQuery`:
 * `db.transaction().execute((trx) => bus.publish(definition, data, { tx: fromKysely(trx, CompiledQuery) }))`.
 */
export function fromKysely<Query>(
  trx: {
    /** Runs a query that `raw` has made. */
    executeQuery(query: Query): PromiseLike<unknown>;
  },
  compiledQuery: {
    /** Makes a query of its text and its parameters. */
    raw(text: string, values: string[]): Query;
  },
): PostgresTransaction {
  return { query: (text, values) => trx.executeQuery(compiledQuery.raw(text, values)) };
}

/** A transaction of Prisma: `prisma.$transaction((tx) => bus.publish(definition, data, { tx: fromPrisma(tx) }))`. */
export function fromPrisma(tx: {
  /** Runs a statement that is no template. */
  $queryRawUnsafe(text: string, ...values: string[]): PromiseLike<unknown>;
}): PostgresTransaction {
  return { query: (text, values) => tx.$queryRawUnsafe(text, ...values) };
}
