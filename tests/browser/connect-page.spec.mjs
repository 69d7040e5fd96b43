import { expectNowhere } from "./support/canary.mjs";
import { expectAccessible } from "./support/checks.mjs";
import { setUpClient } from "./support/connecting.mjs";
import { expect } from "./support/fixtures.mjs";
import { Giver } from "./support/giver.mjs";
import { agree, cancel, testWith } from "./support/provided.mjs";
import { Site } from "./support/site.mjs";
import { HOME, makeToken, setUp } from "./support/steps.mjs";

// People of a product connect in the example of the documentation, from a site that is not Keyrack's.

const SETTINGS = `${HOME}/settings/connect-page`;
const KEYS = { first: "rk_test_canary_embedded_one_WXYZ", second: "rk_test_canary_embedded_two_RQPO" };

const test = testWith(Giver).extend({
  ignoreHTTPSErrors: true,
  settings: async ({ provider }, use) => use(provider.settings),
  site: async ({}, use) => {
    const site = await Site.reserve();
    await use(site);
    await site.stop();
  },
  // Ada has let the site hold the page, and her backend runs; a stranger is on the site.
  anna: async ({ page, keyrack, provider, site, browser }, use) => {
    await setUp(page, keyrack.setUpLink);
    await setUpClient(page, provider);
    await page.goto(`${HOME}/node-types/stripe`);
    await page.getByRole("button", { name: /^Add/ }).first().click();
    await page.goto(SETTINGS);
    await page.getByLabel("Allowed origins").fill(site.origin);
    await page.getByLabel("Name shown").fill("Harbour Bookings");
    await page.getByLabel("Accent colour").fill("#0b3d91");
    await page.getByRole("button", { name: "Save the page" }).click();
    await expect(page.getByText("The connect page is saved.")).toBeVisible();
    await expectAccessible(page);
    await page.goto(`${HOME}/secrets`);
    const token = await makeToken(page, { name: "Bookings" });
    await site.start({ keyrack: keyrack.base, token, nodeTypes: "stripe,gitlab" });
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const anna = await context.newPage();
    // Whatever the site hears, it hears here.
    await anna.addInitScript(() => {
      window.heard = [];
      addEventListener("message", ({ origin, data }) => window.heard.push({ origin, data }));
    });
    await anna.goto(site.origin);
    await use(anna);
    await context.close();
  },
});

const frameOf = (anna) => anna.frameLocator("dialog iframe");
const heading = (place) => place.getByRole("heading", { level: 1 });
const state = (anna) => anna.getByRole("status");

