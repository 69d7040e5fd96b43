import { expect } from "@playwright/test";

export const ADA = {
  name: "Ada Brook",
  email: "ada@example.com",
  password: "four plain words suffice",
  workspace: "Harbour Hotels",
};
export const HOME = "/w/harbour-hotels";

// What a person does, through the pages and their words.

export async function setUp(page, link) {
  await page.goto(link);
  await page.getByLabel("Your name").fill(ADA.name);
  await page.getByLabel("E-mail address").fill(ADA.email);
  await page.getByLabel("Password").fill(ADA.password);
  await page.getByLabel("Workspace name").fill(ADA.workspace);
  await page.getByRole("button", { name: "Set up Keyrack" }).click();
  await expect(page).toHaveURL(HOME);
}

export async function signIn(page) {
  await signInAs(page, ADA.email);
  await expect(page).toHaveURL(HOME);
}

export async function signInAs(page, email, password = ADA.password) {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => url.pathname !== "/sign-in");
}

// Invites somebody, and returns the link that the page shows where no mail server is set up.
export async function invite(page, { email, role = "Member", message, workspace = HOME }) {
  await page.goto(`${workspace}/invitations/new`);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByRole("radio", { name: new RegExp(`^${role}`) }).check();
  if (message) await page.getByLabel("Message").fill(message);
  await page.getByRole("button", { name: "Make the invitation" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("The invitation is ready");
  return page.locator("#link").textContent();
}

// Makes an account on the way.
export async function joinAs(page, link, { name, password = ADA.password }) {
  await page.goto(link);
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Make my account and join" }).click();
  await expect(page.getByText("You are a member of this workspace now.")).toBeVisible();
}

export async function signOut(page) {
  await page.locator("details.menu.rail-foot > summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed out.")).toBeVisible();
}

export async function openStripeForm(page, workspace = HOME) {
  await page.goto(`${workspace}/secrets/new`);
  await page.getByRole("link", { name: /^Stripe/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Add a key for Stripe");
}

export const keyField = (page) => page.getByLabel("Restricted or secret key", { exact: true });
export const store = (page) => page.getByRole("button", { name: "Store this key" });

export async function addStripe(page, { name, value, environment = "Test", sharing, delivery = "Vend", expires, workspace }) {
  await openStripeForm(page, workspace);
  await keyField(page).fill(value);
  await describe(page, { name, environment, sharing, delivery, expires });
}

export async function addHttpRequest(page, { name, value, base, environment = "Test", delivery = "Vend", expires }) {
  await page.goto(`${HOME}/secrets/new/http-request`);
  await page.getByLabel("Base URL").fill(base);
  await page.getByLabel("Token", { exact: true }).fill(value);
  await describe(page, { name, environment, delivery, expires });
}

// Describes an API of one's own that takes a bearer token, or whose accounts are connected at a provider.
export async function addCustomApi(page, { name, base, provider }) {
  await page.goto(`${HOME}/custom-apis/new`);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Base URL").fill(base);
  if (provider) {
    await page.getByRole("radio", { name: /^Account/ }).check();
    await page.getByLabel("Authorization address").fill(`${provider}/authorize`);
    await page.locator("#oauth-token_url").fill(`${provider}/token`);
    await page.locator("#oauth-scopes").fill("* spa.read See which treatments are free.\nspa.write Book treatments.");
  }
  await page.getByRole("button", { name: "Add this API" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
}

// The second half of every form, and the sending.
async function describe(page, { name, environment, sharing, delivery, expires }) {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("radio", { name: environment, exact: false }).first().check();
  if (sharing) await page.getByRole("radio", { name: sharing }).check();
  await page.getByRole("radio", { name: new RegExp(`^${delivery}`) }).check();
  if (expires) await page.getByLabel("Expires on").fill(expires);
  await store(page).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
}

// Makes a token and gives it a new text, which the page still shows.
export async function renewToken(page, name) {
  const old = await makeToken(page, { name });
  await page.getByRole("link", { name: "I have copied it" }).click();
  await page.getByRole("link", { name: "Give it a new text" }).click();
  await page.getByRole("button", { name: "Make the new text" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`“${name}” has a new text`);
  const text = await page.locator("#token").textContent();
  expect(text).not.toBe(old);
  return { old, text };
}

// Makes a token and returns it; the page still shows it.
export async function makeToken(page, { name, environment = "Test", preset = /^Backend/, expires, workspace = HOME }) {
  await page.goto(`${workspace}/tokens/new`);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("radio", { name: environment, exact: false }).first().check();
  await page.getByRole("radio", { name: preset }).check();
  if (expires) await page.getByLabel("Expires on").fill(expires);
  await page.getByRole("button", { name: "Make this token" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`“${name}” is ready`);
  return page.locator("#token").textContent();
}

// A request as a page shows it, taken apart: what somebody would paste into a terminal.
export function readSnippet(text) {
  return {
    method: text.match(/-X (\w+)/)?.[1] ?? "POST",
    path: new URL(text.match(/http[^\s'"]+/)[0]).pathname,
    body: JSON.parse(text.match(/-d '([^']*)'/)[1]),
  };
}

// Sends it as a backend does, past the tap.
export async function send(keyrack, token, { method, path, body }) {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const answer = await fetch(keyrack.direct + path, { method, headers, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

export async function revokeToken(page) {
  await page.getByRole("button", { name: "Revoke…" }).click();
  await page.getByRole("button", { name: "Revoke it now" }).click();
}

// Makes a webhook for the test environment, and returns its signing key.
export async function addWebhook(page, { name, address, environment = "Test", kinds }) {
  await page.goto(`${HOME}/webhooks/new`);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Address").fill(address);
  await page.getByRole("radio", { name: new RegExp(`^${environment}`) }).check();
  if (kinds) {
    await page.getByRole("radio", { name: /^Chosen events/ }).check();
    for (const kind of kinds) await page.getByRole("checkbox", { name: kind }).check();
  }
  await page.getByRole("button", { name: "Make this webhook" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`“${name}” is ready`);
  return page.locator("#key").textContent();
}

// Looks at a page until it shows a use: they are counted shortly after their answer, and every few seconds.
export async function expectCounted(page, path, shown) {
  await expect(async () => {
    await page.goto(path);
    await expect(shown).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 15_000 });
}
