import { expect, testOnFresh as test } from "./support/fixtures.mjs";
import { linkTo } from "./support/letters.mjs";
import { ADA, HOME, setUp, signOut } from "./support/steps.mjs";

const NEW_PASSWORD = "another four plain words";
const NEW_EMAIL = "ada@new.example";

test("a forgotten password and another address, by mail and by keyboard", async ({ page, keyrack }) => {
  await setUp(page, keyrack.setUpLink);
  await signOut(page);

  await page.getByRole("link", { name: "Forgotten your password?" }).press("Enter");
  await expect(page.getByLabel("E-mail address")).toBeFocused();
  await page.keyboard.type(ADA.email.toUpperCase());
  await page.keyboard.press("Enter");
  await expect(page.getByText("If this address has an account, a letter is on its way.")).toBeVisible();
  await expect(page.getByText("whoever runs it hands the letter on")).toBeVisible();

  const reset = await linkTo(keyrack, ADA.email, "/reset/");
  await page.goto(reset);
  await expect(page.getByLabel("New password")).toBeFocused();
  await page.keyboard.type(NEW_PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByText("Your new password is set")).toBeVisible();
  await page.goto(reset);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This link does not work");

  await page.getByRole("link", { name: "Ask for another link" }).click();
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("E-mail address").fill(ADA.email);
  await page.getByLabel("Password").fill(NEW_PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(HOME);

  await page.goto("/account");
  await page.getByLabel("New e-mail address").fill(NEW_EMAIL);
  await page.getByLabel("Your password", { exact: true }).fill(NEW_PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByText("A letter is on its way to the new address.")).toBeVisible();
  const proof = await linkTo(keyrack, NEW_EMAIL, "/e-mail/");
  await page.goto(proof);
  await page.getByRole("button", { name: "Use this address" }).press("Enter");
  await expect(page.getByText("Your address is changed.")).toBeVisible();
  await expect(page.locator("dd").filter({ hasText: NEW_EMAIL })).toBeVisible();

  // With everything logged, neither what the links hold nor whom they were for.
  expect(keyrack.log).toContain("/reset/{link}");
  for (const secret of [new URL(reset).pathname, new URL(proof).pathname].map((path) => path.split("_").at(-1))) {
    expect(keyrack.log).not.toContain(secret);
  }
  expect(keyrack.log).not.toContain(NEW_EMAIL);
});
