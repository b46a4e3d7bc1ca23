import fc from "fast-check";
import { expect, test } from "vitest";
import { BusError } from "../../../lib/error/bus-error.ts";
import { messageOf } from "../../../lib/error/message-of.ts";
import { shortForm } from "../../../lib/error/short-form.ts";
import { withoutPasswords } from "../../../lib/error/without-passwords.ts";

test.each([
  ["http://user:secret@host:4600/v1", "http://user:***@host:4600/v1"],
  ["no http://:secret@host here", "no http://:***@host here"],
  ["postgres://u:1234@db/bus and kafka://v:p@a:9092,b:9092", "postgres://u:***@db/bus and kafka://v:***@a:9092,b:9092"],
  ["postgres://u:p@ss/w?rd@db/bus", "postgres://u:***@db/bus"],
  ["https://user@host/", "https://user@host/"],
  ["http://localhost:4600/mail/a@b", "http://localhost:4600/mail/a@b"],
  ["kafka://a:9092,b:9092 a@b", "kafka://a:9092,b:9092 a@b"],
  ["https://example.com/a:b@c", "https://example.com/a:b@c"],
  ["a@b: c@d", "a@b: c@d"],
])("%s", (text, masked) => {
  expect(withoutPasswords(text)).toBe(masked);
});

test("no error, message or short form holds the password of a URL, however long it is", () => {
  const password = fc.stringMatching(/^[A-Za-z0-9._~!$&*+,;=%-]{8,300}$/);
  fc.assert(
    fc.property(fc.constantFrom("http", "postgres", "kafka", "https"), password, (scheme, secret) => {
      const url = `${scheme}://user:${secret}@host/path`;
      const seen = [
        shortForm(url),
        messageOf(`no ${url}`),
        messageOf(new Error(`no ${url}`)),
        new BusError("unavailable", `the server ${url} cannot be reached`).message,
        new BusError("invalid_config", `${shortForm(url)} is not a URL`).message,
      ];
      for (const text of seen) expect(text).not.toContain(secret.slice(0, 8));
    }),
  );
});
