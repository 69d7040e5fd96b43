import { spawn } from "node:child_process";
import net from "node:net";
import path from "node:path";

const EXAMPLE = path.join(import.meta.dirname, "../../../docs/connect-example/server.mjs");

async function freePort() {
  const server = net.createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

// The example of the documentation as it stands: a product on another site than Keyrack's.
export class Site {
  static async reserve() {
    const site = new Site();
    site.port = await freePort();
    // Keyrack is at 127.0.0.1: to a browser that is another site.
    site.origin = `http://localhost:${site.port}`;
    return site;
  }

  async start({ keyrack, token, nodeTypes }) {
    const env = { ...process.env, KEYRACK_URL: keyrack, KEYRACK_TOKEN: token, PORT: String(this.port), SITE: this.origin, NODE_TYPES: nodeTypes };
    this.process = spawn(process.execPath, [EXAMPLE], { env, stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((done) => this.process.stdout.once("data", done));
  }

  async stop() {
    if (!this.process) return;
    const ended = new Promise((done) => this.process.once("exit", done));
    if (this.process.kill("SIGTERM")) await ended;
  }
}
