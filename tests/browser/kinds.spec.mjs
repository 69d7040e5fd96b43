import { expectNowhere } from "./support/canary.mjs";
import { expect, testOnFresh as test } from "./support/fixtures.mjs";
import { keyboard, mouse } from "./support/hands.mjs";
import { addAfterRefusal, changeOver, enterAll, fetches } from "./support/journeys.mjs";
import { ADA, HOME, makeToken, setUp } from "./support/steps.mjs";

// One key of each kind, of a service that people know: stored after a refusal, used, replaced and changed over.
// `secret` is what is typed at first; the values after it are like it, with another end.

const SID = "AC0123456789abcdef0123456789abcdef";
const KEY_SID = "SK0123456789abcdef0123456789abcdef";

const KINDS = [
  {
    title: "an API key, with the keyboard alone",
    keys: true,
    service: "OpenAI",
    secret: { "Secret key": "sk-proj-Canary_api_key_7Qw3" },
    bad: { "Secret key": "pk-Canary_wrong_beginning_1" },
    says: "An OpenAI key begins with sk-",
    value: "Secret key",
  },
  {
    title: "an access token",
    service: "GitHub",
    secret: { "Personal access token": "github_pat_Canary_access_token_8Rt4" },
    bad: { "Personal access token": "Canary token with spaces 2" },
    says: "has no spaces in it",
    value: "Personal access token",
  },
  {
    title: "a user name and password",
    service: "ntfy",
    kind: "Password",
    plain: { "Address of the server": "https://ntfy.example.com", "User name": "harbour-desk" },
    secret: { Password: "Canary password, with spaces 9" },
    bad: { "User name": "harbour desk" },
    says: "A user name holds no colon and no space",
    config: { username: "harbour-desk" },
    value: "Password",
  },
  {
    title: "an application password",
    service: "WordPress",
    kind: "Application password",
    plain: { "Address of your site": "https://blog.example.com", "User name": "editor@example.com" },
    secret: { "Application password": "CnRy apP1 pasS w0rd 5Uv6 XyZ7" },
    bad: { "Application password": "CnRy-refused-pass-w0rd" },
    says: "An application password holds letters and digits",
    config: { username: "editor@example.com", site: "https://blog.example.com" },
    value: "Application password",
  },
  {
    title: "a key pair, at the width of a phone",
    width: 390,
    service: "Twilio",
    kind: "API key: SID and secret",
    plain: { "Account SID": SID, "API key SID": KEY_SID },
    secret: { "API key secret": "Canary/key+pair=secret~9Za5" },
    bad: { "API key SID": "SK-no-sid" },
    says: "An API key SID is SK followed by 32",
    config: { account_sid: SID, key_sid: KEY_SID },
    value: "API key secret",
  },
  {
    title: "a key of an API of one's own, with more beside it",
    before: describeRooms,
    service: "Room register",
    plain: { Hotel: "harbour-3" },
    secret: { "API key": "Canary&own<api>key'0Kb6", "Second key": "Canary second key 1Lc7" },
    bad: { "Second key": " " },
    says: "Fill in this field",
    config: { x_hotel: "harbour-3", x_second_key: "Canary second key 1Lc7" },
    value: "API key",
  },
];

for (const { title, keys, width, before, value, config, ...kind } of KINDS) {
  test(title, async ({ page, keyrack }) => {
    const hands = keys ? keyboard(page) : mouse;
    if (width) await page.setViewportSize({ width, height: 844 });
    await setUp(page, keyrack.setUpLink);
    await before?.(page);
    const token = await makeToken(page, { name: "Booking backend" });
    const name = `Canary of ${kind.service}`;
    await addAfterRefusal(page, hands, { ...kind, name });
    await expect(page.getByText("The key is on its hook.")).toBeVisible();

    const fetched = await fetches(page, keyrack, token);
    await fetched(kind.secret[value], config);
    const like = (end) => ({ ...kind.secret, [value]: kind.secret[value] + end });
    const secrets = [like("2b"), like("3c")];
    await changeOver(page, hands, { ...kind, secrets }, (secret) => fetched(secret[value], config));

    const typed = [kind.secret, kind.bad, ...secrets].flatMap((fields) => Object.entries(fields));
    const secretOnes = typed.filter(([label, text]) => label in kind.secret && text.trim()).map(([, text]) => text);
    await expectNowhere(page, keyrack, [...new Set(secretOnes), ADA.password], [name]);
  });
}

// An API with a secret and a plain field beside the key.
async function describeRooms(page) {
  await page.goto(`${HOME}/custom-apis/new`);
  await enterAll(page, mouse, { Name: "Room register", "Base URL": "https://rooms.example.com/v1" });
  await page.getByRole("radio", { name: /^Header/ }).check();
  await enterAll(page, mouse, { "Name of the header": "X-Room-Key" });
  await page.getByText("Does a request carry more than the key?").click();
  for (const [at, label, header] of [[1, "Second key", "X-Second-Key"], [2, "Hotel", "X-Hotel"]]) {
    const row = page.getByRole("group", { name: `Further field ${at}` });
    await row.getByLabel("What it is").fill(label);
    await row.getByLabel("Its name").fill(header);
  }
  await page.getByRole("group", { name: "Further field 2" }).getByLabel("It is no secret").check();
  await page.getByRole("button", { name: "Add this API" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Room register");
}
