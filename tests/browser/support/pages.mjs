import { expect } from "@playwright/test";
import { linkTo } from "./letters.mjs";
import { ADA, addWebhook, HOME, makeToken, openStripeForm, renewToken, store } from "./steps.mjs";

// Pastes a text to be imported, as far as the page on which each row is looked at.
const lookAt = async (page, text) => {
  await page.goto(`${HOME}/secrets/import`);
  await page.getByLabel("Or paste them here").fill(text);
  await page.getByRole("button", { name: "Look at it first" }).click();
};
// Pastes an API description, as far as what is said of it.
const describe = async (page, text) => {
  await page.goto(`${HOME}/custom-apis/import`);
  await page.getByLabel("Or paste it here").fill(text);
  await page.getByRole("button", { name: "See what it says" }).click();
};
const DOGS = JSON.stringify({
  openapi: "3.1.0",
  info: { title: "Watch dogs", summary: "Watches dogs." },
  externalDocs: { url: "https://docs.example.com" },
  servers: [
    { url: "https://api.{site}.example.com/v2", variables: { site: { default: "eu", enum: ["eu", "us"] } } },
    { url: "http://old.example.com" },
  ],
  security: [{ key: [], app: [] }],
  paths: { "/dogs": { get: {} } },
  components: {
    securitySchemes: {
      key: { type: "apiKey", in: "header", name: "DD-API-KEY" },
      app: { type: "apiKey", in: "header", name: "DD-APPLICATION-KEY" },
      bearer: { type: "http", scheme: "bearer" },
      old: { type: "http", scheme: "digest" },
      people: { type: "oauth2", flows: { clientCredentials: { tokenUrl: "https://auth.example.com/token", scopes: {} } } },
    },
  },
});
const row = (name, value) => `${name},stripe,${value}\n`;

// Every page there is, by name, and how Ada comes to it.

export const at = (path, heading) => async (page) => {
  await page.goto(path);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
};

export const emptyPages = {
  "home of a newcomer": at(HOME, "Harbour Hotels"),
  "secrets, none yet": at(`${HOME}/secrets`, "Secrets"),
  "connections, none yet": at(`${HOME}/connections`, "Connections"),
  "rotation rounds, none yet": at(`${HOME}/rotations`, "Rotation rounds"),
  "calendar, none yet": at(`${HOME}/calendar`, "Calendar"),
  "workflows, none yet": at(`${HOME}/workflows`, "Workflows"),
  "tokens, none yet": at(`${HOME}/tokens`, "Service tokens"),
  "end users, none yet": at(`${HOME}/end-users`, "End users"),
  "organizations, none yet": at(`${HOME}/organizations`, "Organizations"),
  "webhooks, none yet": at(`${HOME}/webhooks`, "Webhooks"),
  "account of an only Owner, to delete": async (page) => {
    await at("/account/delete", "Delete your account?")(page);
    await expect(page.getByRole("heading", { name: "You are the only Owner of Harbour Hotels" })).toBeVisible();
  },
};

