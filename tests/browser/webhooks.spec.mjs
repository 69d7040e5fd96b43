import { WorkOS } from "@workos-inc/node";
import { expect } from "./support/fixtures.mjs";
import { testBeside } from "./support/neighbour.mjs";
import { Receiver } from "./support/receiver.mjs";
import { addWebhook, HOME, makeToken, setUp } from "./support/steps.mjs";

// What is sent, verified by the official client of the hosted product as it is.

const test = testBeside(Receiver);

const { webhooks } = new WorkOS("unused");
const open = ({ headers, body }, secret, header = "workos-signature") =>
  webhooks.constructEvent({ payload: body, sigHeader: headers[header], secret });

test("events arrive, and the official client takes them for genuine", async ({ page, keyrack, neighbour: receiver }) => {
  await setUp(page, keyrack.setUpLink);
  const token = await makeToken(page, { name: "Backend" });
  const key = await addWebhook(page, { name: "Billing backend", address: `${receiver.address}/keyrack` });
  await page.getByRole("link", { name: "I have copied it" }).click();
  const there = page.url();

  const ask = (method, path, body) =>
    fetch(keyrack.direct + path, { method, body: JSON.stringify(body), headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" } });
  expect((await ask("POST", "/data-integrations", { provider: "stripe", auth_methods: ["api_key"], enabled: true })).status).toBeLessThan(300);
  expect((await ask("PUT", "/data-integrations/stripe/api-key", { user_id: "guest-1042", secret: "rk_test_canary1234567890" })).status).toBe(200);
  const arrived = await receiver.next();
  const event = await open(arrived, key);
  expect(event).toMatchObject({ event: "pipes.connected_account.connected", data: { object: "connected_account", providerSlug: "stripe", userId: "guest-1042", state: "connected" } });
  expect(event.id).toBe(arrived.headers["webhook-id"]);
  await expect(open(arrived, `${key}x`)).rejects.toThrow();
  await expect(open({ ...arrived, body: arrived.body.replace("guest-1042", "guest-1043") }, key)).rejects.toThrow();

  await page.goto(there);
  await page.getByRole("button", { name: "Send a test event" }).click();
  expect(await open(await receiver.next(), key)).toMatchObject({ event: "keyrack.test", data: { object: "webhook" } });
  await expect(async () => {
    await page.goto(there);
    await expect(page.getByText("Delivered", { exact: true })).toHaveCount(3);
  }).toPass();
  await page.getByRole("link", { name: "keyrack.test" }).click();
  await expect(page.getByText("thank you")).toBeVisible();

  // Another key: whoever holds one of the two verifies each event by one of its headers.
  await page.goto(`${there}/key`);
  await page.getByRole("radio", { name: /^In 24 hours/ }).check();
  await page.getByRole("button", { name: "Make the new key" }).click();
  const next = await page.locator("#key").textContent();
  await page.getByRole("link", { name: "I have copied it" }).click();
  await page.getByRole("button", { name: "Send a test event" }).click();
  const both = await receiver.next();
  expect(await open(both, key)).toMatchObject({ event: "keyrack.test" });
  expect(await open(both, next, "x-keyrack-signature-next")).toMatchObject({ event: "keyrack.test" });
  await expect(open(both, next)).rejects.toThrow();
  await page.getByRole("button", { name: "Let it take over now" }).click();
  await expect(page.getByText("The new key signs from now on")).toBeVisible();
  await page.getByRole("button", { name: "Send a test event" }).click();
  const after = await receiver.next();
  expect(await open(after, next)).toMatchObject({ event: "keyrack.test" });
  expect(after.headers["x-keyrack-signature-next"]).toBeUndefined();
  expect(page.url()).toContain(`${HOME}/webhooks/`);
});
