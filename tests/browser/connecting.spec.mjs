import { expectNowhere, find } from "./support/canary.mjs";
import { expectAccessible, inspectLetter } from "./support/checks.mjs";
import { addNodeType, addPlace, CLIENT_FORM, connect, disconnect, enterClient, expectAsked, expectConnected, goThere, leaveInVain, PLACE, READ_API, READ_USER, setUpClient, verdict } from "./support/connecting.mjs";
import { expect } from "./support/fixtures.mjs";
import { Giver } from "./support/giver.mjs";
import { keyboard, mouse } from "./support/hands.mjs";
import { invites, sendInvitation } from "./support/mailed.mjs";
import { linkIn, Post } from "./support/post.mjs";
import { agree, cancel, heading, look, testWith } from "./support/provided.mjs";
import { ADA, expectCounted, HOME, joinAs, makeToken, readSnippet, send, setUp, signInAs, signOut } from "./support/steps.mjs";
import { watch } from "./support/watch.mjs";
import { addNode, addWorkflow } from "./support/workflows.mjs";

const test = testWith(Giver).extend({
  ignoreHTTPSErrors: true,
  post: async ({}, use) => {
    const post = await Post.start();
    await use(post);
    await post.stop();
  },
  settings: async ({ provider, post }, use) => use({ ...provider.settings, ...post.settings }),
  ada: async ({ page, keyrack }, use) => {
    await setUp(page, keyrack.setUpLink);
    await use(page);
  },
  // Somebody whom Ada invites and who joins, in a browser of their own.
  join: async ({ ada, browser, keyrack, post, provider }, use) => {
    const all = [];
    await use(async (name, { role, ...options } = {}) => {
      const email = `${name.split(" ")[0].toLowerCase()}@example.com`;
      await sendInvitation({ page: ada, home: HOME }, { email, role });
      const letter = await post.letter({ to: email, subject: invites(ADA) });
      const context = await browser.newContext({ baseURL: keyrack.base, ...options });
      const page = await context.newPage();
      all.push({ context, watched: await watch(page, keyrack.base, [provider.issuer]) });
      await joinAs(page, linkIn(letter, keyrack, "/invitation/"), { name });
      return page;
    });
    for (const { context, watched } of all) {
      watched.expectNone();
      await context.close();
    }
  },
});

const EVERYBODY = /^Everybody/;

// Asks as a backend of this Admin's does, with the request that the page of the connection shows.
async function backend(admin, keyrack, place) {
  const token = await makeToken(admin, { name: "Booking backend" });
  await admin.goto(place);
  const request = readSnippet(await admin.locator("#request").textContent());
  return () => send(keyrack, token, request);
}

// What was given and typed lies nowhere in the open; what a browser brought back stands in no log either.
async function expectKept(page, keyrack, provider, brought = []) {
  const { canaries } = provider;
  expect(canaries.length).toBeGreaterThan(3);
  const { log } = await expectNowhere(page, keyrack, [...new Set(canaries), ADA.password], [PLACE]);
  for (const word of brought) expect(log).not.toContain(word);
}

// Codes and states, as they pass through the address bar.
function collect(page) {
  const brought = [];
  page.on("request", (request) => {
    const { searchParams } = new URL(request.url());
    for (const name of ["code", "state"]) if (searchParams.has(name)) brought.push(searchParams.get(name));
  });
  return brought;
}

// The page of ours that leads on.
async function lookAtLeaving(page, provider) {
  const asking = page.url();
  await leaveInVain(page, provider, (leave) => look(page, async () => {
    await page.goto(asking);
    await leave();
  }));
  await page.goto(asking);
}

