import { expect } from "@playwright/test";
import { APP } from "./giver.mjs";
import { mouse } from "./hands.mjs";
import { agree, heading } from "./provided.mjs";
import { HOME } from "./steps.mjs";

// What people do to connect accounts of a GitLab of their own, through the pages and their words.

export const CLIENT_FORM = `${HOME}/node-types/gitlab/client/test`;
export const PLACE = "Nightly builds";
// What the client asks for, as the pages say it.
export const READ_USER = "See the profile of the person who connects.";
export const READ_API = "Read everything the person can see through the API.";

const button = (page, name) => page.getByRole("button", { name });

// Adds the node type, so that people sign in to it, and goes on to its client.
export async function addNodeType(page) {
  await page.goto(`${HOME}/node-types`);
  await page.getByRole("link", { name: /^GitLab/ }).click();
  await page.getByRole("radio", { name: /^Account/ }).check();
  await button(page, "Add GitLab").click();
  await page.getByRole("link", { name: "Set up the client for test" }).click();
  await expect(heading(page)).toHaveText("Client of GitLab");
}

// Registers the client at the provider, with the address that was copied here, and enters what it is there.
export async function enterClient(page, provider) {
  await button(page, "Copy the redirect address").click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe(await page.locator(".copyable code").textContent());
  provider.register(copied);
  await page.getByLabel("GitLab address").fill(provider.issuer);
  await page.getByLabel("Client id").fill(APP.id);
  await page.getByLabel("Client secret").fill(APP.secret);
  for (const scope of [READ_USER, READ_API]) await expect(page.getByLabel(scope)).toBeChecked();
  await button(page, "Save this client").click();
  await expect(page.getByText("The client is saved.")).toBeVisible();
}

export async function setUpClient(page, provider) {
  await addNodeType(page);
  await enterClient(page, provider);
}

// Makes a place for an account, and comes before what will be asked for.
export async function addPlace(page, { hands = mouse, name = PLACE, sharing } = {}) {
  await page.goto(`${HOME}/secrets/new`);
  await hands.enter(page.getByRole("searchbox", { name: "Search node types" }), "GitLab");
  await hands.press(button(page, "Search"));
  await hands.press(page.getByRole("link", { name: /^GitLab/ }));
  await expect(heading(page)).toHaveText("Connect GitLab");
  await hands.enter(page.getByLabel("Name", { exact: true }), name);
  if (sharing) await hands.choose(page.getByRole("radio", { name: sharing }));
  await hands.choose(page.getByRole("radio", { name: /^Vend/ }));
  await hands.press(button(page, "Go on to the consent"));
  await expectAsked(page);
}

// The page before the consent says what will be asked, and where.
export async function expectAsked(page) {
  await expect(heading(page)).toHaveText("Connect GitLab");
  const asked = page.getByRole("region", { name: "What GitLab will be asked to allow" });
  await expect(asked.getByRole("listitem")).toHaveText([new RegExp(READ_USER), new RegExp(READ_API)]);
}

export const goThere = (page, hands = mouse) => hands.press(button(page, "Go to GitLab"));

// Leaves for the provider and does not come there: what remains is the page of ours that leads on.
export async function leaveInVain(page, provider, look) {
  const there = `${provider.issuer}/**`;
  await page.route(there, (route) => route.abort("aborted"));
  const leave = async () => {
    const stopped = page.waitForEvent("requestfailed", (request) => request.url().startsWith(provider.issuer));
    await goThere(page);
    await stopped;
    await expect(heading(page)).toHaveText("On to GitLab");
  };
  const found = await look(leave);
  await page.unroute(there);
  return found;
}

const listed = (page, title) => page.locator(".part", { has: page.getByRole("heading", { name: title, exact: true }) }).getByRole("listitem");

// The page of the connection says what was granted and what was not.
export async function expectConnected(page, { name = PLACE, granted = [READ_USER, READ_API], missing = [] } = {}) {
  await expect(heading(page)).toHaveText(name);
  await expect(verdict(page).getByRole("heading")).toHaveText("Connected");
  const words = (all) => all.map((means) => new RegExp(means));
  await expect(listed(page, "Granted")).toHaveText(words(granted));
  await expect(listed(page, "Asked for, and not granted")).toHaveText(words(missing));
}

// From a new place to a connected account.
export async function connect(page, provider, { as, sharing }) {
  await addPlace(page, { sharing });
  await goThere(page);
  await agree(page, provider, as);
  await expectConnected(page);
  return new URL(page.url()).pathname;
}

export const verdict = (page) => page.getByRole("region", { name: "State" });

export async function disconnect(page, hands = mouse) {
  await hands.press(page.getByRole("link", { name: "Disconnect…" }));
  await expect(page.getByText("asks GitLab to forget them. You are told whether it did.")).toBeVisible();
  await hands.press(button(page, "Disconnect it now"));
  await expect(page.getByText("the provider confirmed that it forgot them too")).toBeVisible();
  await expect(verdict(page)).toContainText("Disconnected");
}
