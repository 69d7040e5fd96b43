import { inspect } from "./support/checks.mjs";
import { expect, test, testOnFresh } from "./support/fixtures.mjs";
import { emptyPages, pages } from "./support/pages.mjs";
import { setUp } from "./support/steps.mjs";

for (const [name, open] of Object.entries(pages)) {
  test(`${name}: nothing in the way of anybody`, async ({ ada, places }) => {
    await inspect(ada, () => open(ada, { places }));
  });
}

testOnFresh("set-up and the first pages: nothing in the way of anybody", async ({ page, keyrack }) => {
  testOnFresh.slow();
  await inspect(page, async () => {
    await page.goto("/");
    await expect(page.getByText("Keyrack is not set up yet")).toBeVisible();
  });
  await inspect(page, () => page.goto(keyrack.setUpLink));
  await inspect(page, async () => {
    await page.goto(keyrack.setUpLink);
    await page.getByLabel("Your name").fill("Ada");
    await page.getByLabel("E-mail address").fill("ada@example.com");
    await page.getByLabel("Password").fill("short");
    await page.getByLabel("Workspace name").fill("Harbour Hotels");
    await page.getByRole("button", { name: "Set up Keyrack" }).click();
    await expect(page.locator("[aria-invalid=true]")).toBeVisible();
  });
  await setUp(page, keyrack.setUpLink);
  for (const open of Object.values(emptyPages)) await inspect(page, () => open(page));
});

test("signing in: nothing in the way of anybody", async ({ page, keyrack }) => {
  await inspect(page, () => page.goto("/sign-in"));
  await inspect(page, async () => {
    await page.goto("/sign-in");
    await page.getByLabel("E-mail address").fill(`nobody-${Date.now()}@example.com`);
    await page.getByLabel("Password").fill("not the right one");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
  });
  await inspect(page, () => page.goto(keyrack.setUpLink));
});
