import net from "node:net";

// Stands between the browser and Keyrack and keeps every byte that Keyrack answers: a browser
// forgets the bodies of pages it has left.
export class Tap {
  #answers = [];
  #sockets = new Set();
  #server = net.createServer((near) => this.#connect(near));
  #port;

  async open() {
    await new Promise((done) => this.#server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  forwardTo(port) {
    this.#port = port;
  }

  answers() {
    return Buffer.concat(this.#answers.flat());
  }

  async close() {
    this.#sockets.forEach((socket) => socket.destroy());
    await new Promise((done) => this.#server.close(done));
  }

  #connect(near) {
    const far = net.connect(this.#port, "127.0.0.1");
    // Each connection by itself: another one's bytes in the midst of a value would hide it.
    const answers = [];
    this.#answers.push(answers);
    far.on("data", (bytes) => answers.push(bytes));
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on("error", () => [near, far].forEach((end) => end.destroy()));
      socket.on("close", () => this.#sockets.delete(socket));
    }
  }
}
