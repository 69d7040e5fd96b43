import { createHash, randomBytes } from "node:crypto";
import { WorkOS } from "@workos-inc/node";
import { expect } from "./support/fixtures.mjs";
import { APP, Giver } from "./support/giver.mjs";
import { agree, heading, look, testWith } from "./support/provided.mjs";
import { makeToken, setUp } from "./support/steps.mjs";

// The official client of the hosted product, as it is, pointed at Keyrack: each method of its module, with an error of each.

const HOME = "/w/harbour-hotels";
const USER = "customer-42";
const KEY = "rk_test_canary1234567890";
const NEXT = "rk_test_canary0987654321";
const HERE = "https://app.example.com/connected";

const test = testWith(Giver).extend({
  ignoreHTTPSErrors: true,
  sdk: async ({ page, keyrack }, use) => {
    await setUp(page, keyrack.setUpLink);
    await page.goto(`${HOME}/settings`);
    await page.getByLabel("Where they may be sent back to").fill(HERE);
    await page.getByRole("button", { name: "Save the addresses" }).click();
    const token = await makeToken(page, { name: "SDK" });
    const { hostname, port } = new URL(keyrack.direct);
    await use(new WorkOS(token, { apiHostname: hostname, port: Number(port), https: false }).pipes);
  },
});

// Every error is a JSON object whose message arrives.
async function refused(call, status) {
  const error = await call.then(() => null, (error) => error);
  expect(error, "it should have been refused").not.toBeNull();
  expect(error.status).toBe(status);
  expect(error.message.length).toBeGreaterThan(5);
}

const UNKNOWN = { slug: "no-such-integration" };

test("integrations are made, listed, changed and removed", async ({ sdk }) => {
  const made = await sdk.createDataIntegration({ provider: "stripe", authMethods: ["api_key"], enabled: true, description: "Payments" });
  expect(made).toMatchObject({ object: "data_integration", slug: "stripe", authMethods: ["api_key"], enabled: true, description: "Payments", state: "valid", config: {} });
  expect(made.createdAt).toBeInstanceOf(Date);
  await refused(sdk.createDataIntegration({ provider: "stripe", authMethods: ["api_key"] }), 409);
  await refused(sdk.createDataIntegration({ provider: "stripe", authMethods: ["oauth", "api_key"] }), 422);
  const listed = await sdk.listDataIntegrations({ limit: 1 });
  expect(listed.data).toHaveLength(1);
  expect((await listed.autoPagination()).map(({ slug }) => slug)).toContain("stripe");
  await refused(sdk.listDataIntegrations({ order: "sideways" }), 422);
  expect(await sdk.getDataIntegration({ slug: "stripe" })).toEqual(made);
  await refused(sdk.getDataIntegration(UNKNOWN), 404);
  expect(await sdk.updateDataIntegration({ slug: "stripe", description: null })).toMatchObject({ id: made.id, description: null });
  await refused(sdk.updateDataIntegration({ ...UNKNOWN, enabled: true }), 404);
  expect(await sdk.getOrganizationDataIntegration({ slug: "stripe" })).toMatchObject({ id: made.id, ownership: "organization" });
  await refused(sdk.getOrganizationDataIntegration(UNKNOWN), 404);
  expect(await sdk.updateOrganizationDataIntegration({ slug: "stripe", enabled: false })).toMatchObject({ enabled: false });
  await refused(sdk.updateOrganizationDataIntegration({ slug: "stripe", scopes: ["charges"] }), 422);
  await sdk.deleteDataIntegration({ slug: "stripe" });
  await refused(sdk.deleteDataIntegration({ slug: "stripe" }), 404);
  const keyed = { provider: "stripe", authMethods: ["api_key"], apiKey: { secret: KEY, userId: USER } };
  await refused(sdk.createDataIntegration(keyed), 422);
  expect(await sdk.createDataIntegration({ ...keyed, enabled: true })).toMatchObject({ installation: { userId: USER, apiKeyLast4: "7890", connectionRole: "compatibility" } });
  await sdk.createDataIntegration({ provider: "openai", authMethods: ["api_key"] });
  await sdk.deleteOrganizationDataIntegration({ slug: "openai" });
  await refused(sdk.deleteOrganizationDataIntegration({ slug: "openai" }), 404);
});

