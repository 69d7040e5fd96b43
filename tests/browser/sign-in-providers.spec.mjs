import { expect } from "./support/fixtures.mjs";
import { CLIENT, Oidc } from "./support/oidc.mjs";
import { agree, forget, heading, look, testWith } from "./support/provided.mjs";
import { ADA, HOME, invite, setUp, signOut } from "./support/steps.mjs";

const test = testWith(Oidc).extend({
  keyrack: async ({ keyrack, provider }, use) => {
    provider.serve(keyrack.base);
    await use(keyrack);
  },
});

test("an account by a provider, out and in again, and stopping there", async ({ page, keyrack, provider }) => {
  await setUp(page, keyrack.setUpLink);
  await signOut(page);
  await look(page, async () => {
    await page.goto("/sign-in");
    await expect(page.getByRole("button", { name: "Sign in with Acme" })).toBeVisible();
  });
  await page.getByRole("button", { name: "Sign in with Acme" }).click();
  await expect(heading(page)).toHaveText("Who are you?");
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(heading(page)).toHaveText("You did not sign in");
  await page.getByRole("link", { name: "Back to signing in" }).click();

  await page.getByRole("button", { name: "Sign in with Acme" }).click();
  await agree(page, provider, "unproven");
  await expect(heading(page)).toHaveText("Your address is not proven");
  await forget(page, provider);
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Sign in with Acme" }).press("Enter");
  await agree(page, provider, "grace");
  await expect(page.getByText("Your account is made.")).toBeVisible();
  await look(page, async () => {
    await page.goto("/account");
    await expect(page.getByText("The only way in")).toBeVisible();
  });
  await expect(page.getByRole("heading", { name: "Set a password" })).toBeVisible();

  await signOut(page);
  await page.getByRole("button", { name: "Sign in with Acme" }).click();
  await expect(page.getByText("You belong to no workspace")).toBeVisible();
  await page.goto("/account");
  await expect(page.getByText("grace@example.com").first()).toBeVisible();
});

test("a provider is linked to an account and unlinked", async ({ page, keyrack, provider }) => {
  await setUp(page, keyrack.setUpLink);
  await signOut(page);
  // Whose address it is, is asked of whoever is signed in to it.
  await page.getByRole("button", { name: "Sign in with Acme" }).click();
  await agree(page, provider, "ada");
  await expect(heading(page)).toHaveText("You have an account already");
  await page.getByRole("link", { name: "Sign in and go on" }).click();
  await page.getByLabel("E-mail address").fill(ADA.email);
  await page.getByLabel("Password").fill(ADA.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(heading(page)).toHaveText("Sign in with Acme too?");
  const asking = page.url();
  await look(page, () => page.goto(asking));
  await page.getByRole("button", { name: "Link Acme" }).click();
  await expect(page.getByText("It is linked")).toBeVisible();

  await signOut(page);
  await page.getByRole("button", { name: "Sign in with Acme" }).click();
  await expect(page).toHaveURL(HOME);

  await page.goto("/account");
  await page.getByRole("button", { name: "Unlink…" }).click();
  await page.getByRole("button", { name: "Unlink it now" }).click();
  await expect(page.getByText("It is unlinked")).toBeVisible();

  // From the account, by somebody who is signed in.
  await page.getByRole("button", { name: "Link Acme" }).click();
  await expect(heading(page)).toHaveText("Sign in with Acme too?");
  await page.getByRole("button", { name: "Link Acme" }).click();
  await expect(page.getByText("It is linked")).toBeVisible();
  await expect(page.getByText("ada@example.com").first()).toBeVisible();
});

test("an invitation is accepted with a provider", async ({ page, keyrack, provider, browser }) => {
  await setUp(page, keyrack.setUpLink);
  await look(page, () => page.goto(`${HOME}/settings`));
  await page.getByRole("button", { name: "Open to everybody of example.com" }).click();
  await expect(page.getByText("joins from now on")).toBeVisible();
  const link = await invite(page, { email: "grace@example.com" });
  const brought = [];
  const context = await browser.newContext({ baseURL: keyrack.base });
  const guest = await context.newPage();
  guest.on("request", (request) => {
    const { searchParams } = new URL(request.url());
    for (const name of ["code", "state", "nonce"]) if (searchParams.has(name)) brought.push(searchParams.get(name));
  });
  await look(guest, () => guest.goto(link));
  await guest.getByRole("button", { name: "Join with Acme" }).click();
  await agree(guest, provider, "grace");
  await expect(guest.getByText("You are a member of this workspace now.")).toBeVisible();
  await context.close();
  expect(brought.length).toBeGreaterThan(3);
  for (const word of [...brought, CLIENT.secret]) expect(keyrack.log).not.toContain(word);
});
