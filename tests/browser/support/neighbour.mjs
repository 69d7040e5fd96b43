import fs from "node:fs";
import https from "node:https";
import os from "node:os";
import path from "node:path";
import { Authority } from "./certificates.mjs";
import { testOnFresh } from "./fixtures.mjs";

// A server on this machine that Keyrack speaks to, over TLS. Whoever extends it says how it answers.
export class Neighbour {
  static async start() {
    const neighbour = new this();
    neighbour.folder = fs.mkdtempSync(path.join(os.tmpdir(), "keyrack-neighbour-"));
    neighbour.authority = new Authority(neighbour.folder, "neighbour");
    neighbour.server = https.createServer(neighbour.authority.issue(), (request, response) => neighbour.answer(request, response));
    await new Promise((done) => neighbour.server.listen(0, "127.0.0.1", done));
    neighbour.address = `https://localhost:${neighbour.server.address().port}`;
    return neighbour;
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
}

// Tests that have a Keyrack of their own and such a server beside it.
export const testBeside = (Kind) => testOnFresh.extend({
  neighbour: async ({}, use) => {
    const neighbour = await Kind.start();
    await use(neighbour);
    await neighbour.stop();
  },
  settings: async ({ neighbour }, use) => use(neighbour.settings),
});
