import crypto from "node:crypto";
import http from "node:http";
import Provider from "oidc-provider";

export const CLIENT = { id: "keyrack", secret: "a secret of the tests that is long enough" };

// A certified OpenID provider, at another site than Keyrack's: whoever types a name is that person.
export class Oidc {
  scheme = "http";

  static async start() {
    const oidc = new this();
    oidc.server = oidc.listener((request, response) => oidc.#answer(request, response));
    await new Promise((done) => oidc.server.listen(0, "127.0.0.1", done));
    oidc.issuer = `${oidc.scheme}://localhost:${oidc.server.address().port}`;
    return oidc;
  }

  listener(answer) {
    return http.createServer(answer);
  }

  // What makes it one of Keyrack's providers.
  get settings() {
    return {
      KEYRACK_OIDC_ACME_ISSUER: this.issuer,
      KEYRACK_OIDC_ACME_CLIENT_ID: CLIENT.id,
      KEYRACK_OIDC_ACME_CLIENT_SECRET: CLIENT.secret,
      KEYRACK_OIDC_ACME_DOMAINS: "example.com",
      KEYRACK_UPSTREAM_ALLOW: "localhost",
    };
  }

  // Gets to know where Keyrack is.
  serve(base) {
    this.open({
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      redirect_uris: [`${base}/sign-in/acme/callback`],
    });
  }

  // Knows this client from now on. `further` is what one provider has and others have not.
  open(client, { features, ttl, ...further } = {}) {
    const { privateKey } = crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
    this.provider = new Provider(this.issuer, {
      clients: [client],
      jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "one", use: "sig", alg: "RS256" }] },
      cookies: { keys: ["a key of the tests"] },
      claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
      pkce: { required: () => true },
      findAccount: (_, id) => ({ accountId: id, claims: () => claimsOf(id) }),
      features: { devInteractions: { enabled: false }, ...features },
      // Its usual page of errors asks another site for a font.
      renderError: (context, { error, error_description: why }) => (context.body = `${error}: ${why}`),
      interactions: { url: (_, interaction) => `/who/${interaction.uid}` },
      ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600, ...ttl },
      ...further,
    });
    this.callback = this.provider.callback();
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  async #answer(request, response) {
    if (!request.url.startsWith("/who/")) return this.callback(request, response);
    try {
      if (request.method === "GET") return show(response, await this.#asked(request, response));
      await this.#decide(request, response, await bodyOf(request));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  }

  async #asked(request, response) {
    const { params } = await this.provider.interactionDetails(request, response);
    return params.scope.split(" ");
  }

  async #decide(request, response, sent) {
    if (sent.get("do") === "cancel") {
      const refused = { error: "access_denied", error_description: "the person stopped" };
      return this.provider.interactionFinished(request, response, refused, { mergeWithLastSubmission: false });
    }
    const { params } = await this.provider.interactionDetails(request, response);
    const accountId = sent.get("name");
    const grant = new this.provider.Grant({ accountId, clientId: params.client_id });
    for (const scope of params.scope.split(" ")) {
      if (sent.getAll("scope").includes(scope)) grant.addOIDCScope(scope);
      else grant.rejectOIDCScope(scope);
    }
    const result = { login: { accountId }, consent: { grantId: await grant.save() } };
    await this.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
}

function claimsOf(id) {
  return { sub: id, email: `${id}@example.com`, email_verified: !id.startsWith("unproven"), name: `${id} of Acme` };
}

async function bodyOf(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return new URLSearchParams(Buffer.concat(pieces).toString());
}

function show(response, scopes) {
  const allow = (scope) => `<label><input type="checkbox" name="scope" value="${scope}" checked> Allow ${scope}</label>`;
  response.writeHead(200, { "content-type": "text/html" }).end(`<!doctype html><html lang="en"><title>Acme</title>
    <link rel="icon" href="data:,"><h1>Who are you?</h1><form method="post">
    <label>Name <input name="name"></label> ${scopes.map(allow).join(" ")}
    <button name="do" value="agree">Agree</button> <button name="do" value="cancel">Cancel</button></form></html>`);
}
