import { expect, test } from "./support/fixtures.mjs";
import { ADA, addStripe, HOME, keyField, makeToken, openStripeForm, revokeToken, send, store } from "./support/steps.mjs";

const sent = (page) => page.waitForResponse((response) => response.request().method() === "POST");

test("a refused form comes back with what was typed, but never with the key", async ({ ada }) => {
  await openStripeForm(ada);
  await keyField(ada).fill("pk_test_wrong_kind_of_key");
  await ada.getByLabel("Name", { exact: true }).fill("Gift cards");
  await ada.getByRole("radio", { name: /^Vend/ }).check();
  await ada.getByLabel("Expires on").fill("2099-01-31");
  const answer = sent(ada);
  await store(ada).click();
  expect((await answer).status()).toBe(422);
  await expect(ada.getByRole("alert")).toContainText("Nothing is stored yet.");
  await expect(ada.getByRole("alert")).toContainText("enter the key again");
  await expect(keyField(ada)).toHaveValue("");
  await expect(keyField(ada)).toHaveAttribute("aria-invalid", "true");
  await expect(ada.getByLabel("Name", { exact: true })).toHaveValue("Gift cards");
  await expect(ada.getByRole("radio", { name: /^Vend/ })).toBeChecked();
  await expect(ada.getByLabel("Expires on")).toHaveValue("2099-01-31");
  expect(await ada.content()).not.toContain("pk_test_wrong");
});

test("the browser itself asks for what is missing", async ({ ada }) => {
  await openStripeForm(ada);
  await store(ada).click();
  await expect(ada).toHaveURL(/secrets\/new\/stripe$/);
  await expect(keyField(ada)).toBeFocused();
  expect(await keyField(ada).evaluate((input) => input.validity.valueMissing)).toBe(true);
});

test("a key can be shown while typing, and hides when it is sent", async ({ ada }) => {
  await openStripeForm(ada);
  await expect(keyField(ada)).toHaveAttribute("type", "password");
  await keyField(ada).fill("rk_test_shown");
  const show = ada.getByRole("button", { name: /while typing/ });
  await show.click();
  await expect(keyField(ada)).toHaveAttribute("type", "text");
  await expect(show).toHaveAttribute("aria-pressed", "true");
  await expect(show).toContainText("Hide");
  await show.click();
  await expect(keyField(ada)).toHaveAttribute("type", "password");
  await expect(show).toContainText("Show");
});

test("spaces around a key are announced, and cut off", async ({ ada }) => {
  await openStripeForm(ada);
  const notice = ada.getByText("The spaces around it will be cut off");
  await expect(notice).toBeHidden();
  await keyField(ada).fill("  rk_test_withSpaces9876 ");
  await expect(notice).toBeVisible();
  await keyField(ada).fill("rk_test_withSpaces9876");
  await expect(notice).toBeHidden();
  await addStripe(ada, { name: "With spaces", value: " rk_test_withSpaces9876 " });
  await expect(ada.getByText("Spaces or line ends around what you entered were taken away.")).toBeVisible();
  await expect(ada.locator("dl.facts")).toContainText("9876");
});

test("a live key under test is questioned before and after it is sent", async ({ ada }) => {
  await openStripeForm(ada);
  const question = ada.getByText("This looks like a live key, and you chose test.");
  const right = ada.getByLabel("The environment I chose is right");
  await keyField(ada).fill("sk_live_51KqQuestioned");
  await expect(question).toBeVisible();
  await ada.getByRole("radio", { name: "Live" }).check();
  await expect(question).toBeHidden();
  await ada.getByRole("radio", { name: "Test" }).check();
  await expect(question).toBeVisible();
  await ada.getByLabel("Name", { exact: true }).fill("Questioned");
  await store(ada).click();
  expect(await right.evaluate((box) => box.validity.valueMissing)).toBe(true);

  await ada.locator("form.card").evaluate((form) => (form.noValidate = true));
  const answer = sent(ada);
  await store(ada).click();
  expect((await answer).status()).toBe(422);
  await expect(question).toBeVisible();
  await keyField(ada).fill("sk_live_51KqQuestioned");
  await right.check();
  await store(ada).click();
  await expect(ada.getByRole("heading", { level: 1 })).toHaveText("Questioned");
});

test("a secret's page tells what became of it", async ({ ada, places }) => {
  await ada.goto(places.secret);
  const history = ada.getByRole("region", { name: "History of changes" });
  await expect(history.getByRole("listitem")).toContainText(`${ADA.name} added the secret Reception till`);
});

test("copy buttons copy what stands beside them", async ({ ada, places }) => {
  await ada.goto(places.secret);
  const copied = () => ada.evaluate(() => navigator.clipboard.readText());
  await ada.getByRole("button", { name: "Copy the id" }).click();
  await expect(ada.locator("#said")).toHaveText("Copied");
  expect(await copied()).toBe(places.secret.split("/").pop());
  await ada.getByRole("button", { name: /Copy this request/ }).last().click();
  await expect(ada.getByRole("button", { name: /Copied/ })).toBeVisible();
  expect(await copied()).toBe(await ada.locator("#request").textContent());
});

test("the tiles are filtered as one types", async ({ ada }) => {
  await ada.goto(`${HOME}/secrets/new`);
  const search = ada.getByRole("searchbox", { name: "Search node types" });
  await search.fill("pay");
  await expect(ada.getByRole("link", { name: /^Stripe/ })).toBeVisible();
  await expect(ada.getByRole("link", { name: /^HTTP Request/ })).toBeHidden();
  await search.fill("nothing like it");
  await expect(ada.getByText("No node type matches")).toBeVisible();
});

test("a choice opens the fields that belong to it, and only those are stored", async ({ ada }) => {
  await ada.goto(`${HOME}/secrets/new/http-request`);
  await ada.getByRole("radio", { name: /^Header/ }).check();
  await expect(ada.getByLabel("Header name")).toBeVisible();
  await expect(ada.getByLabel("Token", { exact: true })).toBeHidden();
  await ada.getByLabel("Base URL").fill("https://api.example.com");
  await ada.getByLabel("Header name").fill("X-Api-Key");
  await ada.getByLabel("Key", { exact: true }).first().fill("left-behind-in-a-choice");
  await ada.getByRole("radio", { name: /^Bearer/ }).check();
  await ada.getByLabel("Token", { exact: true }).fill("the-chosen-token-4321");
  await ada.getByLabel("Name", { exact: true }).fill("Chosen way");
  await store(ada).click();
  await expect(ada.getByRole("heading", { level: 1 })).toHaveText("Chosen way");
  await expect(ada.locator("dl.facts")).toContainText("4321");
});

test("a revoked token is refused from then on", async ({ ada, keyrack }) => {
  const token = await makeToken(ada, { name: "To be revoked" });
  const request = { method: "POST", path: "/data-integrations/stripe/credentials", body: { user_id: "nobody-yet" } };
  expect((await send(keyrack, token, request)).status).toBe(200);
  await ada.getByRole("link", { name: "I have copied it" }).click();
  await revokeToken(ada);
  await expect(ada.getByText("The token is revoked.")).toBeVisible();
  await expect(ada.getByRole("row", { name: /To be revoked/ })).toContainText("Revoked");
  expect((await send(keyrack, token, request)).status).toBe(401);
});
