// A product that lets its users connect their own accounts: one page, and the backend behind it.
//
//   KEYRACK_URL=https://keys.example.com KEYRACK_TOKEN=kr_test_… node server.mjs
//
// PORT (3000) and SITE (http://localhost:3000) say where it is found; SITE has to be among the allowed origins of the
// connect page. NODE_TYPES (stripe) are those that its users may connect.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const { KEYRACK_URL, KEYRACK_TOKEN, PORT = "3000", SITE = `http://localhost:${PORT}`, NODE_TYPES = "stripe" } = process.env;
const keyrack = new URL(KEYRACK_URL).origin;

// Your own session says who is there. Never take the name of a user from the request.
const signedIn = () => "customer-42";

const ask = async (path, body) => {
  const answer = await fetch(`${keyrack}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEYRACK_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`Keyrack answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
};

const newSession = () =>
  ask("/api/v1/connect-sessions", { user_id: signedIn(), node_types: NODE_TYPES.split(","), origin: SITE });

// What the page may load: Keyrack's script, its frame, and the form that carries the link into the frame.
const policy = `default-src 'none'; script-src 'self' ${keyrack}; frame-src ${keyrack}; form-action ${keyrack}; connect-src 'self'`;

const file = async (name, kind) => ({ kind, text: await readFile(new URL(name, import.meta.url), "utf8") });

const routes = {
  "GET /": async () => {
    const { kind, text } = await file("index.html", "text/html; charset=utf-8");
    return { kind, text: text.replaceAll("{{ keyrack }}", keyrack) };
  },
  "GET /page.js": () => file("page.js", "text/javascript; charset=utf-8"),
  "POST /session": async () => ({ kind: "application/json", text: JSON.stringify({ url: (await newSession()).url }) }),
};

createServer(async (request, response) => {
  const route = routes[`${request.method} ${request.url}`];
  try {
    const { kind, text } = route ? await route() : { kind: "text/plain", text: "Not found" };
    response.writeHead(route ? 200 : 404, { "content-type": kind, "content-security-policy": policy });
    response.end(text);
  } catch (error) {
    console.error(error.message);
    response.writeHead(502, { "content-type": "text/plain" });
    response.end("Connecting is not possible at the moment.");
  }
}).listen(Number(PORT), "127.0.0.1", () => console.log(`Open ${SITE}`));
