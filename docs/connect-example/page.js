const state = document.getElementById("state");

const connect = async (mode) => {
  state.textContent = "Connecting…";
  try {
    const answer = await fetch("/session", { method: "POST" });
    if (!answer.ok) throw new Error(await answer.text());
    const { url } = await answer.json();
    const { connected } = await KeyrackConnect.open({ url, mode, label: "Connect your accounts" });
    const names = connected.map(({ nodeType, account }) => `${nodeType} (${account})`);
    state.textContent = names.length ? `Connected: ${names.join(", ")}` : "Nothing was connected.";
  } catch (error) {
    state.textContent = error.message;
  }
};

document.getElementById("dialog").addEventListener("click", () => connect("dialog"));
document.getElementById("popup").addEventListener("click", () => connect("popup"));
