import { ADA, addCustomApi, addHttpRequest, addStripe, addWebhook, HOME, invite, joinAs, makeToken, send, signInAs } from "./steps.mjs";
import { expect } from "@playwright/test";
import { addWorkflows } from "./workflows.mjs";

const day = (ahead) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);

// A workspace as it looks after some weeks: keys of several kinds, tokens that are in use and one that is not.
export async function fill(page, keyrack) {
  await addStripe(page, { name: "Reception till", value: "rk_test_not_a_real_key_c4e2", environment: "Test" });
  const secret = new URL(page.url()).pathname;
  await addStripe(page, { name: "Restaurant payments", value: "rk_live_not_a_real_key_q7Td", environment: "Live", delivery: "Proxy" });
  await addStripe(page, { name: "Spa refunds", value: "rk_live_not_a_real_key_mR5k", environment: "Live", expires: day(9) });
  await addHttpRequest(page, { name: "Channel manager", value: "cm_2f81d07a94be45c6a3e0", base: "https://api.channels.example/v2", environment: "Live" });
  await addHttpRequest(page, { name: "Door locks, sandbox", value: "dl-sandbox-7731-49af-b2c8", base: "https://sandbox.locks.example", delivery: "Proxy" });
  const staged = new URL(page.url()).pathname;
  await stage(page, staged, "dl-sandbox-8842-50ba-c3d9");
  await page.getByRole("button", { name: "Promote it" }).click();
  await stage(page, staged, "dl-sandbox-9953-61cb-d4e0");

  await addCustomApi(page, { name: "Rooms", base: "https://rooms.example.com/v1" });
  await addCustomApi(page, { name: "Spa", base: "https://spa.example.com/v2", provider: "https://login.example.com" });
  await addCustomApi(page, { name: "Front desk", base: "https://desk.example.com" });
  await page.goto(`${HOME}/node-types/custom-front-desk/disable`);
  await page.getByRole("button", { name: "Disable it now" }).click();

  const connection = await addConnection(page);

  await makeToken(page, { name: "Guest portal", environment: "Live", preset: /^Connect/ });
  await makeToken(page, { name: "Accounts export", expires: day(30) });
  const token = await makeToken(page, { name: "Booking backend", environment: "Test" });
  const person = (await page.locator("#own").textContent()).match(/usr_\w+/)[0];

  const vend = (user_id) => send(keyrack, token, { method: "POST", path: "/data-integrations/stripe/credentials", body: { user_id } });
  for (let time = 0; time < 4; time++) await vend(person);
  await send(keyrack, token, {
    method: "PUT",
    path: "/data-integrations/stripe/api-key",
    body: { user_id: "guest-1042", secret: "rk_test_not_a_real_key_Xy77" },
  });
  await vend("guest-1042");
  await send(keyrack, token, {
    method: "PUT",
    path: "/data-integrations/stripe/api-key",
    body: { user_id: "guest-1042", organization_id: "spa-group", secret: "rk_test_not_a_real_key_Zt31" },
  });
  const [endUser, organization] = [await first(page, "end-users"), await first(page, "organizations")];

  const { workflow, node } = await addWorkflows(page);

  const invited = await invite(page, { email: "grace@example.com", role: "Owner" });
  const colleague = await join(page, invited, "Grace Hill");
  await invite(page, { email: "tom@example.com", message: "Hello Tom,\nthe till keys hang here now." });
  const open = await invite(page, { email: "ines@example.com", role: "Owner" });
  const other = ["owner", "create", "--email", "max@example.com", "--name", "Max Berg", "--workspace", "Hill Station"];
  keyrack.command(other, ADA.password);
  await offer(page, "/w/hill-station", ADA.email);
  const foreign = await offer(page, "/w/hill-station", "lena@example.com");

  const { webhook, delivery } = await addHooks(page);
  const round = await startRound(page);
  await page.goto(`${HOME}/tokens`);
  const used = await page.getByRole("link", { name: "Booking backend" }).getAttribute("href");
  return { secret, staged, connection, round, webhook, delivery, workflow, node, endUser, organization, token: used, colleague: `${HOME}/members/${colleague}`, invitation: new URL(open).pathname, foreign: new URL(foreign).pathname };
}

