import { expect, test } from "./support/fixtures.mjs";
import { HOME, signIn } from "./support/steps.mjs";

// A second browser in which Ada is signed in too.
async function elsewhere(browser, keyrack) {
  const context = await browser.newContext({ baseURL: keyrack.base });
  const page = await context.newPage();
  await signIn(page);
  return page;
}

test("all other sessions can be ended at once", async ({ ada, browser, keyrack }) => {
  const other = await elsewhere(browser, keyrack);
  await ada.goto("/account/sessions");
  await ada.getByRole("button", { name: "Revoke all others…" }).click();
  await ada.getByRole("button", { name: "Revoke them now" }).click();
  await expect(ada.getByText("All your other sessions are signed out.")).toBeVisible();
  await expect(ada.getByText("1 session", { exact: true })).toBeVisible();
  await other.goto(HOME);
  await expect(other).toHaveURL(/\/sign-in/);
  await signIn(other);
  await other.context().close();
});

test("one session can be ended, and this one stays", async ({ ada, browser, keyrack }) => {
  const other = await elsewhere(browser, keyrack);
  await ada.goto("/account/sessions");
  const rows = ada.getByRole("listitem").filter({ has: ada.getByRole("button", { name: /^Revoke…/ }) });
  const before = await rows.count();
  await rows.first().getByRole("button", { name: /^Revoke…/ }).click();
  await ada.getByRole("dialog").getByRole("button", { name: "Keep it" }).click();
  await expect(ada.getByRole("dialog")).toBeHidden();
  await rows.first().getByRole("button", { name: /^Revoke…/ }).click();
  await ada.getByRole("dialog").getByRole("button", { name: "Revoke it now" }).click();
  await expect(ada.getByText("The session is signed out.")).toBeVisible();
  await expect(rows).toHaveCount(before - 1);
  await other.context().close();
});