test("an end user connects, replaces and disconnects in a frame", async ({ page, keyrack, site, anna }) => {
  await anna.getByRole("button", { name: "Connect here" }).click();
  const frame = frameOf(anna);
  await expect(heading(frame)).toHaveText("Connect with Harbour Bookings");
  await frame.getByRole("button", { name: "Connect Stripe", exact: true }).click();
  await expect(heading(frame)).toHaveText("Connect Stripe");
  await frame.getByLabel(/key/i).first().fill("not a key");
  await frame.getByRole("button", { name: "Connect Stripe", exact: true }).click();
  await expect(frame.locator("[aria-invalid=true]")).toBeFocused();
  await expect(frame.locator("[aria-invalid=true]")).toHaveValue("");
  await frame.locator("[aria-invalid=true]").fill(KEYS.first);
  await frame.getByRole("button", { name: "Connect Stripe", exact: true }).click();
  await expect(frame.getByText("WXYZ")).toBeVisible();

  await frame.getByRole("button", { name: "Replace Stripe" }).click();
  await frame.locator("[data-secret]").fill(KEYS.second);
  await frame.getByRole("button", { name: "Replace what is stored" }).click();
  await expect(frame.getByText("RQPO")).toBeVisible();
  await frame.getByRole("button", { name: "Done" }).click();
  await expect(state(anna)).toHaveText(/^Connected: stripe \(sec_/);
  await expect(anna.locator("dialog")).toHaveCount(0);

  const heard = await anna.evaluate(() => window.heard);
  expect(heard.map(({ data }) => data.event)).toEqual(["ready", "ready", "ready", "ready", "connected", "ready", "ready", "connected", "close"]);
  for (const { origin, data } of heard) {
    expect(origin).toBe(keyrack.base);
    expect(Object.keys(data).every((name) => ["keyrack", "session", "event", "nodeType", "account"].includes(name))).toBe(true);
  }
  expect(JSON.stringify(heard)).not.toMatch(/canary|WXYZ|RQPO/);

  // Whoever comes again sees what is there.
  await anna.getByRole("button", { name: "Connect here" }).click();
  await frame.getByRole("button", { name: "Disconnect Stripe" }).click();
  await frame.getByRole("dialog").getByRole("button", { name: "Disconnect Stripe" }).click();
  await expect(frame.getByRole("button", { name: "Connect Stripe", exact: true })).toBeVisible();
  await frame.getByRole("button", { name: "Close" }).click();
  await expect(state(anna)).toHaveText("Nothing was connected.");
  expect(await anna.context().cookies(keyrack.base)).toEqual([]);
  await expectNowhere(page, keyrack, Object.values(KEYS), ["Harbour Bookings"]);
  expect(site.origin).not.toBe(keyrack.base);
});

test("an account is connected in a window of its own, and the frame hears of it", async ({ keyrack, provider, anna }) => {
  await anna.getByRole("button", { name: "Connect here" }).click();
  const frame = frameOf(anna);
  await frame.getByRole("button", { name: "Connect GitLab", exact: true }).click();
  await expect(frame.getByText("See the profile of the person who connects.")).toBeVisible();

  const go = async () => {
    const opening = anna.context().waitForEvent("page");
    await frame.getByRole("button", { name: "Go on to GitLab" }).click();
    return opening;
  };
  const vain = await go();
  await cancel(vain, provider);
  await expect(heading(vain)).toHaveText("Not connected");
  await expect(frame.getByText("You did not agree, so nothing was connected.")).toBeVisible();

  await frame.getByRole("button", { name: "Connect GitLab", exact: true }).click();
  const closed = await go();
  await closed.close();
  await expect(frame.getByText("Waiting for you to agree at GitLab.")).toBeVisible();
  const window = await go();
  await agree(window, provider, "Anna");
  await expect(heading(window)).toHaveText("Connected");
  await expect(frame.getByRole("button", { name: "Disconnect GitLab" })).toBeVisible();
  await anna.keyboard.press("Escape");
  await expect(state(anna)).toHaveText(/^Connected: gitlab \(sec_/);
  const heard = await anna.evaluate(() => window.heard.map(({ data }) => data.event).filter((event) => event !== "ready"));
  expect(heard.filter((event) => event !== "close")).toEqual(["access_denied", "connected"]);
  expect(keyrack.base).toContain("127.0.0.1");
});

test("it opens in a window too, and its link works once", async ({ keyrack, site, anna }) => {
  const opening = anna.context().waitForEvent("page");
  const asked = anna.waitForResponse((answer) => answer.url().endsWith("/session") && answer.request().method() === "POST");
  await anna.getByRole("button", { name: "Connect in a window" }).click();
  const window = await opening;
  const { url } = await (await asked).json();
  await window.getByRole("button", { name: "Connect Stripe", exact: true }).click();
  await expect(heading(window)).toHaveText("Connect Stripe");
  await expectAccessible(window);
  await window.locator("[data-secret]").fill(KEYS.first);
  await window.getByRole("button", { name: "Connect Stripe", exact: true }).click();
  await expect(window.getByText("WXYZ")).toBeVisible();
  await expectAccessible(window);
  await window.getByRole("button", { name: "Done" }).click();
  await expect(state(anna)).toHaveText(/^Connected: stripe \(sec_/);
  // Opened by hand, it has nothing that would close it.
  const { url: another } = await (await anna.request.post(`${site.origin}/session`)).json();
  await anna.goto(another);
  await anna.getByRole("button", { name: "Continue" }).click();
  await expect(anna.getByText("When you are done, you can close this page.")).toBeVisible();
  await expect(anna.getByRole("button", { name: "Done" })).toBeHidden();
  await anna.goto(url);
  await expect(heading(anna)).toHaveText("This page is over");
  await expectAccessible(anna);
  expect(url.startsWith(keyrack.base)).toBe(true);
});

test("another site gets no frame", async ({ keyrack, site, anna }) => {
  const elsewhere = site.origin.replace("localhost", "127.0.0.1");
  await anna.goto(elsewhere);
  await anna.getByRole("button", { name: "Connect here" }).click();
  // The browser shows Keyrack's refusal to nobody, and the script gives up.
  await expect(state(anna)).toHaveText(/^The connect page did not open/, { timeout: 30_000 });
  expect(await anna.evaluate(() => window.heard)).toEqual([]);
  expect(keyrack.base).not.toBe(elsewhere);
});

test("without scripts, a link is enough", async ({ page, keyrack, site, anna, browser }) => {
  const answer = await anna.request.post(`${site.origin}/session`);
  const { url } = await answer.json();
  const context = await browser.newContext({ javaScriptEnabled: false, colorScheme: "dark", viewport: { width: 390, height: 844 } });
  const plain = await context.newPage();
  await plain.goto(url);
  await expect(heading(plain)).toHaveText("Connect with Harbour Bookings");
  await plain.getByRole("button", { name: "Continue" }).click();
  await plain.getByRole("button", { name: "Connect Stripe", exact: true }).click();
  await plain.locator("[data-secret]").fill(KEYS.second);
  await plain.getByRole("button", { name: "Connect Stripe", exact: true }).click();
  await expect(plain.getByText("RQPO")).toBeVisible();
  await context.close();
  await expectNowhere(page, keyrack, Object.values(KEYS), ["Harbour Bookings"]);
});