export const pages = {
  home: at(HOME, "Harbour Hotels"),
  "home, menus open": async (page) => {
    await page.goto(HOME);
    const menu = page.getByRole("button", { name: "Menu", exact: true });
    if (await menu.isVisible()) await menu.click();
    await page.locator("details.rail-foot > summary").click();
    await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
  },
  "home, a reminder to put off": async (page) => {
    await at(HOME, "Harbour Hotels")(page);
    await page.locator("details.later > summary").first().click();
    await expect(page.getByRole("button", { name: "7 days" }).first()).toBeVisible();
  },
  calendar: at(`${HOME}/calendar`, "Calendar"),
  "calendar, a private link just made": async (page) => {
    await at(`${HOME}/calendar`, "Calendar")(page);
    await page.getByRole("button", { name: "Make" }).click();
    await expect(page.locator("code#link")).toBeVisible();
  },
  secrets: at(`${HOME}/secrets`, "Secrets"),
  "secrets, filtered": async (page) => {
    await at(`${HOME}/secrets?q=till&environment=test`, "Secrets")(page);
    await expect(page.getByRole("link", { name: "Clear" })).toBeVisible();
  },
  "secrets, filtered to nothing": async (page) => {
    await at(`${HOME}/secrets?q=nothing-like-it`, "Secrets")(page);
    await expect(page.getByText("No secret matches")).toBeVisible();
  },
  "secrets, all of them chosen": async (page) => {
    await at(`${HOME}/secrets?environment=live`, "Secrets")(page);
    await page.getByRole("button", { name: "Choose all on this page" }).click();
    await expect(page.getByRole("button", { name: "Choose none" })).toBeVisible();
    await expect(page.getByRole("button", { name: /^Delete \d+ chosen…/ })).toBeVisible();
  },
  "secrets, many to be deleted": async (page) => {
    await page.goto(`${HOME}/secrets/delete?all=yes`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Delete \d+ secrets\?$/);
    await expect(page.getByRole("heading", { name: "What will break" })).toBeVisible();
  },
  "secrets, many to be deleted, number refused": async (page) => {
    await page.goto(`${HOME}/secrets/delete?all=yes&environment=live`);
    await page.getByLabel("Number of secrets").fill("1000");
    await page.getByRole("button", { name: /^Delete \d+ secrets$/ }).click();
    await expect(page.locator("[aria-invalid=true]")).toBeFocused();
  },
  "secrets, nothing there to be deleted": async (page) => {
    const id = "sec_01jd8x3f5k7q9r2t4v6w8y0z1a";
    await at(`${HOME}/secrets/delete?secret=${id}`, "There is nothing to delete")(page);
  },
  "new secret, choice": at(`${HOME}/secrets/new`, "Add a key"),
  "new secret, no match": at(`${HOME}/secrets/new?q=nothing-like-it`, "Add a key"),
  "new secret, Stripe": at(`${HOME}/secrets/new/stripe`, "Add a key for Stripe"),
  "new secret, HTTP Request": at(`${HOME}/secrets/new/http-request`, "Add a key for HTTP Request"),
  "new secret, refused": async (page) => {
    await openStripeForm(page);
    await page.locator("form.card").evaluate((form) => (form.noValidate = true));
    await store(page).click();
    await expect(page.locator("[aria-invalid=true]").first()).toBeVisible();
  },
  "new secret, questioned": async (page) => {
    await openStripeForm(page);
    await page.locator("[data-secret]").fill("sk_live_51Kq");
    await expect(page.getByText("This looks like a live key")).toBeVisible();
  },
  "import, first step": at(`${HOME}/secrets/import`, "Import secrets"),
  "import, refused": async (page) => {
    await lookAt(page, "STRIPE_KEY=rk_test_not_a_real_key_c4e2\nSTRIPE_TOKEN");
    await expect(page.locator("[aria-invalid=true]")).toBeFocused();
  },
  "import, a table": async (page) => {
    const rows = [row("Till", "rk_test_not_a_real_key_c4e2"), row("till", "rk_live_not_a_real_key_c4e2"), row("Bar", "pk_test")];
    await lookAt(page, `name,type,key,Team\n${rows.join("")}`);
    await expect(page.getByText("A Stripe key begins with")).toBeVisible();
  },
  "import, variables": async (page) => {
    await lookAt(page, "STRIPE_KEY=rk_test_not_a_real_key_c4e2\nexport STRIPE_TOKEN='rk_live_not_a_real_key_q7Td'\nPORT=3000\n");
    await expect(page.getByText("This looks like a live key")).toBeVisible();
  },
  "import, stored": async (page) => {
    await lookAt(page, `name,type,key\n${row(`Imported ${Date.now()}`, "rk_test_not_a_real_key_c4e2")}`);
    await page.getByRole("button", { name: "Store 1 secret" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("1 secret is on the rack");
  },
  "secret, for calls through Keyrack": async (page) => {
    await page.goto(`${HOME}/secrets`);
    await page.getByRole("link", { name: "Restaurant payments" }).click();
    await expect(page.getByText("Whoever makes them never gets it")).toBeVisible();
  },
  secret: async (page, { places }) => at(places.secret, "Reception till")(page),
  "secret, to share": async (page, { places }) => {
    await at(`${places.secret}/sharing`, "Who may use “Reception till”?")(page);
    await page.getByRole("radio", { name: /^Chosen members/ }).check();
    await page.getByRole("checkbox", { name: /Grace Hill/ }).check();
    await expect(page.getByLabel("when Grace Hill may use it")).toBeVisible();
  },
  "secret, shared with nobody yet": async (page, { places }) => {
    await at(`${places.secret}/sharing`, "Who may use “Reception till”?")(page);
    await page.getByRole("radio", { name: /^Chosen members/ }).check();
    await page.getByRole("button", { name: "Save the sharing" }).click();
    await expect(page.getByText("Choose at least one member.")).toBeVisible();
  },
  "new secret, for chosen members": async (page) => {
    await openStripeForm(page);
    await page.getByRole("radio", { name: /^Members whom you choose/ }).check();
    await page.getByRole("searchbox", { name: "Search members" }).fill("hill");
    await expect(page.getByRole("checkbox", { name: /Grace Hill/ })).toBeVisible();
  },
  "secrets, what a member may use": async (page, { places }) => {
    await page.goto(places.colleague);
    const person = places.colleague.split("/").pop();
    await at(`${HOME}/secrets?user=${person}`, "Secrets")(page);
    await expect(page.getByText("Grace Hill may use it")).toBeVisible();
  },
  "secret, that cannot be tested": async (page) => {
    await page.goto(`${HOME}/secrets`);
    await page.getByRole("link", { name: "Channel manager" }).click();
    await expect(page.getByText("It cannot be tested.")).toBeVisible();
  },
  "secret, to delete": async (page, { places }) => at(`${places.secret}/delete`, /Delete “Reception till”/)(page),
  "node types": at(`${HOME}/node-types`, "Node types"),
  "node types, no match": at(`${HOME}/node-types?q=nothing-like-it`, "Node types"),
  "node type": at(`${HOME}/node-types/stripe`, "Stripe"),
  "node type, to disable": at(`${HOME}/node-types/stripe/disable`, "Disable Stripe?"),
  "node type, to remove": at(`${HOME}/node-types/stripe/remove`, "Remove Stripe?"),
  "node type, to add with a method": at(`${HOME}/node-types/gitlab`, "GitLab"),
  "node type, that connects accounts": at(`${HOME}/node-types/box`, "Box"),
  "client": at(`${HOME}/node-types/box/client/test`, "Client of Box"),
  "client, not set up": at(`${HOME}/node-types/box/client/live`, "Client of Box"),
  "client, refused": async (page) => {
    await at(`${HOME}/node-types/box/client/live`, "Client of Box")(page);
    await page.getByLabel("Client id").fill("");
    await page.locator("form.card").first().evaluate((form) => { form.noValidate = true; });
    await page.getByRole("button", { name: "Save this client" }).click();
    await expect(page.getByRole("alert")).toContainText("Nothing is saved yet");
  },
  "new connection": at(`${HOME}/secrets/new/box`, "Connect Box"),
  "connections": at(`${HOME}/connections`, "Connections"),
  "connections, no match": at(`${HOME}/connections?q=nothing-like-it`, "Connections"),
  "connection, still without an account": async (page, { places }) => at(places.connection, "Contracts")(page),
  "connection, before the consent": async (page, { places }) => at(`${places.connection}/connect`, "Connect Box")(page),
  "way back that is over": at("/connect/box/callback?state=x", "This way back is over"),
  "node type, disabled": at(`${HOME}/node-types/custom-front-desk`, "Front desk"),
  "new custom API": at(`${HOME}/custom-apis/new`, "Add a custom API"),
  "new custom API, refused": async (page) => {
    await page.goto(`${HOME}/custom-apis/new`);
    await page.getByRole("radio", { name: /^Header/ }).check();
    await page.locator("form.card").evaluate((form) => (form.noValidate = true));
    await page.getByRole("button", { name: "Add this API" }).click();
    await expect(page.getByRole("alert")).toContainText("Nothing is saved yet.");
  },
  "new custom API, with accounts": async (page) => {
    await at(`${HOME}/custom-apis/new`, "Add a custom API")(page);
    await page.getByRole("radio", { name: /^Account/ }).check();
    await page.getByText("Does the provider do it in its own way?").first().click();
    await expect(page.getByLabel("Refresh address")).toBeVisible();
    await expect(page.getByRole("radio", { name: /^Bearer/ })).toBeHidden();
  },
  "new custom API, with clients, refused": async (page) => {
    await page.goto(`${HOME}/custom-apis/new`);
    await page.getByRole("radio", { name: /^Client credentials/ }).check();
    await page.getByLabel("Permissions (scopes)").last().fill("*spa.read");
    await page.locator("form.card").evaluate((form) => (form.noValidate = true));
    await page.getByRole("button", { name: "Add this API" }).click();
    await expect(page.getByText("In line 1: leave a space after the star.")).toBeVisible();
  },
  "custom API with accounts": at(`${HOME}/node-types/custom-spa`, "Spa"),
  "custom API with accounts, its client": at(`${HOME}/node-types/custom-spa/client/test`, "Client of Spa"),
  "custom API with accounts, to describe anew": at(`${HOME}/custom-apis/custom-spa`, "Describe Spa anew"),
  "API description": at(`${HOME}/custom-apis/import`, "Import an API description"),
  "API description, refused": async (page) => {
    await describe(page, "swagger: '2.0'");
    await expect(page.locator("[aria-invalid=true]")).toBeFocused();
  },
  "API description, understood": async (page) => {
    await describe(page, DOGS);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("What the description says");
  },
  "API description, that names nothing": async (page) => {
    await describe(page, "openapi: 3.0.0");
    await expect(page.getByText("It names no server that can be used.")).toBeVisible();
  },
  "API description, on the form": async (page) => {
    await describe(page, DOGS);
    await page.getByRole("button", { name: "Go on to the form" }).click();
    await expect(page.getByRole("textbox", { name: "Base URL" })).toHaveValue("https://api.eu.example.com/v2");
    await expect(page.getByText("Filled in from the description.")).toBeVisible();
  },
  "API description, on the form of a client": async (page) => {
    await describe(page, DOGS);
    await page.getByRole("radio", { name: /^Client credentials/ }).check();
    await page.getByRole("button", { name: "Go on to the form" }).click();
    await expect(page.locator("#client_credentials-token_url")).toHaveValue("https://auth.example.com/token");
  },
  "custom API, to describe anew": at(`${HOME}/custom-apis/custom-rooms`, "Describe Rooms anew"),
  "secret, with values before and after": async (page, { places }) => {
    await at(places.staged, "Door locks, sandbox")(page);
    await expect(page.getByRole("heading", { name: /^Earlier value/ })).toBeVisible();
    await expect(page.getByRole("heading", { name: /^Next value/ })).toBeVisible();
  },
  "secret, about to go back": async (page, { places }) => {
    await page.goto(places.staged);
    await page.getByRole("button", { name: "Go back to it…" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
  },
  "secret, another value": async (page, { places }) => at(`${places.staged}/replace`, "Replace the value")(page),
  "secret, another value refused": async (page, { places }) => {
    await page.goto(`${places.staged}/replace`);
    await page.locator("form.card").evaluate((form) => (form.noValidate = true));
    await page.getByRole("button", { name: "Store the new value" }).click();
    await expect(page.locator("[aria-invalid=true]").first()).toBeVisible();
  },
  "secret, the next value": async (page, { places }) => at(`${places.secret}/next`, "Enter the next value")(page),
  "secret, to change": async (page, { places }) => at(`${places.secret}/edit`, "Change “Reception till”")(page),
  "secret, dates refused": async (page, { places }) => {
    await page.goto(`${places.secret}/edit`);
    await page.getByLabel("Remind me on").fill("2020-01-01");
    await page.getByRole("button", { name: "Set these dates" }).click();
    await expect(page.getByText("has begun already")).toBeVisible();
  },
  "secret, to disconnect": async (page, { places }) => at(`${places.staged}/disconnect`, /Disconnect “Door locks/)(page),
  "secret, its history": async (page, { places }) => at(`${places.staged}/history`, /^Everything done to/)(page),
  "rotation rounds": at(`${HOME}/rotations`, "Rotation rounds"),
  "rotation round": async (page, { places }) => at(places.round, "After the audit")(page),
  "rotation round, what is done": async (page, { places }) => at(`${places.round}?show=done`, "After the audit")(page),
  "rotation round, reminded too soon": async (page, { places }) => {
    await page.goto(places.round);
    await page.getByRole("button", { name: /^Remind/ }).click();
    await expect(page.getByText("less than a day ago")).toBeVisible();
  },
  "new rotation round": at(`${HOME}/rotations/new`, "Start a rotation round"),
  "new rotation round, refused": async (page) => {
    await page.goto(`${HOME}/rotations/new`);
    await page.getByLabel("Due by").fill("2020-01-01");
    await page.getByRole("button", { name: "Start the round" }).click();
    await expect(page.locator("[aria-invalid=true]").first()).toBeVisible();
  },
  "secret, that a round asks for": async (page, { places }) => {
    await page.goto(places.staged);
    await expect(page.getByText("asks for a new value")).toBeVisible();
  },
  "new workspace": at("/workspaces/new", "New workspace"),
  "mail and jobs": async (page) => {
    await at(`${HOME}/jobs`, "Mail and jobs")(page);
    await expect(page.getByText("Nothing waits, nothing failed")).toBeVisible();
  },
  settings: at(`${HOME}/settings`, "Settings"),
  "workspace, to delete": at(`${HOME}/delete`, /Delete “Harbour Hotels”/),
  invitations: at(`${HOME}/invitations`, "Invitations"),
  "invitations, about to be revoked": async (page) => {
    await page.goto(`${HOME}/invitations`);
    await page.getByRole("button", { name: "Revoke… the invitation to tom@example.com" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
  },
  "new invitation": at(`${HOME}/invitations/new`, "Invite somebody"),
  "new invitation, refused": async (page) => {
    await page.goto(`${HOME}/invitations/new`);
    await page.getByLabel("E-mail address").fill("TOM@example.com");
    await page.getByRole("button", { name: "Make the invitation" }).click();
    await expect(page.getByText("This address is invited already.")).toBeVisible();
  },
  "invitation for somebody else": async (page, { places }) => {
    await page.goto(places.foreign);
    await expect(page.getByText("You are signed in as ada@example.com.")).toBeVisible();
  },
  "invitation to where one belongs": async (page, { places }) => {
    await page.goto(places.invitation);
    await expect(page.getByText("You are a member of this workspace already.")).toBeVisible();
  },
  members: at(`${HOME}/members`, "Members"),
  member: async (page, { places }) => at(places.colleague, "Grace Hill")(page),
  "member, to be removed": async (page, { places }) => at(`${places.colleague}/end`, "Remove Grace Hill?")(page),
  "leaving": async (page) => {
    await page.goto(`${HOME}/members`);
    await page.getByRole("link", { name: "Ada Brook" }).click();
    await page.getByRole("link", { name: "Leave the workspace…" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Leave this workspace?");
  },
  workflows: at(`${HOME}/workflows`, "Workflows"),
  "workflows, filtered to nothing": async (page) => {
    await at(`${HOME}/workflows?q=nothing-like-it`, "Workflows")(page);
    await expect(page.getByText("No workflow matches")).toBeVisible();
  },
  "new workflow": at(`${HOME}/workflows/new`, "New workflow"),
  "new workflow, refused": async (page) => {
    await page.goto(`${HOME}/workflows/new`);
    await page.locator("form.card").evaluate((form) => (form.noValidate = true));
    await page.getByLabel("External id").fill("not one");
    await page.getByRole("button", { name: "Register this workflow" }).click();
    await expect(page.locator("[aria-invalid=true]").first()).toBeVisible();
  },
  workflow: async (page, { places }) => at(places.workflow, "Checkout and invoice")(page),
  "workflow, a node refused": async (page, { places }) => {
    await page.goto(places.workflow);
    await page.getByLabel("Name of the node").fill("a b");
    await page.getByRole("button", { name: "Add this node" }).click();
    await expect(page.locator("[aria-invalid=true]").first()).toBeVisible();
  },
  "workflow, about to be deleted": async (page, { places }) => {
    await at(`${places.workflow}/delete`, "Delete “Checkout and invoice”?")(page);
  },
  "node of a workflow": async (page, { places }) => at(places.node, "charge")(page),
  "node, about to be removed": async (page, { places }) => {
    await page.goto(places.node);
    await page.getByRole("button", { name: "Remove…" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
  },
  tokens: at(`${HOME}/tokens`, "Service tokens"),
  "tokens, narrowed": async (page) => {
    await page.goto(`${HOME}/tokens?q=guest&environment=live&state=active`);
    await expect(page.getByText(/1 of \d+ service tokens/)).toBeVisible();
  },
  "tokens, none found": async (page) => {
    await page.goto(`${HOME}/tokens?q=guest&state=revoked`);
    await expect(page.getByText("No token matches")).toBeVisible();
  },
  "new token": at(`${HOME}/tokens/new`, "Make a service token"),
  "new token, with limits": async (page) => {
    await page.goto(`${HOME}/tokens/new`);
    await page.getByText("Limit it to node types, addresses or calls?").click();
    await page.getByLabel("Name", { exact: true }).fill("Limited");
    await page.getByRole("checkbox", { name: "Stripe" }).check();
    await page.getByLabel("Addresses that it may be used from").fill("10.0.0.0/8\nexample.com");
    await page.getByRole("button", { name: "Make this token" }).click();
    await expect(page.getByText("“example.com” is neither")).toBeVisible();
    await expect(page.getByRole("checkbox", { name: "Stripe" })).toBeChecked();
  },
  "token, a new text": async (page, { places }) => {
    await page.goto(places.token);
    await page.getByRole("link", { name: "Give it a new text" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Give “Booking backend” a new text");
  },
  "token, its new text shown once": async (page) => {
    await renewToken(page, "New text, shown once");
  },
  "token, with an old text": async (page) => {
    await renewToken(page, "With an old text");
    await page.getByRole("link", { name: "I have copied it" }).click();
    await expect(page.getByRole("button", { name: "End the old text now" })).toBeVisible();
  },
  "token, for an agent": async (page) => {
    await makeToken(page, { name: "Agent", preset: /^AI agent/ });
    await page.getByRole("link", { name: "I have copied it" }).click();
    await expect(page.locator("pre#proxy")).toContainText("/proxy/stripe/v1/balance");
  },
  "new token, refused": async (page) => {
    await page.goto(`${HOME}/tokens/new`);
    await page.getByRole("radio", { name: /^Custom|choose/i }).check();
    await page.locator("form.card").evaluate((form) => (form.noValidate = true));
    await page.getByRole("button", { name: "Make this token" }).click();
    await expect(page.getByRole("alert")).toContainText("No token is made yet.");
    await expect(page.getByText("Choose at least one ability.")).toBeVisible();
  },
  "new token, shown once": async (page) => {
    await makeToken(page, { name: "Shown once" });
  },
  token: async (page, { places }) => at(places.token, "Booking backend")(page),
  "token, about to be revoked": async (page, { places }) => {
    await page.goto(places.token);
    await page.getByRole("button", { name: "Revoke…" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
  },
  "end users": at(`${HOME}/end-users`, "End users"),
  "end users, narrowed": at(`${HOME}/end-users?q=guest&organization=spa-group&environment=test`, "End users"),
  "end users, narrowed to nothing": async (page) => {
    await at(`${HOME}/end-users?q=nobody-like-it`, "End users")(page);
    await expect(page.getByText("No end user matches")).toBeVisible();
  },
  organizations: at(`${HOME}/organizations`, "Organizations"),
  "end user": async (page, { places }) => at(places.endUser, "guest-1042")(page),
  organization: async (page, { places }) => at(places.organization, "spa-group")(page),
  "end user, to disconnect": async (page, { places }) => {
    await at(`${places.endUser}/disconnect`, "Disconnect everything of “guest-1042”?")(page);
  },
  "end user, to delete": async (page, { places }) => at(`${places.endUser}/delete`, "Delete “guest-1042”?")(page),
  "end user, to delete, name refused": async (page, { places }) => {
    await page.goto(`${places.endUser}/delete`);
    await page.getByLabel("Who is to be deleted").fill("guest");
    await page.getByRole("button", { name: "Delete this end user" }).click();
    await expect(page.locator("[aria-invalid=true]")).toBeFocused();
  },
  webhooks: at(`${HOME}/webhooks`, "Webhooks"),
  "new webhook": at(`${HOME}/webhooks/new`, "New webhook"),
  "new webhook, refused": async (page) => {
    await page.goto(`${HOME}/webhooks/new`);
    await page.getByRole("radio", { name: /^Chosen events/ }).check();
    await page.getByLabel("Address").fill("http://hooks.example.com/");
    await page.locator("form.card").evaluate((form) => (form.noValidate = true));
    await page.getByRole("button", { name: "Make this webhook" }).click();
    await expect(page.getByText("Choose at least one kind of event.")).toBeVisible();
    await expect(page.getByLabel("Address")).toHaveValue("http://hooks.example.com/");
  },
  "new webhook, its key shown once": async (page) => {
    await addWebhook(page, { name: "Shown once", address: "https://once.example.com/" });
  },
  webhook: async (page, { places }) => at(places.webhook, "Booking backend")(page),
  "webhook, a log of nothing": async (page, { places }) => {
    await page.goto(`${places.webhook}?state=delivered`);
    await expect(page.getByText("None of this kind")).toBeVisible();
  },
  "webhook, about to be deleted": async (page, { places }) => {
    await page.goto(places.webhook);
    await page.getByRole("button", { name: "Delete…" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
  },
  "webhook, to change": async (page, { places }) => at(`${places.webhook}/edit`, "Change “Booking backend”")(page),
  "webhook, a new key": async (page, { places }) => at(`${places.webhook}/key`, "A new signing key for “Booking backend”")(page),
  "webhook, its new key shown once": async (page, { places }) => {
    await page.goto(`${places.webhook}/key`);
    await page.getByRole("button", { name: "Make the new key" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("“Booking backend” has a new signing key");
  },
  "webhook, with a key that waits": async (page, { places }) => {
    await page.goto(`${places.webhook}/key`);
    await page.getByRole("button", { name: "Make the new key" }).click();
    await at(places.webhook, "Booking backend")(page);
    await expect(page.getByRole("button", { name: "Let it take over now" })).toBeVisible();
  },
  "a delivery": async (page, { places }) => at(places.delivery, "keyrack.test")(page),
  activity: at(`${HOME}/activity`, "Activity"),
  "activity, narrowed": async (page) => {
    await at(`${HOME}/activity`, "Activity")(page);
    await page.getByLabel("About").selectOption("Service tokens");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await expect(page.getByRole("link", { name: "Clear" })).toBeVisible();
  },
  "activity, narrowed to nothing": async (page) => {
    await at(`${HOME}/activity?from=2020-01-02&to=2020-01-01`, "Activity")(page);
    await expect(page.getByText("Nothing matches")).toBeVisible();
  },
  "entry of the record": at(`${HOME}/activity/changes-2`, "Entry changes-2"),
  "the record, checked": at(`${HOME}/activity/check`, "The record"),
  account: at("/account", "Account"),
  "account, password refused": async (page) => {
    await page.goto("/account");
    await page.getByLabel("Current password").fill("not the right one");
    await page.getByLabel("New password").fill("short");
    await page.getByRole("button", { name: "Change password" }).click();
    await expect(page.locator("[aria-invalid=true]").first()).toBeVisible();
  },
  "account, another address refused": async (page) => {
    await page.goto("/account");
    await page.getByLabel("New e-mail address").fill("ada@new.example");
    await page.getByLabel("Your password", { exact: true }).fill("not the right one");
    await page.getByRole("button", { name: "Change address" }).click();
    await expect(page.locator("[aria-invalid=true]").first()).toBeVisible();
  },
  "proof of another address": async (page, { keyrack }) => {
    await page.goto("/account");
    await page.getByLabel("New e-mail address").fill("ada@new.example");
    await page.getByLabel("Your password", { exact: true }).fill(ADA.password);
    await page.getByRole("button", { name: "Change address" }).click();
    await expect(page.getByText("A letter is on its way to the new address.")).toBeVisible();
    await at(await linkTo(keyrack, "ada@new.example", "/e-mail/"), "Use this address?")(page);
  },
  sessions: at("/account/sessions", "Account"),
  "sessions, about to end all others": async (page) => {
    await page.goto("/account/sessions");
    await page.getByRole("button", { name: "Revoke all others…" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
  },
  "account, to delete": at("/account/delete", "Delete your account?"),
  "account, not deleted": async (page) => {
    await page.goto("/account/delete");
    await page.getByLabel("Your e-mail address").fill("somebody@example.com");
    await page.getByLabel("Current password").fill("not the right one");
    await page.getByRole("button", { name: "Delete my account" }).click();
    await expect(page.getByText("This is not your address.")).toBeVisible();
  },
  "not found": at("/nowhere", "There is nothing on this hook"),
  "form from elsewhere": async (page) => {
    await page.goto("/account");
    await page.locator("[name=csrf]").evaluateAll((fields) => fields.forEach((field) => (field.value = "another")));
    await page.getByRole("button", { name: "Dark" }).last().click();
    await expect(page.getByText("Error 403")).toBeVisible();
  },
};

// The pages for whoever is not signed in.
export const outsidePages = {
  "the reference of the API": at("/api/reference", "API reference"),
  "sign in": at("/sign-in", "Sign in to Keyrack"),
  "sign in, refused": async (page) => {
    await page.goto("/sign-in");
    await page.getByLabel("E-mail address").fill(`nobody-${Date.now()}@example.com`);
    await page.getByLabel("Password").fill("not the right one");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
  },
  "forgotten password": at("/forgotten", "Forgotten your password?"),
  "forgotten password, no address": async (page) => {
    await page.goto("/forgotten");
    await page.locator("form.card").evaluate((form) => (form.noValidate = true));
    await page.getByLabel("E-mail address").fill("ada");
    await page.getByRole("button", { name: "Send me a link" }).click();
    await expect(page.locator("[aria-invalid=true]")).toHaveValue("ada");
  },
  "forgotten password, asked": async (page) => {
    await page.goto("/forgotten");
    await page.getByLabel("E-mail address").fill(ADA.email);
    await page.getByRole("button", { name: "Send me a link" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Look at your mail");
  },
  "new password": async (page, { keyrack }) => {
    await outsidePages["forgotten password, asked"](page);
    await at(await linkTo(keyrack, ADA.email, "/reset/"), "Choose a new password")(page);
  },
  "new password, refused": async (page, { keyrack }) => {
    await outsidePages["new password"](page, { keyrack });
    await page.getByLabel("New password").fill("short");
    await page.getByRole("button", { name: "Set this password" }).click();
    await expect(page.locator("[aria-invalid=true]")).toBeVisible();
  },
  "a link that is over": at("/reset/kr_link_gone", "This link does not work"),
  "sign up, by invitation": at("/sign-up", "Keyrack is by invitation"),
  "set-up link, spent": async (page, { keyrack }) => at(keyrack.setUpLink, "Keyrack is already set up")(page),
};
