import { createHash, createHmac } from "node:crypto";
import type { StubbedRequest } from "./json-stub.ts";

const hex = (text: string) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** Whether a POST is signed with a secret as AWS computes it: Signature Version 4, as its reference says. */
export function isSignedWith(secret: string, { path, headers, body }: StubbedRequest): boolean {
  const { authorization = "" } = headers;
  const [, scope = "", names = ""] = /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+)/.exec(authorization) ?? [];
  const canonical = names.split(";").map((name) => `${name}:${headers[name]}\n`);
  const request = ["POST", path, "", canonical.join(""), names, hex(body)].join("\n");
  const [date = "", region = "", service = "", last = ""] = scope.split("/");
  const key = [region, service, last].reduce(hmac, hmac(`AWS4${secret}`, date));
  const signature = hmac(key, ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hex(request)].join("\n"));
  return authorization.endsWith(`Signature=${signature.toString("hex")}`);
}
