import { inspect } from "./support/checks.mjs";
import { testOnFresh } from "./support/fixtures.mjs";
import { askToSignUp, expect, invites, makeAccount, sendInvitation, SIGN_UP, test } from "./support/mailed.mjs";
import { at } from "./support/pages.mjs";
import { Post } from "./support/post.mjs";

// The pages that are otherwise, or only there, where letters leave and anybody may sign up.

const outside = {
  "sign in, or make an account": async (page) => {
    await at("/sign-in", "Sign in to Keyrack")(page);
    await expect(page.getByRole("link", { name: "Make an account" })).toBeVisible();
  },
  "sign up": at("/sign-up", "Make an account"),
  "sign up, no address": async (page) => {
    await page.goto("/sign-up");
    await page.locator("form.card").evaluate((form) => (form.noValidate = true));
    await page.getByLabel("E-mail address").fill("ada");
    await page.getByRole("button", { name: "Send me a link" }).click();
    await expect(page.locator("[aria-invalid=true]")).toHaveValue("ada");
  },
  "a sign-up link that is over": at("/sign-up/kr_link_gone", "This link does not work"),
};

for (const [name, open] of Object.entries(outside)) {
  test(`${name}: nothing in the way of anybody`, async ({ page }) => {
    await inspect(page, () => open(page));
  });
}

test("making an account: nothing in the way of anybody", async ({ page, address, read }) => {
  test.slow();
  let email;
  const letters = [];
  await inspect(page, async () => {
    email ??= address("sigrid");
    await askToSignUp(page, email);
    letters.push(await read({ to: email, ...SIGN_UP }));
  });
  const [link, other] = letters.map(({ path }) => path);
  await inspect(page, () => at(link, "Make your account")(page));
  await inspect(page, async () => {
    await page.goto(link);
    await page.locator("form.card").evaluate((form) => (form.noValidate = true));
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Make the account" }).click();
    await expect(page.locator("[aria-invalid=true]")).toHaveCount(2);
  });
  await makeAccount(page, link, "Sigrid Moor");
  await inspect(page, async () => {
    await page.goto("/account");
    await expect(page.getByRole("heading", { name: "You belong to no workspace" })).toBeVisible();
  });
  await inspect(page, () => at(other, "You have an account already")(page));
});

test("inviting by mail: nothing in the way of anybody", async ({ page, owner, address, read }) => {
  test.slow();
  await inspect(page, () => at(`${owner.home}/invitations/new`, "Invite somebody")(page));
  await inspect(page, async () => {
    const email = address("a-guest-with-quite-a-long-address-of-their-own");
    await sendInvitation(owner, { email });
    await read({ to: email, subject: invites(owner), says: [], link: "/invitation/" });
  });
  await inspect(page, async () => {
    await page.goto(`${owner.home}/invitations`);
    await page.getByRole("button", { name: "Send again" }).first().click();
    await expect(page.locator(".notice.bad")).toBeVisible();
  });
});

test("mail that leaves: nothing in the way of anybody", async ({ page, owner, read }) => {
  const open = async (words) => {
    await page.goto(`${owner.home}/jobs`);
    await expect(page.getByRole("heading", { name: /^Letters leave/ })).toBeVisible();
    await page.getByRole("button", { name: "Send me a trial letter" }).click();
    await expect(page.getByText(words)).toBeVisible();
  };
  await open("A trial letter is on its way to you.");
  const says = [`Mail works: an Owner of “${owner.workspace}” had this letter sent.`];
  await read({ to: owner.email, subject: "A trial letter from Keyrack", says });
  await inspect(page, () => open(/a moment ago/));
});

testOnFresh.describe("sign-up for some domains", () => {
  const ofDomains = testOnFresh.extend({
    settings: async ({}, use) => {
      const post = await Post.start();
      await use({ ...post.settings, KEYRACK_SIGN_UP: "example.com,harbour.example" });
      await post.stop();
    },
  });
  ofDomains("refused, and asked too often: nothing in the way of anybody", async ({ page }) => {
    await inspect(page, async () => {
      await page.goto("/sign-up");
      await expect(page.getByText("For addresses at example.com, harbour.example.")).toBeVisible();
      await page.getByLabel("E-mail address").fill("somebody@elsewhere.example");
      await page.getByRole("button", { name: "Send me a link" }).click();
      await expect(page.getByText("Only addresses at example.com, harbour.example can sign up here.")).toBeVisible();
    });
    const form = { csrf: await page.locator("form.card [name=csrf]").inputValue(), email: "ada@example.com" };
    for (let time = 0; time < 20; time += 1) await page.request.post("/sign-up", { form });
    await inspect(page, async () => {
      await page.goto("/sign-up");
      await page.getByLabel("E-mail address").fill(form.email);
      await page.getByRole("button", { name: "Send me a link" }).click();
      await expect(page.locator(".notice.warn")).toBeVisible();
    });
  });
});