test("keys of end users are stored, vended, listed and taken away", async ({ sdk }) => {
  await sdk.createDataIntegration({ provider: "stripe", authMethods: ["api_key"], enabled: true });
  const slug = "stripe";
  const first = await sdk.updateDataIntegrationApiKey({ slug, userId: USER, secret: KEY });
  expect(first).toMatchObject({ object: "connected_account", userId: USER, authMethod: "api_key", apiKeyLast4: "7890", state: "connected", connectionRole: "compatibility" });
  await refused(sdk.updateDataIntegrationApiKey({ slug, userId: USER, secret: "" }), 422);
  const second = await sdk.createDataIntegrationApiKey({ slug, userId: USER, secret: NEXT, connectionIntent: "add" });
  expect(second).toMatchObject({ connectionRole: "standard", apiKeyLast4: "4321" });
  await refused(sdk.createDataIntegrationApiKey({ slug, userId: "usr_nobody", secret: NEXT, connectionIntent: "add" }), 422);
  const vended = await sdk.createDataIntegrationCredential({ slug, userId: USER });
  expect(vended).toEqual({ active: true, credential: { object: "credential", authMethod: "api_key", value: KEY, config: {} } });
  await refused(sdk.createDataIntegrationCredential({ slug, userId: USER, supportsMultipleConnections: true }), 409);
  expect(await sdk.createDataIntegrationCredential({ slug, userId: "nobody" })).toEqual({ active: false, error: "not_installed" });
  await refused(sdk.createDataIntegrationCredential({ ...UNKNOWN, userId: USER }), 404);
  await refused(sdk.getAccessToken({ provider: slug, userId: USER }), 422);

  const { data } = await sdk.listUserDataProviders({ userId: USER, supportsMultipleConnections: true });
  const listed = data.find((one) => one.slug === slug);
  expect(listed.connectedAccounts.map(({ id }) => id).sort()).toEqual([first.id, second.id].sort());
  await refused(sdk.listUserDataProviders({ userId: "x".repeat(300) }), 422);
  expect(await sdk.getUserConnectedAccount({ userId: USER, slug })).toEqual(first);
  const chosen = { userId: USER, slug, supportsMultipleConnections: true, connectedAccountId: second.id };
  expect(await sdk.getUserConnectedAccount(chosen)).toEqual(second);
  await refused(sdk.getUserConnectedAccount({ userId: "nobody", slug }), 404);
  await sdk.deleteUserConnectedAccount(chosen);
  await refused(sdk.deleteUserConnectedAccount(chosen), 404);

  const theirs = await sdk.updateDataIntegrationApiKey({ slug, userId: USER, organizationId: "hotel", connectionOwner: "organization", secret: KEY });
  expect(theirs).toMatchObject({ userId: null, organizationId: "hotel" });
  expect(await sdk.getOrganizationConnectedAccount({ organizationId: "hotel", slug })).toEqual(theirs);
  await refused(sdk.getOrganizationConnectedAccount({ organizationId: "other", slug }), 404);
  const organizations = await sdk.listOrganizationDataProviders({ organizationId: "hotel" });
  expect(organizations.data.find((one) => one.slug === slug).connectedAccount.id).toBe(theirs.id);
  await refused(sdk.listOrganizationDataProviders({ organizationId: "x".repeat(300) }), 422);
  await sdk.deleteOrganizationConnectedAccount({ organizationId: "hotel", slug });
  await refused(sdk.deleteOrganizationConnectedAccount({ organizationId: "hotel", slug }), 404);
});