test("a client is set up, an account connected, its token vended, and all of it forgotten", async ({ ada, keyrack, provider, join }) => {
  test.slow();
  const admin = await join("Grace Hill", { role: "Admin" });
  await addNodeType(admin);
  await look(admin, () => admin.goto(CLIENT_FORM));
  await enterClient(admin, provider);
  await look(admin, () => admin.goto(`${HOME}/node-types/gitlab`));
  await look(admin, () => admin.goto(CLIENT_FORM));

  const tom = await join("Tom Reed");
  const brought = collect(tom);
  await addPlace(tom, { sharing: EVERYBODY });
  const asking = tom.url();
  await look(tom, async () => {
    await tom.goto(asking);
    await expectAsked(tom);
  });
  await lookAtLeaving(tom, provider);
  await goThere(tom);
  await agree(tom, provider, "tom", { but: ["read_api"] });
  await expect(tom.getByText("The account is connected.")).toBeVisible();
  await expectConnected(tom, { granted: [READ_USER], missing: [READ_API] });
  await expect(tom.getByText("Next renewal")).toBeVisible();
  await expect(tom.locator("dd", { hasText: "or at the first use after that" }).locator("time")).toBeVisible();
  const place = new URL(tom.url()).pathname;
  await look(tom, () => tom.goto(place));
  await look(tom, async () => {
    await tom.goto(`${HOME}/connections`);
    await expect(tom.getByRole("row", { name: new RegExp(PLACE) })).toContainText("Connected");
  });
  await tom.goto(place);

  const vended = await (await backend(admin, keyrack, place))();
  const [{ access, refresh }] = provider.given;
  expect(vended).toMatchObject({ status: 200, body: { active: true, credential: { value: access, auth_method: "oauth", scopes: ["read_user"], missing_scopes: ["read_api"] } } });
  await expectCounted(tom, place, tom.getByRole("region", { name: "Used by" }).getByText("Booking backend"));

  expect(await Promise.all([access, refresh].map((given) => provider.knows(given)))).toEqual([true, true]);
  await disconnect(tom);
  await expectAccessible(tom);
  expect(provider.forgotten).toEqual([refresh]);
  expect(await Promise.all([access, refresh].map((given) => provider.knows(given)))).toEqual([false, false]);
  await look(tom, () => tom.goto(place));
  await expect(tom.getByText("had the provider forget the tokens of")).toBeVisible();
  expect(brought.length).toBeGreaterThan(3);
  await expectKept(tom, keyrack, provider, brought);
});

const WAYS = [
  { title: "with the keyboard alone", hands: keyboard },
  { title: "at the width of a phone", options: { viewport: { width: 390, height: 844 } } },
  { title: "without scripts", options: { javaScriptEnabled: false } },
];

for (const { title, hands: handsOf = () => mouse, options } of WAYS) {
  test(`a consent that is refused costs nothing, and is given later: ${title}`, async ({ ada, keyrack, provider, join }) => {
    await setUpClient(ada, provider);
    const tom = await join("Tom Reed", options);
    const hands = handsOf(tom);
    await addPlace(tom, { hands });
    await goThere(tom, hands);
    await cancel(tom, provider, { hands });
    await expect(heading(tom)).toHaveText("Not connected");
    await expect(tom.getByText("The consent was not given, so nothing was connected.")).toBeVisible();
    await expect(tom.getByText("What was there before stays as it is.")).toBeVisible();
    if (options?.javaScriptEnabled !== false) await expectAccessible(tom);
    await hands.press(tom.getByRole("link", { name: "Back to the connection" }));
    await expect(heading(tom)).toHaveText(PLACE);
    await expect(verdict(tom)).toContainText("Disconnected");
    const place = tom.url();

    await hands.press(tom.getByRole("link", { name: "Connect an account" }));
    await expectAsked(tom);
    await goThere(tom, hands);
    await agree(tom, provider, "tom", { hands, but: ["read_api"] });
    await expectConnected(tom, { granted: [READ_USER], missing: [READ_API] });
    expect(tom.url()).toBe(place);
    await disconnect(tom, hands);
    expect(provider.forgotten).toHaveLength(1);
    await expectKept(tom, keyrack, provider);
  });
}

