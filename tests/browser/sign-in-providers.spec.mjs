import { inspect } from "./support/checks.mjs";
import { expect, testOnFresh } from "./support/fixtures.mjs";
import { Keyrack } from "./support/keyrack.mjs";
import { CLIENT, Oidc } from "./support/oidc.mjs";
import { ADA, HOME, invite, setUp, signOut } from "./support/steps.mjs";
import { watch } from "./support/watch.mjs";

// Each has a Keyrack and a provider of its own.
const test = testOnFresh.extend({
  oidc: async ({}, use) => {
    const oidc = await Oidc.start();
    await use(oidc);
    await oidc.stop();
  },
  keyrack: async ({ oidc }, use) => {
    const keyrack = await Keyrack.start({ settings: oidc.settings });
    oidc.serve(keyrack.base);
    await use(keyrack);
    await keyrack.stop();
  },
  watched: [async ({ page, keyrack, oidc }, use) => {
    const watched = await watch(page, keyrack.base, [oidc.issuer]);
    await use(watched);
    watched.expectNone();
  }, { auto: true }],
});

// Looks at a page in every width and light, and goes on at the usual one.
async function look(page, open) {
  await inspect(page, open);
  await page.setViewportSize({ width: 1280, height: 800 });
}

const heading = (page) => page.getByRole("heading", { level: 1 });

async function agree(page, oidc, name) {
  await expect(heading(page)).toHaveText("Who are you?");
  expect(new URL(page.url()).origin).toBe(oidc.issuer);
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Agree" }).click();
}

// Forgets who is signed in at the provider.
const forget = (page, oidc) => page.context().clearCookies({ domain: new URL(oidc.issuer).hostname });

test("an account by a provider, out and in again, and stopping there", async ({ page, keyrack, oidc }) => {
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
  await agree(page, oidc, "unproven");
  await expect(heading(page)).toHaveText("Your address is not proven");
  await forget(page, oidc);
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Sign in with Acme" }).press("Enter");
  await agree(page, oidc, "grace");
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

test("a provider is linked to an account and unlinked", async ({ page, keyrack, oidc }) => {
  await setUp(page, keyrack.setUpLink);
  await signOut(page);
  // Whose address it is, is asked of whoever is signed in to it.
  await page.getByRole("button", { name: "Sign in with Acme" }).click();
  await agree(page, oidc, "ada");
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

test("an invitation is accepted with a provider", async ({ page, keyrack, oidc, browser }) => {
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
  await agree(guest, oidc, "grace");
  await expect(guest.getByText("You are a member of this workspace now.")).toBeVisible();
  await context.close();
  expect(brought.length).toBeGreaterThan(3);
  for (const word of [...brought, CLIENT.secret]) expect(keyrack.log).not.toContain(word);
});
