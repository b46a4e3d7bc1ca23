import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompress, brotliDecompress, constants } from "node:zlib";
import type * as z from "zod";
import { BusError } from "../../../error/bus-error.ts";
import { toBusErrorOfAws } from "../aws-error.ts";
import type { AwsDependencies } from "../dependencies.ts";
import { missingPackage } from "../missing-package.ts";
import { bytesField, type Item, textField } from "./row.ts";

/**
 * Bytes of a text from which it is compressed: what is shorter fits, with its row's keys, into one write unit of 1 KB
 * without.
 */
const compressFrom = 832;
/** Bytes, compressed, above which a text lies in the bucket: a row has at most 400 KB, keys and all. */
const largestInTable = 350 * 1_024;
/**
 * Of 4 brotli 5 makes a 1 KB event 9 % smaller than gzip 6, 9 % less than brotli 4 and as small as 9, for 40 µs; its
 * dictionary knows English and JSON's signs, which counts where a text is short. zstd 3 takes half the time and 12 % more
 * room, and a write unit costs as much as 10 ms of the function.
 */
const quality = 5;

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);

/** The fields of a row that hold a text: as it is, compressed, or where it lies in the bucket. */
const names = { plain: "b", brotli: "z", stored: "o" } as const;

/** Keeps texts in rows, and large ones in the bucket. */
export class Bodies {
  readonly #dependencies: AwsDependencies;

  constructor(dependencies: AwsDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * The fields for a text. `prefix` begins its key in the bucket; the text's hash follows, so that two texts
   * never overwrite each other there.
   */
  async pack(text: string, prefix: string): Promise<Item> {
    const bytes = Buffer.from(text);
    if (bytes.length < compressFrom) return { [names.plain]: { B: bytes } };
    const small = await compress(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: quality,
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    });
    if (small.length <= largestInTable) return { [names.brotli]: { B: small } };
    const key = `${prefix}.${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}.br`;
    await this.#inBucket(key, async ({ client, s3, Bucket }) => {
      await client.send(
        new s3.PutObjectCommand({
          Bucket,
          Key: key,
          Body: small,
          ContentType: "application/json",
          ContentEncoding: "br",
        }),
      );
    });
    return { [names.stored]: { S: key } };
  }

  /** The text of a row. `unavailable` where there is none. */
  async unpack(item: Item): Promise<string> {
    const plain = item[names.plain];
    if (plain !== undefined) return textOf(this.#parse(bytesField, plain));
    const small = item[names.brotli];
    if (small !== undefined) return textOf(await decompress(this.#parse(bytesField, small)));
    const key = this.#parse(textField, item[names.stored]);
    return this.#inBucket(key, async ({ client, s3, Bucket }) => {
      const { Body } = await client.send(new s3.GetObjectCommand({ Bucket, Key: key }));
      if (Body === undefined) throw new Error("the answer has no body");
      return textOf(await decompress(await Body.transformToByteArray()));
    });
  }

  /** Deletes what a row has in the bucket, if it has. */
  async remove(item: Item): Promise<void> {
    const stored = item[names.stored];
    if (stored === undefined) return;
    const key = this.#parse(textField, stored);
    await this.#inBucket(key, async ({ client, s3, Bucket }) => {
      await client.send(new s3.DeleteObjectCommand({ Bucket, Key: key }));
    });
  }

  async #inBucket<Result>(
    key: string,
    act: (bucket: {
      client: Awaited<ReturnType<AwsDependencies["clients"]["s3"]>>;
      s3: typeof import("../s3.ts");
      Bucket: string;
    }) => Promise<Result>,
  ): Promise<Result> {
    const Bucket = this.#dependencies.config.bodiesBucket;
    try {
      const client = await this.#dependencies.clients.s3();
      return await act({ client, s3: await import("../s3.ts"), Bucket });
    } catch (thrown) {
      throw missingPackage(thrown) ?? toBusErrorOfAws(thrown, `object ${key} of bucket ${Bucket}`);
    }
  }

  #parse<Value>(schema: z.ZodType<Value>, field: unknown): Value {
    const parsed = schema.safeParse(field);
    if (parsed.success) return parsed.data;
    throw new BusError("unavailable", "a row of the history table has no body that this version of Waggle wrote", {
      cause: parsed.error,
      retryable: false,
    });
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
