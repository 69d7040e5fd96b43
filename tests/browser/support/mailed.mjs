import { find } from "./canary.mjs";
import { inspectLetter } from "./checks.mjs";
import { expect, testOnFresh } from "./fixtures.mjs";
import { Keyrack } from "./keyrack.mjs";
import { linkIn, Post, SENDER } from "./post.mjs";
import { ADA, joinAs, setUp, signInAs } from "./steps.mjs";

export { expect };

// What is stored in workspaces of these tests, and must never stand in a letter.
export const VALUES = { own: "rk_test_canary_mail_one_WXYZ", shared: "rk_test_canary_mail_two_RQPO" };

// Tests that share one Keyrack of their worker, which sends letters and lets anybody sign up. Each brings people and
// workspaces of its own, and asks for every letter that it causes.
export const test = testOnFresh.extend({
  mailed: [async ({ browser }, use) => {
    const post = await Post.start();
    const keyrack = await Keyrack.start({ settings: { ...post.settings, KEYRACK_SIGN_UP: "anybody" } });
    try {
      const context = await browser.newContext({ baseURL: keyrack.base });
      await setUp(await context.newPage(), keyrack.setUpLink);
      await context.close();
      await use({ post, keyrack, number: 0 });
    } finally {
      await keyrack.stop();
      await post.stop();
    }
    expect(post.unread, "letters that came when their test was over").toEqual([]);
  }, { scope: "worker", timeout: 60_000 }],
  keyrack: async ({ mailed }, use) => use(mailed.keyrack),
  post: async ({ mailed }, use) => use(mailed.post),

  // An address that nobody has had yet.
  address: async ({ mailed }, use) => use((name) => `${name}-${(mailed.number += 1)}@example.com`),

  // Signs in, on the page of the test, as the Owner of a workspace that has nobody else.
  owner: async ({ page, keyrack, address, mailed }, use) => {
    const owner = { name: "Olga Pine", email: address("olga"), workspace: `Quay ${mailed.number}`, page };
    const words = ["owner", "create", "--email", owner.email, "--name", owner.name, "--workspace", owner.workspace];
    keyrack.command(words, ADA.password);
    await signInAs(page, owner.email);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(owner.workspace);
    owner.home = new URL(page.url()).pathname;
    await use(owner);
  },

  // Pages in browsers of their own.
  another: async ({ browser, keyrack }, use) => {
    const contexts = [];
    await use(async () => {
      contexts.push(await browser.newContext({ baseURL: keyrack.base }));
      return contexts.at(-1).newPage();
    });
    await Promise.all(contexts.map((context) => context.close()));
  },

  // Waits for a letter and reads it as a mail program shows it; `link` is below which path its button leads.
  read: async ({ browser, keyrack, post }, use) => {
    await use(async ({ to, subject, says, link, shape = false }) => {
      const letter = await post.letter({ to, subject });
      expect(letter).toMatchObject({ from: SENDER, sender: SENDER.address, named: to, secure: true });
      const drawn = await draw(browser, letter.html);
      expect(drawn.heading).toBe(subject);
      expect(drawn.lines, "HTML and plain text say the same").toEqual(linesOf(letter.text));
      for (const sentence of says) expect(drawn.lines.join("\n")).toContain(sentence);
      expectOnlyOurLinks(keyrack, letter, drawn);
      expect(find({ raw: letter.raw, text: letter.text, html: letter.html }, [...Object.values(VALUES), ADA.password])).toEqual([]);
      if (shape) await inspectLetter(browser, letter.html);
      return { ...letter, path: link && linkIn(letter, keyrack, link) };
    });
    expect(post.unread, "letters beyond those that are due").toEqual([]);
    expect(post.inTheClear).toEqual([]);
  },

  // Somebody who was invited by letter and has joined, in a browser of their own.
  colleague: async ({ owner, address, another, read }, use) => {
    await use(async (name, role) => {
      const email = address(name.split(" ")[0].toLowerCase());
      await sendInvitation(owner, { email, role });
      const letter = await read({ to: email, subject: invites(owner), says: [], link: "/invitation/" });
      const page = await another();
      await joinAs(page, letter.path, { name });
      return { name, email, page };
    });
  },
});

export const invites = ({ workspace }) => `Invitation to Keyrack: ${workspace}`;

export async function sendInvitation({ page, home }, { email, role = "Member", message = "" }) {
  await page.goto(`${home}/invitations/new`);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByRole("radio", { name: new RegExp(`^${role}`) }).check();
  await page.getByLabel("Message").fill(message);
  await page.getByRole("button", { name: "Send the invitation" }).click();
  await expect(page.getByText("The invitation is on its way.")).toBeVisible();
}

export async function askToSignUp(page, email) {
  await page.goto("/sign-up");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByRole("button", { name: "Send me a link" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Look at your mail");
}

export async function makeAccount(page, path, name) {
  await page.goto(path);
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Password").fill(ADA.password);
  await page.getByRole("button", { name: "Make the account" }).click();
  await expect(page.getByText("Your account is made.")).toBeVisible();
}

export const SIGN_UP = {
  subject: "Your account on Keyrack",
  says: ["wants to make an account with this address", "Make the account", "The link works once, until", "If it was not you"],
  link: "/sign-up/",
};

// What a mail program makes of the HTML.
async function draw(browser, html) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.setContent(html);
  const drawn = await page.evaluate(() => ({
    heading: document.querySelector("h1").innerText,
    lines: document.body.innerText.split("\n"),
    links: [...document.querySelectorAll("[href], [src]")].map((element) => element.getAttribute("href") ?? element.outerHTML),
  }));
  await context.close();
  const lines = drawn.lines.slice(drawn.lines.indexOf(drawn.heading) + 1);
  // The text writes the address of the button below its label; the HTML repeats it in a sentence.
  return { ...drawn, lines: lines.map((line) => line.replace("Or open this address: ", "").trim()).filter(Boolean) };
}

// The same lines without what marks a quotation, a list, a heading and the end in plain text.
function linesOf(text) {
  const lines = text.split("\n").map((line) => line.trimEnd());
  return lines.map((line) => line.replace(/^(> ?|- |--$)/, "").replace(/:$/, "").trim()).filter(Boolean);
}

function expectOnlyOurLinks(keyrack, letter, drawn) {
  const named = [letter.text, letter.html].flatMap((part) => part.match(/https?:[^\s"<]+/g) ?? []);
  const foreign = [...drawn.links, ...named].filter((link) => link !== keyrack.base && !link.startsWith(`${keyrack.base}/`));
  expect(foreign, "links that lead elsewhere").toEqual([]);
}
