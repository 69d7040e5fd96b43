import { expectNowhere } from "./support/canary.mjs";
import { expect, testOnFresh as test } from "./support/fixtures.mjs";
import { counting, mouse } from "./support/hands.mjs";
import { field } from "./support/journeys.mjs";
import { ADA, readSnippet, send, store } from "./support/steps.mjs";

const KEY = "SG.Canary_newcomer.first_key_2Md8";

// Somebody who has read nothing. What it takes is counted: a clock in a test says more of the machine.
test("from the set-up link to a working key, in a few clicks", async ({ page, keyrack }) => {
  const began = performance.now();
  const { taken, enter, press, choose } = counting(mouse);
  await page.goto(keyrack.setUpLink);
  await enter(page.getByLabel("Your name"), ADA.name);
  await enter(page.getByLabel("E-mail address"), ADA.email);
  await enter(page.getByLabel("Password"), ADA.password);
  await enter(page.getByLabel("Workspace name"), ADA.workspace);
  await press(page.getByRole("button", { name: "Set up Keyrack" }));

  await press(page.getByRole("link", { name: "Add a key" }).first());
  await press(page.getByRole("link", { name: /^SendGrid/ }));
  await enter(field(page, "API key"), KEY);
  await enter(field(page, "Name"), "Guest mail");
  await choose(page.getByRole("radio", { name: /^Vend/ }));
  await press(store(page));
  await expect(page.getByText("The key is on its hook.")).toBeVisible();
  const request = readSnippet(await page.locator("#request").textContent());

  await press(page.getByRole("navigation", { name: "Workspace" }).getByRole("link", { name: "Home" }));
  await press(page.getByRole("link", { name: "Make a token" }));
  await enter(field(page, "Name"), "Booking backend");
  await press(page.getByRole("button", { name: "Make this token" }));
  const token = await page.locator("#token").textContent();

  const { body } = await send(keyrack, token, request);
  expect(body).toMatchObject({ active: true, credential: { value: KEY } });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`a newcomer's first working key: ${taken.clicks} clicks, ${taken.fields} fields, ${seconds} s`);
  expect(taken.clicks).toBeLessThanOrEqual(12);
  expect(taken.fields).toBeLessThanOrEqual(8);
  await expectNowhere(page, keyrack, [KEY, ADA.password], ["Guest mail"]);
});
