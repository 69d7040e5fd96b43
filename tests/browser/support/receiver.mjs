import fs from "node:fs";
import https from "node:https";
import os from "node:os";
import path from "node:path";
import { Authority } from "./certificates.mjs";

// What receives events: over TLS, on this machine, and it takes everything.
export class Receiver {
  #arrived = [];
  #waiting = [];

  static async start() {
    const receiver = new Receiver();
    receiver.folder = fs.mkdtempSync(path.join(os.tmpdir(), "keyrack-receiver-"));
    receiver.authority = new Authority(receiver.folder, "receiver");
    receiver.server = https.createServer(receiver.authority.issue(), (request, response) => receiver.#take(request, response));
    await new Promise((done) => receiver.server.listen(0, "127.0.0.1", done));
    receiver.address = `https://localhost:${receiver.server.address().port}/keyrack`;
    return receiver;
  }

  // With which Keyrack may reach it.
  get settings() {
    return { KEYRACK_UPSTREAM_ALLOW: "localhost", KEYRACK_UPSTREAM_CA_FILE: this.authority.file };
  }

  // The next that arrives, or has arrived and was not asked for: its headers, and its body byte for byte.
  next() {
    return new Promise((done) => {
      this.#waiting.push(done);
      this.#hand();
    });
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  async #take(request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    response.writeHead(200, { "Content-Type": "text/plain" }).end("thank you");
    this.#arrived.push({ headers: request.headers, body: Buffer.concat(pieces).toString("utf8") });
    this.#hand();
  }

  #hand() {
    while (this.#arrived.length > 0 && this.#waiting.length > 0) this.#waiting.shift()(this.#arrived.shift());
  }
}
