import { inspect, inspectLetter } from "./support/checks.mjs";
import { expect, testOnFresh } from "./support/fixtures.mjs";
import { Post, SENDER } from "./support/post.mjs";
import { ADA, HOME, setUp } from "./support/steps.mjs";

// A Keyrack of its own with a mail server of its own. A further letter is a short test here:
// do what sends it, `await post.letter({ to, subject })`, and follow `linkIn(letter, keyrack, "/path/")`.
const test = testOnFresh.extend({
  server: [{}, { option: true }],
  post: async ({ server }, use) => {
    const post = await Post.start(server);
    await use(post);
    await post.stop();
  },
  settings: async ({ post }, use) => use(post.settings),
  ada: async ({ page, keyrack }, use) => {
    await setUp(page, keyrack.setUpLink);
    await use(page);
  },
});

const NOTHING_LEFT = "Nothing waits, nothing failed";

async function sendTrial(page) {
  await page.goto(`${HOME}/jobs`);
  await page.getByRole("button", { name: "Send me a trial letter" }).click();
  await expect(page.getByText("A trial letter is on its way to you.")).toBeVisible();
}

// Looks again until the page says what became of it.
async function expectOnPage(page, words) {
  await expect(async () => {
    await page.goto(`${HOME}/jobs`);
    await expect(page.getByText(words)).toBeVisible({ timeout: 200 });
  }).toPass({ timeout: 20_000 });
}

async function expectTrial(page, post) {
  await sendTrial(page);
  const letter = await post.letter({ to: ADA.email, subject: "A trial letter from Keyrack" });
  expect(letter).toMatchObject({ from: SENDER, sender: SENDER.address, secure: true, user: "keyrack" });
  const sentence = `Mail works: an Owner of “${ADA.workspace}” had this letter sent.`;
  expect(letter.text).toContain(sentence);
  expect(letter.html).toContain(sentence);
  await expectOnPage(page, NOTHING_LEFT);
  expect(post.letters, "it came once").toHaveLength(1);
  expect(post.inTheClear).toEqual([]);
  return letter;
}

test("a letter leaves over STARTTLS, with the password, and can be read by everybody", async ({ ada, post, browser }) => {
  const letter = await expectTrial(ada, post);
  await inspectLetter(browser, letter.html);
});

test.describe("with TLS from the start", () => {
  test.use({ server: { secure: true } });
  test("a letter leaves over smtps", async ({ ada, post }) => {
    await expectTrial(ada, post);
  });
});

test("a letter that is refused fails, and an Owner has it sent later", async ({ ada, post }) => {
  test.slow();
  post.refuses = true;
  await sendTrial(ada);
  await expectOnPage(ada, /did not take the letter.*Nobody of that name/);
  await expect(ada.getByText("0 wait, 1 failed")).toBeVisible();
  await inspect(ada, () => ada.goto(`${HOME}/jobs`));
  await inspect(ada, async () => {
    await ada.goto(`${HOME}/jobs`);
    await ada.getByRole("button", { name: "Give up…" }).click();
    await expect(ada.getByRole("dialog")).toBeVisible();
  });
  await ada.goto(HOME);
  await expect(ada.getByText("1 thing could not be sent or done")).toBeVisible();
  await ada.getByRole("link", { name: "Look at it" }).click();
  post.refuses = false;
  await ada.getByRole("button", { name: "Try again now" }).click();
  await post.letter({ to: ADA.email, subject: "A trial letter from Keyrack" });
  await expectOnPage(ada, NOTHING_LEFT);
});

const troubles = [
  ["the password is wrong", { password: "another" }, /does not accept the user name and password.*Who are you/],
  ["the certificate is of an unknown authority", { known: false }, /There is no safe connection to the mail server.*certificate/],
  ["the same with TLS from the start", { known: false, secure: true }, /There is no connection to the mail server.*certificate/],
  ["the server offers no encryption", { encrypts: false }, /offers no encryption \(STARTTLS\), so nothing was sent/],
];

for (const [name, server, words] of troubles) {
  test.describe(name, () => {
    test.use({ server });
    test("an Owner reads why, and nothing leaves", async ({ ada, post, keyrack }) => {
      await sendTrial(ada);
      await expectOnPage(ada, words);
      await expect(ada.getByText("1 waits, 0 failed")).toBeVisible();
      await expect(ada.getByText(/tried once,\s+next try in 1 min/)).toBeVisible();
      expect(post.letters).toEqual([]);
      expect(post.inTheClear).toEqual([]);
      expect(keyrack.log).not.toContain(ADA.email);
    });
  });
}
