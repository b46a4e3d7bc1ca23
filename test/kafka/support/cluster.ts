import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../support/free-port.ts";
import { brokerClassPath } from "./java.ts";

/** The id of every test cluster: 16 bytes in base64. */
const clusterId = "d2FnZ2xlLXRlc3RzLTAwMA";
const jvm = ["-Xmx384m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

interface Node {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
  /** Of the listener that a test adds. */
  readonly listenerPort: number;
  readonly folder: string;
  process: ChildProcess | undefined;
}

/** A further way to the only broker of a cluster. */
export interface Listener {
  readonly name: string;
  readonly protocol: string;
  /** Default: a free one. */
  readonly port?: number;
}

/** A Kafka cluster of its own on free ports of the loopback: each node is a broker and a controller. */
export class KafkaCluster {
  readonly #classPath: string;
  readonly #folder: string;
  readonly #nodes: readonly Node[];

  private constructor(classPath: string, folder: string, nodes: readonly Node[]) {
    this.#classPath = classPath;
    this.#folder = folder;
    this.#nodes = nodes;
  }

  /** Starts a cluster; resolves once its brokers take connections. `settings` are lines of their configuration. */
  static async start(count = 1, settings: readonly string[] = [], listener?: Listener): Promise<KafkaCluster> {
    const classPath = await brokerClassPath();
    for (;;) {
      const folder = await mkdtemp(join(tmpdir(), "wagglebus-kafka-"));
      const nodes: Node[] = [];
      for (let id = 1; id <= count; id += 1) {
        const [port, controllerPort] = [await freePort(), await freePort()];
        const listenerPort = listener?.port ?? (await freePort());
        nodes.push({ id, port, controllerPort, listenerPort, folder: join(folder, String(id)), process: undefined });
      }
      const cluster = new KafkaCluster(classPath, folder, nodes);
      try {
        for (const node of nodes) await cluster.#prepare(node, settings, listener);
        await Promise.all(nodes.map((node) => cluster.#run(node)));
        return cluster;
      } catch (thrown) {
        const said = await cluster.log();
        await cluster.stop();
        // Others take ports at the same time: what was free may not be so any more.
        if (listener?.port !== undefined || !said.includes("Address already in use")) throw thrown;
      }
    }
  }

  /** `host:port` of each broker. */
  get brokers(): string {
    return this.#nodes.map(({ port }) => `127.0.0.1:${port}`).join(",");
  }

  /** `host:port` of the listener that was added to the only broker. */
  get listener(): string {
    return this.#nodes.map(({ listenerPort }) => `127.0.0.1:${listenerPort}`).join(",");
  }

  /** What the brokers have said, for a test that fails. */
  async log(): Promise<string> {
    const logs = this.#nodes.map(({ folder }) => readFile(`${folder}.log`, "utf8").catch(() => ""));
    return (await Promise.all(logs)).join("\n");
  }

  /** Ends a broker at once, as a power cut does. */
  async kill(id: number): Promise<void> {
    await this.#end(this.#node(id), "SIGKILL");
  }

  /** Starts a broker again. */
  async resume(id: number): Promise<void> {
    await this.#run(this.#node(id));
  }

  /** Ends all brokers and removes their files. */
  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => this.#end(node, "SIGKILL")));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #node(id: number): Node {
    const node = this.#nodes.find((one) => one.id === id);
    if (node === undefined) throw new Error(`there is no broker ${id}`);
    return node;
  }

  async #prepare(
    { controllerPort, folder, id, listenerPort, port }: Node,
    settings: readonly string[],
    more: Listener | undefined,
  ): Promise<void> {
    const further = more === undefined ? "" : `,${more.name}://127.0.0.1:${listenerPort}`;
    const protocol = more === undefined ? "" : `,${more.name}:${more.protocol}`;
    const copies = Math.min(3, this.#nodes.length);
    const lines = [
      "process.roles=broker,controller",
      `node.id=${id}`,
      `controller.quorum.voters=${this.#nodes.map((node) => `${node.id}@127.0.0.1:${node.controllerPort}`).join(",")}`,
      `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}${further}`,
      `advertised.listeners=PLAINTEXT://127.0.0.1:${port}${further}`,
      "controller.listener.names=CONTROLLER",
      `listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT${protocol}`,
      `log.dirs=${folder}`,
      `default.replication.factor=${copies}`,
      `offsets.topic.replication.factor=${copies}`,
      "offsets.topic.num.partitions=4",
      `transaction.state.log.replication.factor=${copies}`,
      "transaction.state.log.min.isr=1",
      "group.initial.rebalance.delay.ms=0",
      "group.min.session.timeout.ms=500",
      "auto.create.topics.enable=false",
      ...settings,
    ];
    await writeFile(`${folder}.properties`, `${lines.join("\n")}\n`);
    const format = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", `${folder}.properties`];
    const formatted = spawnSync("java", [...jvm, "-cp", this.#classPath, ...format], { encoding: "utf8" });
    if (formatted.status !== 0) throw new Error(`the broker cannot be set up: ${formatted.stdout}${formatted.stderr}`);
  }

  async #run(node: Node): Promise<void> {
    const { folder, port } = node;
    const child = spawn("java", [...jvm, "-cp", this.#classPath, "kafka.Kafka", `${folder}.properties`], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const keep = (data: Buffer) => void appendFile(`${folder}.log`, data).catch(() => {});
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    node.process = child;
    for (;;) {
      const isUp = await answers(port);
      // Another may answer there while this one fails to take the port.
      if (child.exitCode !== null) throw new Error(`the broker ended with ${child.exitCode}: ${await this.log()}`);
      if (isUp) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #end(node: Node, signal: NodeJS.Signals): Promise<void> {
    const child = node.process;
    node.process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
