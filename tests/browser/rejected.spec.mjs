import { inspect } from "./support/checks.mjs";
import { verdict } from "./support/connecting.mjs";
import { expect } from "./support/fixtures.mjs";
import { testBeside } from "./support/neighbour.mjs";
import { HOME, makeToken, setUp } from "./support/steps.mjs";
import { Upstream } from "./support/upstream.mjs";

const FIRST = "glpat-not_a_real_key_0001";
const SECOND = "glpat-not_a_real_key_0002";
const NAME = "Nightly builds";

const test = testBeside(Upstream);

async function addKey(page, upstream) {
  await page.goto(`${HOME}/secrets/new/gitlab`);
  await page.getByLabel("GitLab address").fill(upstream.address);
  await page.getByLabel("Access token", { exact: true }).fill(FIRST);
  await page.getByLabel("Name", { exact: true }).fill(NAME);
  await page.getByRole("radio", { name: /^Proxy/ }).check();
  await page.getByRole("checkbox", { name: /^Test it at once/ }).uncheck();
  await page.getByRole("button", { name: "Store this key" }).click();
  await expect(verdict(page)).toContainText("Whoever makes them never gets it.");
  return new URL(page.url()).pathname;
}

// The call that the secret's page shows, as an agent makes it.
async function readCall(page) {
  const text = await page.locator("#call").textContent();
  const [, name, value] = text.match(/-H '(Keyrack-Secret): ([^']+)'/);
  return { path: new URL(text.match(/http[^\s'"]+/)[0]).pathname, headers: { [name]: value } };
}

async function call(keyrack, token, { path, headers }) {
  const answer = await fetch(keyrack.direct + path, { headers: { ...headers, Authorization: `Bearer ${token}` } });
  return { status: answer.status, own: answer.headers.get("keyrack-error"), text: await answer.text() };
}

test("a key that its provider refuses is told of, replaced and verified", async ({ page, keyrack, neighbour: upstream }) => {
  test.slow();
  await setUp(page, keyrack.setUpLink);
  const secret = await addKey(page, upstream);
  const shown = await readCall(page);
  const token = await makeToken(page, { name: "Builder", preset: /^AI agent/ });

  upstream.key = FIRST;
  expect(await call(keyrack, token, shown)).toMatchObject({ status: 200, own: null, text: '{"username":"front-desk"}' });

  upstream.key = SECOND;
  expect(await call(keyrack, token, shown)).toMatchObject({ status: 401, own: null });
  await expect(async () => {
    await page.goto(secret);
    await expect(verdict(page).getByRole("heading")).toHaveText("Rejected", { timeout: 500 });
  }).toPass({ timeout: 15_000 });
  await expect(verdict(page)).toContainText("GitLab refused it with status 401 when it was tested");
  await expect(verdict(page).getByRole("link", { name: /^Open GitLab/ })).toHaveAttribute("href", /user_settings\/personal_access_tokens/);
  await inspect(page, () => page.goto(secret));

  await page.goto(HOME);
  const told = page.getByRole("region", { name: "Needs attention" }).getByRole("listitem").filter({ hasText: `${NAME} was rejected` });
  await expect(told).toContainText("make a new one and replace the value");
  await told.getByRole("link", { name: "Look at it" }).click();
  await verdict(page).getByRole("link", { name: "Replace the value" }).click();
  await page.getByLabel("Access token", { exact: true }).fill(SECOND);
  await page.getByRole("checkbox", { name: /^Test it at once/ }).check();
  await page.getByRole("button", { name: "Store the new value" }).click();

  await expect(page).toHaveURL(secret);
  await expect(verdict(page).getByRole("heading")).toHaveText("Connected");
  await expect(page.getByRole("region", { name: "Test" })).toContainText("Verified");
  await expect(page.getByRole("region", { name: "Test" })).toContainText("front-desk");
  expect(await call(keyrack, token, shown)).toMatchObject({ status: 200, own: null });
  await page.goto(HOME);
  await expect(page.getByText(`${NAME} was rejected`)).toHaveCount(0);
  expect(new Set(upstream.asked)).toEqual(new Set(["GET /api/v4/user"]));
});
