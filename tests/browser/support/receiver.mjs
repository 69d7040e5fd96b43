import { Neighbour } from "./neighbour.mjs";

// What receives events, and takes everything.
export class Receiver extends Neighbour {
  #arrived = [];
  #waiting = [];

  // The next that arrives, or has arrived and was not asked for: its headers, and its body byte for byte.
  next() {
    return new Promise((done) => {
      this.#waiting.push(done);
      this.#hand();
    });
  }

  async answer(request, response) {
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
