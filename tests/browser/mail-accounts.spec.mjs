import { askToSignUp, expect, makeAccount, SIGN_UP, test } from "./support/mailed.mjs";
import { ADA, signInAs } from "./support/steps.mjs";

// Every letter about somebody's own account, from what a person does to what the letter is good for.

const NEW_PASSWORD = "another four plain words";
const DAY = /\d{1,2} \w{3} \d{4}, \d\d:\d\d UTC/;
const AT_ONCE = /If it was not you, ask for a new password at once: http\S+\/forgotten/;

const passwordChanged = (to) => ({
  to,
  subject: "Your password was changed",
  says: ["The password of your account was changed on", "Whatever else was signed in is signed out."],
  link: "/account",
});

test("a sign-up link makes an account, once", async ({ page, address, read }) => {
  const email = address("sigrid");
  await askToSignUp(page, email);
  const letter = await read({ to: email, ...SIGN_UP });
  expect(letter.text).toMatch(DAY);
  await makeAccount(page, letter.path, "Sigrid Moor");
  await page.goto(letter.path);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This link does not work");
});

test("whoever has an account is told so by mail, and nobody on the page", async ({ page, owner, another, read }) => {
  const stranger = await another();
  await askToSignUp(stranger, owner.email.toUpperCase());
  const subject = "You have an account already";
  const says = ["It has an account already, so nothing was changed.", "Sign in", "/forgotten", "If it was not you, do nothing."];
  const letter = await read({ to: owner.email, subject, says, link: "/sign-in" });
  await page.context().clearCookies();
  await page.goto(letter.path);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in to Keyrack");
});

test("a forgotten password is set anew by its link, and that is told too", async ({ owner, another, read }) => {
  const page = await another();
  await page.goto("/forgotten");
  await page.getByLabel("E-mail address").fill(owner.email);
  await page.getByRole("button", { name: "Send me a link" }).click();
  const says = ["has forgotten the password of this account", "Choose a new password", "The link works once, until"];
  const letter = await read({ to: owner.email, subject: "A new password for Keyrack", says, link: "/reset/" });
  await page.goto(letter.path);
  await page.getByLabel("New password").fill(NEW_PASSWORD);
  await page.getByRole("button", { name: "Set this password" }).click();
  await expect(page.getByText("Your new password is set")).toBeVisible();
  const notice = await read(passwordChanged(owner.email));
  expect(notice.text).toMatch(DAY);
  expect(notice.text).toMatch(AT_ONCE);
  await signInAs(page, owner.email, NEW_PASSWORD);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(owner.workspace);
});

test("a password changed on the account page is told", async ({ page, owner, read }) => {
  await page.goto("/account");
  await page.getByLabel("Current password").fill(ADA.password);
  await page.getByLabel("New password").fill(NEW_PASSWORD);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Your password is changed")).toBeVisible();
  await read(passwordChanged(owner.email));
});

test("another address is proven at the new one, and told at both", async ({ page, owner, address, read }) => {
  const email = address("olga-elsewhere");
  await page.goto("/account");
  await page.getByLabel("New e-mail address").fill(email);
  await page.getByLabel("Your password", { exact: true }).fill(ADA.password);
  await page.getByRole("button", { name: "Change address" }).click();
  const asked = `wants to use ${email} instead of this address`;
  const warning = await read({ to: owner.email, subject: "Your address is about to change", says: [asked], link: "/account" });
  expect(warning.text).toMatch(AT_ONCE);
  const says = ["wants to use this address for their account", "Use this address", "The link works once, until"];
  const proof = await read({ to: email, subject: "Is this your new address?", says, link: "/e-mail/" });
  await page.goto(proof.path);
  await page.getByRole("button", { name: "Use this address" }).click();
  await expect(page.getByText("Your address is changed.")).toBeVisible();
  const changed = `You sign in with ${email} from now on, and no more with ${owner.email}.`;
  const help = "If it was not you, tell whoever runs this Keyrack at once.";
  await read({ to: owner.email, subject: "Your address has changed", says: [changed, help] });
  await read({ to: email, subject: "Your address has changed", says: [changed], link: "/account" });
});

test("a deleted account is told to the address that it had", async ({ page, address, read }) => {
  const email = address("lea");
  await askToSignUp(page, email);
  await makeAccount(page, (await read({ to: email, ...SIGN_UP })).path, "Lea Ver");
  await page.goto("/account/delete");
  await page.getByLabel("Your e-mail address").fill(email);
  await page.getByLabel("Current password").fill(ADA.password);
  await page.getByRole("button", { name: "Delete my account" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your account is deleted");
  const says = ["Your account on Keyrack is deleted, with your secrets", "tell whoever runs this Keyrack"];
  await read({ to: email, subject: "Your account is deleted", says });
});
