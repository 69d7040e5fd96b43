import { expectAccessible } from "./support/checks.mjs";
import { expect, testOnFresh as test } from "./support/fixtures.mjs";
import { keyboard, mouse } from "./support/hands.mjs";
import { addStripe, HOME, invite, joinAs, makeToken, send, setUp, signOut } from "./support/steps.mjs";

// Somebody writes to support: their key must go. An Admin finds them by the id of the product, and ends what is theirs.

const heading = (page) => page.getByRole("heading", { level: 1 });
const link = (page, name) => page.getByRole("link", { name, exact: true });
const button = (page, name) => page.getByRole("button", { name });

// A backend that has stored a key for each of these.
async function serve(page, keyrack, users) {
  await addStripe(page, { name: "Till", value: "rk_test_not_a_real_key_0001" });
  const token = await makeToken(page, { name: "Guest portal" });
  const put = (body) => send(keyrack, token, { method: "PUT", path: "/data-integrations/stripe/api-key", body: { secret: "rk_test_not_a_real_key_Xy77", ...body } });
  for (const user of users) expect((await put(user)).status).toBe(200);
  return (user_id) => send(keyrack, token, { method: "POST", path: "/data-integrations/stripe/credentials", body: { user_id } });
}

const MANY = [...Array(60)].map((_, at) => ({ user_id: `guest-${1000 + at}` }));

for (const [how, handsOf] of [["with a mouse", () => mouse], ["with the keyboard alone", keyboard]]) {
  test(`an Admin finds an end user, disconnects and deletes them, ${how}`, async ({ page, keyrack }) => {
    test.slow();
    await setUp(page, keyrack.setUpLink);
    const vend = await serve(page, keyrack, [...MANY, { user_id: "guest-1042", organization_id: "spa-group" }]);
    const invited = await invite(page, { email: "grace@example.com", role: "Admin" });
    await signOut(page);
    await joinAs(page, invited, { name: "Grace Hill" });

    const hands = handsOf(page);
    await page.goto(HOME);
    await hands.press(page.getByRole("navigation", { name: "Workspace" }).getByRole("link", { name: "End users" }));
    await expect(heading(page)).toHaveText("End users");
    await expect(page.getByRole("status").filter({ hasText: "60 end users" })).toBeVisible();
    await hands.press(page.getByRole("link", { name: "Older" }));
    await expect(page.locator("tbody tr")).toHaveCount(10);
    await hands.enter(page.getByLabel("Search by id"), "1042");
    await hands.press(button(page, "Search"));
    await expect(page.locator("tbody tr")).toHaveCount(1);
    await expect(page.getByText("1 of 60 end users")).toBeVisible();
    await hands.press(link(page, "guest-1042"));
    await expect(heading(page)).toHaveText("guest-1042");
    await expect(page.locator(".card.account")).toHaveCount(2);
    await expectAccessible(page);

    expect((await vend("guest-1042")).body.active).toBe(true);
    await hands.press(page.getByRole("link", { name: "Disconnect all…" }));
    await expect(page.getByText("2 connections stop at once")).toBeVisible();
    await hands.press(button(page, "Disconnect 2 connections now"));
    await expect(page.getByText("All of it is disconnected")).toBeVisible();
    await expect(page.getByText("Disconnected", { exact: true })).toHaveCount(2);
    expect((await vend("guest-1042")).body).toMatchObject({ active: false, error: "not_installed" });
    await expectAccessible(page);

    await hands.press(page.getByRole("link", { name: "Delete…", exact: true }));
    await hands.enter(page.getByLabel("Who is to be deleted"), "guest-104");
    await hands.press(button(page, "Delete this end user"));
    await expect(page.getByText("This is not it.")).toBeVisible();
    await hands.enter(page.getByLabel("Who is to be deleted"), "guest-1042");
    await hands.press(button(page, "Delete this end user"));
    await expect(page.getByText("Deleted, with every connection")).toBeVisible();
    await expect(page.getByRole("status").filter({ hasText: "59 end users" })).toBeVisible();

    // What they had in an organization is gone, and the organization is still there.
    await hands.press(link(page, "Organizations"));
    await hands.press(link(page, "spa-group"));
    await expect(page.getByRole("heading", { name: "Nothing is connected" })).toBeVisible();
    await expectAccessible(page);
  });
}

test("a row leads to its end user, and an organization in it to the organization", async ({ page, keyrack }) => {
  await setUp(page, keyrack.setUpLink);
  await serve(page, keyrack, [{ user_id: "guest-1042", organization_id: "spa-group" }]);
  await page.goto(`${HOME}/end-users`);
  await page.getByRole("cell", { name: "Stripe" }).click({ force: true });
  await expect(heading(page)).toHaveText("guest-1042");
  await page.goto(`${HOME}/end-users`);
  await link(page, "spa-group").click();
  await expect(heading(page)).toHaveText("spa-group");
  await page.goto(`${HOME}/organizations`);
  await page.getByRole("link", { name: "1 end user of spa-group" }).click();
  await expect(page.getByText("organization spa-group")).toBeVisible();
  await expect(link(page, "guest-1042")).toBeVisible();
});
