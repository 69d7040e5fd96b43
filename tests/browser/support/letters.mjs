import { expect } from "@playwright/test";

// The letters that Keyrack has written as files, as text without the line ends that mail adds.
function letters(keyrack) {
  return [...keyrack.files(".eml").values()].map((bytes) => bytes.toString().replaceAll("=\r\n", ""));
}

// Waits for a letter to this address with a link that begins so, and gives the link.
export async function linkTo(keyrack, address, path) {
  const find = () => {
    const letter = letters(keyrack).findLast((text) => text.includes(`To: ${address}`) && text.includes(path));
    return letter?.match(new RegExp(`${keyrack.base}${path}\\w+`))?.[0];
  };
  await expect.poll(find, { timeout: 15_000 }).toBeTruthy();
  return find();
}
