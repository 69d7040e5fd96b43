import { expect } from "@playwright/test";

// A value as it could lie about: plain, in hex, in base64 at each of its three alignments, and in an address.
export function spellings(value) {
  const bytes = Buffer.from(value);
  const aligned = [0, 1, 2].map((skip) => bytes.subarray(skip, skip + Math.floor((bytes.length - skip) / 3) * 3));
  return [
    value,
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    ...aligned.flatMap((part) => [part.toString("base64"), part.toString("base64url")]),
    encodeURIComponent(value),
    new URLSearchParams({ v: value }).toString().slice(2),
  ];
}

// Where which of the values lie: `places` are bytes or text by name.
export function find(places, values) {
  const found = [];
  for (const [place, content] of Object.entries(places)) {
    const bytes = Buffer.from(content);
    for (const value of values) {
      if (spellings(value).some((spelling) => bytes.includes(spelling))) found.push(`${value} in ${place}`);
    }
  }
  return found;
}

// Searches all that a Keyrack wrote, answered and left in the browser for the values that were typed.
// `stored` are texts that do lie in the database and on the pages: a search that missed them would prove nothing.
export async function expectNowhere(page, keyrack, values, stored) {
  const dump = keyrack.database.dump();
  const places = {
    log: keyrack.log,
    output: keyrack.output,
    answers: keyrack.tap.answers(),
    browser: JSON.stringify(await page.context().storageState()),
    ...Object.fromEntries(keyrack.files()),
    ...(dump && { dump }),
  };
  const named = find(places, stored).join();
  expect(named).toMatch(dump ? /dump/ : /keyrack\.db/);
  expect(named).toMatch(/answers/);
  expect(find({ log: places.log }, ["/w/{workspace}/secrets"])).toHaveLength(1);
  expect(find(places, values)).toEqual([]);
  return places;
}