test("accounts are connected in a browser, brought with their tokens, and renewed", async ({ sdk, browser, keyrack, provider }) => {
  const slug = "gitlab";
  const made = await sdk.createDataIntegration({
    provider: slug, enabled: true, config: { address: provider.issuer }, scopes: ["read_user", "read_api"],
    credentials: { type: "custom", clientId: APP.id, clientSecret: APP.secret },
  });
  expect(made).toMatchObject({ credentials: { type: "custom", clientId: APP.id }, scopes: ["read_user", "read_api"], config: { address: provider.issuer } });
  expect(JSON.stringify(made)).not.toContain(APP.secret);
  provider.register(made.redirectUri);

  const { url } = await sdk.authorizeDataIntegration({ slug, userId: USER, returnTo: HERE });
  await refused(sdk.authorizeDataIntegration({ slug, userId: USER, returnTo: "https://elsewhere.example.com" }), 400);
  const context = await browser.newContext({ baseURL: keyrack.base, ignoreHTTPSErrors: true });
  const anna = await context.newPage();
  await anna.route(`${HERE}*`, (route) => route.fulfill({ contentType: "text/html", body: "<h1>Welcome back</h1>" }));
  // Opening it spends nothing, however often.
  await look(anna, async () => {
    await anna.goto(url);
    await expect(heading(anna)).toHaveText("Connect GitLab");
  });
  await anna.getByRole("button", { name: "Go on to GitLab" }).click();
  await agree(anna, provider, "anna");
  await expect(heading(anna)).toHaveText("Welcome back");
  await look(anna, async () => {
    await anna.goto(url);
    await expect(heading(anna)).toHaveText("This link is over");
  });
  await context.close();
  const account = await sdk.getUserConnectedAccount({ userId: USER, slug });
  expect(account).toMatchObject({ authMethod: "oauth", state: "connected", scopes: ["read_user", "read_api"] });
  const [{ access }] = provider.given;
  expect(await sdk.getAccessToken({ provider: slug, userId: USER })).toMatchObject({ active: true, accessToken: { accessToken: access, missingScopes: [] } });
  expect(await sdk.createDataIntegrationCredential({ slug, userId: USER })).toMatchObject({ active: true, credential: { authMethod: "oauth", value: access } });

  const tokens = { accessToken: "brought-canary-access", refreshToken: "brought-canary-refresh", expiresAt: new Date(Date.now() + 3_600_000), scopes: ["read_user"] };
  await refused(sdk.createUserConnectedAccount({ userId: USER, slug, ...tokens }), 409);
  const brought = await sdk.createUserConnectedAccount({ userId: "customer-43", slug, ...tokens });
  expect(brought).toMatchObject({ userId: "customer-43", state: "connected", scopes: ["read_user"] });
  expect(await sdk.getAccessToken({ provider: slug, userId: "customer-43" })).toMatchObject({ active: true, accessToken: { accessToken: "brought-canary-access", missingScopes: ["read_api"] } });
  const lost = await sdk.updateUserConnectedAccount({ userId: "customer-43", slug, state: "needs_reauthorization" });
  expect(lost).toMatchObject({ id: brought.id, state: "needs_reauthorization" });
  expect(await sdk.getAccessToken({ provider: slug, userId: "customer-43" })).toEqual({ active: false, error: "needs_reauthorization" });
  await refused(sdk.updateUserConnectedAccount({ userId: "nobody", slug, ...tokens }), 404);
  const theirs = await sdk.createOrganizationConnectedAccount({ organizationId: "hotel", slug, userId: USER, ...tokens });
  expect(theirs).toMatchObject({ organizationId: "hotel", userId: null });
  expect(await sdk.updateOrganizationConnectedAccount({ organizationId: "hotel", slug, userId: USER, ...tokens })).toMatchObject({ id: theirs.id });
  await refused(sdk.createOrganizationConnectedAccount({ organizationId: "hotel", slug, userId: USER, ...tokens }), 409);
  await refused(sdk.updateOrganizationConnectedAccount({ organizationId: "other", slug, userId: USER, ...tokens }), 404);
});

test("clients of end users are stored", async ({ sdk }) => {
  const slug = "xero";
  await sdk.createDataIntegration({ provider: slug, authMethods: ["client_credentials"], enabled: true });
  const client = { slug, userId: USER, clientId: "their-client", clientSecret: "canary-their-secret-9876" };
  const made = await sdk.updateDataIntegrationClientCredentials(client);
  expect(made).toMatchObject({ authMethod: "client_credentials", clientId: "their-client", clientSecretLast4: "9876", apiKeyLast4: null });
  await refused(sdk.updateDataIntegrationClientCredentials({ ...client, clientSecret: "" }), 422);
  const more = await sdk.createDataIntegrationClientCredential({ ...client, connectionIntent: "add" });
  expect(more).toMatchObject({ connectionRole: "standard" });
  await refused(sdk.createDataIntegrationClientCredential({ ...client, ...UNKNOWN, connectionIntent: "add" }), 404);
});

