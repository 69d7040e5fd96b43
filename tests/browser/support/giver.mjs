import fs from "node:fs";
import https from "node:https";
import os from "node:os";
import path from "node:path";
import { Authority } from "./certificates.mjs";
import { Oidc } from "./oidc.mjs";

export const APP = { id: "harbour-hotels-keys", secret: "canary-client-secret-of-the-harbour-7Tz4" };

// The same provider over TLS, at the addresses of a GitLab of one's own: it gives access to accounts.
export class Giver extends Oidc {
  scheme = "https";
  // For how many seconds a token counts that is given from now on.
  lasts = 600;
  // What it gave with each consent and each renewal.
  given = [];
  // The tokens that it was asked to forget.
  forgotten = [];

  listener(answer) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "keyrack-giver-"));
    this.authority = new Authority(this.folder, "provider");
    return https.createServer(this.authority.issue(), answer);
  }

  get settings() {
    return { KEYRACK_UPSTREAM_ALLOW: "localhost", KEYRACK_UPSTREAM_CA_FILE: this.authority.file };
  }

  // Registers the client. People are sent back to this address and to no other.
  register(redirect) {
    const client = {
      client_id: APP.id,
      client_secret: APP.secret,
      redirect_uris: [redirect],
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "client_secret_post",
    };
    this.open(client, {
      scopes: ["read_user", "read_api"],
      routes: { authorization: "/oauth/authorize", token: "/oauth/token", revocation: "/oauth/revoke" },
      features: { revocation: { enabled: true } },
      issueRefreshToken: () => true,
      rotateRefreshToken: () => true,
      ttl: { AccessToken: () => this.lasts, RefreshToken: 600 },
    });
    this.provider.on("grant.success", ({ body, oidc }) => {
      this.given.push({
        access: body.access_token,
        refresh: body.refresh_token,
        verifier: oidc.params.code_verifier,
        grant: oidc.entities.Grant.jti,
      });
    });
    this.provider.on("grant.revoked", ({ oidc }) => {
      if (oidc.route === "revocation") this.forgotten.push(oidc.params.token);
    });
  }

  // What nobody but Keyrack, this provider and a backend may ever see.
  get canaries() {
    const tokens = this.given.flatMap(({ access, refresh, verifier }) => [access, refresh, verifier]);
    return [APP.secret, ...tokens.filter(Boolean)];
  }

  // Whether this token opens anything here.
  async knows(token) {
    const { AccessToken, RefreshToken } = this.provider;
    const found = await Promise.all([AccessToken.find(token), RefreshToken.find(token)]);
    return found.some((one) => one && !one.isExpired && !one.consumed);
  }

  // What the person does who no longer wants it: all that rests on the consent ends.
  async takeBack() {
    const { AccessToken, Grant, RefreshToken } = this.provider;
    const { grant } = this.given.at(-1);
    await Promise.all([AccessToken, RefreshToken].map((model) => model.revokeByGrantId(grant)));
    await (await Grant.find(grant)).destroy();
  }

  async stop() {
    await super.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
