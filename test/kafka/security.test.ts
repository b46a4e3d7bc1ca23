import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { connect } from "../../lib/index.ts";
import { type KafkaOptions, kafkaEngine } from "../../lib/kafka-entry.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { KafkaCluster } from "./support/cluster.ts";
import { noKafka } from "./support/open.ts";

describe.skipIf(noKafka)("TLS and SASL", () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  test("a bus by both carries events; a wrong password and a certificate of nobody's are refused by name", {
    timeout: 180_000,
  }, async () => {
    const { path, remove } = await temporaryDirectory();
    ends.push(remove);
    const keystore = join(path, "broker.p12");
    const certificate = join(path, "broker.pem");
    const store = ["-alias", "broker", "-keystore", keystore, "-storepass", "changeit"];
    keytool(
      "-genkeypair",
      ...store,
      "-storetype",
      "PKCS12",
      "-keyalg",
      "EC",
      "-dname",
      "CN=broker",
      "-ext",
      "SAN=IP:127.0.0.1",
    );
    keytool("-exportcert", ...store, "-rfc", "-file", certificate);
    const login = "org.apache.kafka.common.security.plain.PlainLoginModule";
    const cluster = await KafkaCluster.start(
      1,
      [
        "listener.name.secure.sasl.enabled.mechanisms=PLAIN",
        `listener.name.secure.plain.sasl.jaas.config=${login} required user_crew="right";`,
        `listener.name.secure.ssl.keystore.location=${keystore}`,
        "listener.name.secure.ssl.keystore.type=PKCS12",
        "listener.name.secure.ssl.keystore.password=changeit",
        "listener.name.secure.ssl.key.password=changeit",
      ],
      { name: "SECURE", protocol: "SASL_SSL" },
    );
    ends.push(() => cluster.stop());

    const open = (more: Partial<KafkaOptions>) =>
      connect({
        engine: kafkaEngine({ brokers: cluster.listener, bus: "secure", store: join(path, "bus.db"), ...more }),
        source: "test",
        logLevel: "silent",
      });
    const tls = { ca: await readFile(certificate, "utf8") };
    const sasl = { mechanism: "PLAIN", username: "crew", password: "right" } as const;
    const bus = await open({ tls, sasl });
    const event = await bus.publish({ type: "custom.secret", data: {} });
    expect(await bus.history.get(event.id)).toEqual(event);
    await bus.close();

    await expect(open({ tls, sasl: { ...sasl, password: "wrong" } })).rejects.toMatchObject({
      code: "invalid_config",
      message: expect.stringContaining("Kafka refuses this client"),
    });
    await expect(open({ tls: true, sasl })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/certificate/i),
    });
  });
});

function keytool(...args: string[]): void {
  const { status, stderr, stdout } = spawnSync("keytool", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`keytool failed: ${stdout}${stderr}`);
}
