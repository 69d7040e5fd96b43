import fs from "node:fs";
import https from "node:https";
import os from "node:os";
import path from "node:path";
import { Authority } from "./certificates.mjs";

// An API with the ways of a GitLab of one's own: over TLS, on this machine, and it takes one key.
export class Upstream {
  // The key that opens it now.
  key = null;
  // Every request, as its method and path.
  asked = [];

  static async start() {
    const upstream = new Upstream();
    upstream.folder = fs.mkdtempSync(path.join(os.tmpdir(), "keyrack-upstream-"));
    upstream.authority = new Authority(upstream.folder, "upstream");
    upstream.server = https.createServer(upstream.authority.issue(), (request, response) => upstream.#answer(request, response));
    await new Promise((done) => upstream.server.listen(0, "127.0.0.1", done));
    upstream.address = `https://localhost:${upstream.server.address().port}`;
    return upstream;
  }

  // With which Keyrack may reach it.
  get settings() {
    return { KEYRACK_UPSTREAM_ALLOW: "localhost", KEYRACK_UPSTREAM_CA_FILE: this.authority.file };
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  #answer(request, response) {
    this.asked.push(`${request.method} ${request.url}`);
    const known = request.headers["private-token"] === this.key;
    const answer = known ? { username: "front-desk" } : { message: "401 Unauthorized" };
    response.writeHead(known ? 200 : 401, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
  }
}
