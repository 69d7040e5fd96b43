import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { createDatabase } from "./database.mjs";
import { Tap } from "./tap.mjs";

function binary() {
  const target = process.env.CARGO_TARGET_DIR || path.join(os.homedir(), ".cache/keyrack/target");
  return process.env.KEYRACK_TEST_BINARY || path.join(target, "debug/keyrack");
}

async function freePort() {
  const server = net.createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

// A running Keyrack with a folder and a database of its own.
export class Keyrack {
  // `base` is where the browser goes. `direct` is where a backend goes, past the tap: its answers hold values.
  // `settings` come besides the usual ones.
  static async start({ settings = {} } = {}) {
    const keyrack = new Keyrack();
    keyrack.settings = settings;
    keyrack.folder = fs.mkdtempSync(path.join(os.tmpdir(), "keyrack-browser-"));
    keyrack.database = createDatabase(keyrack.folder);
    keyrack.tap = new Tap();
    keyrack.base = await keyrack.tap.open();
    const port = await freePort();
    keyrack.direct = `http://127.0.0.1:${port}`;
    keyrack.tap.forwardTo(port);
    await keyrack.#run(port);
    return keyrack;
  }

  async stop() {
    const ended = new Promise((done) => this.process.once("exit", done));
    if (this.process.exitCode === null && this.process.kill("SIGTERM")) await ended;
    await this.tap.close();
    this.database.drop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  // Runs another command of the program on the same data.
  command(words, input = "") {
    const done = spawnSync(binary(), words, { cwd: this.folder, env: this.environment, input, encoding: "utf8" });
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stdout;
  }

  // Every file under the folder whose name ends so, by its path in it. A letter is written as a draft and then given its
  // name: where something has gone meanwhile, it is looked for where it is now.
  files(ending = "", looks = 10) {
    try {
      const entries = fs.readdirSync(this.folder, { recursive: true, withFileTypes: true });
      const named = entries.filter((entry) => entry.isFile() && entry.name.endsWith(ending));
      const files = named.map((entry) => path.join(entry.parentPath, entry.name));
      return new Map(files.map((file) => [path.relative(this.folder, file), fs.readFileSync(file)]));
    } catch (error) {
      if (error.code === "ENOENT" && looks > 1) return this.files(ending, looks - 1);
      throw error;
    }
  }

  #run(port) {
    this.output = "";
    this.log = "";
    this.environment = this.#environment(port);
    this.process = spawn(binary(), [], { cwd: this.folder, env: this.environment });
    return new Promise((done, fail) => {
      this.process.stderr.on("data", (text) => (this.log += text));
      this.process.stdout.on("data", (text) => {
        this.output += text;
        const link = this.output.match(/^\s*(http\S+\/set-up\/\S+)$/m);
        if (!link) return;
        this.setUpLink = link[1];
        done();
      });
      this.process.on("error", fail);
      this.process.on("exit", (code) => fail(new Error(`Keyrack ended with ${code}:\n${this.log}`)));
    });
  }

  #environment(port) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("KEYRACK_"));
    return {
      ...Object.fromEntries(inherited),
      KEYRACK_DATABASE_URL: this.database.url,
      KEYRACK_LISTEN: `127.0.0.1:${port}`,
      KEYRACK_PUBLIC_URL: this.base,
      KEYRACK_LOG: "trace",
      // The least that is accepted: these tests are not about the cost of guessing.
      KEYRACK_PROBE_EVERY_HOURS: "0",
      KEYRACK_PASSWORD_MEMORY_KIB: "19456",
      KEYRACK_PASSWORD_PASSES: "2",
      KEYRACK_PASSWORD_LANES: "1",
      ...this.settings,
    };
  }
}
