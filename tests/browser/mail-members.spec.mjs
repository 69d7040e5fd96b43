import { expect, invites, sendInvitation, test, VALUES } from "./support/mailed.mjs";
import { addStripe, joinAs, makeToken } from "./support/steps.mjs";

// Every letter about who belongs to a workspace, from what a person does to what the letter is good for.

const MESSAGE = ["Hello Ines,", "", "<b>bold</b> & <script>alert(1)</script>", "See you at the harbour"];

const isGone = ({ home, workspace }, to, name) => ({ to, subject: `${name} is no longer a member of ${workspace}`, link: `${home}/members` });

async function remove({ page, home }, { name, keep }) {
  await page.goto(`${home}/members`);
  await page.getByRole("link", { name }).click();
  await page.getByRole("link", { name: "Remove…" }).click();
  await page.getByLabel(`Keep the place of ${keep}`).check();
  await page.getByLabel("Name of the member").fill(name);
  await page.getByRole("button", { name: "Remove now" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`${name} is no longer a member`);
}

test("an invitation quotes its message as it was typed, and lets a newcomer in", async ({ owner, address, another, read }) => {
  const email = address("ines");
  await sendInvitation(owner, { email, role: "Admin", message: MESSAGE.join("\n") });
  const offer = `You are invited to join the workspace “${owner.workspace}” on Keyrack as an Admin, by ${owner.name} (${owner.email}).`;
  const says = [offer, MESSAGE.filter(Boolean).join("\n"), "Look at the invitation", "only when you accept it there"];
  const letter = await read({ to: email, subject: invites(owner), says, link: "/invitation/", shape: true });
  expect(letter.text).toContain(MESSAGE.map((line) => `> ${line}`).join("\n"));
  expect(letter.text).toMatch(/The link works once, until \d{1,2} \w{3} \d{4}, \d\d:\d\d UTC\./);
  const ines = await another();
  await joinAs(ines, letter.path, { name: "Ines Dune" });
  await owner.page.goto(`${owner.home}/members`);
  await expect(owner.page.getByRole("row", { name: /Ines Dune/ })).toContainText("Admin");
  const stranger = await another();
  await stranger.goto(letter.path);
  await expect(stranger.getByRole("heading", { level: 1 })).toHaveText("This invitation is not open");
});

test("another role is told to whom it is given", async ({ owner, colleague, read }) => {
  const tom = await colleague("Tom Reed", "Member");
  await owner.page.goto(`${owner.home}/members`);
  await owner.page.getByRole("link", { name: tom.name }).click();
  await owner.page.getByLabel("Role").selectOption("Admin");
  await owner.page.getByRole("button", { name: "Change the role" }).click();
  await expect(owner.page.getByText("The role is changed.")).toBeVisible();
  const says = [`${owner.name} made you an Admin of the workspace “${owner.workspace}”.`];
  await read({ to: tom.email, subject: `You are an Admin of ${owner.workspace} now`, says, link: owner.home });
});

test("a removal is told to whoever was removed, and what it ended to every Owner and Admin", async ({ owner, colleague, read }) => {
  test.slow();
  const grace = await colleague("Grace Hill", "Admin");
  await colleague("Tim Mole", "Member");
  const tom = await colleague("Tom Reed", "Admin");
  const workspace = owner.home;
  await addStripe(tom.page, { name: "Till of Tom", value: VALUES.own, sharing: /^Only you/, workspace });
  await addStripe(tom.page, { name: "Till for all", value: VALUES.shared, sharing: /backends use it as yours do/, workspace });
  await makeToken(tom.page, { name: "Backend of Tom", workspace });
  await remove(owner, { name: tom.name, keep: "Till for all" });

  const ended = `${owner.name} ended your membership of the workspace “${owner.workspace}”.`;
  const says = [ended, "Your secrets there are deleted and your service tokens revoked. Your account stays."];
  await read({ to: tom.email, subject: `You are no longer a member of ${owner.workspace}`, says });
  const report = [
    `${owner.name} removed ${tom.name} from the workspace “${owner.workspace}”. This is what ended with it.`,
    "Deleted, with their values\nTill of Tom",
    "Kept without a value: whoever uses them needs a new one\nTill for all",
    "Service tokens revoked: whatever holds one stops working\nBackend of Tom",
  ];
  await read({ ...isGone(owner, owner.email, tom.name), says: report, shape: true });
  await read({ ...isGone(owner, grace.email, tom.name), says: report });
});

test("whoever leaves is reported on, without anything that ended", async ({ owner, colleague, read }) => {
  const tom = await colleague("Tom Reed", "Member");
  await tom.page.goto(`${owner.home}/members`);
  await tom.page.getByRole("link", { name: tom.name }).click();
  await tom.page.getByRole("link", { name: "Leave the workspace…" }).click();
  await tom.page.getByLabel("Name of the member").fill(tom.name);
  await tom.page.getByRole("button", { name: "Leave now" }).click();
  await expect(tom.page.getByRole("heading", { level: 1 })).toHaveText("You have left");
  const says = [`${tom.name} has left the workspace “${owner.workspace}”. No secret and no token ended with it.`];
  await read({ ...isGone(owner, owner.email, tom.name), says });
});
