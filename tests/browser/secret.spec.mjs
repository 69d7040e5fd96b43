import { expect, test } from "./support/fixtures.mjs";
import { addStripe } from "./support/steps.mjs";

const secretField = (page) => page.locator("[data-secret]");

test("a key is changed over without a gap, and taken away in the end", async ({ ada }) => {
  await addStripe(ada, { name: `Night desk ${Date.now()}`, value: "rk_test_not_a_real_key_0001" });
  const secret = new URL(ada.url()).pathname;

  await ada.getByRole("link", { name: "Enter the next value" }).click();
  await secretField(ada).fill("rk_live_not_a_real_key_0002");
  await expect(ada.getByText("This looks like a live key, and this secret is for test.")).toBeVisible();
  await secretField(ada).fill("rk_test_not_a_real_key_0002");
  await expect(ada.getByText("This looks like a live key")).toBeHidden();
  await ada.getByRole("button", { name: "Store the next value" }).click();
  await expect(ada.getByRole("heading", { name: /Next value/ })).toContainText("0002");

  await ada.getByRole("button", { name: "Promote it" }).click();
  await expect(ada.getByText("You can go back to the earlier one for 24 hours.")).toBeVisible();
  await ada.getByRole("button", { name: "Go back to it…" }).click();
  await ada.getByRole("button", { name: "Go back", exact: true }).click();
  await expect(ada.getByText("The earlier value is in use again")).toBeVisible();

  await ada.getByRole("link", { name: "Disconnect…" }).click();
  await ada.getByRole("button", { name: "Disconnect it now" }).click();
  await expect(ada.getByRole("heading", { name: "Disconnected" })).toBeVisible();
  await ada.getByRole("link", { name: "Enter a value" }).click();
  await secretField(ada).fill("rk_test_not_a_real_key_0003");
  await ada.getByRole("button", { name: "Store this value" }).click();
  await expect(ada).toHaveURL(secret);
  await expect(ada.getByRole("heading", { name: "Connected" })).toBeVisible();
});