test("what was taken back at the provider is connected again from a letter", async ({ ada, keyrack, provider, post, browser, join }) => {
  test.slow();
  await setUpClient(ada, provider);
  const tom = await join("Tom Reed");
  provider.lasts = 6;
  const place = await connect(tom, provider, { as: "tom", sharing: EVERYBODY });
  await addWorkflow(tom, { name: "Release notes" });
  await addNode(tom, { key: "read-commits", type: "GitLab" });
  await tom.getByLabel("Key of read-commits").selectOption({ index: 1 });
  await tom.getByRole("button", { name: "Use this key for read-commits" }).click();
  await expect(tom.getByText("The node uses this key from now on.")).toBeVisible();
  const ask = await backend(ada, keyrack, place);
  const told = async () => (await ask()).body;
  expect(await told()).toMatchObject({ active: true, credential: { value: provider.given.at(-1).access } });

  await provider.takeBack();
  await expect.poll(async () => (await told()).error, { timeout: 20_000 }).toBe("needs_reauthorization");
  await look(tom, async () => {
    await tom.goto(place);
    await expect(verdict(tom)).toContainText("Needs reauthorization");
    await expect(tom.getByText("none: it is connected again first")).toBeVisible();
    await expect(tom.getByText("next try")).toHaveCount(0);
  });
  await look(tom, async () => {
    await tom.goto(`${HOME}/connections`);
    await expect(tom.getByRole("link", { name: `Connect again ${PLACE}` })).toBeVisible();
  });
  const letter = await post.letter({ to: "tom@example.com", subject: `Connect GitLab again: ${PLACE}` });
  await inspectLetter(browser, letter.html);
  const path = linkIn(letter, keyrack, `${HOME}/secrets/`);
  expect(path).toBe(`${place}/connect`);
  provider.lasts = 600;
  await tom.goto(path);
  await expectAsked(tom);
  await look(tom, () => tom.goto(path));
  await goThere(tom);
  await agree(tom, provider, "tom");
  await expectConnected(tom);
  expect(new URL(tom.url()).pathname).toBe(place);
  await expect(tom.getByRole("region", { name: "Used by" })).toContainText("read-commits");
  expect(await told()).toMatchObject({ active: true, credential: { value: provider.given.at(-1).access } });
  expect(post.unread).toEqual([]);
  expect(find(Object.fromEntries(post.letters.map(({ raw, subject }) => [subject, raw])), provider.canaries)).toEqual([]);
  await expectKept(tom, keyrack, provider);
});

// Where the provider sends Tom's browser back to. He has agreed there before, so it does so without a question.
function wayBack(tom, provider, place) {
  return leaveInVain(tom, provider, async (leave) => {
    await tom.goto(`${place}/connect`);
    await leave();
    const link = await tom.getByRole("link", { name: "Open GitLab" }).getAttribute("href");
    const answer = await tom.request.get(link, { maxRedirects: 0 });
    return answer.headers().location;
  });
}

test("nobody else goes the way back, and nobody twice", async ({ ada, keyrack, provider, browser, join }) => {
  test.slow();
  await setUpClient(ada, provider);
  const [tom, eve] = [await join("Tom Reed"), await join("Eve Stone")];
  await connect(tom, provider, { as: "tom" });
  await addPlace(tom, { name: "Weekly report" });
  const place = new URL(tom.url()).pathname.replace(/\/connect$/, "");
  const elsewhere = await (await browser.newContext({ baseURL: keyrack.base })).newPage();
  await signInAs(elsewhere, "tom@example.com");
  const expectOver = async (page, way) => {
    await page.goto(way);
    await expect(heading(page)).toHaveText("This way back is over");
    await expect(page.getByText("was begun by somebody else or in another browser")).toBeVisible();
    await expectAccessible(page);
  };

  const way = await wayBack(tom, provider, place);
  expect(way).toMatch(new RegExp(`^${keyrack.base}/connect/nt_[0-9a-z]+-test/callback\\?`));
  for (const stranger of [eve, elsewhere]) await expectOver(stranger, way);
  await elsewhere.goto(place);
  await expect(verdict(elsewhere)).toContainText("Disconnected");
  await eve.goto(`${HOME}/secrets`);
  await expect(eve.getByText(/Weekly report|Nightly builds/)).toHaveCount(0);
  expect(provider.given, "nothing was exchanged").toHaveLength(1);

  // None of them has spoilt it for Tom.
  await tom.goto(way);
  await expectConnected(tom, { name: "Weekly report" });
  expect(provider.given).toHaveLength(2);
  await expectOver(tom, way);

  // Somebody else at the same browser.
  const left = await wayBack(tom, provider, place);
  await tom.goto(HOME);
  await signOut(tom);
  await signInAs(tom, "eve@example.com");
  await expectOver(tom, left);
  expect(provider.given).toHaveLength(2);
  await elsewhere.context().close();
  await expectKept(tom, keyrack, provider, [way, left].map((address) => new URL(address).searchParams.get("code")));
});