// Where the first row of a list leads.
async function first(page, list) {
  await page.goto(`${HOME}/${list}`);
  return page.locator(".row-link").first().getAttribute("href");
}

// A node type that connects accounts, its client for test, and a place that waits for its account.
async function addConnection(page) {
  await page.goto(`${HOME}/node-types/box`);
  await page.getByRole("button", { name: "Add Box" }).click();
  await page.getByRole("link", { name: "Set up the client for test" }).click();
  await page.getByLabel("Client id").fill("harbour-hotels-test");
  await page.getByLabel("Client secret").fill("not-a-real-client-secret");
  await page.getByRole("button", { name: "Save this client" }).click();
  await page.goto(`${HOME}/secrets/new/box`);
  await page.getByLabel("Name").fill("Contracts");
  await page.getByRole("button", { name: "Go on to the consent" }).click();
  return new URL(page.url()).pathname.replace(/\/connect$/, "");
}

// Two webhooks: one that cannot be reached, and one that is paused.
async function addHooks(page) {
  await addWebhook(page, { name: "Night audit", address: "https://audit.harbour-hotels.example/keys", kinds: ["secret.rejected", "secret.expiring"] });
  await page.getByRole("link", { name: "I have copied it" }).click();
  await page.getByRole("button", { name: "Pause it" }).click();
  await addWebhook(page, { name: "Booking backend", address: "https://hooks.harbour-hotels.example/keyrack/events" });
  await page.getByRole("link", { name: "I have copied it" }).click();
  const webhook = new URL(page.url()).pathname;
  await page.getByRole("button", { name: "Send a test event" }).click();
  const delivery = await page.getByRole("link", { name: "keyrack.test" }).getAttribute("href");
  await expect(async () => {
    await page.goto(webhook);
    await expect(page.getByText("To be tried again")).toBeVisible();
  }).toPass();
  return { webhook, delivery };
}

// Asks for new values of what is called over HTTP, and gets one of them.
async function startRound(page) {
  await page.goto(`${HOME}/rotations/new`);
  await page.getByLabel("Name of the round").fill("After the audit");
  await page.getByRole("radio", { name: /^Those of one node type/ }).check();
  await page.getByRole("combobox", { name: "Node type" }).selectOption({ label: "HTTP Request" });
  await page.getByLabel("Due by").fill(day(14));
  await page.getByRole("button", { name: "Start the round" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("After the audit");
  return new URL(page.url()).pathname;
}

// Enters the value that is to follow the one in use.
async function stage(page, secret, value) {
  await page.goto(`${secret}/next`);
  await page.getByLabel("Token", { exact: true }).fill(value);
  await page.getByRole("button", { name: "Store the next value" }).click();
  await expect(page.getByText("waits beside the one in use")).toBeVisible();
}

// Somebody else, in a browser of their own.
async function elsewhere(page, act) {
  const context = await page.context().browser().newContext({ baseURL: new URL(page.url()).origin });
  try {
    return await act(await context.newPage());
  } finally {
    await context.close();
  }
}

function join(page, link, name) {
  return elsewhere(page, async (theirs) => {
    await joinAs(theirs, link, { name });
    await theirs.goto("/account");
    return theirs.getByText(/^usr_\w+$/).textContent();
  });
}

// Max, who has a workspace of his own, invites somebody there.
function offer(page, workspace, email) {
  return elsewhere(page, async (theirs) => {
    await signInAs(theirs, "max@example.com");
    return invite(theirs, { email, workspace, role: "Admin", message: "Could you look after our booking keys?" });
  });
}