// The client has no methods for them yet, but sends what it is told to as it sends everything: what an organization has otherwise.
test("organizations are configured, and bring clients of their own", async ({ sdk, browser, keyrack, provider }) => {
  const slug = "gitlab";
  const made = await sdk.createDataIntegration({ provider: slug, enabled: true, credentials: { type: "organization" } });
  expect(made).toMatchObject({ state: "valid", credentials: { type: "organization", clientId: null, redactedClientSecret: null } });
  await refused(sdk.updateDataIntegration({ slug, scopes: ["read_user"] }), 422);
  const all = "/organizations/hotel/data_integration_configurations";
  const { workos } = sdk;
  await refused(workos.get(all), 404);
  await refused(sdk.authorizeDataIntegration({ slug, userId: USER, organizationId: "hotel" }), 422);
  await refused(workos.put(`${all}/${slug}`, {}), 422);
  const sent = { client_id: APP.id, client_secret: APP.secret, config: { address: provider.issuer }, scopes: ["read_user"] };
  const { data: configured } = await workos.put(`${all}/${slug}`, sent);
  expect(configured).toMatchObject({ object: "data_integration_configuration", organization_id: "hotel", slug, enabled: true, scopes: ["read_user"] });
  expect(configured.credentials).toMatchObject({ credentials_type: "organization", has_credentials: true, client_id: APP.id, client_secret_last_four: APP.secret.slice(-4) });
  const { data: listed } = await workos.get(all);
  expect(listed.data.find((one) => one.slug === slug)).toEqual(configured);
  provider.register(configured.credentials.redirect_uri);

  const { url } = await sdk.authorizeDataIntegration({ slug, userId: USER, organizationId: "hotel", returnTo: HERE });
  const context = await browser.newContext({ baseURL: keyrack.base, ignoreHTTPSErrors: true });
  const anna = await context.newPage();
  await anna.route(`${HERE}*`, (route) => route.fulfill({ contentType: "text/html", body: "<h1>Welcome back</h1>" }));
  await anna.goto(url);
  await anna.getByRole("button", { name: "Go on to GitLab" }).click();
  await agree(anna, provider, "anna");
  await expect(heading(anna)).toHaveText("Welcome back");
  await context.close();
  const whose = { userId: USER, organizationId: "hotel" };
  expect(await sdk.getUserConnectedAccount({ ...whose, slug })).toMatchObject({ state: "connected", organizationId: "hotel" });
  expect(await sdk.getAccessToken({ provider: slug, ...whose })).toMatchObject({ active: true });
  const { data: providers } = await sdk.listOrganizationDataProviders({ organizationId: "hotel" });
  expect(providers.find((one) => one.slug === slug)).toMatchObject({ credentialsType: "organization", scopes: ["read_user"] });
  await workos.put(`${all}/${slug}`, { enabled: false });
  await refused(sdk.getAccessToken({ provider: slug, ...whose }), 403);
  const { data: open } = await sdk.listOrganizationDataProviders({ organizationId: "hotel" });
  expect(open.map((one) => one.slug)).not.toContain(slug);
});

test("a provider is described with what it is asked besides", async ({ sdk }) => {
  const customProvider = { name: "Acme CRM", authorizationUrl: "https://crm.example.com/authorize", tokenUrl: "https://crm.example.com/token", additionalAuthorizationParameters: { prompt: "consent" } };
  const credentials = { type: "custom", clientId: "app", clientSecret: "client-secret-canary" };
  const made = await sdk.createDataIntegration({ provider: "acme-crm", enabled: true, customProvider, credentials });
  expect(made).toMatchObject({ slug: "custom-acme-crm", credentials: { redactedClientSecret: "nary" }, customProvider: { additionalAuthorizationParameters: { prompt: "consent" } } });
  const changed = await sdk.updateDataIntegration({ slug: made.slug, customProvider: { additionalAuthorizationParameters: { access_type: "offline" } } });
  expect(changed.customProvider.additionalAuthorizationParameters).toEqual({ access_type: "offline" });
  await refused(sdk.updateDataIntegration({ slug: made.slug, customProvider: { additionalAuthorizationParameters: { redirect_uri: HERE } } }), 422);
});

// The client has no method for it yet: a backend that finishes what its own end user began.
test("a backend that sent a challenge finishes with its verifier", async ({ sdk, browser, keyrack, provider }) => {
  const made = await sdk.createDataIntegration({
    provider: "gitlab", enabled: true, config: { address: provider.issuer }, credentials: { type: "custom", clientId: APP.id, clientSecret: APP.secret },
  });
  provider.register(made.redirectUri);
  const verifier = randomBytes(32).toString("base64url");
  const { key } = sdk.workos;
  const post = async (path, body) => {
    const answer = await fetch(keyrack.direct + path, { method: "POST", body: JSON.stringify(body), headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" } });
    return answer.json();
  };
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const begun = await post("/data-integrations/gitlab/authorize", { user_id: USER, return_to: HERE, code_challenge: challenge, code_challenge_method: "S256" });
  expect(begun.completion).toBe("finish_required");
  const context = await browser.newContext({ baseURL: keyrack.base, ignoreHTTPSErrors: true });
  const anna = await context.newPage();
  await anna.route(`${HERE}*`, (route) => route.fulfill({ contentType: "text/html", body: "<h1>Welcome back</h1>" }));
  await anna.goto(begun.url);
  await anna.getByRole("button", { name: "Go on to GitLab" }).click();
  await agree(anna, provider, "anna");
  await expect(heading(anna)).toHaveText("Welcome back");
  const brought = new URL(anna.url()).searchParams;
  await context.close();
  expect(brought.get("state")).toBe(begun.state);
  expect(await sdk.createDataIntegrationCredential({ slug: "gitlab", userId: USER })).toEqual({ active: false, error: "not_installed" });
  const done = await post("/data-integrations/finish", { connect_code: brought.get("connect_code"), code_verifier: verifier });
  expect(done.connected_account).toMatchObject({ object: "connected_account", user_id: USER, state: "connected" });
});
