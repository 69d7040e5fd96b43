import { expect } from "@playwright/test";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";
import { Authority } from "./certificates.mjs";

export const SENDER = { name: "Keys of the Harbour", address: "keys@example.com" };
const USER = "keyrack";
// With characters that have to be escaped in an address.
const PASSWORD = "p@ss:w/rd%21";
const PATIENCE = 20_000;

// A mail server that demands encryption and a password, and keeps what it is given.
export class Post {
  #letters = [];
  #clear = [];

  // `secure`: TLS from the start. `encrypts`: whether it offers any. `known`: whether its certificate is one to trust.
  static async start({ secure = false, encrypts = true, known = true, password = PASSWORD } = {}) {
    const post = new Post();
    post.refuses = false;
    post.folder = fs.mkdtempSync(path.join(os.tmpdir(), "keyrack-post-"));
    const authority = new Authority(post.folder, "authority");
    const issuer = known ? authority : new Authority(post.folder, "stranger");
    post.server = new SMTPServer({
      ...issuer.issue(),
      secure,
      hideSTARTTLS: !encrypts,
      disabledCommands: encrypts ? [] : ["STARTTLS"],
      // Where it offers no encryption it would take a password in the clear, so that one who gives it is found out.
      allowInsecureAuth: !encrypts,
      authMethods: ["PLAIN", "LOGIN"],
      onAuth: (auth, session, done) => post.#judge(auth, session, done),
      onRcptTo: (address, session, done) => done(post.refuses ? Object.assign(new Error("Nobody of that name"), { responseCode: 550 }) : null),
      onData: (stream, session, done) => post.#take(stream, session, done),
    });
    // A client that breaks off is what some tests are about.
    post.server.on("error", () => {});
    await new Promise((done) => post.server.listen(0, "127.0.0.1", done));
    const port = post.server.server.address().port;
    const scheme = secure ? "smtps" : "smtp";
    post.settings = {
      KEYRACK_SMTP_URL: `${scheme}://${USER}:${encodeURIComponent(password)}@localhost:${port}`,
      KEYRACK_SMTP_CA_FILE: authority.file,
      KEYRACK_MAIL_FROM: `${SENDER.name} <${SENDER.address}>`,
    };
    return post;
  }

  async stop() {
    await new Promise((done) => this.server.close(done));
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  // Everything it was given so far.
  get letters() {
    return [...this.#letters];
  }

  // What no test has asked for: a letter too many, or one that came twice.
  get unread() {
    return this.#letters.filter((letter) => !letter.read).map(({ to, subject }) => `${to}: ${subject}`);
  }

  // What came without encryption, passwords and letters alike.
  get inTheClear() {
    return this.#clear;
  }

  // The next letter to this address with this subject; each letter is handed out once.
  async letter({ to, subject }) {
    const fits = (letter) => !letter.read && letter.to === to && matches(letter.subject, subject);
    await expect
      .poll(() => this.#letters.some(fits), { timeout: PATIENCE, intervals: [50], message: `a letter to ${to}: ${subject}` })
      .toBe(true);
    const letter = this.#letters.find(fits);
    letter.read = true;
    return letter;
  }

  #judge(auth, session, done) {
    if (!session.secure) this.#clear.push(auth.password);
    if (auth.username === USER && auth.password === PASSWORD) return done(null, { user: USER });
    done(Object.assign(new Error("Who are you?"), { responseCode: 535 }));
  }

  async #take(stream, session, done) {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    if (!session.secure) this.#clear.push(raw);
    const mail = await PostalMime.parse(raw);
    const to = session.envelope.rcptTo.map(({ address }) => address).join();
    this.#letters.push({
      raw: raw.toString(),
      to,
      from: mail.from,
      named: mail.to.map(({ address }) => address).join(),
      sender: session.envelope.mailFrom.address,
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      id: mail.messageId,
      secure: session.secure,
      user: session.user,
      read: false,
    });
    done();
  }
}

function matches(text, wanted) {
  return wanted instanceof RegExp ? wanted.test(text) : text === wanted;
}

// The only link in the text of a letter that leads below this path, without where Keyrack is.
export function linkIn(letter, keyrack, below) {
  const links = letter.text.match(/https?:\S+/g) ?? [];
  const found = links.filter((link) => link.startsWith(keyrack.base + below));
  expect(found, `links to ${below} in the letter`).toHaveLength(1);
  expect(letter.html, "the HTML has the same link").toContain(found[0]);
  return found[0].slice(keyrack.base.length);
}
