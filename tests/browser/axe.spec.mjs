import { inspect } from "./support/checks.mjs";
import { expect, test, testOnFresh } from "./support/fixtures.mjs";
import { emptyPages, outsidePages, pages } from "./support/pages.mjs";
import { ADA, HOME, invite, joinAs, makeToken, setUp, signInAs, signOut } from "./support/steps.mjs";

for (const [name, open] of Object.entries(pages)) {
  test(`${name}: nothing in the way of anybody`, async ({ ada, keyrack, places }) => {
    await inspect(ada, () => open(ada, { keyrack, places }));
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

for (const [name, open] of Object.entries(outsidePages)) {
  test(`${name}: nothing in the way of anybody`, async ({ page, keyrack }) => {
    // By far the longest page there is: axe alone takes half a minute for its four looks.
    if (open === outsidePages["the reference of the API"]) test.slow();
    await inspect(page, () => open(page, { keyrack }));
  });
}

test("being invited: nothing in the way of anybody", async ({ page, places }) => {
  await inspect(page, async () => {
    await page.goto(places.invitation);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Join Harbour Hotels");
  });
  await inspect(page, async () => {
    await page.goto(places.invitation);
    await page.getByLabel("Your name").fill("Ines");
    await page.getByLabel("Password", { exact: true }).fill("short");
    await page.getByRole("button", { name: "Make my account and join" }).click();
    await expect(page.locator("[aria-invalid=true]")).toBeVisible();
  });
  await inspect(page, async () => {
    await page.goto(`${places.invitation}x`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("This invitation is not open");
  });
});

testOnFresh("an invitation that was made: nothing in the way of anybody", async ({ page, keyrack }) => {
  await setUp(page, keyrack.setUpLink);
  await inspect(page, async () => {
    await page.goto(`${HOME}/invitations`);
    await expect(page.getByText("No invitation is open")).toBeVisible();
  });
  let number = 0;
  await inspect(page, () => invite(page, { email: `guest-${(number += 1)}@example.com` }));
});

test("after one's account is deleted: nothing in the way of anybody", async ({ page, keyrack }) => {
  let number = 0;
  await inspect(page, async () => {
    number += 1;
    const email = `leaver-${number}@example.com`;
    keyrack.command(["owner", "create", "--email", email, "--name", "Lea Ver", "--workspace", ADA.workspace], ADA.password);
    await signInAs(page, email);
    await page.goto("/account/delete");
    await page.getByLabel("Your e-mail address").fill(email);
    await page.getByLabel("Current password").fill(ADA.password);
    await page.getByRole("button", { name: "Delete my account" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your account is deleted");
  });
});

testOnFresh("tokens of a Member: nothing in the way of anybody", async ({ page, keyrack }) => {
  await setUp(page, keyrack.setUpLink);
  const link = await invite(page, { email: "mia@example.com" });
  await signOut(page);
  await joinAs(page, link, { name: "Mia" });
  await inspect(page, async () => {
    await page.goto(`${HOME}/tokens`);
    await expect(page.getByText("No service token yet")).toBeVisible();
  });
  await inspect(page, async () => {
    await page.goto(`${HOME}/tokens/new`);
    await expect(page.getByText("As a Member you make tokens for AI agents")).toBeVisible();
    await expect(page.getByRole("radio", { name: /^Backend/ })).toHaveCount(0);
  });
  await inspect(page, () => makeToken(page, { name: "My agent", preset: /^AI agent/ }));
});
